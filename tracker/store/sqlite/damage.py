"""Damage of a database file: found by a look at every page, and told beside the file.

A page that a broken disk spoilt harms nobody until it is read, and what is written then may spoil
more. So a look is taken from time to time, and what it finds is kept in a file beside the database,
which every writer asks for first: to write it into the database would be the first harm.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import peewee

from tracker.durable import own_as_folder, sync_folder
from tracker.errors import StorageError
from tracker.store.remedies import named_by_peewee
from tracker.store.sqlite.words import is_damage, names_in_words

# What else keeps SQLite from reading a file that is there, whoever looks.
_OF_THE_FILE = ("disk I/O", "unsupported file format")
# A thirtieth of a second, as elsewhere.
_STEPS_BETWEEN_LOOKS = 1_000_000


def mark_of(path: Path) -> Path:
    """The file that tells of damage."""
    return path.with_suffix(".damaged")


def told_damage(path: Path) -> str:
    """What a look found in the very file that is there now; empty where none found anything."""
    try:
        told = json.loads(mark_of(path).read_text())
        return str(told["found"]) if told["file"] == number_of(path) else ""
    except (StorageError, OSError, ValueError, KeyError, TypeError):
        return ""


def refuse_damaged(path: Path) -> None:
    """StorageError where damage is known."""
    if found := told_damage(path):
        raise StorageError(
            f"The database is damaged ({found}): nothing is written into it.",
            f"Restore the newest backup; if you repaired it by hand, remove {mark_of(path).name}.",
        )


def look_for_damage(path: Path, is_over: Callable[[], bool], *, is_thorough: bool = False) -> str:
    """Look at every page, about a second for 1 GB; what is wrong, which is told from then on.

    One that `is_thorough` then holds rows against indexes, ten times as long; what that finds is
    given and hinders nobody, since no later look at the pages would take it back. Given up once
    `is_over`. StorageError where the file is gone or locked, or what was found cannot be kept.
    """
    file = number_of(path)
    found = _first_fault(path, is_over, _of_pages)
    if found is not None:
        _keep(path, file, found)
    if is_thorough and not found:
        found = _first_fault(path, is_over, _of_indexes)
    return found or ""


def number_of(path: Path) -> int:
    """The file that is there now. Devices are numbered anew by a reboot, and are no part of it.

    StorageError where there is none.
    """
    try:
        return path.stat().st_ino
    except OSError as error:
        raise StorageError(
            f"The database {path} is out of reach: {error.strerror}.",
            "Check the folder and the disk.",
        ) from error


def _keep(path: Path, file: int, found: str) -> None:
    try:
        if found:
            _mark(path, file, found)
        else:
            mark_of(path).unlink(missing_ok=True)
    except OSError as error:
        what = f"The database is damaged ({found}), and" if found else "No damage is found, but"
        raise StorageError(
            f"{what} {mark_of(path)} cannot be written: {error.strerror}.",
            "Check the folder's owner and the disk.",
        ) from error


def _mark(path: Path, file: int, found: str) -> None:
    """Whole at once: a writer that read half of it would take the file for sound."""
    mark = mark_of(path)
    new = mark.with_name(f"{mark.name}.{os.getpid()}")
    with new.open("w") as out:
        out.write(json.dumps({"found": found, "file": file}) + "\n")
        out.flush()
        os.fsync(out.fileno())
    own_as_folder(new)
    new.replace(mark)
    sync_folder(mark.parent)


def _first_fault(
    path: Path,
    is_over: Callable[[], bool],
    faults: Callable[[peewee.SqliteDatabase], Iterator[str]],
) -> str | None:
    """The first in SQLite's words; empty where all is well, None where it `is_over` before."""
    database = peewee.SqliteDatabase(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=10)
    try:
        with contextlib.closing(database), names_in_words(), named_by_peewee():
            connection = database.connection()  # type: ignore[no-untyped-call]
            connection.set_progress_handler(is_over, _STEPS_BETWEEN_LOOKS)
            return next(faults(database), "")
    except peewee.DatabaseError as error:
        text = str(error)
        if is_damage(text) or any(words in text for words in _OF_THE_FILE):
            return text
        if is_over():
            return None
        raise StorageError(
            f"Not every page of the database could be looked at (SQLite: {text}).",
            "The next look tries again.",
        ) from error


def _of_pages(database: peewee.SqliteDatabase) -> Iterator[str]:
    """Those of each table with its indexes, and of the free pages, which are the schema's here.

    One by one: as long as one is read, the log of writes only grows.
    """
    tables = database.execute_sql(  # type: ignore[no-untyped-call]
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0"
    ).fetchall()
    for (name,) in [("sqlite_schema",), *tables]:
        yield from _said(database, "quick_check", name)


def _of_indexes(database: peewee.SqliteDatabase) -> Iterator[str]:
    yield from _said(database, "integrity_check", 1)


def _said(database: peewee.SqliteDatabase, check: str, of: str | int) -> list[str]:
    """What a check says first. It goes on to read the rows, which fails on a page that it told of,
    and Python steps on before it gives a row: hence a limit of its own.
    """
    rows = database.execute_sql(  # type: ignore[no-untyped-call]
        f"SELECT * FROM pragma_{check}(?) LIMIT 1",
        (of,),
    ).fetchall()
    return [str(text).splitlines()[-1] for (text,) in rows if text != "ok"]
