"""Jobs, with their newest builds and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from tracker.errors import NotFound
from tracker.queries.build_rows import BuildRow, select_builds
from tracker.queries.columns import at
from tracker.queries.idle import IN_USE
from tracker.queries.select import select, snapshot
from tracker.queries.silent import TELLING
from tracker.store.naming import NameParts
from tracker.store.outcomes import JUDGED
from tracker.store.revisions import revision as database_revision
from tracker.store.sql import IN, IN_TEXTS, listed


@dataclass(frozen=True)
class JobRow:
    """A job: its newest judged build, a newer one that is not (yet), and trouble in reading it.

    Where the newest judged build has no results, `telling` is the newest that has some. `standing`
    is `disabled` or `deleted` where Jenkins has it so, `retired` where people said so; `former` are
    names it had. The trouble is that of its whole server where that cannot be read:
    `is_server_trouble`. While it is `judged_again` the counts of its builds stay, but for those of
    which the results are others now, and verdicts come back as the builds are judged.
    """

    name: str
    url: str
    server: str
    kind: str
    latest: BuildRow | None
    unjudged: BuildRow | None
    telling: BuildRow | None
    standing: str
    standing_since: datetime | None
    parts: NameParts
    former: tuple[str, ...]
    error: str
    error_since: datetime | None
    is_server_trouble: bool
    judged_again: bool


@dataclass(frozen=True)
class FormerJobName:
    """A name that a job had until a time."""

    name: str
    until: datetime | None


@dataclass(frozen=True)
class NextLook:
    """A task that went wrong and is tried again at `due`; None where it was given up.

    `kind` is `poll` or `backfill` of the job, or `watch`, the look at its whole server.
    """

    kind: str
    due: datetime | None
    error: str


@dataclass(frozen=True)
class JobCounts:
    """How many jobs of a server there are, by what is special about them."""

    active: int = 0
    disabled: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class ServerRow:
    """A Jenkins that is read."""

    name: str
    prefix: str
    url: str
    username: str
    token_file: str
    patterns: tuple[str, ...]
    view: str
    ca_file: str
    rate: float
    at_once: int
    seconds: int | None
    version: str
    notice: str
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class PolledJob:
    """What the poller needs of a job."""

    name: str
    server: str
    jenkins_name: str
    standing: str = ""


def jobs() -> list[JobRow]:
    """All jobs by name."""
    with snapshot():
        return _found(_rows("ORDER BY j.name"), "")


def jobs_after(name: str, limit: int) -> list[JobRow]:
    """Jobs whose names come behind `name`."""
    with snapshot():
        rows = _rows("WHERE j.name > ? ORDER BY j.name LIMIT ?", name, limit)
        return _found(rows, "WHERE name > ? ORDER BY name LIMIT ?", name, limit)


def job(name: str) -> JobRow:
    """One job; NotFound where nobody knows it."""
    with snapshot():
        rows = _rows("WHERE j.name = ?", name)
        if not rows:
            raise NotFound(
                f"No job named {name!r} is known here.",
                "`tracker job list` has the names; an upload or a poll makes new ones.",
            )
        return _found(rows, "WHERE name = ?", name)[0]


def is_known(name: str) -> bool:
    """Whether there is a job of this name."""
    return bool(select("SELECT 1 FROM job WHERE name = ?", name))


def is_judged_again(name: str) -> bool:
    """Whether some of its builds wait to be judged again, whatever asked for that."""
    return bool(judged_again([name]))


def judged_again(names: Iterable[str]) -> tuple[str, ...]:
    """Those of some jobs of which builds wait to be judged again, by name."""
    rows = select(
        "SELECT j.name FROM rejudging w JOIN job j ON j.id = w.job_id"
        f" WHERE j.name IN {IN_TEXTS} ORDER BY j.name",
        listed(sorted({*names})),
    )
    return tuple(name for (name,) in rows)


def revisions() -> dict[str, int]:
    """The revision of each job, and under "" that of the whole database."""
    with snapshot():
        rows = select("SELECT name, revision FROM job")
        return {"": database_revision(), **dict(rows)}


def revision(job: str | None = None) -> int:
    """The revision of a job, or of the whole database; 0 where there is none."""
    if job is None:
        with snapshot():
            return database_revision()
    rows = select("SELECT revision FROM job WHERE name = ?", job)
    return int(rows[0][0]) if rows else 0


def servers() -> list[ServerRow]:
    """The Jenkins servers by name."""
    rows = select(
        "SELECT name, prefix, url, username, token_file, patterns, view, ca_file, rate, at_once,"
        " seconds, version, notice, error, error_since FROM server ORDER BY name"
    )
    return [
        ServerRow(
            name=row[0],
            prefix=row[1],
            url=row[2],
            username=row[3],
            token_file=row[4],
            patterns=tuple(row[5].split("\n")),
            view=row[6],
            ca_file=row[7],
            rate=row[8],
            at_once=row[9],
            seconds=row[10],
            version=row[11],
            notice=row[12],
            error=row[13],
            error_since=at(row[14]),
        )
        for row in rows
    ]


def server(name: str) -> ServerRow:
    """One server; NotFound where there is none of this name."""
    for row in servers():
        if row.name == name:
            return row
    raise NotFound(f"No server named {name!r} is known.", "`tracker server list` has them.")


def polled_job(name: str) -> PolledJob:
    """A job that a server owns; NotFound for others."""
    rows = select(f"{_POLLED} WHERE j.name = ?", name)
    if rows:
        return PolledJob(*rows[0])
    raise NotFound(
        f"No job named {name!r} is read from a Jenkins.",
        "`tracker job add NAME --server SERVER` makes it so.",
    )


def name_now(name: str) -> str:
    """What a job is called now that had this name before; "" where no job had."""
    rows = select(
        "SELECT j.name FROM former f JOIN job j ON j.id = f.job_id WHERE f.name = ?", name
    )
    return str(rows[0][0]) if rows else ""


def recorded_as(name: str) -> str:
    """The job, known or not, that an upload under a name is recorded for."""
    return name if is_known(name) else name_now(name) or name


def former_names(job: str) -> list[FormerJobName]:
    """The names that a job had, the newest first."""
    rows = select(
        "SELECT f.name, f.until FROM former f JOIN job j ON j.id = f.job_id WHERE j.name = ?"
        " ORDER BY f.until DESC, f.name",
        job,
    )
    return [FormerJobName(name, at(until)) for name, until in rows]


def next_looks(job: str) -> list[NextLook]:
    """When what went wrong with reading a job is tried again, the earliest first.

    These times move without raising a revision: they belong on live pages alone.
    """
    rows = select(
        "SELECT w.kind, CASE w.state WHEN 'due' THEN w.due END, w.error"
        " FROM job j LEFT JOIN server s ON s.id = j.server_id"
        " JOIN work w ON (w.kind IN ('poll', 'backfill') AND w.key = j.name)"
        " OR (w.kind = 'watch' AND w.key = s.name)"
        " WHERE j.name = ? AND w.error <> '' AND w.state IN ('due', 'dead')"
        " ORDER BY w.state DESC, w.due, w.kind",
        job,
    )
    return [NextLook(kind, at(due), error) for kind, due, error in rows]


def standings() -> dict[str, JobCounts]:
    """For each server with jobs, how many of them there are."""
    rows = select(
        f"SELECT s.name, count(*) FILTER (WHERE {IN_USE}),"
        " count(*) FILTER (WHERE j.standing = 'disabled'),"
        " count(*) FILTER (WHERE j.standing = 'deleted')"
        " FROM job j JOIN server s ON s.id = j.server_id"
        " GROUP BY s.name"
    )
    return {name: JobCounts(*counts) for name, *counts in rows}


def names() -> list[str]:
    """The names of all jobs but those that Jenkins has no more."""
    return [
        name for (name,) in select("SELECT name FROM job WHERE standing <> 'deleted' ORDER BY name")
    ]


def polled_jobs_called(name: str) -> list[PolledJob]:
    """The jobs that are read from a Jenkins and have this name, here or there."""
    rows = select(
        f"{_POLLED} WHERE j.standing <> 'deleted' AND ? IN (j.name, j.jenkins_name)"
        " ORDER BY j.name",
        name,
    )
    return [PolledJob(*row) for row in rows]


_POLLED = (
    "SELECT j.name, s.name, j.jenkins_name, j.standing"
    " FROM job j JOIN server s ON s.id = j.server_id"
)


def _rows(rest: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of jobs `j`, each with its server's trouble and its former names; `rest` is WHERE."""
    return select(
        "SELECT j.id, j.name, j.url, coalesce(s.name, ''), j.kind, j.standing, j.standing_since,"
        " j.release, j.module, j.platform, j.branch,"
        " (SELECT json_group_array(f.name) FROM (SELECT name FROM former WHERE job_id = j.id"
        " ORDER BY until DESC) f),"
        " j.error, j.error_since, coalesce(s.error, ''), s.error_since,"
        " EXISTS (SELECT 1 FROM rejudging w WHERE w.job_id = j.id)"
        f" FROM job j LEFT JOIN server s ON s.id = j.server_id {rest}",
        *parameters,
    )


