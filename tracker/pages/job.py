"""One job: its builds, newest first, how their totals moved, and how reading it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, jobs
from tracker.queries.backfills import BackfillRow, backfill
from tracker.queries.build_rows import BuildRow
from tracker.queries.jobs import FormerJobName, JobRow, NextLook

IN_CHART = 60


@dataclass(frozen=True)
class JobPage:
    """A page of the job's builds; `trend` holds its newest ones, oldest first.

    `former` are names that the job had, `backfill` is how far reading its older builds is,
    `judged_again` that some of its builds wait to be judged again.
    """

    job: JobRow
    former: tuple[FormerJobName, ...]
    backfill: BackfillRow | None
    judged_again: bool
    trend: tuple[BuildRow, ...]
    builds: tuple[BuildRow, ...]
    paging: Paging


def show(job: str, page: str = "1") -> JobPage:
    """The builds of one page of the job's list."""
    row = jobs.job(job)
    paging = Paging.of(builds.count_builds(job), page)
    newest = builds.builds(job, limit=IN_CHART)
    listed = builds.builds(job, limit=ROWS, offset=paging.offset)
    return JobPage(
        job=row,
        former=tuple(jobs.former_names(job)),
        backfill=backfill(job),
        judged_again=jobs.is_judged_again(job),
        trend=tuple(reversed(newest)),
        builds=tuple(listed),
        paging=paging,
    )


def moving(params: Params) -> list[NextLook]:
    """When what went wrong with reading the job is tried again; the tries move with the time."""
    return jobs.next_looks(params["job"])


def every(newest: int) -> Iterator[Params]:
    """For each job as many pages of builds as hold the newest ones."""
    for row in jobs.jobs():
        count = min(newest, builds.count_builds(row.name))
        for page in pages_of(count):
            yield {"job": row.name, "page": str(page)}
