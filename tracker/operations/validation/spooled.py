"""The spool: whether the bytes of every report, and of every upload that waits, are there."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from tracker.errors import StorageError
from tracker.intake.queued import WaitingUpload, waiting_uploads
from tracker.intake.spool import path_of
from tracker.operations.validation.checks import Look, Scene, seen
from tracker.operations.validation.naming import named
from tracker.store.sql import run
from tracker.store.without_bytes import AGE_OF_BUILD, is_anything_imported, let_go_before

# So many bytes are read of a sample, another one each time.
SAMPLE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class _Kept:
    """A file of the spool by its digest; its size where a report is all of it."""

    report: str
    sha256: str
    size: int | None
    build: int


def missing_bytes(scene: Scene) -> Look:
    """Look for reports whose file is not there though it should be."""
    kept = list(_kept(scene))
    gone = [each for each in kept if not _path(scene, each).is_file()]
    if gone and is_anything_imported():
        # Then none of a build's ever came.
        rest = {each.build for each in set(kept).difference(gone)}
        gone = [each for each in gone if each.build in rest]
    return seen(len(kept), (f"{each.report}: there is no {_path(scene, each)}" for each in gone))


def other_sizes(scene: Scene) -> Look:
    """Look for files that are shorter or longer than what was recorded."""
    kept = [each for each in _kept(scene) if each.size is not None]
    return seen(len(kept), filter(None, (_other_size(scene, each) for each in kept)))


def other_bytes(scene: Scene) -> Look:
    """Read files, all or some, and look for those with another digest than their name says."""
    files = list({each.sha256: each for each in _kept(scene)}.values())
    if not scene.is_thorough:
        files = _sample(files)
    wrong = (each for each in files if not _is_whole(_path(scene, each), each.sha256))
    return seen(len(files), (f"{each.report}: {_path(scene, each)}" for each in wrong))


def queued_bytes(scene: Scene) -> Look:
    """Look for uploads of which a file is gone before anybody read it."""
    uploads = waiting_uploads()
    wrong = [
        f"upload {upload.key}: {sha256}"
        for upload in uploads
        for sha256 in _digests(upload)
        if not path_of(scene.spool, sha256).is_file()
    ]
    return seen(len(uploads), wrong)


def _kept(scene: Scene) -> Iterator[_Kept]:
    """Each file of a build, once, but for those that are let go by age or with the build.

    What was never fetched has none.
    """
    rows = run(
        f"SELECT {named('report')} || ' (' || t.name || ')', CASE t.archive WHEN '' THEN t.sha256"
        " ELSE t.archive END, CASE t.archive WHEN '' THEN t.bytes END, t.build_id"
        " FROM report t JOIN build b ON b.id = t.build_id WHERE t.sha256 <> ''"
        " AND b.let_go IS NULL"
        f" AND {AGE_OF_BUILD} >= ? GROUP BY 4, 2",
        max(scene.kept_since, let_go_before()),
    )
    yield from (_Kept(*row) for row in rows)


def _path(scene: Scene, kept: _Kept) -> Path:
    return path_of(scene.spool, kept.sha256)


def _other_size(scene: Scene, kept: _Kept) -> str:
    path = _path(scene, kept)
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return ""
    return "" if size == kept.size else f"{kept.report}: {size:,} bytes, not {kept.size:,}: {path}"


def _sample(files: list[_Kept]) -> list[_Kept]:
    """Files in a random order, until enough bytes are among them."""
    random.shuffle(files)
    sizes = accumulate(each.size or 0 for each in files)
    return [each for each, size in zip(files, sizes, strict=True) if size <= SAMPLE_BYTES]


def _is_whole(path: Path, sha256: str) -> bool:
    """Whether a file is what its name says; one that is not there is another check's."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return True


def _digests(upload: WaitingUpload) -> list[str]:
    """The digests of an upload's files; what cannot be read is another check's."""
    try:
        return upload.digests
    except StorageError:
        return []
