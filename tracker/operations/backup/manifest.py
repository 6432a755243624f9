"""What is written beside a backup: when it was taken, of what, and the digest that proves it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from tracker.clock import SECOND, SLACK_MS
from tracker.decoding import UNDECODABLE
from tracker.durable import own_as_folder
from tracker.errors import StorageError
from tracker.operations.backup.copies import sync_file, told

FOLDER = "backups"
# In home: where the last backup went, wherever that is.
NOTE = "last-backup.json"
# A backup is a copy of a SQLite file or a dump of a PostgreSQL database, and a manifest.
DATABASE, DUMP, MANIFEST = ".db", ".dump", ".json"
# One that is older than a day and a half was missed: they are taken once a day.
LATE = timedelta(hours=36)
SLACK = timedelta(milliseconds=SLACK_MS)
# So many errors are called by their names.
NAMED = 3
# How backups are called; whoever calls one otherwise wants to keep it.
NAME = re.compile(r"tracker-\d{8}T\d{6}Z", re.ASCII)


@dataclass(frozen=True)
class Manifest:
    """One backup.

    file        name of the copy or the dump in the folder of the manifest
    taken       when, in UTC
    version     of the tracker that took it
    migrations  of its schema, in order
    revision    of the database
    sha256      of the file, which has `bytes`
    counts      rows of each table
    seconds     how long it took, proof included
    verdict     `pass`: it was read from end to end; another is never kept
    spool       whether the raw reports were copied, too
    findings    the errors that a validation found in it, by the ids of their checks; none: it is
                clean; None: nobody looked
    """

    file: str
    taken: datetime
    version: str
    migrations: tuple[str, ...]
    revision: int
    sha256: str
    bytes: int
    counts: dict[str, int]
    seconds: float
    verdict: str = "pass"
    spool: bool = False
    findings: tuple[str, ...] | None = None

    @property
    def is_clean(self) -> bool:
        """Whether it was validated, and nothing was found."""
        return self.findings == ()

    @property
    def validity(self) -> str:
        """What its validation found, in words: that it has errors, is clean, or was never made."""
        if self.findings is None:
            return "not validated"
        if not self.findings:
            return "clean"
        more = len(self.findings) - NAMED
        return f"errors: {', '.join(self.findings[:NAMED])}" + (
            f" and {more} more" if more > 0 else ""
        )


@dataclass(frozen=True)
class TakenBackup:
    """A backup that was taken of a home, and its folder."""

    folder: Path
    manifest: Manifest

    @property
    def path(self) -> Path:
        """The copy or the dump."""
        return self.folder / self.manifest.file

    @property
    def is_there(self) -> bool:
        """Whether the file still has the size that it was written with, and is within reach."""
        try:
            return self.path.is_file() and self.path.stat().st_size == self.manifest.bytes
        except OSError:
            return False

    def age(self, now: int) -> timedelta:
        """How long ago it was taken, at a time (ms); negative where it is dated after that."""
        return datetime.fromtimestamp(now / SECOND, UTC) - self.manifest.taken

    def is_ahead(self, now: int) -> bool:
        """Whether it is dated after a time (ms): a clock was wrong then, or is now."""
        return self.age(now) < -SLACK


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_MANIFEST = msgspec.json.Decoder(Manifest)
_NOTE = msgspec.json.Decoder(TakenBackup, dec_hook=lambda kind, value: kind(value))


def last_backup(home: Path, now: int) -> TakenBackup | None:
    """The newest backup of a home: in its own folder, or where the last one was taken to.

    One that is dated after now (ms) is it only where there is no other. A folder that is out of
    reach has none.
    """
    found = [*_within_reach(home / FOLDER), *_noted(home)]
    return max(found, key=lambda each: (not each.is_ahead(now), each.manifest.taken), default=None)


def backups_of(home: Path) -> list[TakenBackup]:
    """The backups of a home that are within reach, newest first: those of its own folder and of
    the one where the last was taken to.
    """
    folders = dict.fromkeys([home / FOLDER, *(each.folder for each in _noted(home))])
    found = [each for folder in folders for each in _within_reach(folder)]
    return sorted(found, key=lambda each: each.manifest.taken, reverse=True)


def _within_reach(folder: Path) -> list[TakenBackup]:
    with suppress(OSError):
        return [TakenBackup(folder, each) for each in backups_in(folder)]
    return []


def note_backup(home: Path, folder: Path, manifest: Manifest) -> None:
    """Write down in a home where its last backup went; StorageError where that cannot be."""
    with told(home / NOTE):
        _write(home / NOTE, TakenBackup(folder, manifest))


def _noted(home: Path) -> list[TakenBackup]:
    """The note, where there is one that can be read."""
    try:
        text = (home / NOTE).read_bytes()
        return [_NOTE.decode(text)]
    except (OSError, *UNDECODABLE):
        return []


def backups_in(folder: Path) -> list[Manifest]:
    """The whole backups of a folder, oldest first: those whose file and manifest are both there.

    Their files are not read. What cannot be understood is none.
    """
    return sorted(_whole(folder), key=lambda each: each.taken)


def _whole(folder: Path) -> Iterator[Manifest]:
    for path in folder.glob(f"*{MANIFEST}"):
        try:
            found = read_manifest(path)
        except StorageError:
            continue
        if (folder / found.file).is_file():
            yield found


def manifest_of(backup: Path) -> Manifest | None:
    """The manifest beside the file of a backup, None where there is none."""
    path = backup.with_suffix(MANIFEST)
    return read_manifest(path) if path.is_file() else None


def read_manifest(path: Path) -> Manifest:
    """A manifest, of the file that is beside it, whatever that was called; StorageError where it
    cannot be read.
    """
    with told(path):
        text = path.read_bytes()
    try:
        found = _MANIFEST.decode(text)
        return replace(found, file=path.with_suffix(_suffix(found.file)).name)
    except UNDECODABLE as error:
        raise StorageError(
            f"The manifest {path} is damaged: {error}.", "Use another backup."
        ) from error


def _suffix(file: str) -> str:
    return DUMP if file.endswith(DUMP) else DATABASE


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest beside the file that it names; it is there whole or not at all."""
    _write((folder / manifest.file).with_suffix(MANIFEST), manifest)


def _write(path: Path, value: object) -> None:
    aside = path.with_suffix(".json.part")
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2)
    with os.fdopen(os.open(aside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(text + b"\n")
    sync_file(aside)
    own_as_folder(aside)
    aside.rename(path)
