"""Which answers nobody needs a token for, however the reading of pages is set."""

from __future__ import annotations

# Endpoints, by name: a route that is not among them is closed where reading needs a token.
# A probe has no token, and an error page needs its style.
OPEN = frozenset(
    {
        "health.health",
        "health.live",
        "health.ready",
        "health.startup",
        "live.asset",
    }
)
# Here a PIN, which opens nothing else, becomes a password.
WHERE_PINS_END = "/settings/password/"


def is_open(endpoint: str | None) -> bool:
    """Whether an endpoint answers everybody, as often as they like."""
    return endpoint in OPEN
