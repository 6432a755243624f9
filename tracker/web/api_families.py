"""`/api/v1/families`: failure families for programs, in pages by key."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request

from tracker.pages.page import ROWS
from tracker.queries import families
from tracker.queries.families import FailingCase, FamilyRow
from tracker.queries.rows import snapshot
from tracker.web import parameters
from tracker.web.api import SUITE_JOINT
from tracker.web.links import page_url
from tracker.web.listing import answer, bad_cursor, listed, paging
from tracker.web.state import state

blueprint = Blueprint("api_families", __name__)


@blueprint.get("/api/v1/families")
def list_families() -> Response:
    """All families that were ever seen, in the order of their ids."""
    state()
    limit, after = paging()
    if after is not None and not (after.isdecimal() and len(after) <= 18):
        raise bad_cursor(after)
    with snapshot():
        rows = families.families_after(int(after or 0), limit + 1)
        about = {"now": families.now()}
    return listed([_family(row) for row in rows], limit, lambda: str(rows[limit - 1].id), about)


@blueprint.get("/api/v1/families/<number>")
def one_family(number: str) -> Response:
    """A family with its newest signatures and builds, and the first tests that fail with it."""
    state()
    parameters.refuse_unknown(request.args, ())
    with snapshot():
        there = families.merged_into(number) if number.isdecimal() else ""
        if there:
            path = request.path.replace(f"/families/{number}", f"/families/{there}")
            return redirect(quote(f"{request.script_root}{path}", safe="/~"), code=308)  # type: ignore[return-value]
        found = families.family(number)
        failing = families.failing_cases(found.row.id, limit=ROWS)
    return answer(
        {
            **_family(found.row),
            "first": found.first,
            "signatures_shown": found.signatures,
            "builds": found.seen,
            "builds_shown": found.nights,
            "in_jobs": found.jobs,
            "facets": found.explained,
            "decisions": found.decided,
            "failing": [_failing(each) for each in failing],
        }
    )


def _family(row: FamilyRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "title": row.title,
        "reason": row.reason,
        "signatures": row.signatures,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "failures": row.failures,
        "jobs": row.jobs,
        "url": page_url("family", family=str(row.id)),
    }


def _failing(each: FailingCase) -> dict[str, Any]:
    return {
        "job": each.job,
        "build": each.build,
        "key": each.case.key,
        "suite": SUITE_JOINT.join(each.case.suite),
        "name": each.case.name,
        "variant": each.case.variant,
        "status": each.case.status,
        "message": each.case.message,
        "url": page_url("case", job=each.job, case=each.case.key),
    }
