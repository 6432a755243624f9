"""The clock: milliseconds since 1970 UTC, as the store keeps times."""

import time

SECOND = 1000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE


def now_ms() -> int:
    """Now."""
    return int(time.time() * 1000)
