"""Whether this machine can serve: the checks behind the probes, each with a reason in words.

Cheap enough for every second: one new connection, one try for the write lock, two questions to the
file system. Nothing is written, and nothing waits longer than LOCK_SECONDS, but for a PostgreSQL
that does not answer: 2 seconds.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tracker.clock import MINUTE
from tracker.errors import StorageError
from tracker.settings import Settings
from tracker.store.engine import Identity, engine_of
from tracker.store.probe import Probe, probe

Word = Literal["pass", "warn", "fail"]

# Longer than most steps hold it, and well within the 2 seconds that a probe may take.
LOCK_SECONDS = 1.0
LEAST_FREE_MB = 100
ALIVE_MS = 2 * MINUTE
MEGABYTE = 1024 * 1024


def is_alive(beat: int, now: int) -> bool:
    """Whether a sign of life (ms) is of lately; one of the future tells of a clock alone."""
    return abs(now - beat) < ALIVE_MS


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `reason` says what is wrong, and is empty with `pass`."""

    status: Word
    reason: str = ""


Checks = dict[str, Check]
PASS = Check("pass")
BUSY = "Another process of the tracker writes for long; uploads wait for it."
REPLACED = "The database was replaced while this process had it open; restart the tracker."


def checks(settings: Settings, opened: Identity = None, *, is_serving: bool = False) -> Checks:
    """What serving needs: a readable database of our schema, the write lock, and room.

    `opened` is the file that this process has open, where it has: another one under the same name
    would be served by none of its connections. One that `is_serving` a database of several nodes
    goes on while a newer version adds to its schema.
    """
    goes_on = is_serving and not isinstance(settings.store, Path)
    return {**_store(settings.store, opened, goes_on), "space": space(scarcest(settings))}


def is_made(settings: Settings) -> bool:
    """Whether there is a database, which is then not for us to make."""
    try:
        return engine_of(settings.store).is_made
    except (StorageError, OSError):
        return True


def word(said: Mapping[str, Check]) -> Word:
    """The worst of the checks."""
    words = {check.status for check in said.values()}
    return "fail" if "fail" in words else "warn" if "warn" in words else "pass"


def refuse_replaced(where: Path | str, opened: Identity) -> None:
    """StorageError where the database is no longer the file that this process has open.

    What is written into that one is lost with it: nobody finds it under the name any more.
    """
    if opened is None:
        return
    there = engine_of(where).identity()
    if there == opened:
        return
    if there is None:
        raise StorageError(
            "The database was moved away while this process had it open; put it back.",
            "Nothing is recorded until then.",
        )
    raise StorageError(REPLACED, "Nothing is recorded until then.")


def filled(settings: Settings) -> tuple[Path, ...]:
    """The folders that fill up by recording: home, where the database is, and that of raw reports.

    A database of a server takes no room here: what little is in home then may be on a small disk.
    """
    if isinstance(settings.store, Path):
        return (settings.home, settings.spool)
    return (settings.spool,)


def scarcest(settings: Settings) -> Path:
    """The one of them with the least room; one that is out of reach has none."""
    return min(filled(settings), key=_room)


def space(folder: Path) -> Check:
    """Whether there is room on the disk of a folder."""
    try:
        free = free_bytes(folder) // MEGABYTE
    except OSError as error:
        return Check("fail", f"{folder} is out of reach: {error.strerror}.")
    if free >= LEAST_FREE_MB:
        return PASS
    return Check(
        "fail", f"Only {free} MB are free on the disk of {folder}; {LEAST_FREE_MB} are needed."
    )


def free_bytes(folder: Path) -> int:
    """How much room there is on the disk of a folder, or of the nearest one above that exists.

    OSError where that is out of reach.
    """
    for each in (folder, *folder.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            return shutil.disk_usage(each).free
    return shutil.disk_usage("/").free


def _room(folder: Path) -> int:
    try:
        return free_bytes(folder)
    except OSError:
        return -1


def _store(where: Path | str, opened: Identity, goes_on: bool) -> Checks:
    # A file that took the place of ours is not even opened: SQLite would take our log of writes
    # for its own, and empty it.
    if opened is not None and engine_of(where).identity() not in (None, opened):
        return {"database": Check("fail", REPLACED)}
    found = probe(where, LOCK_SECONDS)
    if found.unreadable or (found.newer and not goes_on):
        return {"database": Check("fail", found.unreadable or _newer(found))}
    return {
        "database": PASS,
        "migrations": _migrations(found),
        "write": _write(found),
    }


def _write(found: Probe) -> Check:
    if found.unwritable:
        return Check("fail", found.unwritable)
    return Check("warn", BUSY) if found.is_busy else PASS


def _newer(found: Probe) -> str:
    return f"The database was made by a newer version (it has {', '.join(found.newer)})."


def _migrations(found: Probe) -> Check:
    if found.pending:
        return Check("fail", f"Migrations wait: {', '.join(found.pending)}.")
    if found.newer:
        return Check("warn", f"{_newer(found)} Replace this process by one of that version.")
    return PASS
