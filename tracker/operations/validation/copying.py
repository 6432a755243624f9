"""A copy of the database to look at: as it was at one moment, while others go on writing.

Whichever database the store is, the copy is a SQLite file. Nothing of the live database is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tracker.errors import StorageError
from tracker.operations.room import check_room
from tracker.store.connection import close_store, open_store, schema_state, storage_errors
from tracker.store.engine import Engine
from tracker.store.sql import run
from tracker.store.sqlite.driver import sqlite3

# The copy, and what judging again changes in it.
_TIMES_AS_LARGE = 2
_HISTORY = "schema_migration"


@contextmanager
def opened_copy(source: Engine) -> Iterator[None]:
    """Have a copy of a database as the open store of this process, which is closed at the end.

    Raises StorageError where it is missing, is no database, is of another version than this
    program, or where there is no room; Busy while a backup is being restored.
    """
    close_store()
    with tempfile.TemporaryDirectory(prefix="tracker-validate-") as folder:
        copy = Path(folder) / "tracker.db"
        check_room(
            Path(folder).parent,
            room_for(source),
            what=f"A copy of {source.place} to look at",
            remedy="Name a folder with more room: TMPDIR=/var/tmp tracker validate.",
        )
        source.copy(copy)
        with opened(copy):
            yield


@contextmanager
def opened(copy: Path) -> Iterator[None]:
    """Have a file that may be written to as the open store of this process, closed at the end.

    Raises StorageError where it is no database, or is of another version than this program.
    """
    close_store()
    try:
        before = _names(copy)
        open_store(copy)
        with storage_errors():
            _prepare(before)
            yield
    finally:
        close_store()


def room_for(source: Engine) -> int:
    """The bytes that a copy of a database takes while it is looked at."""
    return source.sizes().all * _TIMES_AS_LARGE


def _prepare(before: set[str]) -> None:
    """Have the copy at this version, as it was before, and fast: nobody needs to keep it."""
    applied, _ = schema_state()
    if fresh := set(applied) - before:
        raise StorageError(
            f"The database was made by an older version (it lacks {', '.join(sorted(fresh))}).",
            "`tracker init` brings it up to date; then validate it again.",
        )
    run("PRAGMA synchronous = OFF")
    run("PRAGMA temp_store = MEMORY")


def _names(copy: Path) -> set[str]:
    try:
        with closing(sqlite3.connect(copy)) as connection:
            return {name for (name,) in connection.execute(f"SELECT name FROM {_HISTORY}")}
    except sqlite3.DatabaseError as error:
        raise StorageError(
            f"The database is damaged (SQLite: {error}).", "Restore the newest backup."
        ) from error
