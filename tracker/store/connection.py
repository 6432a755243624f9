"""The database of this process: opening, the write lock, read snapshots, migrations.

Rules for SQLite, all measured under load and power cuts: WAL, `synchronous=FULL`, one writer at a
time through a lock file, IMMEDIATE transactions, connections opened after a fork and never carried
over one.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

import peewee
from playhouse.migrations import Runner

from tracker import resources
from tracker.durable import own_as_folder
from tracker.errors import Busy, StorageError
from tracker.store.models import Counter, database
from tracker.store.selftest import check_exclusion
from tracker.store.sql import run

BUSY_MS = 10_000
PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("foreign_keys", 1),
    ("busy_timeout", BUSY_MS),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -32 * 1024),
)


class _Thread(threading.local):
    """Whether this thread is inside `writing`."""

    is_writing = False


_this_thread = _Thread()
_opened_by = 0
_inherited: list[object] = []
# Held from `open_store` to `close_store`: that somebody uses the database.
_use: BinaryIO | None = None


def open_store(path: Path) -> None:
    """Point this process at the database `path`, making and migrating it where needed.

    Raises StorageError when the folder cannot be written, the file is not a database, its schema
    is newer than this program, or two connections do not exclude each other; Busy while a backup
    is being restored.
    """
    global _use
    close_store()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _use = _take_use(path, fcntl.LOCK_SH)
        # Only its owner may read it: there are names of users and digests of tokens in it.
        if not path.exists():
            path.touch(mode=0o600)
            _lay_out(path)
    except OSError as error:
        raise StorageError(
            f"The folder {path.parent} cannot be made: {error.strerror}.",
            "Name another one with --home or TRACKER_HOME.",
        ) from error
    database.init(str(path), pragmas=PRAGMAS, timeout=BUSY_MS // 1000)
    with _storage_errors():
        _connect()
        check_exclusion(path.parent)
    _migrate()


def _lay_out(path: Path) -> None:
    """Have a new file give its free pages back, which its first page settles for good.

    Not by a pragma of each connection: there it is a write each time, and waits for other writers.
    """
    pragmas = (("auto_vacuum", "incremental"), ("journal_mode", "wal"))
    new = peewee.SqliteDatabase(str(path), pragmas=pragmas, timeout=BUSY_MS // 1000)
    with _storage_errors(), closing(new):
        new.connect()


def close_store() -> None:
    """Close this thread's connection, and forget that the store was open."""
    global _opened_by, _use
    close_connection()
    _opened_by = 0
    if _use is not None:
        _use.close()  # never unlocked: a parent that was forked from goes on using it
        _use = None


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Use the database `path` otherwise than by `open_store`; Busy while one is restored."""
    with _take_use(path, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep all others from using the database `path`; Busy where any process does."""
    with _take_use(path, fcntl.LOCK_EX):
        yield


def close_connection() -> None:
    """Close this thread's connection, as every thread does that ends."""
    _leave_inherited()
    if database.database is not None and not database.is_closed():
        database.close()


@contextmanager
def reading() -> Iterator[None]:
    """One snapshot: all that is read inside agrees with itself."""
    if database.in_transaction():
        yield
        return
    with _storage_errors():
        _connect()
        with database.atomic("DEFERRED"):
            yield


@contextmanager
def writing() -> Iterator[None]:
    """One transaction, alone: the lock file makes writers queue instead of sleeping at random.

    Inside `reading` it is a mistake: the snapshot cannot become a write without being refused, or
    would hold the write lock until the reading ends.
    """
    if _this_thread.is_writing:
        yield
        return
    if database.in_transaction():
        raise RuntimeError("writing inside a read snapshot")
    with _storage_errors():
        _connect()
        with write_lock(Path(database.database)), database.atomic("IMMEDIATE"):
            _this_thread.is_writing = True
            try:
                yield
            finally:
                _this_thread.is_writing = False


# The pages of a build show the builds it started and the one that started it: a change in one job
# is a change in the other. Not of one build alone, since it moves verdicts and labels of others.
_RAISE = (
    "UPDATE job SET revision = ?1 WHERE id = ?2"
    " OR name IN (SELECT upstream_job FROM build WHERE job_id = ?2)"
    " OR id IN (SELECT b.job_id FROM build b JOIN job j ON j.name = b.upstream_job WHERE j.id = ?2)"
)


def raise_revision(job_id: int | None = None) -> int:
    """Say that something was recorded; the new revision of the whole database."""
    Counter.insert(name="revision", value=1).on_conflict(
        conflict_target=[Counter.name], update={Counter.value: Counter.value + 1}
    ).execute()
    revision = int(Counter.get_by_id("revision").value)
    if job_id is not None:
        run(_RAISE, revision, job_id)
    return revision


