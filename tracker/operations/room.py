"""Whether a disk has room for what is about to be written: said before anything is begun."""

from __future__ import annotations

import shutil
from pathlib import Path

from tracker.errors import StorageError

MEGABYTE = 1024 * 1024


def check_room(folder: Path, needed: int, *, what: str, remedy: str) -> None:
    """StorageError where the disk of `folder` has less than `needed` bytes for `what`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{what} needs {-(-needed // MEGABYTE):,} MB in {folder};"
            f" {free // MEGABYTE:,} MB are free.",
            remedy,
        )


def size_of(database: Path) -> int:
    """The bytes of a database with its log."""
    log = database.with_name(f"{database.name}-wal")
    return sum(path.stat().st_size for path in (database, log) if path.exists())
