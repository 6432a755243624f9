"""Empty stores: copies of one that was migrated once, since migrating takes 20 times as long."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests import servers
from tracker.store.connection import close_store, open_store

MEMORY = Path("/dev/shm")


def lay_out(path: Path | str) -> Path | str:
    """Put an empty, migrated database at `path`, unless there is one; the path.

    One in PostgreSQL is made with its name.
    """
    if isinstance(path, Path) and not path.exists():
        empty = _empty()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in (path, path.with_suffix(".lock")):  # as migrating leaves them
            file.touch(mode=0o600)
        path.write_bytes(empty)
    return path


@contextlib.contextmanager
def fresh_store() -> Iterator[None]:
    """A migrated database for as long as the block, in memory where the machine has that."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    with servers.chosen_address() as address:
        try:
            open_store(lay_out(address or folder / "tracker.db"))
            yield
        finally:
            close_store()
            shutil.rmtree(folder)


@functools.cache
def _empty() -> bytes:
    """A migrated database, made once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracker.db"
        open_store(path)
        close_store()
        return path.read_bytes()
