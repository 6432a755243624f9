"""Damage of a database file: found by a look at every page, and told beside the file.

A page that a broken disk spoilt harms nobody until it is read, and what is written then may spoil
more. So a look is taken from time to time, and what it finds is kept in a file beside the database,
which every writer asks for first: to write it into the database would be the first harm.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

import peewee

from tracker.errors import StorageError
from tracker.store.sqlite.words import is_damage, names_in_words

# A thirtieth of a second, as elsewhere.
_STEPS_BETWEEN_LOOKS = 1_000_000
_QUICK = ("quick_check(1)",)
_THOROUGH = ("integrity_check(1)", "foreign_key_check")


def mark_of(path: Path) -> Path:
    """The file that tells of damage."""
    return path.with_suffix(".damaged")


def told_damage(path: Path) -> str:
    """What a look found in the very file that is there now; empty where none found anything."""
    try:
        told = json.loads(mark_of(path).read_text())
        return str(told["found"]) if told["file"] == _identity(path) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def refuse_damaged(path: Path) -> None:
    """StorageError where damage is known."""
    if found := told_damage(path):
        raise StorageError(
            f"The database is damaged ({found}): nothing is written into it.",
            f"Restore the newest backup; who repaired it by hand removes {mark_of(path).name}.",
        )


def look_for_damage(path: Path, is_over: Callable[[], bool], *, is_thorough: bool = False) -> str:
    """Look at every page, about a second for 1 GB; what is wrong, which is told from then on.

    One that `is_thorough` takes ten times as long: it holds rows against indexes and references.
    Given up once `is_over`. StorageError where what was found cannot be kept.
    """
    found = _look(path, is_over, _THOROUGH if is_thorough else _QUICK)
    if found is None:
        return ""
    try:
        if found:
            _mark(path, found)
        else:
            mark_of(path).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{mark_of(path)} cannot be written: {error.strerror}.", "Check the folder's owner."
        ) from error
    return found


def _mark(path: Path, found: str) -> None:
    """Whole at once: a writer that read half of it would take the file for sound."""
    mark = mark_of(path)
    new = mark.with_name(f"{mark.name}.{os.getpid()}")
    new.write_text(json.dumps({"found": found, "file": _identity(path)}) + "\n")
    new.replace(mark)


def _look(path: Path, is_over: Callable[[], bool], pragmas: Sequence[str]) -> str | None:
    """The first fault in SQLite's words; empty where all is well, None where nobody can tell."""
    database = peewee.SqliteDatabase(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=10)
    try:
        with contextlib.closing(database), names_in_words():
            connection = database.connection()  # type: ignore[no-untyped-call]
            connection.set_progress_handler(is_over, _STEPS_BETWEEN_LOOKS)
            for pragma in pragmas:
                rows = database.execute_sql(f"PRAGMA {pragma}")  # type: ignore[no-untyped-call]
                if said := [_in_words(*row) for row in rows if row != ("ok",)]:
                    return said[0]
            return ""
    except peewee.DatabaseError as error:
        text = str(error)
        return text if is_damage(text) else None


def _in_words(said: str, *place: object) -> str:
    """A fault that SQLite describes, or the table of a row that refers to none, with its place."""
    return f"a row of {said} refers to what is not there" if place else said.splitlines()[-1]


def _identity(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_dev, found.st_ino]
