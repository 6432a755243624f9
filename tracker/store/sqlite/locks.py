"""The lock files beside a SQLite database: who writes, who uses it at all, who looks at it all.

The kernel drops a lock when its holder dies. One that writes for long shows by the file that it
goes on: a byte is in it, and the time of its last sign.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tracker.durable import own_as_folder
from tracker.errors import Busy, StorageError


@contextmanager
def write_lock(path: Path, deadline: float | None = None) -> Iterator[Callable[[], None]]:
    """Alone among those who write to the database `path`; Busy at `deadline` (monotonic s).

    Gives what shows that the writer goes on.
    """
    with _open_lock(path.with_suffix(".lock")) as lock:
        if deadline is None:
            _flock(lock, fcntl.LOCK_EX)
        else:
            _flock_until(lock, deadline)
        try:
            yield lambda: _show(lock.fileno())
        finally:
            with contextlib.suppress(OSError):
                if os.fstat(lock.fileno()).st_size:
                    os.ftruncate(lock.fileno(), 0)


def goes_on(path: Path, seconds: float) -> bool:
    """Whether a writer that has the lock of the database `path` gave a sign so lately."""
    try:
        found = path.with_suffix(".lock").stat()
    except OSError:
        return False
    return found.st_size > 0 and time.time() - found.st_mtime < seconds


def _show(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # a full disk ends no writer that needs no room
        os.ftruncate(descriptor, 1)
        os.utime(descriptor)


@contextmanager
def look_lock(path: Path) -> Iterator[int | None]:
    """Alone among those who look at every page of the database `path`; None where another does.

    Gives the file, to be read and written.
    """
    with _open_lock(path.with_suffix(".looked"), os.O_RDWR) as lock:
        try:
            _flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock.fileno()


@contextmanager
def using(path: Path) -> Iterator[None]:
    """Use the database `path` otherwise than by `open_store`; Busy while one is restored."""
    with take_use(path):
        yield


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep all others from using the database `path`; Busy where any process does."""
    with take_use(path, fcntl.LOCK_EX):
        yield


_REFUSED = {
    fcntl.LOCK_SH: ("A backup is being restored.", "Try again when that is done."),
    fcntl.LOCK_EX: (
        "A server, a worker or another command uses the database.",
        "Stop them, then try again.",
    ),
}


def take_use(path: Path, kind: int = fcntl.LOCK_SH) -> BinaryIO:
    """The lock that users of a database share and a restore has alone, until it is closed."""
    lock = _open_lock(use_file(path))
    try:
        _flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise Busy(*_REFUSED[kind]) from error
    except StorageError:
        lock.close()
        raise
    return lock


def use_file(path: Path) -> Path:
    """The lock file of those who use the database `path`."""
    return path.with_suffix(".use")


def _open_lock(path: Path, access: int = os.O_WRONLY) -> BinaryIO:
    """The file, made where it is not there; a pipe in its place would be waited for without end."""
    try:
        descriptor = os.open(path, access | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o666)
        lock = os.fdopen(descriptor, "ab")
        own_as_folder(path)
    except OSError as error:
        raise StorageError(
            f"The lock file {path} cannot be opened: {error.strerror}.",
            "Check the folder's owner and the disk.",
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        lock.close()
        raise StorageError(f"The lock file {path} is no file.", "Remove what is there.")
    return lock


def _flock(lock: BinaryIO, kind: int) -> None:
    """BlockingIOError where another has the lock, StorageError where the disk keeps none."""
    try:
        fcntl.flock(lock, kind)
    except BlockingIOError:
        raise
    except OSError as error:
        raise StorageError(
            f"A lock file beside the database cannot be locked: {error.strerror}.",
            "Put home on a local disk that keeps locks; where it is one, check that disk.",
        ) from error


def _flock_until(lock: BinaryIO, deadline: float) -> None:
    while True:
        try:
            _flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise Busy("Another process is writing.", "Try again shortly.") from error
            time.sleep(0.01)
