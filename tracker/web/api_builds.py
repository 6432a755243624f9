"""`/api/v1/jobs/<job>/builds`: builds, what came of them, and the run that they belong to."""

from __future__ import annotations

import msgspec

from tracker.queries import builds, jobs, results, runs
from tracker.queries.build_rows import BuildRow, Totals
from tracker.queries.builds import ReportRow
from tracker.queries.case_rows import CaseRow
from tracker.queries.jenkins_says import JenkinsSays, jenkins_says
from tracker.queries.runs import AbsentJob, RunBuild
from tracker.verdicts.outcomes import Status
from tracker.web.api_rows import Build, BuildSaid, build_as, builds_of, case_as
from tracker.web.links import page_url
from tracker.web.listing import Page, page, paging, paging_by_build, paging_by_key
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import BUILD, JOB, word

BELOW = Operations()
_BUILD = "/api/v1/jobs/{job}/builds/{build}"
# Whatever a file may be called.
_NAME = r"[^\x00]+"


class Builds(Page[Build], frozen=True):
    """A page of the builds of a job, newest first."""


class BuildTold(Build, frozen=True):
    """A build with what Jenkins tells about it."""

    about: JenkinsSays


class BuildOfRun(BuildSaid, frozen=True):
    """A build of a run: how many builds are above it, and how it stands."""

    depth: int
    standing: str


class Run(msgspec.Struct, frozen=True):
    """A regression run, called by the build that it began with; its counts are sums.

    `open` counts what is not recorded, by how it stands; `is_cut` tells that there may be more.
    """

    job: str
    number: int
    label: str
    url: str
    complete: bool
    open: dict[str, int]
    totals: Totals
    regressions: int
    new_failures: int
    fixed: int
    builds: tuple[BuildOfRun, ...]
    absent: tuple[AbsentJob, ...]
    is_cut: bool


class Reports(Page[ReportRow], frozen=True):
    """A page of the reports of a build, by name."""


class Result(msgspec.Struct, frozen=True):
    """A case in a build; `duration` is in seconds.

    In a `list` of what is judged it has its `verdict`, the `sentence` that says why, and the label
    of the build `since` which it is or was broken or flaky; elsewhere these are "" and null.
    """

    key: str
    suite: str
    name: str
    variant: str
    status: str
    duration: float | None
    message: str
    verdict: str
    since: str | None
    sentence: str


class Results(Page[Result], frozen=True):
    """A page of the results of a build, by key."""


@BELOW.get("/api/v1/jobs/{job}/builds", Builds, JOB, *paging_by_build(), moved=True)
def list_builds(job: str, limit: int, after: tuple[int, int] | None) -> Builds:
    """The builds of a job, newest first."""
    jobs.job(job)
    rows = builds.builds_before(job, after, limit + 1)
    return page(Builds, rows, limit, item=builds_of(rows), cursor=place_of)


@BELOW.get(_BUILD, BuildTold, JOB, BUILD, moved=True)
def one_build(job: str, build: str) -> BuildTold:
    """One build, with what Jenkins tells about it."""
    row = builds.build(job, build)
    names = builds.report_names(job, build)
    about = jenkins_says(row, builds.about(job, build), names)
    return build_as(BuildTold, row, reports=len(names), about=about)


@BELOW.get(f"{_BUILD}/reports", Reports, JOB, BUILD, *paging(_NAME, str), moved=True)
def list_reports(job: str, build: str, limit: int, after: str | None) -> Reports:
    """The reports of a build, by name."""
    rows = builds.reports(job, build, after=after, limit=limit + 1)
    return page(Reports, rows, limit, item=lambda row: row, cursor=lambda row: row.name)


@BELOW.get(f"{_BUILD}/run", Run, JOB, BUILD, moved=True)
def one_run(job: str, build: str) -> Run:
    """The whole regression run that a build belongs to."""
    run = runs.run(job, build)
    root = run.root
    return Run(
        job=root.job,
        number=root.number,
        label=root.label,
        url=page_url("run", job=root.job, build=root.label),
        complete=run.complete,
        open=dict(run.open),
        totals=run.totals,
        regressions=run.regressions,
        new_failures=run.new_failures,
        fixed=run.fixed,
        builds=tuple(map(_build_of_run, run.builds)),
        absent=run.absent,
        is_cut=run.is_cut,
    )


_STATUS = word("status", "Only results of this status.", [status.word for status in Status])

_LIST = word(
    "list",
    "One list of the results: `new` is newly broken, `failing` broken since an earlier build,"
    " `fixed` and `recovering` pass again, `suspect`, `flaky` and `incident` failed and alarm"
    " nobody, `skipped` is unknown, too, `failed` are the failures of a build that is not judged,"
    " or that came when it could be judged no more."
    " While a build waits to be judged, all but `skipped`, `failed` and `all` are refused (409).",
    results.LISTS,
    default="all",
)


@BELOW.get(
    f"{_BUILD}/results",
    Results,
    *(JOB, BUILD, _LIST, _STATUS, *paging_by_key()),
    moved=True,
    refuses=(409,),
)
def list_results(
    job: str, build: str, list: str, status: str | None, limit: int, after: int | None
) -> Results:
    """The results of a build by key; 404 where they were let go, 409 where it is not judged so."""
    number = None if status is None else int(Status.named(status))
    rows = results.results_after(job, build, list, status=number, after=after, limit=limit + 1)
    return page(Results, rows, limit, item=_result, cursor=lambda row: row.key)


def place_of(row: BuildRow) -> str:
    """Where the page behind a build begins."""
    return f"{row.epoch}.{row.number}"


def _build_of_run(row: RunBuild) -> BuildOfRun:
    return build_as(BuildOfRun, row.build, depth=row.depth, standing=row.standing)


def _result(row: CaseRow) -> Result:
    return case_as(Result, row)
