"""One build: its totals, what it broke and what it mended, and the reports it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Params
from tracker.queries import builds, jobs
from tracker.queries.builds import LISTS, ReportRow
from tracker.queries.rows import BuildRow, CaseRow


@dataclass(frozen=True)
class ResultList:
    """One list of results: its name in URLs, all it has, and the first rows of it."""

    name: str
    count: int
    rows: tuple[CaseRow, ...]


@dataclass(frozen=True)
class BuildPage:
    """A build with its lists; a list of more than 500 has pages of its own.

    `previous` and `next` are labels of neighbours in its job, `upstream` that of the build that
    started it, where it is recorded.
    """

    build: BuildRow
    previous: str | None
    next: str | None
    upstream: str | None
    downstream: tuple[BuildRow, ...]
    lists: tuple[ResultList, ...]
    reports: tuple[ReportRow, ...]


def show(job: str, build: str) -> BuildPage:
    """The build called `build` (a number, or number~epoch)."""
    row = builds.build(job, build)
    before, after = builds.neighbours(row)
    return BuildPage(
        build=row,
        previous=before,
        next=after,
        upstream=builds.upstream(row),
        downstream=tuple(builds.downstream(row)),
        lists=tuple(_list(row, name) for name in LISTS),
        reports=tuple(builds.reports(job, build)),
    )


def every(newest: int) -> Iterator[Params]:
    """The newest builds of every job."""
    for row in jobs.jobs():
        for found in builds.builds(row.name, limit=newest):
            yield {"job": row.name, "build": found.label}


def _list(row: BuildRow, name: str) -> ResultList:
    count = builds.count_results(row.job, row.label, name)
    if not count or (name == "all" and count > ROWS):
        return ResultList(name, count, ())
    return ResultList(name, count, tuple(builds.results(row.job, row.label, name, limit=ROWS)))
