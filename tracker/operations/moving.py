"""Moving a tracker from its SQLite file into a database in PostgreSQL, without loss.

The rows are copied in one transaction, which is only committed once the canonical dumps of both
databases are the same. The file stays as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import msgspec

from tracker.beat import Beat, unheard
from tracker.errors import StorageError
from tracker.operations.backup.copies import copy_database
from tracker.operations.backup.scratch import ALONE, scratch
from tracker.operations.room import check_room
from tracker.queries.dump import lines
from tracker.store.connection import close_store, open_store, writing
from tracker.store.engine import engine, engine_of
from tracker.store.moved import check_own, fill_store, note_moved
from tracker.store.sqlite.locks import alone
from tracker.store.sqlite.reading import tables_of


@dataclass(frozen=True)
class Moved:
    """What was moved, or could be: the rows of each table; the lines of the dump, by kind.

    `place` is where to, without a password.
    """

    place: str
    is_trial: bool
    counts: Mapping[str, int]
    lines: Mapping[str, int]
    seconds: float


class _Tried(Exception):
    """Ends the transaction of a trial, which is not to be committed."""


def move(database: Path, address: str, *, is_trial: bool = False, beat: Beat = unheard) -> Moved:
    """Copy the file `database` into the empty database at `address`; `beat` is told what is done.

    A trial does all of it but the last step; then there are only empty tables. Raises Busy where
    any process uses the file, StorageError where it cannot be read, the other one is not empty, or
    would say something else; then nothing is kept there.
    """
    began = monotonic()
    source = engine_of(database)
    if not source.is_made:
        raise StorageError(f"There is no database at {database}.", "There is nothing to move.")
    check_own(address)
    with (
        alone(database),
        scratch(database.parent, ALONE) as at,
    ):
        check_room(at, source.sizes().all, what="A copy of the database", remedy="Make room.")
        beat("reading the file")
        copy = at / "tracker.db"
        copy_database(database, copy)
        try:
            expected = _said_by(copy)
            open_store(address)
            place = engine().place
            counts = _filled(copy, expected, database.name, is_trial=is_trial, beat=beat)
        finally:
            close_store()
    kinds = {kind: count for kind, (count, _) in expected.items()}
    return Moved(place, is_trial, counts, kinds, round(monotonic() - began, 3))


Said = dict[str, tuple[int, str]]


def _said_by(copy: Path) -> Said:
    """What the file says, brought up to date; its migrations change the copy alone."""
    open_store(copy)
    try:
        return _said()
    finally:
        close_store()


def _filled(
    copy: Path, expected: Said, former: str, *, is_trial: bool, beat: Beat
) -> dict[str, int]:
    counts: dict[str, int] = {}
    try:
        with writing(), tables_of(copy) as tables:
            beat("copying all rows")
            counts = fill_store(tables)
            beat("comparing what both say")
            _check_same(expected, _said())
            note_moved(former)
            if is_trial:
                raise _Tried
    except _Tried:
        return counts
    return counts


def _said() -> Said:
    """The canonical dump of the open store: how many lines of each kind, and their digest."""
    found: dict[str, tuple[int, hashlib._Hash]] = {}
    for line in lines():
        kind = msgspec.json.decode(line, type=_Line).kind
        count, digest = found.get(kind) or (0, hashlib.sha256())
        digest.update(line.encode())
        found[kind] = (count + 1, digest)
    return {kind: (count, digest.hexdigest()) for kind, (count, digest) in found.items()}


class _Line(msgspec.Struct):
    """What of a line is looked at."""

    kind: str


def _check_same(here: Said, there: Said) -> None:
    if wrong := sorted(kind for kind in here | there if here.get(kind) != there.get(kind)):
        raise StorageError(
            f"In PostgreSQL these would say something else: {', '.join(wrong)}.",
            "Nothing was kept there. `tracker validate` tells what is wrong with the file.",
        )
