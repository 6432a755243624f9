"""Times as reports tell them, as seconds that can be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Nothing that is tested takes longer: Jenkins has no longer times either.
YEAR = 365 * 86_400.0

_CLOCK = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", re.ASCII)


def seconds_from_text(text: str, per: float = 1.0) -> float | None:
    """Seconds between 0 and a year; None where the text is no number.

    `per` says how many of the report's units are a second: 1000 where it tells milliseconds.
    """
    try:
        value = float(text)
    except ValueError:
        return None
    return seconds_within(value, per)


def seconds_from_number(value: object, per: float = 1.0) -> float | None:
    """The same of a value of JSON; None where it is none of its numbers."""
    if type(value) is not int and type(value) is not float:
        return None
    return seconds_within(value, per)


def seconds_from_clock(text: str) -> float | None:
    """Seconds of a time span, `00:00:01.5` or with days `1.02:03:04`; None where it is none."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return seconds_within(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def seconds_of_phases(phases: Iterable[Mapping[str, object]]) -> float | None:
    """The time of all phases of a test of pytest together, as its JUnit XML tells it."""
    told = None
    for phase in phases:
        time = phase.get("duration")
        if isinstance(time, int | float) and 0.0 <= time <= YEAR:
            told = (told or 0.0) + time
    return told


def seconds_within(value: float, per: float = 1.0) -> float | None:
    """The nearest seconds between 0 and a year, as a clock that was set back makes negative ones.

    None where it is infinite or no number: that is no time.
    """
    if 0 <= value <= YEAR * per:
        return value / per
    return min(max(value, 0.0), YEAR * per) / per if abs(value) < float("inf") else None
