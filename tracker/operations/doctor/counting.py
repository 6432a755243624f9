"""Where requests are counted for their limits."""

from __future__ import annotations

from tracker.operations.counters import NOT_COUNTED, is_open, place, trouble
from tracker.operations.doctor.findings import Finding, Findings, Scene


def look(scene: Scene) -> Findings:
    """One finding of where requests are counted; the first of these that is so.

    A warning where the Redis does not answer, since pages and uploads go on without it, and where
    it is another machine's and asks for no password.
    """
    address = scene.settings.limits_url
    if not address:
        yield Finding("limits", "pass", "Requests are counted on this machine alone.")
    elif told := trouble(address):
        yield Finding(
            "limits",
            "warn",
            f"{NOT_COUNTED} {told}",
            "Start that Redis, or check limits_url; nobody signs in by a password meanwhile.",
        )
    elif is_open(address):
        yield Finding(
            "limits",
            "warn",
            f"{place(address)} is named without a password: whoever reaches it can make it"
            " forget attempts to sign in.",
            "Set requirepass there, and write redis://:PASSWORD@host into a file that"
            " TRACKER_LIMITS_URL_FILE names.",
        )
    else:
        yield Finding("limits", "pass", f"Requests are counted in {place(address)}.")
