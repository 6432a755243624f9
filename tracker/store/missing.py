"""Missing cases: which of the cases that a build should have run have no result in it, and why.

Derived for complete judged builds from the complete builds before them that have no damaged report.
Where nothing is gone that costs a few lookups for each case; what each build has is read only
where something is.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from tracker.store import absences
from tracker.store.lost import LOOK, MANY, Lost, lost_in
from tracker.store.outcomes import BEFORE_PLACE, JUDGED, Place
from tracker.store.presence import cases_of, count_of, not_in, patched_runs, skipped_in
from tracker.store.sql import run
from tracker.verdicts.expected import LEAVES_AFTER, WINDOW, expected


def derive(job_id: int, place: Place) -> None:
    """Write what the judged build at `place` lacks, and how many cases are new in it.

    What was said of that before is forgotten.
    """
    build = place.build_id
    is_complete = run("SELECT 1 FROM build WHERE id = ? AND complete", build)
    before = _whole_before(job_id, place) if is_complete else []
    absences.write(build, _lost(build, before) if before else Lost())


def _whole_before(job_id: int, place: Place) -> list[int]:
    """The builds to learn from, newest first: complete, judged, not damaged, not let go."""
    rows = run(
        f"SELECT id FROM build WHERE {BEFORE_PLACE} AND {JUDGED} AND complete AND damaged = 0"
        " AND let_go IS NULL ORDER BY epoch DESC, number DESC LIMIT ?",
        job_id,
        *place.order,
        LOOK,
    )
    return [build for (build,) in rows]


def _lost(build: int, before: Sequence[int]) -> Lost:
    newest = before[:WINDOW]
    skipped = _perhaps_skipped(build, newest)
    if skipped or _is_perhaps_gone(build, newest):
        return lost_in(build, before, skipped)
    return Lost(fresh=_fresh(build, newest))


def _is_perhaps_gone(build: int, newest: Sequence[int]) -> bool:
    """Whether some expected cases have no result, or many that may be expected."""
    fewest = count_of(build) + MANY
    for earlier in newest[:LEAVES_AFTER]:
        if count_of(earlier) > fewest:
            return True
        among = not_in(earlier, build)
        if len(among) > MANY:
            return True
        runs = [cases_of(each, among) for each in newest] if among else []
        if expected(patched_runs(newest, runs, among)):
            return True
    return False


def _perhaps_skipped(build: int, newest: Sequence[int]) -> Set[int]:
    """The cases that are expected to run and are skipped, but for what chance may explain."""
    here = skipped_in(build)
    if not here:
        return here
    among: set[int] = set()
    for earlier in newest[:LEAVES_AFTER]:
        among |= cases_of(earlier, here) - skipped_in(earlier)
    if not among:
        return among
    runs = [cases_of(each, among) - skipped_in(each) for each in newest]
    return expected(patched_runs(newest, runs, among))


def _fresh(build: int, newest: Sequence[int]) -> Set[int]:
    """The cases that none of the builds looked at had."""
    among = not_in(build, newest[0])
    for earlier in newest[1:]:
        if not among:
            break
        among -= cases_of(earlier, among)
    return among
