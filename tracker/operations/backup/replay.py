"""Recording again, from the spool, what a replaced database had and the restored one has not.

The spool holds the bytes of reports, named by their digests alone; of which build they are stands
in the database. So it is the former one that tells it, as far as it can still be read, and the
reports are read again like any that arrive.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import TrackerError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.spool import SpooledReport
from tracker.operations.backup.copies import told
from tracker.operations.backup.dumps import is_dump, make_file_of
from tracker.operations.backup.scratch import BESIDE, scratch
from tracker.store.connection import reading
from tracker.store.records import BuildFacts, FactSource, ReadReport, about_of
from tracker.store.sql import run
from tracker.store.sqlite.driver import sqlite3
from tracker.store.state_words import is_from_jenkins

# Columns that are kept as they were told, and what they are called there.
AS_TOLD = {
    "result": "result",
    "started": "started",
    "duration": "duration",
    "url": "url",
    "branch": "branch",
    "commit_id": "commit",
    "upstream_job": "upstream_job",
    "upstream_number": "upstream_number",
}
BUILDS = (
    "SELECT b.id, b.epoch, j.name, b.number, b.state, b.complete, b.about,"
    f" {', '.join(f'b.{column}' for column in AS_TOLD)}"
    " FROM build b JOIN job j ON j.id = b.job_id ORDER BY j.name, b.epoch, b.number"
)
REPORTS = (
    "SELECT name, sha256, bytes, variant, failure, stand_in, decides, archive"
    " FROM report WHERE build_id = ? ORDER BY name"
)
Ask = Callable[..., Iterable[tuple[Any, ...]]]
Key = tuple[str, int, int]


@dataclass(frozen=True)
class BuildOnFile:
    """What a database tells of a build: its row and those of its reports."""

    facts: BuildFacts
    epoch: int
    reports: tuple[tuple[Any, ...], ...]

    @property
    def key(self) -> Key:
        """Which build it is."""
        return self.facts.job, self.epoch, self.facts.number


@dataclass(frozen=True)
class Replayed:
    """One build that was recorded again, or why it could not be."""

    job: str
    number: int
    trouble: str = ""


def replay(
    former: Path, intake: Intake, *, now: int, folder: Path | None = None
) -> Iterator[Replayed]:
    """Record in the open store what the database `former` tells beyond it.

    A dump is read into a copy in `folder`, or where temporary files are. Raises StorageError where
    the former one cannot be read so far; what was read is recorded.
    """
    with reading():
        here = {build.key: build for build in _builds(run)}
    for build in _builds_in(former, folder):
        if here.get(build.key) != build:
            yield _again(build, intake, now)


def _builds_in(path: Path, folder: Path | None) -> Iterator[BuildOnFile]:
    """All builds of a database that is not the open one; StorageError where it cannot be read."""
    with (
        told(path),
        _as_file(path, folder) as path,
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as file,
    ):
        yield from _builds(lambda statement, *values: file.execute(statement, values))


@contextmanager
def _as_file(path: Path, folder: Path | None) -> Iterator[Path]:
    """A database as a SQLite file; a dump of PostgreSQL is read into one that is thrown away."""
    if not is_dump(path):
        yield path
        return
    with scratch(folder or Path(tempfile.gettempdir()), BESIDE) as at:
        copy = at / "tracker.db"
        make_file_of(path, copy)
        yield copy


def _builds(ask: Ask) -> Iterator[BuildOnFile]:
    """All builds, in order, that a database tells when it is asked."""
    for build_id, epoch, *row in ask(BUILDS):
        yield BuildOnFile(_facts(*row), epoch, tuple(map(tuple, ask(REPORTS, build_id))))


def _facts(job: str, number: int, state: str, complete: int, about: str, *rest: Any) -> BuildFacts:
    """What was said of a build, as it was once said; uploads alone leave it `receiving`."""
    from_jenkins = is_from_jenkins(state)
    return BuildFacts(
        job=job,
        number=number,
        source=FactSource.RETOLD if from_jenkins else FactSource.UPLOAD,
        state=state if from_jenkins else None,
        complete=bool(complete),
        about=about_of(about) if about != "{}" else None,
        **dict(zip(AS_TOLD.values(), rest, strict=True)),
    )


def _again(build: BuildOnFile, intake: Intake, now: int) -> Replayed:
    reports, lost = _split(build.reports, intake.spool)
    try:
        ingest(intake, build.facts, reports, now=now, replace=True, lost=lost)
    except TrackerError as error:
        return Replayed(build.facts.job, build.facts.number, str(error))
    return Replayed(build.facts.job, build.facts.number)


def _split(
    rows: Sequence[tuple[Any, ...]], folder: Path
) -> tuple[list[SpooledReport], list[ReadReport]]:
    """The files in the spool that the reports were read from, and reports that never had bytes."""
    files, lost = [], []
    for name, sha256, size, variant, failure, stand_in, decides, archive in rows:
        if not sha256:
            lost.append(ReadReport(name, "", 0, variant, failure=failure))
        elif not archive:
            path = spool.path_of(folder, sha256)
            files.append(
                SpooledReport(path, name, sha256, size, variant, bool(stand_in), bool(decides))
            )
    return files, lost
