"""One case of one job: its history over builds, and what it said when it failed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.errors import NotFound
from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, cases, jobs
from tracker.queries.cases import CaseName, HistoryRow
from tracker.queries.details import SuiteRun, suite_runs
from tracker.queries.jobs import JobRow
from tracker.verdicts.outcomes import COUNTED, FAILURES

_COUNTED = frozenset(status.word for status in COUNTED)
_FAILURES = frozenset(status.word for status in FAILURES)


@dataclass(frozen=True)
class Standing:
    """How the case stands, by the counted results of judged builds.

    word      `passing` or `failing`
    results   how many of these results in a row, back from the newest, are the same
    newest    the newest of them
    since     the one they began with, None where that lies before this page
    before    the counted result before that, which was different; None where there is none here
    """

    word: str
    results: int
    newest: HistoryRow
    since: HistoryRow | None
    before: HistoryRow | None


@dataclass(frozen=True)
class CasePage:
    """A page of the case's history, newest build first.

    `suite_runs` is what the suites around the case said in the newest build where it failed.
    """

    job: JobRow
    case: CaseName
    history: tuple[HistoryRow, ...]
    paging: Paging
    suite_runs: tuple[SuiteRun, ...]

    @property
    def ran(self) -> tuple[HistoryRow, ...]:
        """The builds of this page in which the case ran."""
        return tuple(row for row in self.history if row.status is not None)

    @property
    def counted(self) -> tuple[HistoryRow, ...]:
        """The results of this page that verdicts rest on."""
        return tuple(row for row in self.ran if row.build.judged and row.status in _COUNTED)

    @property
    def failures(self) -> tuple[HistoryRow, ...]:
        """The builds of this page in which the case failed, judged or not."""
        return tuple(row for row in self.ran if row.status in _FAILURES)

    @property
    def newest_judged(self) -> HistoryRow | None:
        """The newest judged build of this page, whether the case ran in it or not."""
        return next((row for row in self.history if row.build.judged), None)

    @property
    def standing(self) -> Standing | None:
        """How the case stands at the newest build of this page; None if no result counts."""
        counted = self.counted
        if not counted:
            return None
        failing = counted[0].status in _FAILURES
        same = tuple(itertools.takewhile(lambda row: (row.status in _FAILURES) == failing, counted))
        older = counted[len(same) :]
        is_whole = bool(older) or self.paging.page == self.paging.pages
        return Standing(
            word="failing" if failing else "passing",
            results=len(same),
            newest=counted[0],
            since=same[-1] if is_whole else None,
            before=older[0] if older else None,
        )


def show(job: str, case: str, page: str = "1") -> CasePage:
    """The history of the case with the key `case` in the job."""
    row = jobs.job(job)
    name = cases.case(job, case)
    paging = Paging.of(builds.count_builds(job), page)
    if not paging.is_there:
        raise NotFound(f"This history has no page {page}.", "Start at its first page.")
    history = cases.history(job, case, limit=ROWS, offset=paging.offset)
    failed = next((each.build for each in history if each.status in _FAILURES), None)
    around = suite_runs(failed, name.suite, name.variant) if failed else ()
    return CasePage(row, name, tuple(history), paging, around)


def every(newest: int) -> Iterator[Params]:
    """The cases that did not always pass in the newest builds of their job."""
    for row in jobs.jobs():
        count = min(newest, builds.count_builds(row.name))
        for key in cases.not_always_passed(row.name, newest):
            for page in pages_of(count):
                yield {"job": row.name, "case": key, "page": str(page)}
