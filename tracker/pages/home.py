"""Home: the newest build of every job, what is newly broken, most pressing first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.errors import NotFound
from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, jobs
from tracker.queries.jobs import JobRow
from tracker.queries.rows import CaseRow

SHOWN = 10


@dataclass(frozen=True)
class JobOnHome:
    """A job with the first few cases that its newest judged build broke."""

    job: JobRow
    new: tuple[CaseRow, ...]
    more: int


@dataclass(frozen=True)
class HomePage:
    """All jobs, the ones that need a person first."""

    jobs: tuple[JobOnHome, ...]
    newly_broken: int
    still_failing: int
    builds_with_news: int
    paging: Paging


def show(page: str = "1") -> HomePage:
    """The jobs of one page of the list."""
    rows = sorted(jobs.jobs(), key=attention)
    paging = Paging.of(len(rows), page)
    if not paging.is_there:
        raise NotFound(f"The list of jobs has no page {page}.", "Start at its first page.")
    latest = [row.latest for row in rows if row.latest]
    return HomePage(
        jobs=tuple(_with_news(row) for row in rows[paging.offset : paging.offset + ROWS]),
        newly_broken=sum(build.newly_broken for build in latest),
        still_failing=sum(build.still_failing for build in latest),
        builds_with_news=sum(build.newly_broken > 0 for build in latest),
        paging=paging,
    )


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list of jobs."""
    for page in pages_of(len(jobs.jobs())):
        yield {"page": str(page)}


def attention(row: JobRow) -> tuple[object, ...]:
    """The order on home: newly broken, then damage and trouble, then failing, then fine."""
    build = row.latest
    if build is None:
        return (0, not row.error, 0, row.name)
    trouble = bool(build.damaged) + bool(row.error)
    return (-build.newly_broken, -trouble, -build.still_failing, row.name)


def _with_news(row: JobRow) -> JobOnHome:
    build = row.latest
    if build is None or not build.newly_broken:
        return JobOnHome(row, (), 0)
    new = builds.results(row.name, build.label, "new", limit=SHOWN)
    return JobOnHome(row, tuple(new), build.newly_broken - len(new))
