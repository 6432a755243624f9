"""`/api/v1`: comparisons and the readiness of releases, their lists in pages by key."""

from __future__ import annotations

from flask import Blueprint, Response, request

from tracker.pages.readiness import days_of
from tracker.queries import compare, readiness
from tracker.queries.compare import ComparedCase
from tracker.queries.readiness import JudgedTest
from tracker.queries.rows import snapshot
from tracker.store.identity import id_of
from tracker.web.api import SUITE_JOINT
from tracker.web.links import page_url
from tracker.web.listing import bad_cursor, listed, paging
from tracker.web.state import state

blueprint = Blueprint("api_verdicts", __name__)


@blueprint.get("/api/v1/compare")
def compared() -> Response:
    """One list of a comparison, with the sentence and the counts of it all."""
    state()
    limit, after = paging("a", "b", "list")
    a, b, name = (request.args.get(each, "") for each in ("a", "b", "list"))
    last = None if after is None else id_of(after)
    if after is not None and last is None:
        raise bad_cursor(after)
    with snapshot():
        found = compare.compared(a, b)
        rows = compare.rows_after(a, b, name or "new", after=last, limit=limit + 1)
    about = {
        "a": found.a,
        "b": found.b,
        "sentence": found.sentence,
        "counts": found.counts,
        "list": name or "new",
    }
    return listed([_case(row) for row in rows], limit, lambda: rows[limit - 1].key, about)


@blueprint.get("/api/v1/releases")
def list_releases() -> Response:
    """The releases that jobs belong to, newest first."""
    state()
    limit, after = paging()
    known = readiness.releases()
    if after is not None and after not in known:
        raise bad_cursor(after)
    rest = known[known.index(after) + 1 :] if after is not None else known
    return listed([{"name": name} for name in rest[: limit + 1]], limit, lambda: rest[limit - 1])


@blueprint.get("/api/v1/readiness")
def ready() -> Response:
    """The verdict on a release, with one list of its tests."""
    state()
    limit, after = paging("release", "basis", "days", "list")
    release, basis, name = (request.args.get(each, "") for each in ("release", "basis", "list"))
    days, last = days_of(request.args.get("days", "")), _test_of(after)
    with snapshot():
        row = readiness.judged(release, basis, days)
        rows = readiness.tests_after(
            release, basis, days, name or "regressed", after=last, limit=limit + 1
        )
    about = {
        "release": row.release,
        "verdict": row.verdict,
        "sentence": row.sentence,
        "bases": row.bases,
        "days": row.days,
        "builds": row.builds,
        "builds_before": row.builds_before,
        "counts": row.counts,
        "list": name or "regressed",
    }
    return listed([_test(row) for row in rows], limit, lambda: _cursor(rows[limit - 1]), about)


def _test_of(after: str | None) -> readiness.Test | None:
    if after is None:
        return None
    case = id_of(after[:16])
    if case is None or after[16:17] != ".":
        raise bad_cursor(after)
    return case, after[17:]


def _cursor(row: JudgedTest) -> str:
    return f"{row.key}.{row.place}"


def _case(row: ComparedCase) -> dict[str, object]:
    return {
        "key": row.key,
        "suite": SUITE_JOINT.join(row.suite),
        "name": row.name,
        "variant": row.variant,
        "job": row.job,
        "before": row.before,
        "after": row.after,
        "duration_before": row.seconds_before,
        "duration_after": row.seconds_after,
        "message": row.message,
        "url": page_url("case", job=row.job, case=row.key),
    }


def _test(row: JudgedTest) -> dict[str, object]:
    return {
        "key": row.key,
        "suite": SUITE_JOINT.join(row.suite),
        "name": row.name,
        "variant": row.variant,
        "place": row.place,
        "job": row.job,
        "standing": row.standing,
        "sentence": row.sentence,
        "failures": row.failures,
        "runs": row.runs,
        "failures_before": row.failures_before,
        "runs_before": row.runs_before,
        "basis": row.basis,
        "p": row.p,
        "q": row.q,
        "url": page_url("case", job=row.job, case=row.key),
    }
