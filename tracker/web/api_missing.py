"""`/api/v1/missing`: what the newest builds lack, and the cases that one build lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Blueprint

from tracker.queries import builds, missing
from tracker.queries.build_rows import BuildRow
from tracker.queries.case_rows import CaseName
from tracker.queries.missing import AbsentCase, LossRow
from tracker.web.api_rows import Said, case_as, case_url, said
from tracker.web.links import page_url
from tracker.web.listing import Page, page, paging, paging_by_key
from tracker.web.openapi_operations import Operations
from tracker.web.openapi_parameters import BUILD, JOB, LINE

blueprint = Blueprint("api_missing", __name__)
OPERATIONS = Operations(blueprint)
BELOW = Operations()


class Lacking(msgspec.Struct, frozen=True):
    """What a build lacks, in a sentence, in numbers, and by cause."""

    job: str
    number: int
    label: str
    sentence: str
    missing: int
    newly_skipped: int
    expected: int
    added: int
    losses: Sequence[LossRow]
    url: str


class BuildsLacking(Page[Lacking], frozen=True):
    """A page of the builds that lack something, most first."""


class Title(msgspec.Struct, frozen=True):
    """What a case is called, and its key."""

    key: str
    suite: str
    name: str
    variant: str


class Absent(Title, frozen=True):
    """A case that a build lacks; `other` is what it is called now, surely or perhaps."""

    cause: str
    about: str
    sentence: str
    other: Title | None
    is_certain: bool
    url: str


class Absences(Lacking, frozen=True):
    """What a build lacks, with a page of the cases."""

    items: Sequence[Absent]
    next: str | None


def _place(after: str) -> tuple[int, int, str]:
    lacks, skips, job = after.split(".", 2)
    return int(lacks), int(skips), job


@OPERATIONS.get(
    "/api/v1/missing", BuildsLacking, *paging(rf"[0-9]{{1,18}}\.[0-9]{{1,18}}\.{LINE}", _place)
)
def list_missing(limit: int, after: tuple[int, int, str] | None) -> BuildsLacking:
    """The newest complete judged builds of jobs that are built, those that lack most first."""
    rows = missing.lacking_after(after, limit + 1)
    return page(
        BuildsLacking,
        rows,
        limit,
        item=lambda row: _lacking(Lacking, row),
        cursor=lambda row: f"{row.missing}.{row.newly_skipped}.{row.job}",
    )


@BELOW.get(
    "/api/v1/jobs/{job}/builds/{build}/missing", Absences, JOB, BUILD, *paging_by_key(), moved=True
)
def list_absences(job: str, build: str, limit: int, after: int | None) -> Absences:
    """The cases that a build lacks, in the order of their keys."""
    row = builds.build(job, build)
    return page(
        lambda **paged: _lacking(Absences, row, **paged),
        missing.absences_after(row, after=after, limit=limit + 1),
        limit,
        item=lambda each: _absent(job, each),
        cursor=lambda each: each.key,
    )


def _lacking(kind: type[Said], row: BuildRow, **more: Any) -> Said:
    return said(
        kind,
        row,
        sentence=row.shortfall,
        losses=missing.losses(row),
        url=page_url("absences", job=row.job, build=row.label),
        **more,
    )


def _absent(job: str, row: AbsentCase) -> Absent:
    other = _title(row.other) if row.other else None
    return case_as(Absent, row, other=other, url=case_url(job, row.key))


def _title(row: CaseName) -> Title:
    return case_as(Title, row)
