"""Where broken cases turned: in which build they last passed, and since which one they fail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tracker.queries.build_labels import label_of
from tracker.queries.places import Called
from tracker.queries.select import select
from tracker.store.outcomes import IS_OUT, JUDGED, LOOK, Order
from tracker.store.sql import IN, listed

# So many builds are looked at in turn: most of what is broken passed a few builds ago.
_STEPS = (3, 13, LOOK - 16)
# Judged builds up to one, so many back; incidents say nothing.
_RECENT = (
    "recent AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY epoch DESC, number DESC)"
    " AS back FROM (SELECT id, epoch, number FROM build"
    f" WHERE job_id = ? AND (epoch, number) <= (?, ?) AND {JUDGED} AND NOT {IS_OUT}"
    " ORDER BY epoch DESC, number DESC LIMIT ? OFFSET ?) AS newest)"
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
    passed: dict[int, int] = {}
    failed: dict[int, int] = {}
    seen = 0
    for builds in _STEPS:
        asked = [case for case in cases if case not in passed]
        for case, pass_back, failure_back in _looked_at(job_id, last, builds, seen, asked):
            if failure_back is not None:
                failed[case] = seen + failure_back
            if pass_back is not None:
                passed[case] = seen + pass_back
        seen += builds
    called = _called(job_id, last, {*passed.values(), *failed.values(), LOOK})
    if LOOK in called:
        failed = {case: back for case, back in failed.items() if case in passed}
    return {
        case: Turn(called[passed[case]] if case in passed else None, called[back])
        for case, back in failed.items()
    }


def _looked_at(
    job_id: int, last: Order, builds: int, behind: int, cases: Collection[int]
) -> list[tuple[int, int | None, int | None]]:
    """Each case that ran in so many builds: how far back the newest pass, and the first failure
    since, are.
    """
    if not cases:
        return []
    rows = select(
        f"WITH {_RECENT} SELECT case_id, passed, max(back) FILTER (WHERE status <> 0"
        " AND (passed IS NULL OR back < passed)) FROM (SELECT r.case_id, r.status, recent.back,"
        " min(recent.back) FILTER (WHERE r.status = 0) OVER (PARTITION BY r.case_id) AS passed"
        f" FROM recent CROSS JOIN result r WHERE r.build_id = recent.id AND r.case_id IN {IN}"
        " AND r.status IN (0, 1, 2)) AS ours GROUP BY case_id, passed",
        job_id,
        *last,
        builds,
        behind,
        listed(cases),
    )
    return [(case, passed, failed) for case, passed, failed in rows]


def _called(job_id: int, last: Order, backs: Collection[int]) -> dict[int, Called]:
    """What the builds so many back are called, of those that there are."""
    rows = select(
        f"WITH {_RECENT} SELECT recent.back, {label_of('b')}, b.commit_id"
        f" FROM recent JOIN build b ON b.id = recent.id WHERE recent.back IN {IN}",
        job_id,
        *last,
        LOOK,
        0,
        listed(backs),
    )
    return {back: Called(label, commit) for back, label, commit in rows}
