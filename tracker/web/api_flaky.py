"""`/api/v1/flaky`: flaky cases over all jobs."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from tracker.queries.flaky import FlakyRow, flaky_after
from tracker.web.api_rows import case_as, case_url
from tracker.web.listing import Page, case_cursor, page, paging_by_case
from tracker.web.openapi_operations import Operations

blueprint = Blueprint("api_flaky", __name__)
OPERATIONS = Operations(blueprint)


class FlakyCase(msgspec.Struct, frozen=True):
    """A flaky case of a job, since one build, its numbers `as_of` another.

    `bad` of the newest `runs` results failed or passed only when tried again (`retried`); with 95 %
    the rate is between `low` and `high`.
    """

    job: str
    key: str
    suite: str
    name: str
    variant: str
    url: str
    since: str
    as_of: str
    bad: int
    retried: int
    runs: int
    rate: float
    low: float
    high: float
    sentence: str


class FlakyCases(Page[FlakyCase], frozen=True):
    """A page of flaky cases, by job and key."""


@OPERATIONS.get("/api/v1/flaky", FlakyCases, *paging_by_case())
def list_flaky(limit: int, after: tuple[int, str] | None) -> FlakyCases:
    """Flaky cases of jobs in use, by job and key."""
    case, job = after or (-1, "")
    rows = flaky_after(job, case, limit + 1)
    return page(FlakyCases, rows, limit, item=_row, cursor=case_cursor)


def _row(row: FlakyRow) -> FlakyCase:
    return case_as(FlakyCase, row, rate=round(row.rate, 4), url=case_url(row.job, row.key))
