"""A probe of the database from outside: what a process that starts now would meet.

The connections that serve requests keep what they once read, so a file that was damaged, moved
or put on a read-only mount looks well through them. The probe opens a connection of its own, reads
the schema, takes the write lock as every writer does, and gives it back.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import peewee

from tracker import resources
from tracker.errors import Busy, StorageError
from tracker.store.locks import write_lock
from tracker.store.sqlite import REMEDIES


@dataclass(frozen=True)
class Probe:
    """What was met: each reason in words, empty where all is well.

    `pending` and `newer` are names of migrations: that wait, and that this program does not know.
    """

    unreadable: str = ""
    unwritable: str = ""
    pending: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()


def probe(path: Path, seconds: float) -> Probe:
    """Look at the database `path`; the lock is waited for at most `seconds`. Changes nothing."""
    try:
        if not path.is_file():
            return Probe(unreadable=f"The database {path.name} is not there.")
    except OSError as error:
        return Probe(unreadable=f"The database {path.name} is out of reach: {error.strerror}.")
    deadline = time.monotonic() + seconds
    database = peewee.SqliteDatabase(
        f"file:{quote(str(path))}?mode=rw", uri=True, lock_type="IMMEDIATE", timeout=seconds
    )
    try:
        with contextlib.closing(database):
            applied = _applied(database)
            unwritable = _unwritable(database, path, deadline)
    except peewee.DatabaseError as error:
        return Probe(unreadable=_in_words(error))
    known = migrations()
    return Probe(
        unwritable=unwritable,
        pending=tuple(name for name in known if name not in applied),
        newer=tuple(sorted(applied - set(known))),
    )


def migrations() -> tuple[str, ...]:
    """The names of the migrations that this program has, in their order."""
    folder = resources.PACKAGE / "store" / "migrations"
    return tuple(sorted(path.stem for path in folder.glob("[0-9]*.py")))


def _applied(database: peewee.SqliteDatabase) -> set[str]:
    """The names of the migrations that the file has; none of one that was only just made."""
    tables = database.get_tables()
    if "schema_migration" not in tables:
        return set()
    rows = database.execute_sql("SELECT name FROM schema_migration")  # type: ignore[no-untyped-call]
    return {name for (name,) in rows}


def _unwritable(database: peewee.SqliteDatabase, path: Path, deadline: float) -> str:
    """Why nothing can be written; the lock file first, as every writer does."""
    try:
        with write_lock(path, deadline):
            left = max(0, int(1000 * (deadline - time.monotonic())))
            database.execute_sql(f"PRAGMA busy_timeout = {left}")  # type: ignore[no-untyped-call]
            with database.atomic():
                return ""
    except Busy:
        return "The write lock cannot be had: another process is writing."
    except StorageError as error:
        return error.message
    except peewee.OperationalError as error:
        return _in_words(error)


def _in_words(error: peewee.DatabaseError) -> str:
    text = str(error)
    return next((what for sign, what, _ in REMEDIES if sign in text), f"SQLite refuses: {text}.")
