"""What columns hold, as pages and programs show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tracker.store.identity import SUITE_SEPARATOR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_sentence(clause: str) -> str:
    """What a verdict says, with a capital letter and a full stop."""
    return f"{clause[:1].upper()}{clause[1:]}."


def suite_names(path: str) -> tuple[str, ...]:
    """The names of the suites that a path holds."""
    return tuple(path.split(SUITE_SEPARATOR)) if path else ()


def at(milliseconds: int | None) -> datetime | None:
    """A stored time; None where it is none or lies outside the calendar."""
    if milliseconds is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def seconds(milliseconds: int | None) -> float | None:
    """A stored duration in seconds."""
    return None if milliseconds is None else milliseconds / 1000
