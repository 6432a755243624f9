"""Opening the store for a process that serves: a web worker, or a worker of tasks.

Two things may not happen there. An empty database in the place of one that was lost would answer
as if all were well. And a restart on a full disk must not end in darkness: SQLite needs a little
room only to read (the index of its log of writes), so a little is kept for that moment.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tracker.errors import StorageError
from tracker.store.connection import open_store

# Enough for the index of a log of 256 MB.
BALLAST_BYTES = 512 * 1024


def open_for_serving(path: Path | str) -> None:
    """As `open_store`; StorageError also where there was a database file and is none.

    On a full disk what was kept for it is given up, once; the next opening with room keeps it anew.
    """
    if not isinstance(path, Path):
        open_store(path)
        return
    _refuse_lost(path)
    try:
        open_store(path)
    except StorageError:
        # SQLite calls it a full disk, an I/O error or a file that cannot be opened.
        if not (_is_full(path.parent) and _give_up(path)):
            raise
        open_store(path)
    else:
        _keep(path)


def _refuse_lost(path: Path) -> None:
    """The lock file beside the database tells that there was one."""
    if not path.exists() and path.with_suffix(".lock").exists():
        raise StorageError(
            f"The database {path.name} is not there any more.",
            "Restore a backup (`tracker restore`), or make an empty one (`tracker init`).",
        )


def _is_full(folder: Path) -> bool:
    return folder.is_dir() and shutil.disk_usage(folder).free < BALLAST_BYTES


def ballast(path: Path) -> Path:
    """The file that keeps the room."""
    return path.with_suffix(".ballast")


def _give_up(path: Path) -> bool:
    """Whether there was room to give up."""
    try:
        ballast(path).unlink()
    except OSError:
        return False
    return True


def _keep(path: Path) -> None:
    """Where the disk is too full to keep any, serving goes on without."""
    file = ballast(path)
    if file.exists():
        return
    try:
        with file.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, BALLAST_BYTES)
    except OSError:
        file.unlink(missing_ok=True)
