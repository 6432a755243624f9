"""Space in the database file: what was deleted goes back to the disk.

SQLite keeps free pages for what is recorded next. A file made with `auto_vacuum = incremental` can
give them back a few at a time; one made before is rewritten once, which locks writers out for as
long as that takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import peewee

from tracker.errors import StorageError
from tracker.store.connection import reading
from tracker.store.locks import write_lock
from tracker.store.models import database
from tracker.store.sql import run

_INCREMENTAL = 2
# Pages in one transaction: 4 MB, some hundredths of a second.
STEP = 1_000


@dataclass(frozen=True)
class Space:
    """The size of the file and how much of it is free for what comes next, in bytes."""

    file: int
    free: int
    gives_back: bool


def space() -> Space:
    """How large the database is."""
    with reading():
        [(page,)] = run("PRAGMA page_size")
        [(pages,)] = run("PRAGMA page_count")
        [(free,)] = run("PRAGMA freelist_count")
        [(mode,)] = run("PRAGMA auto_vacuum")
    return Space(page * pages, page * free, mode == _INCREMENTAL)


def give_back() -> bool:
    """Give some free pages back to the disk, where the file can; whether more are left.

    The file gets smaller with the next checkpoint.
    """
    before = space()
    if not before.gives_back or not before.free:
        return False
    with write_lock(_path()):
        # `execute` would take one step, and so free one page.
        database.connection().executescript(f"PRAGMA incremental_vacuum({STEP})")
    after = space()
    return 0 < after.free < before.free


def compact() -> Space:
    """Rewrite the file without its free pages, so that it gives space back by itself from then on.

    Writers wait: about a second for each 50 MB that are in use. StorageError where the disk has
    no room for a copy.
    """
    with reading():  # so that there is a connection
        pass
    with write_lock(_path()):
        _alone("PRAGMA auto_vacuum = incremental")
        _alone("VACUUM")
        checkpoint()
    return space()


def checkpoint() -> None:
    """Move what was written into the file, which then has its size."""
    run("PRAGMA wal_checkpoint(TRUNCATE)")


def _alone(statement: str) -> None:
    """A statement outside of any transaction."""
    try:
        run(statement)
    except peewee.OperationalError as error:
        raise StorageError(
            f"The database cannot be compacted: {error}.",
            "It is as it was. Make room for a second copy of it, then try again.",
        ) from error


def _path() -> Path:
    return Path(database.database)
