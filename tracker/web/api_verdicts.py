"""`/api/v1`: comparisons and the readiness of releases, their lists in pages by key."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Blueprint

from tracker.queries import compare, readiness, releases
from tracker.queries.compare import ComparedCase, Counts
from tracker.queries.periods import MOST_DAYS, SAMPLE_DAYS
from tracker.queries.readiness import JudgedTest, TestCounts
from tracker.queries.run_counts import Test
from tracker.queries.sides import Side
from tracker.store.identity import KEY, id_of
from tracker.web.api_rows import case_as, case_url
from tracker.web.listing import Page, page, paging, paging_by_key
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import LINE, line, number, word

blueprint = Blueprint("api_verdicts", __name__)
OPERATIONS = Operations(blueprint)


class DifferentCase(msgspec.Struct, frozen=True):
    """A case with what it was on both sides, null where it did not run; durations in seconds."""

    key: str
    suite: str
    name: str
    variant: str
    job: str
    before: str | None
    after: str | None
    duration_before: float | None
    duration_after: float | None
    message: str
    url: str


class Comparison(Page[DifferentCase], frozen=True):
    """Two sides, the sentence on them, how many cases each list has, and a page of one list."""

    a: Side
    b: Side
    sentence: str
    counts: Counts
    list: str


class Release(msgspec.Struct, frozen=True):
    """A release that jobs belong to."""

    name: str


class Releases(Page[Release], frozen=True):
    """A page of releases, newest first."""


class ReleaseTest(msgspec.Struct, frozen=True):
    """A test with its runs in the release and in the `basis` it was held against.

    `place` tells its job but for the release; `job` is one in which it has a history. `p` is how
    likely chance makes such a difference, `q` the same with regard to how many tests there are. One
    that broke in these days and fails still did so in the build `since` of `job`.
    """

    key: str
    suite: str
    name: str
    variant: str
    place: str
    job: str
    standing: str
    sentence: str
    failures: int
    runs: int
    failures_before: int
    runs_before: int
    basis: str | None
    p: float
    q: float
    since: str | None
    url: str


class Readiness(Page[ReleaseTest], frozen=True):
    """The verdict on a release, how many tests each list has, and a page of one list.

    It rests on `builds` of the newest `days`, begun from `first` to `last`; `builds_left_out` of
    these days say nothing about tests: aborted, without results, not complete, or incidents.
    """

    release: str
    verdict: str
    sentence: str
    bases: tuple[str, ...]
    days: int
    first: datetime | None
    last: datetime | None
    builds: int
    builds_left_out: int
    builds_before: int
    counts: TestCounts
    list: str


@OPERATIONS.get(
    "/api/v1/compare",
    Comparison,
    line(
        "a",
        "The earlier side; without it, the judged build before `b`. A build"
        " (`team/nightly/builds/12`), the newest of a job (`team/nightly`), the best of its last"
        " ones (`team/nightly/best/10`), or all jobs of a kind (`release:1.4`).",
        example="team/nightly/best/10",
    ),
    line("b", "The later side, written like `a`.", example="team/nightly", is_required=True),
    word("list", "Which list to show.", list(compare.LISTS), "new"),
    *paging_by_key(),
)
def compared(a: str, b: str, list: str, limit: int, after: int | None) -> Comparison:
    """One list of a comparison, with the sentence and the counts of it all."""
    found = compare.compared(a, b)
    return page(
        Comparison,
        compare.rows_after(a, b, list, after=after, limit=limit + 1),
        limit,
        item=_case,
        cursor=lambda row: row.key,
        a=found.a,
        b=found.b,
        sentence=found.sentence,
        counts=found.counts,
        list=list,
    )


@OPERATIONS.get("/api/v1/releases", Releases, *paging(LINE, str))
def list_releases(limit: int, after: str | None) -> Releases:
    """The releases that jobs belong to, newest first."""
    rows = releases.releases_after(after)
    return page(Releases, rows, limit, item=Release, cursor=str)


def _test_of(text: str) -> Test | None:
    """The test that `KEY.PLACE` names."""
    case = id_of(text[:16])
    return None if case is None else (case, text[17:])


@OPERATIONS.get(
    "/api/v1/readiness",
    Readiness,
    line("release", "The release; without it, the newest one.", example="1.4"),
    line("basis", "The release it is held against; without it, the ones before.", example="1.3"),
    number("days", "How many of its newest days count.", most=MOST_DAYS, default=SAMPLE_DAYS),
    word("list", "Which list to show.", list(readiness.LISTS), "regressed"),
    *paging(rf"{KEY}\.({LINE})?", _test_of),
)
def ready(
    release: str, basis: str, days: int, list: str, limit: int, after: Test | None
) -> Readiness:
    """The verdict on a release, with one list of its tests."""
    row = readiness.judged(release, basis, days)
    return page(
        Readiness,
        readiness.tests_after(release, basis, days, list, after=after, limit=limit + 1),
        limit,
        item=_test,
        cursor=lambda test: f"{test.key}.{test.place}",
        release=row.release,
        verdict=row.verdict,
        sentence=row.sentence,
        bases=row.bases,
        days=row.days,
        first=row.first,
        last=row.last,
        builds=row.builds,
        builds_left_out=row.builds_left_out,
        builds_before=row.builds_before,
        counts=row.counts,
        list=list,
    )


def _case(row: ComparedCase) -> DifferentCase:
    return case_as(
        DifferentCase,
        row,
        duration_before=row.seconds_before,
        duration_after=row.seconds_after,
        url=case_url(row.job, row.key),
    )


def _test(row: JudgedTest) -> ReleaseTest:
    return case_as(ReleaseTest, row, url=case_url(row.job, row.key))
