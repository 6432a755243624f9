"""Builds of jobs: their rows, what started them, and their reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tracker.errors import NotFound
from tracker.queries.build_labels import parted, started
from tracker.queries.build_rows import BuildRow, select_builds
from tracker.queries.select import select, snapshot
from tracker.store.records import About, about_of
from tracker.store.state_words import BuildState


@dataclass(frozen=True)
class ReportRow:
    """One report of a build; `failure` says why it could not be read, if so."""

    name: str
    sha256: str
    bytes: int
    format: str
    variant: str
    cases: int
    recovered: bool
    failure: str
    warnings: tuple[str, ...]


def builds(job: str, *, limit: int, offset: int = 0) -> list[BuildRow]:
    """Builds of a job, newest first."""
    rows = select_builds(
        "WHERE j.name = ? ORDER BY b.epoch DESC, b.number DESC LIMIT ? OFFSET ?",
        job,
        limit,
        offset,
    )
    return [row[0] for row in rows]


def builds_before(job: str, before: tuple[int, int] | None, limit: int) -> list[BuildRow]:
    """Builds of a job older than (epoch, number), newest first."""
    epoch, number = before or (2**31, 0)
    rows = select_builds(
        "WHERE j.name = ? AND (b.epoch, b.number) < (?, ?)"
        " ORDER BY b.epoch DESC, b.number DESC LIMIT ?",
        job,
        epoch,
        number,
        limit,
    )
    return [row[0] for row in rows]


def count_builds(job: str) -> int:
    """How many builds of a job are recorded."""
    return int(
        select("SELECT count(*) FROM build b JOIN job j ON j.id = b.job_id WHERE j.name = ?", job)[
            0
        ][0]
    )


def count_let_go(job: str) -> int:
    """How many of these have had results that were let go."""
    rows = select(
        "SELECT count(*) FROM build b JOIN job j ON j.id = b.job_id"
        " WHERE j.name = ? AND b.let_go IS NOT NULL",
        job,
    )
    return int(rows[0][0])


def build(job: str, label: str) -> BuildRow:
    """The build called `label` (a number, or number~epoch); NotFound where there is none."""
    return found(job, label)[0]


def neighbours(row: BuildRow) -> tuple[str | None, str | None]:
    """Labels of the builds before and after this one in its job."""
    before = builds_before(row.job, (row.epoch, row.number), 1)
    after = select_builds(
        "WHERE j.name = ? AND (b.epoch, b.number) > (?, ?) ORDER BY b.epoch, b.number LIMIT 1",
        row.job,
        row.epoch,
        row.number,
    )
    return (before[0].label if before else None, after[0][0].label if after else None)


def starter(row: BuildRow) -> BuildRow | None:
    """The build that started this one; None where it is not recorded."""
    rows = select_builds(
        "JOIN job own ON own.name = ? JOIN build c ON c.job_id = own.id AND c.epoch = ?"
        f" AND c.number = ? WHERE j.name = c.upstream_job AND {started('b', 'c')}",
        row.job,
        row.epoch,
        row.number,
    )
    return rows[0][0] if rows else None


def downstream(row: BuildRow) -> list[BuildRow]:
    """The first 100 builds that this one started."""
    rows = select_builds(
        "JOIN job own ON own.name = ? JOIN build p ON p.job_id = own.id AND p.epoch = ?"
        f" AND p.number = ? WHERE b.upstream_job = own.name AND {started('p', 'b')}"
        " ORDER BY j.name, b.epoch, b.number LIMIT 100",
        row.job,
        row.epoch,
        row.number,
    )
    return [found[0] for found in rows]


def about(job: str, label: str) -> About:
    """What else Jenkins tells of a build."""
    with snapshot():
        build_id = found(job, label)[1]
        rows = select("SELECT about FROM build WHERE id = ?", build_id)
    return about_of(rows[0][0])


def is_running(job: str, label: str) -> bool:
    """Whether the build is one that runs; False as well where there is none."""
    try:
        return build(job, label).state == BuildState.RUNNING
    except NotFound:
        return False


def reports(
    job: str, label: str, *, after: str | None = None, limit: int | None = None
) -> list[ReportRow]:
    """The reports of a build in the order of their names, those behind the name `after`."""
    behind = "" if after is None else after
    return _reports(job, label, "AND name > ? ORDER BY name", behind, limit=limit)


def reports_that_matter(job: str, label: str, limit: int) -> list[ReportRow]:
    """So many reports of a build by name: where there are more, rather unreadable and damaged."""
    rows = _reports(job, label, "ORDER BY failure = '', recovered DESC, name", limit=limit)
    return sorted(rows, key=lambda row: row.name)


def report_names(job: str, label: str) -> list[str]:
    """The names of all reports of a build."""
    with snapshot():
        build_id = found(job, label)[1]
        rows = select("SELECT name FROM report WHERE build_id = ? ORDER BY name", build_id)
    return [name for (name,) in rows]


def report_counts(rows: Sequence[BuildRow]) -> dict[tuple[str, int, int], int]:
    """How many reports each of some builds has, by its job, epoch and number."""
    if not rows:
        return {}
    found = select(
        "SELECT j.name, b.epoch, b.number,"
        " (SELECT count(*) FROM report r WHERE r.build_id = b.id)"
        f" FROM (VALUES {', '.join(['(?, ?, ?)'] * len(rows))}) AS wanted"
        " JOIN job j ON j.name = wanted.column1"
        " JOIN build b ON b.job_id = j.id AND b.epoch = wanted.column2"
        " AND b.number = wanted.column3",
        *(part for row in rows for part in (row.job, row.epoch, row.number)),
    )
    return {(job, epoch, number): count for job, epoch, number, count in found}


def _reports(
    job: str, label: str, rest: str, *parameters: object, limit: int | None
) -> list[ReportRow]:
    with snapshot():
        build_id = found(job, label)[1]
        rows = select(
            "SELECT name, sha256, bytes, format, variant, cases, recovered, failure, warnings"
            f" FROM report WHERE build_id = ? {rest} LIMIT ?",
            build_id,
            *parameters,
            2**31 if limit is None else limit,
        )
    return [
        ReportRow(
            name=row[0],
            sha256=row[1],
            bytes=row[2],
            format=row[3],
            variant=row[4],
            cases=row[5],
            recovered=bool(row[6]),
            failure=row[7],
            warnings=tuple(msgspec.json.decode(row[8])),
        )
        for row in rows
    ]


class Found(NamedTuple):
    """A build with its id and its job's."""

    row: BuildRow
    build_id: int
    job_id: int


def found(job: str, label: str) -> Found:
    """The build called `label` with both ids; NotFound where there is none."""
    number, epoch = parted(label)
    wanted, parameters = ("", ()) if epoch is None else ("AND b.epoch = ?", (epoch,))
    rows = select_builds(
        f"WHERE j.name = ? AND b.number = ? {wanted} ORDER BY b.epoch DESC LIMIT 1",
        job,
        number,
        *parameters,
        more="b.id, b.job_id",
    )
    if not rows:
        raise NotFound(
            f"There is no build {label} of the job {job!r} here.",
            "It was not recorded yet, or was never run.",
        )
    return Found(*rows[0])
