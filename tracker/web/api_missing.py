"""`/api/v1/missing`: what the newest builds lack, and the cases that one build lacks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from tracker.queries import builds, missing
from tracker.queries.missing import AbsentCase, CaseTitle
from tracker.queries.rows import BuildRow, snapshot
from tracker.store.identity import id_of
from tracker.web.links import page_url
from tracker.web.listing import bad_cursor, listed, paging
from tracker.web.state import state

blueprint = Blueprint("api_missing", __name__)

SUITE_JOINT = " › "


@blueprint.get("/api/v1/missing")
def list_missing() -> Response:
    """The newest complete judged build of every job in use that lacks something, most first."""
    state()
    limit, after = paging()
    if after is not None and not (after.isdecimal() and len(after) <= 18):
        raise bad_cursor(after)
    offset = int(after or "0")
    with snapshot():
        rows = missing.lacking(limit=limit + 1, offset=offset)
        items = [_lacking(row) for row in rows]
    return listed(items, limit, lambda: str(offset + limit))


def list_absences(job: str, build: str) -> Response:
    """The cases that a build lacks, in the order of their keys."""
    limit, after = paging()
    last = None if after is None else id_of(after)
    if after is not None and last is None:
        raise bad_cursor(after)
    row = builds.build(job, build)
    rows = missing.absences_after(row, after=last, limit=limit + 1)
    items = [_absent(job, each) for each in rows]
    return listed(items, limit, lambda: rows[limit - 1].key, _lacking(row))


def _lacking(row: BuildRow) -> dict[str, Any]:
    return {
        "job": row.job,
        "number": row.number,
        "label": row.label,
        "sentence": row.shortfall,
        "missing": row.missing,
        "newly_skipped": row.newly_skipped,
        "expected": row.expected,
        "added": row.added,
        "losses": missing.losses(row),
        "url": page_url("absences", job=row.job, build=row.label),
    }


def _absent(job: str, row: AbsentCase) -> dict[str, Any]:
    return {
        **_title(row),
        "cause": row.cause,
        "about": row.about,
        "sentence": row.sentence,
        "other": _title(row.other) if row.other else None,
        "is_certain": row.is_certain,
        "url": page_url("case", job=job, case=row.key),
    }


def _title(row: AbsentCase | CaseTitle) -> dict[str, Any]:
    return {
        "key": row.key,
        "suite": SUITE_JOINT.join(row.suite),
        "name": row.name,
        "variant": row.variant,
    }
