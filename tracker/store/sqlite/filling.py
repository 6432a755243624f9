"""A SQLite file of this schema that is filled from elsewhere: rows as they are, nothing derived."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.migrations import Runner

from tracker.errors import StorageError
from tracker.store.rows import Shape
from tracker.store.sqlite.driver import sqlite3
from tracker.store.versions import FOLDER

Fill = Iterable[tuple[Shape, Iterable[Sequence[Any]]]]


def make_file(path: Path, until: str | None = None) -> None:
    """Lay the tables out in the new file `path`: as they are now, or after the migration `until`.

    Nobody needs to keep the file: it is not synced.
    """
    path.touch(mode=0o600)
    database = peewee.SqliteDatabase(str(path), pragmas=(("synchronous", "off"),))
    with closing(database):
        Runner(database, str(FOLDER)).up(until)


def fill_file(path: Path, tables: Fill) -> None:
    """Put rows into the tables of `path`; StorageError where a row is there twice, or cannot be."""
    with _loading(path) as file:
        for shape, rows in tables:
            marks = ", ".join("?" * len(shape.columns))
            try:
                file.executemany(
                    f'INSERT INTO "{shape.name}" ({shape.listed}) VALUES ({marks})', rows
                )
            except sqlite3.IntegrityError as error:
                raise StorageError(
                    f"The table {shape.name} has a row that cannot be: {error}.",
                    "Restore the newest backup; `tracker doctor` says which that is.",
                ) from error


@contextmanager
def _loading(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction, without a log: who is cut off throws the file away."""
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode = off")
        file.execute("PRAGMA synchronous = off")
        file.execute("BEGIN")
        yield file
        file.execute("COMMIT")
