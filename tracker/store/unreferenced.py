"""Names and texts that nothing refers to any more: found on a snapshot, gone in small steps.

What is recorded while they are looked for may refer to one of them again, so each step looks once
more at the builds that changed since the snapshot.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.store.connection import reading, writing
from tracker.store.models import TABLES, table_called
from tracker.store.revisions import revision
from tracker.store.sql import IN, change, listed, run

# Tables of names and texts with the columns of others that refer to them, in the order in which
# they go: a suite is needed as long as a case is in it.
_KEPT_FOR = {
    "failure": ("failure_id",),
    "detail": ("detail_id",),
    "test_case": ("case_id", "other_case"),
    "suite": ("suite_id",),
}
# How long a step may take, and how many rows go between two looks at the clock.
_SECONDS = 0.1
_AT_A_TIME = 50


@dataclass(frozen=True)
class Unreferenced:
    """Rows of a table that nothing referred to at a revision of the database."""

    table: str
    revision: int
    ids: tuple[int, ...]


def find() -> Iterator[Unreferenced]:
    """What nothing refers to, table by table; each is to be forgotten before the next is asked."""
    for table in _KEPT_FOR:
        with reading():
            now = revision()
            conditions = " AND ".join(_not_in(other, name) for other, name in _references(table))
            rows = run(f"SELECT id FROM {table} WHERE {conditions}")
        if rows:
            yield Unreferenced(table, now, tuple(number for (number,) in rows))


def forget(found: Unreferenced) -> int:
    """Let them go in steps of a tenth of a second; how many there were."""
    gone, left = 0, found.ids
    while left:
        with writing():
            deadline = time.monotonic() + _SECONDS
            while left and time.monotonic() < deadline:
                gone += _forget(found, left[:_AT_A_TIME])
                left = left[_AT_A_TIME:]
    return gone


def _forget(found: Unreferenced, ids: Sequence[int]) -> int:
    conditions = "".join(
        f" AND {_not_in(table, name, _changed_since(table, found.revision))}"
        for table, name in _references(found.table)
    )
    return change(
        f"DELETE FROM {found.table} WHERE id IN {IN}{conditions}",
        listed(ids),
    )


def _references(table: str) -> list[tuple[str, str]]:
    """The tables and columns that refer to a table of names or texts."""
    return [
        (each._meta.table_name, field.column_name)
        for each in TABLES
        for field in each._meta.sorted_fields
        if field.column_name in _KEPT_FOR[table]
    ]


def _not_in(table: str, name: str, condition: str = "") -> str:
    return f"id NOT IN (SELECT {name} FROM {table} WHERE {name} IS NOT NULL{condition})"


def _changed_since(table: str, revision: int) -> str:
    """Which rows of a table are to be looked at again; of the small ones without a build all."""
    if "build_id" not in _columns(table):
        return ""
    return f" AND build_id IN (SELECT id FROM build WHERE changed > {int(revision)})"


def _columns(table: str) -> set[str]:
    return {field.column_name for field in table_called(table)._meta.sorted_fields}
