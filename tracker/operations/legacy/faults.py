"""What SQLite says of the earlier application's file, in words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import Busy, StorageError, TrackerError
from tracker.store.sqlite.driver import sqlite3

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_CUT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    """What SQLite says of the file that is read here, in words people can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explained(path, error) from error


def damaged(path: Path, why: str) -> StorageError:
    """The error for a file that is damaged or cut off; `why` is SQLite's word."""
    return StorageError(
        f"{path} is damaged, or is still being copied (SQLite: {why}). Nothing was imported.",
        "Copy it again with `sqlite3 FILE '.backup COPY'`, or name the original.",
    )


def _explained(path: Path, error: sqlite3.DatabaseError) -> TrackerError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return Busy(
            f"{path} is locked: the earlier application is writing.", "Try again in a minute."
        )
    if code in _CUT:
        return damaged(path, str(error))
    if code == sqlite3.SQLITE_FULL:
        return StorageError(
            f"There is no room to copy {path} to {tempfile.gettempdir()}.",
            "Make room, or name another folder by TMPDIR.",
        )
    return StorageError(
        f"{path} cannot be read as it is (SQLite: {error}).",
        "If the earlier application ended in the middle of a write, start it once. This user must"
        " be allowed to read the file and its folder.",
    )
