"""How queries read: statements on one state of the database, for as long as they may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tracker.store.connection import reading
from tracker.store.reading_time import reading_at_most, refuse_late
from tracker.store.sql import run


@contextmanager
def bounded_snapshot() -> Iterator[None]:
    """As `snapshot`, for a request: Busy where it reads for longer than any may."""
    with reading_at_most():
        yield


@contextmanager
def snapshot() -> Iterator[None]:
    """All queries inside see the same state."""
    with reading():
        yield


def select(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows that a statement answers."""
    refuse_late()
    with reading():
        return run(sql, *parameters)