def _found(rows: Sequence[tuple[Any, ...]], of: str, *parameters: object) -> list[JobRow]:
    """Rows of jobs with their builds; `of` says which jobs these are, as `_newest` takes it."""
    latest = _newest(f"build WHERE {JUDGED}", of, *parameters)
    newest = _newest("build WHERE 1 = 1", of, *parameters)
    empty = listed(job for job, build in latest.items() if not build.totals.total)
    telling = _newest(TELLING, f"WHERE id IN {IN}", empty)
    return [_row(row, latest.get(row[0]), newest.get(row[0]), telling.get(row[0])) for row in rows]


def _row(
    row: tuple[Any, ...],
    latest: BuildRow | None,
    newest: BuildRow | None,
    telling: BuildRow | None,
) -> JobRow:
    of_job, of_server = row[12:14], row[14:16]
    error, since = of_server if of_server[0] else of_job
    return JobRow(
        name=row[1],
        url=row[2],
        server=row[3],
        kind=row[4],
        latest=latest,
        unjudged=newest if newest is not None and not newest.judged else None,
        telling=telling,
        standing=row[5],
        standing_since=at(row[6]),
        parts=NameParts(*row[7:11]),
        former=tuple(msgspec.json.decode(row[11])),
        error=error,
        error_since=at(since),
        is_server_trouble=bool(of_server[0]),
        judged_again=bool(row[16]),
    )


def _newest(builds: str, of: str, *parameters: object) -> dict[int, BuildRow]:
    """Each job's newest of these builds, a table with its condition, by the job's id.

    `of` says which jobs these are; "": all.
    """
    rows = select_builds(
        f"WHERE b.id IN (SELECT (SELECT id FROM {builds} AND job_id = each_job.id"
        f" ORDER BY epoch DESC, number DESC LIMIT 1) FROM job each_job {of})",
        *parameters,
        more="b.job_id",
    )
    return {job_id: row for row, job_id in rows}
