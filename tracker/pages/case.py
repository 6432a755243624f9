"""One case of one job: its history over builds, and what it said when it failed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, cases, families, jobs
from tracker.queries.breaks import Broke, when_broke
from tracker.queries.case_rows import CaseName
from tracker.queries.cases import HistoryRow, Verdict
from tracker.queries.catalogue import CatalogueEntry, entry
from tracker.queries.details import SuiteRun, suite_runs
from tracker.queries.facets import ExplainedFailures, explained
from tracker.queries.families import InBuild
from tracker.queries.jobs import JobRow
from tracker.queries.missing import AbsentIn, absence
from tracker.queries.other_names import OtherName, other_names
from tracker.queries.paces import PaceRow, noticed_lately, pace
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

    `verdict` is what the case is now, None where nothing is wrong with it; `broke` says when it
    broke, on the first page. `suite_runs` is what the suites around the case said
    in the newest build where it failed. `facets` is what its failures go with, on the first page.
    `family` is that of its newest failure here, where that build was judged. `absent` tells that
    the newest complete judged build lacks the case, `other_names` what it may be called now or was
    called. `pace` says since when it is slower or faster, on the first page. `let_go` builds are
    left out, since their results were let go. `catalogue` is what is known of it by its name.
    """

    job: JobRow
    case: CaseName
    judged_again: bool
    verdict: Verdict | None
    broke: Broke | None
    history: tuple[HistoryRow, ...]
    paging: Paging
    suite_runs: tuple[SuiteRun, ...]
    facets: ExplainedFailures | None
    family: InBuild | None
    absent: AbsentIn | None
    other_names: tuple[OtherName, ...]
    pace: PaceRow | None
    let_go: int = 0
    catalogue: CatalogueEntry | None = None

    @property
    def ran(self) -> tuple[HistoryRow, ...]:
        """The builds of this page in which the case ran."""
        return tuple(row for row in self.history if row.status is not None)

    @property
    def counted(self) -> tuple[HistoryRow, ...]:
        """The results of this page that say how the case was; an incident says nothing of it."""
        return tuple(row for row in self._told if not row.build.is_out)

    @property
    def failed_in_incidents(self) -> tuple[HistoryRow, ...]:
        """The failures of this page that are not counted, each one of a build's many."""
        return tuple(row for row in self._told if row.build.is_out and row.status in _FAILURES)

    @property
    def _told(self) -> tuple[HistoryRow, ...]:
        """The results in judged builds that are more than a word, incidents or not."""
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
    let_go = builds.count_let_go(job)
    paging = Paging.of(builds.count_builds(job) - let_go, page)
    history = cases.history(job, case, limit=ROWS, offset=paging.offset)
    failed = next((each.build for each in history if each.status in _FAILURES), None)
    around = suite_runs(failed, name.suite, name.variant) if failed else ()
    facets = explained(job, case) if paging.page == 1 else None
    family = families.family_of(job, failed.label, case) if failed else None
    return CasePage(
        job=row,
        case=name,
        judged_again=jobs.is_judged_again(job),
        verdict=cases.verdict(job, case),
        broke=when_broke(job, case) if paging.page == 1 else None,
        history=tuple(history),
        paging=paging,
        suite_runs=around,
        facets=facets,
        family=family,
        absent=absence(job, case),
        other_names=tuple(other_names(job, case)),
        pace=pace(job, case) if paging.page == 1 else None,
        let_go=let_go,
        catalogue=entry(row.parts.release, name.name),
    )


def every(newest: int) -> Iterator[Params]:
    """The cases that did not always pass in the newest builds of their job, or changed pace."""
    for row in jobs.jobs():
        count = min(newest, builds.count_builds(row.name) - builds.count_let_go(row.name))
        changed = noticed_lately(row.name, newest)
        for key in sorted({*cases.not_always_passed(row.name, newest), *changed}):
            for page in pages_of(count):
                yield {"job": row.name, "case": key, "page": str(page)}
