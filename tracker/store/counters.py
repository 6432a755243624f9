"""Counters of the whole database, by their names: one that nobody raised yet stands at 0."""

from __future__ import annotations

from tracker.store.sql import run


def counter(name: str) -> int:
    """Where a counter stands."""
    rows = run("SELECT value FROM counter WHERE name = ?", name)
    return int(rows[0][0]) if rows else 0


def count_up(name: str) -> int:
    """Raise a counter by one, inside `writing`; where it stands then."""
    run(
        "INSERT INTO counter (name, value) VALUES (?, 1)"
        " ON CONFLICT (name) DO UPDATE SET value = counter.value + 1",
        name,
    )
    return counter(name)


def raise_to(name: str, value: int) -> None:
    """Raise a counter to a value, inside `writing`; it never falls."""
    run(
        "INSERT INTO counter (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = max(counter.value, excluded.value)",
        name,
        value,
    )
