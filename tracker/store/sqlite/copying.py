"""A copy of a database file as it is at one moment, while others go on writing.

A long read of the live file would keep the write-ahead log from being emptied; SQLite's backup
reads the whole file once, in one step: in several, each write of another process would begin it
anew. Nothing of the live database is written.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tracker.errors import StorageError
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.locks import using

_BUSY_SECONDS = 10
_HISTORY = "schema_migration"


def copy_file(database: Path, target: Path) -> None:
    """Copy `database` to the new file `target`.

    Raises StorageError where the file is missing, or is no database of the tracker; Busy while a
    backup is being restored.
    """
    if not database.is_file():
        raise StorageError(f"There is no database at {database}.", "`tracker init` makes one.")
    target.touch(mode=0o600)
    try:
        with (
            using(database),
            closing(_read_only(database)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            applied = _applied(source)
            source.backup(copy)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # of a name that is no text any more
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
