"""Where broken cases turned: in which build they last passed, and since which one they fail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tracker.queries.places import Called
from tracker.queries.rows import label_of, select
from tracker.store.outcomes import IS_OUT, JUDGED, LOOK, Order
from tracker.store.sql import IN, listed

# The newest judged builds up to one, so many back; incidents say nothing.
_RECENT = (
    "recent AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY epoch DESC, number DESC)"
    " AS back FROM (SELECT id, epoch, number FROM build"
    f" WHERE job_id = ? AND (epoch, number) <= (?, ?) AND {JUDGED} AND NOT {IS_OUT}"
    f" ORDER BY epoch DESC, number DESC LIMIT {LOOK}) AS newest)"
)


@dataclass(frozen=True)
class Turn:
    """A case last passed in one build, and fails since another.

    `passed` is None where it never passed in all the builds there are.
    """

    passed: Called | None
    failed: Called


def turns(job_id: int, last: Order, cases: Collection[int]) -> dict[int, Turn]:
    """The turn of each of the cases that fail in the builds up to `last`.

    Those are left out that passed since they failed, or fail for longer than histories are read.
    """
    rows = select(
        f"WITH {_RECENT}, ours AS MATERIALIZED (SELECT r.case_id, r.status, recent.back FROM recent"
        f" CROSS JOIN result r WHERE r.build_id = recent.id AND r.case_id IN {IN}"
        " AND r.status IN (0, 1, 2)), passed AS (SELECT case_id, min(back) AS back FROM ours"
        " WHERE status = 0 GROUP BY case_id)"
        " SELECT ours.case_id, passed.back, max(ours.back), (SELECT count(*) FROM recent)"
        " FROM ours LEFT JOIN passed ON passed.case_id = ours.case_id WHERE ours.status <> 0"
        " AND (passed.back IS NULL OR ours.back < passed.back)"
        " GROUP BY ours.case_id, passed.back",
        job_id,
        *last,
        listed(cases),
    )
    known = [row[:3] for row in rows if row[1] is not None or row[3] < LOOK]
    called = _called(job_id, last, {back for _, *backs in known for back in backs} - {None})
    return {case: Turn(called.get(passed), called[failed]) for case, passed, failed in known}


def _called(job_id: int, last: Order, backs: Collection[int]) -> dict[int | None, Called]:
    """What the builds so many back are called."""
    if not backs:
        return {}
    rows = select(
        f"WITH {_RECENT} SELECT recent.back, {label_of('b')}, b.commit_id"
        f" FROM recent JOIN build b ON b.id = recent.id WHERE recent.back IN {IN}",
        job_id,
        *last,
        listed(backs),
    )
    return {back: Called(label, commit) for back, label, commit in rows}
