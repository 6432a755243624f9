"""Jobs, with their newest builds and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.errors import NotFound
from tracker.queries.rows import BuildRow, at, select, select_builds, snapshot
from tracker.store.judging import JUDGED


@dataclass(frozen=True)
class JobRow:
    """A job: its newest judged build, a newer one that is not (yet), and trouble in reading it."""

    name: str
    url: str
    latest: BuildRow | None
    unjudged: BuildRow | None
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class ServerRow:
    """A Jenkins that is read."""

    name: str
    prefix: str
    url: str
    username: str
    token_file: str
    patterns: tuple[str, ...]
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class PolledJob:
    """What the poller needs of a job."""

    name: str
    server: str
    jenkins_name: str


def jobs() -> list[JobRow]:
    """All jobs by name."""
    with snapshot():
        latest = _newest(f"WHERE {JUDGED}")
        newest = _newest("")
        rows = select("SELECT id, name, url, error, error_since FROM job ORDER BY name")
    return [_row(row, latest.get(row[0]), newest.get(row[0])) for row in rows]


def jobs_after(name: str, limit: int) -> list[JobRow]:
    """Jobs whose names come behind `name`."""
    with snapshot():
        rows = select(
            "SELECT id, name, url, error, error_since FROM job WHERE name > ?"
            " ORDER BY name LIMIT ?",
            name,
            limit,
        )
        return [job(row[1]) for row in rows]


def job(name: str) -> JobRow:
    """One job; NotFound where nobody knows it."""
    with snapshot():
        rows = select("SELECT id, name, url, error, error_since FROM job WHERE name = ?", name)
        if not rows:
            raise NotFound(
                f"No job named {name!r} is known here.",
                "`tracker job list` has the names; an upload or a poll makes new ones.",
            )
        own = "j.name = ? ORDER BY b.epoch DESC, b.number DESC LIMIT 1"
        latest = select_builds(f"WHERE {JUDGED} AND {own}", name)
        newest = select_builds(f"WHERE {own}", name)
    return _row(rows[0], latest[0][0] if latest else None, newest[0][0] if newest else None)


def is_known(name: str) -> bool:
    """Whether there is a job of this name."""
    return bool(select("SELECT 1 FROM job WHERE name = ?", name))


def revisions() -> dict[str, int]:
    """The revision of each job, and under "" that of the whole database."""
    with snapshot():
        rows = select("SELECT name, revision FROM job")
        whole = select("SELECT value FROM counter WHERE name = 'revision'")
    return {"": whole[0][0] if whole else 0, **dict(rows)}


def revision(job: str | None = None) -> int:
    """The revision of a job, or of the whole database; 0 where there is none."""
    if job is None:
        rows = select("SELECT value FROM counter WHERE name = 'revision'")
    else:
        rows = select("SELECT revision FROM job WHERE name = ?", job)
    return int(rows[0][0]) if rows else 0


def servers() -> list[ServerRow]:
    """The Jenkins servers by name."""
    rows = select(
        "SELECT name, prefix, url, username, token_file, patterns, error, error_since"
        " FROM server ORDER BY name"
    )
    return [
        ServerRow(
            name=row[0],
            prefix=row[1],
            url=row[2],
            username=row[3],
            token_file=row[4],
            patterns=tuple(row[5].split("\n")),
            error=row[6],
            error_since=at(row[7]),
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
    for row in polled_jobs():
        if row.name == name:
            return row
    raise NotFound(
        f"No job named {name!r} is read from a Jenkins.",
        "`tracker job add NAME --server SERVER` makes it so.",
    )


def polled_jobs() -> list[PolledJob]:
    """The jobs that are read from a Jenkins."""
    rows = select(
        "SELECT j.name, s.name, j.jenkins_name FROM job j JOIN server s ON s.id = j.server_id"
        " ORDER BY j.name"
    )
    return [PolledJob(*row) for row in rows]


def _row(row: tuple[object, ...], latest: BuildRow | None, newest: BuildRow | None) -> JobRow:
    _, name, url, error, since = row
    return JobRow(
        name=str(name),
        url=str(url),
        latest=latest,
        unjudged=newest if newest is not None and not newest.judged else None,
        error=str(error),
        error_since=at(since),  # type: ignore[arg-type]
    )


def _newest(where: str) -> dict[int, BuildRow]:
    """Each job's newest build among those that `where` admits, by the job's id."""
    rows = select_builds(
        "WHERE b.id IN (SELECT (SELECT id FROM build"
        f" {where or 'WHERE 1 = 1'} AND job_id = each_job.id"
        " ORDER BY epoch DESC, number DESC LIMIT 1) FROM job each_job)",
        more="b.job_id",
    )
    return {job_id: row for row, job_id in rows}
