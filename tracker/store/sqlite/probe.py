"""Looking at a database file from outside, on a connection of its own.

It reads the schema, takes the write lock as every writer does, and gives it back.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from urllib.parse import quote

import peewee

from tracker.errors import Busy, StorageError
from tracker.store.engine import SIGN_SECONDS, Met
from tracker.store.remedies import named_by_peewee, words_of
from tracker.store.sqlite.damage import told_damage
from tracker.store.sqlite.locks import goes_on, write_lock
from tracker.store.sqlite.words import REMEDIES, is_damage, names_in_words


def probe_file(path: Path, seconds: float) -> Met:
    """What is met at `path`; the lock is waited for at most `seconds`. Changes nothing."""
    try:
        if not path.is_file():
            return Met(unreadable=f"The database {path.name} is not there.")
    except OSError as error:
        return Met(unreadable=f"The database {path.name} is out of reach: {error.strerror}.")
    deadline = time.monotonic() + seconds
    database = peewee.SqliteDatabase(
        f"file:{quote(str(path))}?mode=rw", uri=True, lock_type="IMMEDIATE", timeout=seconds
    )
    try:
        with contextlib.closing(database), names_in_words(), named_by_peewee():
            applied = _applied(database)
            if found := told_damage(path):
                return Met(unreadable=f"The database is damaged: {found}.", is_damaged=True)
            return _with_lock(database, path, deadline, applied)
    except peewee.DatabaseError as error:
        return Met(unreadable=_in_words(error), is_damaged=is_damage(str(error)))


def _applied(database: peewee.SqliteDatabase) -> frozenset[str]:
    """The names of the migrations that the file has; none of one that was only just made."""
    tables = database.get_tables()
    if "schema_migration" not in tables:
        return frozenset()
    rows = database.execute_sql("SELECT name FROM schema_migration")  # type: ignore[no-untyped-call]
    names = [name for (name,) in rows]
    if not all(isinstance(name, str) for name in names):  # no row of ours is without one
        raise peewee.DatabaseError("malformed table of migrations")
    return frozenset(names)


def _with_lock(
    database: peewee.SqliteDatabase, path: Path, deadline: float, applied: frozenset[str]
) -> Met:
    """What is met where the lock is tried; the lock file first, as every writer does."""
    try:
        with write_lock(path, deadline):
            left = max(0, int(1000 * (deadline - time.monotonic())))
            database.execute_sql(f"PRAGMA busy_timeout = {left}")  # type: ignore[no-untyped-call]
            with database.atomic():
                return Met(applied=applied)
    except Busy:
        return Met.taken(applied, goes_on=goes_on(path, SIGN_SECONDS))
    except StorageError as error:
        return Met(unwritable=error.message, applied=applied)
    except peewee.OperationalError as error:
        return Met(unwritable=_in_words(error), applied=applied)


def _in_words(error: peewee.DatabaseError) -> str:
    text = str(error)
    what, _ = words_of(text, REMEDIES)
    return what or f"SQLite refuses: {text}."
