"""Copies of the raw reports beside backups: each is written once and never changes.

A report is named by its digest, so that only what is not there yet is copied. Its bytes are safe
before it has its name; a copy of another size than the report, which a disk left that lost some, is
made anew. Hard links are not made: a link to a damaged file is a damaged copy.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from tracker.durable import sync_file_system
from tracker.errors import StorageError
from tracker.intake.spool import path_of
from tracker.operations.backup.copies import digest_of
from tracker.operations.backup.dumps import is_dump, rows_of
from tracker.operations.backup.manifest import backups_in
from tracker.store.sqlite.driver import sqlite3

DIGEST = re.compile(r"[0-9a-f]{64}")
PART = ".part"
# Copies that are made safe together: one `syncfs` costs about what four single files do.
BATCH = 1000


def copy_spool(source: Path, target: Path) -> int:
    """Copy the raw reports that `target` has not yet, and make them safe; how many.

    One whose bytes are not those it is named by is left out: it is of no use, and where it came
    from `tracker validate` tells of it.
    """
    if not source.is_dir():
        return 0
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(target)
    copied = 0
    reports = raw_reports(source)
    while batch := list(islice(reports, BATCH)):
        asides = [aside for path in batch if (aside := _copy(path, path_of(target, path.name)))]
        copied += len(asides)
        if asides:
            _name_them(asides, target)
    return copied


def raw_reports(folder: Path) -> Iterator[Path]:
    """The files of a spool, without what is still coming in."""
    for path in folder.glob("??/*"):
        if DIGEST.fullmatch(path.name):
            yield path


def _clear(target: Path) -> None:
    """Remove what a run left that was cut off; nobody else copies here now."""
    for path in target.glob(f"??/*{PART}"):
        if DIGEST.fullmatch(path.stem):
            path.unlink(missing_ok=True)


def _copy(path: Path, copy: Path) -> Path | None:
    """Copy a report to beside its place; None where the copy is there, or would be of no use."""
    aside = copy.with_suffix(PART)
    try:
        if copy.exists() and copy.stat().st_size == path.stat().st_size:
            return None
        copy.parent.mkdir(exist_ok=True, mode=0o700)
        shutil.copyfile(path, aside)
    except FileNotFoundError:  # let go meanwhile
        return None
    aside.chmod(0o600)
    if digest_of(aside) != path.name:
        aside.unlink()
        return None
    return aside


def _name_them(asides: list[Path], target: Path) -> None:
    """The bytes first: a name that a power cut leaves has all of them."""
    sync_file_system(target)
    for aside in asides:
        aside.rename(aside.with_suffix(""))
    sync_file_system(target)


def prune_spool(folder: Path, spool: Path) -> int:
    """Remove copies that are in the spool no more and that no backup of `folder` refers to."""
    copies = folder / "spool"
    candidates = [path for path in raw_reports(copies) if not path_of(spool, path.name).exists()]
    if not candidates:
        return 0
    needed: set[str] = set()
    for each in backups_in(folder):
        needed |= _referred_to(folder / each.file)
    gone = [path for path in candidates if path.name not in needed]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def _referred_to(backup: Path) -> set[str]:
    """The digests of the reports and archives that a backup refers to."""
    if is_dump(backup):
        reports = rows_of(backup, "report")
        return {row[name] or "" for row in reports for name in ("sha256", "archive")}
    try:
        with closing(sqlite3.connect(f"{backup.absolute().as_uri()}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT sha256 FROM report UNION SELECT archive FROM report")
            return {digest for [digest] in rows}
    except sqlite3.Error as error:
        raise StorageError(
            f"{backup} cannot be read: {error}.",
            f"No raw report was removed. Remove it, or look after {os.fspath(backup.parent)}.",
        ) from error
