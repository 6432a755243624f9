"""`/api/v1/flaky`: flaky cases over all jobs."""

from __future__ import annotations

from flask import Blueprint, Response

from tracker.queries.flaky import FlakyRow, flaky_after
from tracker.queries.rows import snapshot
from tracker.store.identity import id_of
from tracker.web.api import SUITE_JOINT
from tracker.web.links import page_url
from tracker.web.listing import bad_cursor, listed, paging
from tracker.web.state import state

blueprint = Blueprint("api_flaky", __name__)


@blueprint.get("/api/v1/flaky")
def list_flaky() -> Response:
    """Flaky cases of jobs in use, by job and key."""
    state()
    limit, after = paging()
    job, case = _place(after)
    with snapshot():
        rows = flaky_after(job, case, limit + 1)
    return listed(
        [_row(row) for row in rows], limit, lambda: f"{rows[limit - 1].key}.{rows[limit - 1].job}"
    )


def _place(after: str | None) -> tuple[str, int]:
    if after is None:
        return "", -1
    case = id_of(after[:16])
    if case is None or after[16:17] != ".":
        raise bad_cursor(after)
    return after[17:], case


def _row(row: FlakyRow) -> dict[str, object]:
    return {
        "job": row.job,
        "key": row.key,
        "suite": SUITE_JOINT.join(row.suite),
        "name": row.name,
        "variant": row.variant,
        "url": page_url("case", job=row.job, case=row.key),
        "since": row.since,
        "as_of": row.as_of,
        "bad": row.bad,
        "retried": row.retried,
        "runs": row.runs,
        "rate": round(row.rate, 4),
        "low": row.low,
        "high": row.high,
        "sentence": row.sentence,
    }
