"""One list of a build's results in full: pages of 500."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.errors import NotFound
from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, jobs, results
from tracker.queries.build_rows import BuildRow
from tracker.queries.case_rows import CaseRow
from tracker.queries.catalogue import with_catalogue
from tracker.queries.results import LISTS


@dataclass(frozen=True)
class ResultsPage:
    """A page of the list called `list` of a build, whose job may be `judged_again` just now."""

    build: BuildRow
    list: str
    judged_again: bool
    rows: tuple[CaseRow, ...]
    paging: Paging

    @property
    def comes_back(self) -> bool:
        """Whether rows of this page are away until the build is judged again."""
        is_cut = len(self.rows) < min(ROWS, self.paging.total - self.paging.offset)
        return self.judged_again and is_cut


def show(job: str, build: str, list: str, page: str = "1") -> ResultsPage:
    """One page of a list, one of LISTS."""
    if list not in LISTS:
        raise NotFound(f"There is no list {list!r} of results.", f"There are {', '.join(LISTS)}.")
    row = builds.build(job, build)
    again = jobs.is_judged_again(row.job)
    paging = Paging.of(results.count_results(row, list, judged_again=again), page)
    rows = results.results(job, build, list, limit=ROWS, offset=paging.offset)
    return ResultsPage(
        build=row,
        list=list,
        judged_again=again,
        rows=with_catalogue(jobs.job(job).parts.release, rows),
        paging=paging,
    )


def every(newest: int) -> Iterator[Params]:
    """The lists that do not fit on their build's page."""
    for row in jobs.jobs():
        for found in builds.builds(row.name, limit=newest):
            for name in LISTS:
                count = results.count_results(found, name, judged_again=row.judged_again)
                if count > ROWS:
                    for page in pages_of(count):
                        yield {
                            "job": row.name,
                            "build": found.label,
                            "list": name,
                            "page": str(page),
                        }