def next_revision() -> int:
    """The revision that what is being written will have, inside `writing`."""
    row = Counter.get_or_none(Counter.name == "revision")
    return (int(row.value) if row else 0) + 1


def can_write(seconds: float) -> bool:
    """Whether the write lock can really be had within `seconds` (and is given back)."""
    _connect()
    deadline = time.monotonic() + seconds
    try:
        with write_lock(Path(database.database), deadline):
            run(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            try:
                with database.atomic("IMMEDIATE"):
                    run("SELECT count(*) FROM counter")
            finally:
                run(f"PRAGMA busy_timeout = {BUSY_MS}")
    except (peewee.DatabaseError, OSError, Busy):
        return False
    return True


def schema_state() -> tuple[list[str], list[str]]:
    """Names of the migrations that are applied, and of those that are pending."""
    with _storage_errors():
        _connect()
        rows = _runner().status()
    return (
        [row.name for row in rows if row.applied],
        [row.name for row in rows if row.path and not row.applied],
    )


def _connect() -> None:
    """This thread's connection, opened by this very process."""
    global _opened_by
    if database.database is None:
        raise StorageError("The database was never opened.", "Run `tracker init` first.")
    if _opened_by != os.getpid():
        _leave_inherited()
        _opened_by = os.getpid()
    database.connect(reuse_if_open=True)


def _leave_inherited() -> None:
    """After a fork: using the parent's connection, or closing it, corrupts SQLite files."""
    if _opened_by not in (0, os.getpid()):
        _inherited.append(database._state.conn)  # type: ignore[attr-defined]
    if _opened_by != os.getpid():
        database._state.reset()  # type: ignore[attr-defined]


@contextmanager
def write_lock(path: Path, deadline: float | None = None) -> Iterator[None]:
    """The lock file beside the database; the kernel drops it when its holder dies."""
    with _open_lock(path.with_suffix(".lock")) as lock:
        if deadline is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            _flock_until(lock.fileno(), deadline)
        yield


_REFUSED = {
    fcntl.LOCK_SH: ("A backup is being restored.", "Try again when that is done."),
    fcntl.LOCK_EX: (
        "A server, a worker or another command uses the database.",
        "Stop them, then try again.",
    ),
}


def _take_use(path: Path, kind: int) -> BinaryIO:
    """The lock that users of a database share and a restore has alone, until it is closed."""
    lock = _open_lock(use_file(path))
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Busy(*_REFUSED[kind]) from error
    return lock


def use_file(path: Path) -> Path:
    """The lock file of those who use the database `path`."""
    return path.with_suffix(".use")


def _open_lock(path: Path) -> BinaryIO:
    try:
        lock = path.open("ab")
        own_as_folder(path)
    except OSError as error:
        raise StorageError(
            f"The lock file {path} cannot be opened: {error.strerror}.",
            "Check the folder's owner and the disk.",
        ) from error
    return lock


def _flock_until(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise Busy("Another process is writing.", "Try again shortly.") from error
            time.sleep(0.01)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """What the database driver says, in words people can act on."""
    try:
        yield
    except peewee.OperationalError as error:
        raise _explain(str(error)) from error
    except peewee.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            raise _explain(str(error)) from error
        raise


REMEDIES = (
    ("locked", "The database is locked by another program.", "Try again shortly."),
    (
        "full",
        "The disk is full: nothing was recorded.",
        "Make room; the tracker goes on by itself.",
    ),
    ("readonly", "The database cannot be written.", "Check the file's owner and the disk."),
    ("unable to open", "The database cannot be opened.", "Check the folder's owner and the disk."),
    ("malformed", "The database is damaged.", "Restore the newest backup."),
    ("not a database", "The file is not a database.", "Restore the newest backup."),
)


def _explain(text: str) -> StorageError:
    for sign, what, remedy in REMEDIES:
        if sign in text:
            return StorageError(f"{what} (SQLite: {text})", remedy)
    return StorageError(f"The database refuses: {text}.")


def _runner() -> Runner:
    return Runner(database, str(resources.PACKAGE / "store" / "migrations"))


def _migrate() -> None:
    """Apply what is pending, one process at a time; refuse a schema from the future."""
    with _storage_errors():
        rows = _runner().status()
        unknown = [row.name for row in rows if row.path is None]
        if unknown:
            raise StorageError(
                f"The database was made by a newer version (it has {', '.join(unknown)}).",
                "Install that version, or restore a backup made before the upgrade.",
            )
        if all(row.applied for row in rows):
            return
        with write_lock(Path(database.database)):
            _runner().up()
