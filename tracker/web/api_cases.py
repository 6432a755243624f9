"""`/api/v1/jobs/<job>/cases`: a case's history, its verdict, and what explains both."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tracker.queries import cases, catalogue, facets, jobs, paces
from tracker.queries.cases import AttemptRow, HistoryRow
from tracker.queries.catalogue import CatalogueEntry
from tracker.queries.details import Details
from tracker.queries.explain import Explanation, explain
from tracker.queries.facets import ExplainedFailures
from tracker.queries.paces import PaceRow
from tracker.store.identity import SUITE_JOINT
from tracker.web.api_builds import place_of
from tracker.web.api_rows import case_url, said
from tracker.web.listing import Page, page, paging_by_build
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import CASE, JOB, label

BELOW = Operations()
_CASE = "/api/v1/jobs/{job}/cases/{case}"


class CaseInBuild(msgspec.Struct, frozen=True):
    """A case in one build: `verdict` is what began with it there, and `sentence` says why."""

    build: str
    number: int
    epoch: int
    started: datetime | None
    status: str | None
    duration: float | None
    message: str
    verdict: str
    sentence: str
    attempts: tuple[AttemptRow, ...]
    details: Details


class CurrentVerdict(msgspec.Struct, frozen=True):
    """What a case is at the newest judged build of its job, and why.

    It broke in the build `since`, or is so since then: `age` judged builds and `days` ago. The
    sentence is as of the build `said_in`, which may be an older one than the newest.
    """

    state: str
    sentence: str
    said_in: str
    since: str
    since_started: datetime | None
    age: int
    days: int | None


class Case(Page[CaseInBuild], frozen=True):
    """A case with a page of its history, newest first; its verdict is null where it is healthy.

    `pace` is null where it is as fast as ever, `catalogue` where nothing is known of the test.
    """

    job: str
    key: str
    suite: str
    name: str
    variant: str
    url: str
    current: CurrentVerdict | None
    pace: PaceRow | None
    catalogue: CatalogueEntry | None


class CaseFacets(msgspec.Struct, frozen=True):
    """Which facets the failures of a case go with; null where none does better than chance."""

    job: str
    key: str
    facets: ExplainedFailures | None


@BELOW.get(_CASE, Case, JOB, CASE, *paging_by_build(), moved=True)
def one_case(job: str, case: str, limit: int, after: tuple[int, int] | None) -> Case:
    """A case with its verdict, and the builds in which it ran."""
    name, verdict = cases.case(job, case), cases.verdict(job, case)
    return page(
        Case,
        cases.history_before(job, case, after, limit + 1),
        limit,
        item=_in_build,
        cursor=lambda row: place_of(row.build),
        job=job,
        key=name.key,
        suite=SUITE_JOINT.join(name.suite),
        name=name.name,
        variant=name.variant,
        url=case_url(job, case),
        current=said(CurrentVerdict, verdict) if verdict else None,
        pace=paces.pace(job, case),
        catalogue=catalogue.entry(jobs.job(job).parts.release, name.name),
    )


@BELOW.get(f"{_CASE}/facets", CaseFacets, JOB, CASE, moved=True)
def case_facets(job: str, case: str) -> CaseFacets:
    """Which facets the failures of a case go with."""
    name = cases.case(job, case)
    return CaseFacets(job, name.key, facets.explained(job, case))


_AS_OF = label("as_of", "As it was shown at this build; without it, as it is now.")


@BELOW.get(f"{_CASE}/explain", Explanation, JOB, CASE, _AS_OF, moved=True)
def explained(job: str, case: str, as_of: str) -> Explanation:
    """What the verdict on a case rests on, now or as it was shown at a build."""
    return explain(job, case, as_of)


def _in_build(row: HistoryRow) -> CaseInBuild:
    build = row.build
    return said(
        CaseInBuild,
        row,
        build=build.label,
        number=build.number,
        epoch=build.epoch,
        started=build.started,
    )
