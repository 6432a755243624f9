"""The clock: milliseconds since 1970 UTC, as the store keeps times."""

import time

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# A clock that is off by more makes times on the pages wrong enough to say so.
SLACK_MS = 2 * MINUTE


def now_ms() -> int:
    """Now."""
    return int(time.time() * 1000)


def day(milliseconds: int) -> str:
    """The day of a time, in UTC: 2026-11-30."""
    return time.strftime("%Y-%m-%d", time.gmtime(milliseconds / SECOND))
