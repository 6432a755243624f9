"""One build: its totals, what it broke and what it mended, and the reports it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.clock import MINUTE, now_ms
from tracker.pages.missing import CASES, BuildLacking, lacking
from tracker.pages.page import ROWS, Params
from tracker.queries import builds, families, jobs, results
from tracker.queries.backfills import BackfillRow, backfill
from tracker.queries.build_rows import BuildRow
from tracker.queries.builds import ReportRow
from tracker.queries.case_rows import CaseRow
from tracker.queries.catalogue import PriorityCount, failures_by_priority, with_catalogue
from tracker.queries.events import EventRow, events_of
from tracker.queries.families import InBuild
from tracker.queries.jenkins_says import Counted, JenkinsSays, jenkins_says
from tracker.queries.paces import PaceRow, noticed_in
from tracker.queries.results import LISTS


@dataclass(frozen=True)
class ResultList:
    """One list of results: its name in URLs, all it has, and the first rows of it.

    `judged_again` tells that the build's job is, just now.
    """

    name: str
    count: int
    rows: tuple[CaseRow, ...]
    judged_again: bool = False

    @property
    def comes_back(self) -> bool:
        """Whether rows are away until the build is judged again; all results never are."""
        is_cut = len(self.rows) < min(self.count, ROWS)
        return self.judged_again and self.name != "all" and is_cut


@dataclass(frozen=True)
class Paces:
    """How many cases a build showed to be slower or faster than before, and the first of them."""

    count: int
    rows: tuple[PaceRow, ...]


@dataclass(frozen=True)
class RunOf:
    """Where the regression run of a build has its page: that of this build of it."""

    job: str
    label: str


@dataclass(frozen=True)
class BuildPage:
    """A build with its lists; a list of more than 500 has pages of its own.

    `previous` and `next` are labels of neighbours in its job, `upstream` that of the build that
    started it, where it is recorded. `run` is None where it neither was started by a build nor
    started one. `filling` is the back-fill of its job, where that is not over; `judged_again`
    tells that builds of its job wait for being judged again. `families` are the causes of its
    failures, the largest first. `lacking` is what it lacks, None where that is nothing. Of the
    `report_count` reports 500 are in `reports`, unreadable and damaged ones rather than others.
    `priorities` counts its failures by the priority of their tests, where a catalogue tells any.
    Where its results were let go the lists are empty, and no single test is told of.
    """

    build: BuildRow
    previous: str | None
    next: str | None
    upstream: str | None
    downstream: tuple[BuildRow, ...]
    run: RunOf | None
    told: JenkinsSays
    lacking: BuildLacking | None
    lists: tuple[ResultList, ...]
    events: tuple[EventRow, ...]
    reports: tuple[ReportRow, ...]
    report_count: int
    filling: BackfillRow | None
    judged_again: bool
    families: tuple[InBuild, ...]
    paces: Paces
    priorities: tuple[PriorityCount, ...]

    @property
    def by_name(self) -> dict[str, ResultList]:
        """Its lists by their names."""
        return {each.name: each for each in self.lists}

    @property
    def otherwise_counted(self) -> Counted | None:
        """What Jenkins counted, where it is all in and the reports here say something else.

        Skipped results are no part of it: formats differ in what they call so.
        """
        build, counted = self.build, self.told.counted
        if counted is None or not (build.judged and build.complete):
            return None
        here = (build.totals.total, build.totals.failures)
        return None if here == (counted.total, counted.failed) else counted

    def running_for(self) -> float:
        """For how many seconds it has been running, by the clock.

        No field, since the data of a page is the same whenever one looks.
        """
        began = self.build.started
        return max(0.0, now_ms() / 1000 - began.timestamp()) if began else 0.0


def show(job: str, build: str) -> BuildPage:
    """The build called `build` (a number, or number~epoch)."""
    row = builds.build(job, build)
    before, after = builds.neighbours(row)
    above = builds.starter(row)
    below = tuple(builds.downstream(row))
    names = builds.report_names(job, build)
    filling = backfill(row.job)
    release = jobs.job(row.job).parts.release
    again = jobs.is_judged_again(row.job)
    return BuildPage(
        build=row,
        previous=before,
        next=after,
        upstream=above.label if above else None,
        downstream=below,
        run=_run_of(row, above) if above or below else None,
        told=jenkins_says(row, builds.about(job, build), names),
        lacking=lacking(row, 0 if row.let_go else CASES) if row.shortfall else None,
        lists=tuple(_list(row, name, release, again) for name in LISTS),
        events=tuple(events_of(job, row.label)) if row.has_verdicts and not row.let_go else (),
        reports=tuple(builds.reports_that_matter(job, build, ROWS)),
        report_count=len(names),
        filling=filling if filling and filling.is_running else None,
        judged_again=again,
        families=tuple(families.families_in(row.job, row.label)),
        paces=_paces(row),
        priorities=failures_by_priority(row.job, row.number, row.epoch, release),
    )


def moving(params: Params) -> int | None:
    """The minute it is, while the build runs: its page tells for how many minutes it has."""
    is_running = builds.is_running(params["job"], params["build"])
    return now_ms() // MINUTE if is_running else None


def every(newest: int) -> Iterator[Params]:
    """The newest builds of every job."""
    for row in jobs.jobs():
        for found in builds.builds(row.name, limit=newest):
            yield {"job": row.name, "build": found.label}


def _run_of(row: BuildRow, above: BuildRow | None) -> RunOf:
    """The page of its run, as far as one can see from here.

    A page of a job must not depend on builds further away than its neighbours' own rows, since
    nobody would make it anew when those change. Every build's own page of the run shows it all.
    """
    is_root = above is not None and not above.upstream_job
    found = above if above is not None and is_root else row
    return RunOf(found.job, found.label)


def _paces(row: BuildRow) -> Paces:
    rows = [] if row.let_go else noticed_in(row.job, row.label)
    return Paces(len(rows), tuple(rows[:ROWS]))


def _list(row: BuildRow, name: str, release: str, again: bool) -> ResultList:
    count = results.count_results(row, name, judged_again=again)
    if not count or (name == "all" and count > ROWS):
        return ResultList(name, count, (), again)
    rows = results.results(row.job, row.label, name, limit=ROWS)
    return ResultList(name, count, with_catalogue(release, rows), again)
