"""Times and lengths of time as commands take them: `90m`, `12h`, `7d`, or a day."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from tracker.clock import DAY, HOUR, MINUTE, SECOND, now_ms

UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


class Span(click.ParamType):  # type: ignore[type-arg]  # older ones of click have none
    """A length of time in milliseconds."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,6})([smhdw])|0", str(value))
        if not found:
            self.fail(f"{value!r} is no length of time. Write 30m, 12h or 7d.", param, ctx)
        return int(found[1]) * UNITS[found[2]] if found[1] else 0


class Moment(click.ParamType):  # type: ignore[type-arg]  # as above
    """A time in milliseconds since 1970 UTC: a day, a time of RFC 3339, or so long ago."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        ago = re.fullmatch(r"([0-9]{1,6})([smhdw])", str(value))
        if ago:
            return now_ms() - int(ago[1]) * UNITS[ago[2]]
        try:
            when = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time. Write 2027-01-31, or 7d for a week ago.", param, ctx)
        return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)


SPAN = Span()
MOMENT = Moment()


def day(milliseconds: int | None) -> str:
    """The day of a time in UTC; `-` for none."""
    if milliseconds is None:
        return "-"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d")


def minute(milliseconds: int | None) -> str:
    """The minute of a time in UTC; `-` for none."""
    if milliseconds is None:
        return "-"
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
