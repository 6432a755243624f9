"""A copy of the database to look at: as it was at one moment, while others go on writing.

A long read of the live file would keep the write-ahead log from being emptied; SQLite's backup
reads the whole file once. Nothing of the live database is written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tracker.errors import StorageError
from tracker.operations.room import check_room, size_of
from tracker.store.connection import close_store, open_store, schema_state
from tracker.store.driver import sqlite3
from tracker.store.locks import using
from tracker.store.sql import run

_BUSY_SECONDS = 10
# The copy, and what judging again changes in it.
_TIMES_AS_LARGE = 2
_HISTORY = "schema_migration"


@contextmanager
def opened_copy(database: Path) -> Iterator[None]:
    """Have a copy of `database` as the open store of this process, which is closed at the end.

    Raises StorageError where the file is missing, is no database, is of another version than this
    program, or where there is no room; Busy while a backup is being restored.
    """
    close_store()
    if not database.is_file():
        raise StorageError(f"There is no database at {database}.", "`tracker init` makes one.")
    with using(database), tempfile.TemporaryDirectory(prefix="tracker-validate-") as folder:
        copy = Path(folder) / database.name
        check_room(
            Path(folder).parent,
            size_of(database) * _TIMES_AS_LARGE,
            what=f"A copy of {database} to look at",
            remedy="Name a folder with more room: TMPDIR=/var/tmp tracker validate.",
        )
        _copy(database, copy)
        try:
            _open(copy)
            yield
        finally:
            close_store()


def _copy(database: Path, copy: Path) -> None:
    """In one step: in several, each write of another process would begin it anew."""
    copy.touch(mode=0o600)
    try:
        with (
            closing(_read_only(database)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            applied = _applied(source)
            source.backup(target)
    except sqlite3.Error as error:
        raise StorageError(
            f"The database {database} cannot be copied: {error}.",
            "Check that it is one, its owner and the disk; else restore the newest backup.",
        ) from error
    if not applied:
        raise StorageError(
            f"{database} is no database of the tracker.", "Name the tracker's folder with --home."
        )


def _read_only(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)


def _applied(source: sqlite3.Connection) -> bool:
    """Whether any migration was ever made there; this also reads the file as a database."""
    rows = source.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (_HISTORY,))
    return rows.fetchone() is not None


def _open(copy: Path) -> None:
    """Open the copy, which nobody needs to keep: it is not synced."""
    before = _names(copy)
    open_store(copy)
    applied, _ = schema_state()
    if fresh := set(applied) - before:
        raise StorageError(
            f"The database was made by an older version (it lacks {', '.join(sorted(fresh))}).",
            "`tracker init` brings it up to date; then validate it again.",
        )
    run("PRAGMA synchronous = OFF")
    run("PRAGMA temp_store = MEMORY")


def _names(copy: Path) -> set[str]:
    with closing(sqlite3.connect(copy)) as connection:
        return {name for (name,) in connection.execute(f"SELECT name FROM {_HISTORY}")}
