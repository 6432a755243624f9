"""`/api/v1/families`: failure families for programs, in pages by key."""

from __future__ import annotations

from datetime import datetime

import msgspec
from flask import Blueprint, Response, redirect, request

from tracker.pages.page import ROWS
from tracker.queries import families
from tracker.queries.facets import ExplainedFailures
from tracker.queries.families import (
    Decided,
    FailingCase,
    FamilyBuild,
    FamilyRow,
    InJob,
    Now,
    SignatureRow,
)
from tracker.store.identity import SUITE_JOINT
from tracker.web import parameters
from tracker.web.api_rows import case_url, said
from tracker.web.links import below, page_url
from tracker.web.listing import Page, page, paging_by_number
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import in_path

blueprint = Blueprint("api_families", __name__)
OPERATIONS = Operations(blueprint)


class Family(msgspec.Struct, frozen=True):
    """A family: its name, else its title, and why it is one.

    `failures` are those of the newest judged builds, in so many `jobs`.
    """

    id: int
    name: str
    title: str
    reason: str
    signatures: int
    first_seen: datetime | None
    last_seen: datetime | None
    failures: int
    jobs: int
    url: str


class Families(Page[Family], frozen=True):
    """A page of families by id; `now` counts the failures of the newest judged builds."""

    now: Now


class FailingNow(msgspec.Struct, frozen=True):
    """A test that fails with a family in the newest judged build of a job."""

    job: str
    build: str
    key: str
    suite: str
    name: str
    variant: str
    status: str
    message: str
    url: str


class FamilyInFull(Family, frozen=True):
    """A family with the newest of its signatures and builds, and the first tests that fail with it.

    It was seen in so many `builds`.
    """

    first: FamilyBuild | None
    signatures_shown: tuple[SignatureRow, ...]
    builds: int
    builds_shown: tuple[FamilyBuild, ...]
    in_jobs: tuple[InJob, ...]
    facets: ExplainedFailures | None
    decisions: tuple[Decided, ...]
    failing: tuple[FailingNow, ...]


@OPERATIONS.get("/api/v1/families", Families, *paging_by_number())
def list_families(limit: int, after: int | None) -> Families:
    """All families that were ever seen, in the order of their ids."""
    rows = families.families_after(after or 0, limit + 1)
    now = families.now()
    return page(Families, rows, limit, item=_family, cursor=lambda row: str(row.id), now=now)


_FAMILY = in_path("family", "The id of the family.", pattern="^[0-9]{1,18}$", examples=["7"])


@OPERATIONS.get("/api/v1/families/{family}", FamilyInFull, _FAMILY, moved=True)
def one_family(family: str) -> FamilyInFull | Response:
    """One family; one that was merged leads to where it is."""
    there = families.merged_into(family) if parameters.is_digits(family) else ""
    if there:
        path = request.path.replace(f"/families/{family}", f"/families/{there}")
        return redirect(below(path), code=308)  # type: ignore[return-value]
    found = families.family(family)
    failing = families.failing_cases(found.row.id, limit=ROWS)
    return said(
        FamilyInFull,
        found.row,
        url=_url(found.row),
        first=found.first,
        signatures_shown=found.signatures,
        builds=found.seen,
        builds_shown=found.builds,
        in_jobs=found.jobs,
        facets=found.explained,
        decisions=found.decided,
        failing=tuple(map(_failing, failing)),
    )


def _family(row: FamilyRow) -> Family:
    return said(Family, row, url=_url(row))


def _url(row: FamilyRow) -> str:
    return page_url("family", family=str(row.id))


def _failing(each: FailingCase) -> FailingNow:
    return said(
        FailingNow,
        each.case,
        job=each.job,
        build=each.build,
        suite=SUITE_JOINT.join(each.case.suite),
        url=case_url(each.job, each.case.key),
    )
