"""Folders for copies that are thrown away, and what is left of those whose process was killed.

A proof of a backup needs no database for itself, so others may be at work beside it: it holds a
lock on its folder, which the kernel drops when it dies.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.clock import MINUTE, now_ms

# Those of who has the database for itself, and those of anybody else.
ALONE = ".restore-"
BESIDE = ".verify-"


@contextmanager
def scratch(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder in this one, held for as long as it is there."""
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder) as name:
        made = Path(name)
        handle = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield made
        finally:
            os.close(handle)


def clear_alone(folder: Path) -> None:
    """Remove what was left by who had the database for himself, as the caller has it now."""
    _clear(folder, ALONE, 0)


def clear_beside(folder: Path) -> None:
    """Remove the folders of others that nobody holds any more.

    One that was just made may not be held yet.
    """
    _clear(folder, BESIDE, MINUTE)


def _clear(folder: Path, prefix: str, age: int) -> None:
    for left in folder.glob(f"{prefix}*"):
        if _is_left(left, age):
            shutil.rmtree(left, ignore_errors=True)


def _is_left(path: Path, age: int) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # it went meanwhile, or is none of ours
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return now_ms() - os.fstat(handle).st_mtime * 1000 >= age
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
