"""A check at the start: transactions of two connections really exclude each other here.

An older Peewee ignores the lock type without a word, and some file systems have no locks; both
lose writes under load. A scratch file beside the database
tells, without waiting for whoever writes to the real one.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import peewee

from tracker.errors import StorageError


def check_exclusion(folder: Path) -> None:
    """Raise StorageError where a second writer would not be kept out."""
    with tempfile.TemporaryDirectory(prefix=".selftest-", dir=folder) as scratch:
        path = str(Path(scratch) / "scratch.db")
        first, second = (
            peewee.SqliteDatabase(path, lock_type="IMMEDIATE", timeout=0) for _ in range(2)
        )
        with contextlib.closing(first), contextlib.closing(second), first.atomic():
            if _can_begin(second):
                raise StorageError(
                    f"Transactions in {folder} do not exclude each other: results would be lost.",
                    "Use a local disk, and Peewee 4.5 or newer.",
                )


def _can_begin(database: peewee.SqliteDatabase) -> bool:
    try:
        with database.atomic():
            return True
    except peewee.OperationalError:
        return False
