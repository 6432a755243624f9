"""An empty store within a test that needs several, in memory where the machine has that."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tracker.store.connection import close_store, open_store

MEMORY = Path("/dev/shm")


@functools.cache
def _empty() -> bytes:
    """A migrated database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracker.db"
        open_store(path)
        close_store()
        return path.read_bytes()


@contextlib.contextmanager
def fresh_store() -> Iterator[None]:
    """A migrated database that is there for as long as the block."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    try:
        (folder / "tracker.db").write_bytes(_empty())
        open_store(folder / "tracker.db")
        yield
    finally:
        close_store()
        shutil.rmtree(folder)
