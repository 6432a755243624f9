"""The database of this process: opening, read snapshots, writing alone, migrations.

Connections are opened after a fork and never carried over one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import peewee
from playhouse.migrations import Runner

from tracker.errors import StorageError
from tracker.store.engine import Engine, engine, engine_of, is_open, use
from tracker.store.models import database
from tracker.store.remedies import named_by_peewee
from tracker.store.versions import FOLDER


class _Thread(threading.local):
    """Whether this thread is inside `writing`."""

    is_writing = False


_this_thread = _Thread()
_opened_by = 0
_inherited: list[object] = []


def open_store(where: Path | str) -> None:
    """Point this process at a database, making and migrating it where needed.

    `where` is the path of a SQLite file, or the address of a PostgreSQL database. Raises
    StorageError when it cannot be used, or its schema is newer than this program; Busy while a
    backup is being restored. Nothing is open then: neither is a file that others put in place held,
    nor a schema read that this program does not know.
    """
    close_store()
    found = engine_of(where)
    use(found)
    database.initialize(found.database)
    try:
        with storage_errors():
            _connect(found.prepare)
        _migrate(found)
    except BaseException:
        close_store()
        raise


def close_store() -> None:
    """Close this thread's connection, and forget that the store was open."""
    global _opened_by
    close_connection()
    _opened_by = 0
    use(None)


def close_connection() -> None:
    """Close this thread's connection, as every thread does that ends."""
    if is_open():
        _leave_inherited()
        if not database.is_closed():
            database.close()


@contextmanager
def connected() -> Iterator[None]:
    """A connection outside of any transaction, for what the database allows nowhere else."""
    with storage_errors():
        _connect()
        yield


@contextmanager
def reading() -> Iterator[None]:
    """One snapshot: all that is read inside agrees with itself."""
    if engine().database.in_transaction():
        yield
        return
    with storage_errors():
        _connect()
        with engine().snapshot():
            yield


def try_publishing() -> bool:
    """Inside `reading`: whether nobody else publishes, on whatever machine, until that ends.

    Asked again, it is still so, or the connection was lost: StorageError.
    """
    with storage_errors():
        return engine().try_publishing()


@contextmanager
def writing(deadline: float | None = None) -> Iterator[None]:
    """One transaction, alone: writers queue, on this machine or on all that share the database.

    Busy, or StorageError of another program, where it is not this one's turn by `deadline`
    (monotonic s).

    Inside `reading` it is a mistake: the snapshot cannot become a write without being refused, or
    would hold the write lock until the reading ends.
    """
    if _this_thread.is_writing:
        yield
        return
    if engine().database.in_transaction():
        raise RuntimeError("writing inside a read snapshot")
    with storage_errors():
        _connect()
        with engine().writing(deadline):
            _this_thread.is_writing = True
            try:
                yield
            finally:
                _this_thread.is_writing = False


def schema_state() -> tuple[list[str], list[str]]:
    """Names of the migrations that are applied, and of those that are pending."""
    with storage_errors():
        _connect()
        rows = _runner().status()
    return (
        [row.name for row in rows if row.applied],
        [row.name for row in rows if row.path and not row.applied],
    )


def _connect(connect: Callable[[], None] | None = None) -> None:
    """This thread's connection, opened by this very process."""
    global _opened_by
    found = engine()
    if _opened_by != os.getpid():
        _leave_inherited()
        _opened_by = os.getpid()
    (connect or found.check_connection)()


def _leave_inherited() -> None:
    """After a fork: using the parent's connection, or closing it, corrupts SQLite files."""
    if _opened_by not in (0, os.getpid()):
        _inherited.append(database._state.conn)
    if _opened_by != os.getpid():
        database._state.reset()


@contextmanager
def storage_errors() -> Iterator[None]:
    """What the database driver says, in words people can act on; for the rooms of the store."""
    try:
        with named_by_peewee():
            yield
    except (peewee.DatabaseError, peewee.InterfaceError) as error:
        found = engine().explain(error)
        if found is None:
            raise
        raise found from error


def _runner() -> Runner:
    return Runner(engine().database, str(FOLDER))


def _migrate(found: Engine) -> None:
    """Apply what is pending, one process at a time; refuse a schema from the future."""
    with storage_errors():
        rows = _runner().status()
        unknown = [row.name for row in rows if row.path is None]
        if unknown:
            raise StorageError(
                f"The database was made by a newer version (it has {', '.join(unknown)}).",
                "Install that version, or restore a backup made before the upgrade.",
            )
        if all(row.applied for row in rows):
            return
        with found.migrating():
            _runner().up()
