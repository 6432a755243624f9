"""A check at the start: transactions of two connections really exclude each other here.

An older Peewee ignores the lock type without a word, and some file systems have no locks; both
lose writes under load. A scratch file beside the database tells, without waiting for whoever
writes to the real one.
"""

from __future__ import annotations

import contextlib
import errno
import tempfile
from pathlib import Path

import peewee

from tracker.errors import StorageError


def check_exclusion(folder: Path) -> bool:
    """Raise StorageError where a second writer would not be kept out.

    False where that is not known: a full disk tells nothing of locks, and nobody can write to it.
    It must not keep those out who only want to read.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".selftest-", dir=folder) as scratch:
            is_safe = _is_exclusive(str(Path(scratch) / "scratch.db"))
    except (OSError, peewee.OperationalError) as error:
        if not _is_full(error):
            raise
        return False
    if not is_safe:
        raise StorageError(
            f"Transactions in {folder} do not exclude each other: results would be lost.",
            "Use a local disk, and Peewee 4.5 or newer.",
        )
    return True


def _is_exclusive(path: str) -> bool:
    first, second = (
        peewee.SqliteDatabase(path, lock_type="IMMEDIATE", timeout=0) for _ in range(2)
    )
    with contextlib.closing(first), contextlib.closing(second), first.atomic():
        return not _can_begin(second)


def _is_full(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "full" in str(error)


def _can_begin(database: peewee.SqliteDatabase) -> bool:
    try:
        with database.atomic():
            return True
    except peewee.OperationalError:
        return False
