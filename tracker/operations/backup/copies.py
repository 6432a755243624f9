"""Copies of a database: making one while others write, and proving that one is whole.

The driver's own backup in a single step is the only way that holds: in smaller steps every writer
makes it begin again, and copying the file takes half of a transaction.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import StorageError
from tracker.store.sqlite.driver import sqlite3

DAMAGED = "Use another backup, or ask `tracker doctor` about a database in use."


@dataclass(frozen=True)
class Inside:
    """What a database file holds: its migrations in order, its revision, the rows of each table."""

    migrations: tuple[str, ...]
    revision: int
    counts: dict[str, int]


def copy_database(source: Path, target: Path) -> None:
    """Copy a database in use into the new file `target`, its owner's alone, and make it safe.

    The copy is one file without a log beside it. Writers go on meanwhile. Raises StorageError
    where the source cannot be read or the disk is full.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with _opened(source, "rw") as old, _opened(target, "rw") as new:
        new.execute("PRAGMA synchronous = off")  # it is made safe as a whole below
        old.backup(new, pages=-1)
        new.execute("PRAGMA journal_mode = delete")
    sync_file(target)


def prove(path: Path, of: Path) -> Inside:
    """Read a copy that nobody writes from end to end; StorageError where it is not whole.

    What is wrong is said of the file that it is a copy of.
    """
    with _opened(path, "rw", of) as copy:
        [[said]] = copy.execute("PRAGMA integrity_check(1)")
        if said != "ok":
            raise StorageError(f"{of} is damaged: {last_line(said)}.", DAMAGED)
        if orphans := copy.execute("PRAGMA foreign_key_check").fetchall():
            tables = ", ".join(sorted({row[0] for row in orphans}))
            raise StorageError(
                f"In {of} {len(orphans)} rows refer to what is not there ({tables}).", DAMAGED
            )
        return _inside(copy, of)


def look_inside(path: Path) -> Inside:
    """What a database holds, in use or not; StorageError where it cannot be read."""
    with _opened(path, "rw") as file:
        return _inside(file, path)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_file(path: Path) -> None:
    """Make what is in a file safe."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def last_line(said: str) -> str:
    """What a check of SQLite found, without the heading that it may have."""
    return said.strip().splitlines()[-1].rstrip(".")


def _inside(file: sqlite3.Connection, path: Path) -> Inside:
    tables = [
        name for [name] in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    ]
    if not {"schema_migration", "counter"} <= set(tables):
        raise StorageError(
            f"{path} is not a database of the tracker.", "Name a file that `tracker backup` made."
        )
    rows = file.execute("SELECT value FROM counter WHERE name = 'revision'").fetchall()
    return Inside(
        tuple(name for [name] in file.execute("SELECT name FROM schema_migration ORDER BY name")),
        int(rows[0][0]) if rows else 0,
        {
            name: file.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in sorted(tables)
            if not name.startswith("sqlite_")
        },
    )


@contextlib.contextmanager
def _opened(path: Path, mode: str, of: Path | None = None) -> Iterator[sqlite3.Connection]:
    """A connection of its own to an existing file; what it refuses is told in words."""
    with told(of or path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None
        )
        with contextlib.closing(connection):
            yield connection


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """What the database driver or the disk refuses, in words people can act on."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, OSError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise StorageError(f"{path}: {said}.", _remedy(str(error))) from error


def _remedy(said: str) -> str:
    if any(sign in said for sign in ("malformed", "not a database", "decode")):
        return "It is damaged: `tracker restore --help` says how to put a backup in its place."
    if "full" in said or "No space" in said:
        return "Make room on the disk, or name a folder on another one."
    if "File exists" in said or "Not a directory" in said:
        return "Name a folder, or a path in one."
    return "Check that it is there, its owner and the disk."
