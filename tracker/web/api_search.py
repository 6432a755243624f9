"""`/api/v1/cases`: tests found by parts of their names."""

from __future__ import annotations

import msgspec
from flask import Blueprint

from tracker.queries.search import LONGEST, FoundCase, cases_after, words_of
from tracker.web.api_rows import case_as, case_url
from tracker.web.listing import Page, case_cursor, page, paging_by_case
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import line

blueprint = Blueprint("api_search", __name__)
OPERATIONS = Operations(blueprint)

_Q = line(
    "q",
    "Parts of the name: suites, name and facets of a test together have them all.",
    example="basket total",
    longest=LONGEST,
    is_required=True,
)


class NamedCase(msgspec.Struct, frozen=True):
    """A test in a job: `status` is that of the newest `build` that tells of it, or `missing`."""

    job: str
    key: str
    suite: str
    name: str
    variant: str
    url: str
    build: str
    status: str


class NamedCases(Page[NamedCase], frozen=True):
    """A page of tests, by key and job."""


@OPERATIONS.get("/api/v1/cases", NamedCases, _Q, *paging_by_case())
def list_cases(q: str, limit: int, after: tuple[int, str] | None) -> NamedCases:
    """Tests of the newest builds whose names have all the words."""
    case, job = after or (0, "")
    rows = cases_after(words_of(q), case, job, limit + 1)
    return page(NamedCases, rows, limit, item=_row, cursor=case_cursor)


def _row(row: FoundCase) -> NamedCase:
    return case_as(NamedCase, row, url=case_url(row.job, row.key))
