"""Times as reports tell them, as seconds that can be."""

from __future__ import annotations

# Nothing that is tested takes longer: Jenkins has no longer times either.
YEAR = 365 * 86_400.0


def seconds_from_text(text: str, per: float = 1.0) -> float | None:
    """Seconds between 0 and a year; None where the text is no number.

    `per` says how many of the report's units are a second: 1000 where it tells milliseconds.
    """
    try:
        value = float(text)
    except ValueError:
        return None
    if 0.0 <= value <= YEAR * per:
        return value / per
    return _clamped(value, per)


def seconds_from_number(value: object, per: float = 1.0) -> float | None:
    """The same of a value of JSON; None where it is none of its numbers."""
    if type(value) is not int and type(value) is not float:
        return None
    if 0 <= value <= YEAR * per:
        return value / per
    return _clamped(value, per)


def _clamped(value: float, per: float) -> float | None:
    """A clock that was set back makes negative times; what is no number is no time."""
    return min(max(value, 0.0), YEAR * per) / per if abs(value) < float("inf") else None
