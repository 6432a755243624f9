"""Taking a backup of the database while it is in use.

Copied in one step, made safe, read from end to end, and only then given its name: a backup whose
taking was cut off anywhere is none, and the next one clears it away.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import tracker
from tracker.durable import own_as_folder, sync_folder
from tracker.errors import Busy, UsageError
from tracker.operations.backup.copies import digest_of, told
from tracker.operations.backup.manifest import (
    DATABASE,
    DUMP,
    MANIFEST,
    NAME,
    Manifest,
    write_manifest,
)
from tracker.operations.backup.sources import Source
from tracker.operations.backup.spool_copy import copy_spool, prune_spool
from tracker.operations.room import check_room

PART = ".part"
# What the database of a home is called, where that is a file.
DATABASE_FILE = "tracker.db"
SUFFIXES = (DATABASE, DUMP)
ELSEWHERE = "Make room, or name a folder on another disk with --to."
# Room that a backup leaves to the service, in bytes.
SPARE = 64 * 1024 * 1024
# What a backup that was cut off may leave; whatever else lies in the folder is not ours.
UNFINISHED = re.compile(rf"{NAME.pattern}(\.(db|dump)\.part(-\w+)?|\.json\.part)", re.ASCII)


def take(source: Source, folder: Path, *, now: datetime, spool: Path | None = None) -> Manifest:
    """Take a backup of a database into `folder`; with `spool` also of the raw reports.

    That it was taken is for `note_backup` to write down: it is one whether that can be done or not.

    Raises StorageError where it cannot be read or is damaged, or the disk has no room; UsageError
    where the folder is the home of a tracker; Busy where another backup is being taken there, or
    one is being restored.
    """
    began = monotonic()
    source.check()
    with source.using(), told(folder):
        _check_no_home(folder, source.home, spool)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        own_as_folder(folder)
        with _one_at_a_time(folder):
            _clear(folder)
            check_room(folder, source.size() + SPARE, what="A backup", remedy=ELSEWHERE)
            taken = _free_time(folder, now)
            part = folder / f"{_name(taken, source.suffix)}{PART}"
            try:
                made = _made(source, part, taken, began, with_spool=spool is not None)
                if spool is not None:
                    copy_spool(spool, folder / "spool")
                _name_it(part, folder, made)
            finally:
                part.unlink(missing_ok=True)
    return made


def note_findings(folder: Path, made: Manifest, findings: Sequence[str]) -> Manifest:
    """Write down in the manifest of a backup what a validation found; the manifest as it is now.

    StorageError where that cannot be; Busy while another backup is being taken there.
    """
    looked = replace(made, findings=tuple(findings))
    with told(folder), _one_at_a_time(folder):
        write_manifest(folder, looked)
    return looked


def tidy_spool(folder: Path, spool: Path) -> int:
    """Remove copies of raw reports that no kept backup needs any more; how many."""
    with told(folder), _one_at_a_time(folder):
        return prune_spool(folder, spool)


def _made(
    source: Source, part: Path, taken: datetime, began: float, *, with_spool: bool
) -> Manifest:
    inside = source.copy(part)
    return Manifest(
        file=_name(taken, source.suffix),
        taken=taken,
        version=tracker.__version__,
        migrations=inside.migrations,
        revision=inside.revision,
        sha256=digest_of(part),
        bytes=part.stat().st_size,
        counts=inside.counts,
        seconds=round(monotonic() - began, 3),
        spool=with_spool,
    )


def _name_it(part: Path, folder: Path, manifest: Manifest) -> None:
    """The manifest first: without its file it says nothing, and from then on both are there."""
    write_manifest(folder, manifest)
    own_as_folder(part)
    part.rename(folder / manifest.file)
    sync_folder(folder)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    path = folder / ".lock"
    with path.open("ab") as lock:
        own_as_folder(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                f"Another backup is being taken into {folder}.", "Try again when it is done."
            ) from error
        yield


def _clear(folder: Path) -> None:
    """Remove what backups left that were cut off; nobody else takes one here now."""
    for path in list(folder.iterdir()):
        if UNFINISHED.fullmatch(path.name) or _is_alone(path):
            path.unlink(missing_ok=True)


def _is_alone(path: Path) -> bool:
    """Whether it is a manifest without its file."""
    is_manifest = path.suffix == MANIFEST and NAME.fullmatch(path.stem)
    return bool(is_manifest) and not any(path.with_suffix(each).exists() for each in SUFFIXES)


def _check_no_home(folder: Path, home: Path, spool: Path | None) -> None:
    """Copies of raw reports and those of a spool would be one: what no backup needs is removed."""
    homes = {home.resolve(), *([spool.resolve().parent] if spool else [])}
    if folder.resolve() in homes or (folder / DATABASE_FILE).exists():
        raise UsageError(
            f"{folder} is the home of a tracker, not a folder of backups.",
            "Name a folder that is for the backups of this tracker alone with --to.",
        )


def _free_time(folder: Path, now: datetime) -> datetime:
    """`now` in whole seconds, or the next second that no backup is named by."""
    taken = now.replace(microsecond=0)
    while any((folder / _name(taken, each)).exists() for each in SUFFIXES):
        taken += timedelta(seconds=1)
    return taken


def _name(taken: datetime, suffix: str) -> str:
    return f"tracker-{taken:%Y%m%dT%H%M%SZ}{suffix}"
