"""Home: the newest build of every job, what is newly broken, most pressing first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import jobs, results
from tracker.queries.case_rows import CaseRow
from tracker.queries.events import EventRow, events_of
from tracker.queries.idle import idle_jobs
from tracker.queries.jobs import JobRow
from tracker.store.state_words import JobStanding

SHOWN = 10
# What is special about a job, from what needs a person to what needs nobody any more.
STANDINGS = tuple(JobStanding)


@dataclass(frozen=True)
class JobOnHome:
    """A job with the events and the first few cases that its newest judged build broke.

    `idle_since` is when its last build began, where it had none for long beside the other jobs.
    """

    job: JobRow
    idle_since: datetime | None
    events: tuple[EventRow, ...]
    new: tuple[CaseRow, ...]
    more: int


@dataclass(frozen=True)
class SourceTrouble:
    """A server that could not be read, or (`notice`) of which something should be known."""

    name: str
    error: str
    error_since: datetime | None
    notice: str


@dataclass(frozen=True)
class HomePage:
    """All jobs, the ones that need a person first.

    `out_of_use` of them are disabled or deleted in Jenkins, or retired here, and `idle` ones had no
    build for long; what broke in them does not count. Of the others the latest build of `judged`
    ones has verdicts, and only these say anything; of `silent` ones among them not that either, as
    it has no results, and another build had some.
    """

    jobs: tuple[JobOnHome, ...]
    troubles: tuple[SourceTrouble, ...]
    out_of_use: int
    idle: int
    judged: int
    silent: int
    newly_broken: int
    still_failing: int
    not_alarming: int
    missing: int
    builds_lacking: int
    builds_with_news: int
    paging: Paging


def show(page: str = "1") -> HomePage:
    """The jobs of one page of the list."""
    idle = idle_jobs()
    rows = sorted(jobs.jobs(), key=lambda row: attention(row, is_idle=row.name in idle))
    paging = Paging.of(len(rows), page)
    in_use = [row for row in rows if not row.standing]
    built = [row for row in in_use if row.name not in idle]
    judged = [row for row in built if row.latest and row.latest.has_verdicts]
    latest = [row.latest for row in judged if row.latest]
    return HomePage(
        jobs=tuple(
            _with_news(row, idle.get(row.name))
            for row in rows[paging.offset : paging.offset + ROWS]
        ),
        troubles=tuple(_troubles()),
        out_of_use=len(rows) - len(in_use),
        idle=len(in_use) - len(built),
        judged=len(latest),
        silent=sum(row.telling is not None for row in judged),
        newly_broken=sum(build.newly_broken for build in latest),
        still_failing=sum(build.still_failing for build in latest),
        not_alarming=sum(build.not_alarming for build in latest),
        missing=sum(build.missing for build in latest),
        builds_lacking=sum(build.missing > 0 for build in latest),
        builds_with_news=sum(build.newly_broken > 0 for build in latest),
        paging=paging,
    )


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list of jobs."""
    for page in pages_of(len(jobs.jobs())):
        yield {"page": str(page)}


def attention(row: JobRow, *, is_idle: bool) -> tuple[object, ...]:
    """The order on home: newly broken, then damage, loss and trouble, then failing, then fine.

    The trouble of a whole server stands above them all once. Idle jobs come behind these, and jobs
    out of use last.
    """
    build = row.latest
    own_trouble = bool(row.error) and not row.is_server_trouble
    standing = (STANDINGS.index(row.standing), is_idle)
    if build is None:
        return (standing, 0, -1 if own_trouble else 1, 0, row.name)
    trouble = bool(build.damaged or build.missing or row.telling) + own_trouble
    return (standing, -build.newly_broken, -trouble, -build.still_failing, row.name)


def _troubles() -> Iterator[SourceTrouble]:
    for row in jobs.servers():
        if row.error or row.notice:
            yield SourceTrouble(row.name, row.error, row.error_since, row.notice)


def _with_news(row: JobRow, idle_since: datetime | None) -> JobOnHome:
    build = row.latest
    if build is None or not build.newly_broken or row.standing or build.let_go:
        return JobOnHome(row, idle_since, (), (), 0)
    new = results.results(row.name, build.label, "new", limit=SHOWN)
    together = tuple(each for each in events_of(row.name, build.label) if each.new)
    return JobOnHome(row, idle_since, together, tuple(new), build.newly_broken - len(new))
