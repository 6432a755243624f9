"""The rows of a SQLite file of this schema, table by table, as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tracker.store.rows import shapes
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.filling import Fill


@contextmanager
def tables_of(path: Path) -> Iterator[Fill]:
    """Every table with its rows, which are read as they are asked for, in one snapshot."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("BEGIN")
        yield (
            (shape, file.execute(f'SELECT {shape.listed} FROM "{shape.name}"'))
            for shape in shapes()
        )
