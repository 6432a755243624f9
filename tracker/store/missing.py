"""Missing cases: which of the cases that a build should have run have no result in it, and why.

Derived for complete judged builds from the complete builds before them that have no damaged report.
Where nothing is gone that costs a few lookups for each case; what each build has is read only
where something is.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from tracker.store.lost import LOOK, MANY, Lost, lost_in
from tracker.store.models import Build
from tracker.store.outcomes import JUDGED, UNJUDGED_FROM_ON, Place
from tracker.store.presence import cases_of, count_of, not_in, patched_runs, skipped_in
from tracker.store.sql import run, run_many
from tracker.verdicts.expected import LEAVES_AFTER, WINDOW, expected
from tracker.verdicts.losses import Group, groups, shrunk
from tracker.verdicts.missing import Cause, Missing

_TABLES = ("loss", "absence")
_FORGOTTEN = "expected = 0, missing = 0, newly_skipped = 0, added = 0, shortfall = ''"
_IS_SAID = "(expected <> 0 OR missing <> 0 OR newly_skipped <> 0 OR added <> 0 OR shortfall <> '')"


def derive(job_id: int, place: Place) -> None:
    """Write what the judged build at `place` lacks, and how many cases are new in it.

    What was said of that before is forgotten.
    """
    build = place.build_id
    for table in _TABLES:
        run(f"DELETE FROM {table} WHERE build_id = ?", build)
    is_complete = run("SELECT 1 FROM build WHERE id = ? AND complete", build)
    before = _whole_before(job_id, place) if is_complete else []
    _write(build, _lost(build, before) if before else Lost())


def take_back(build: Build) -> None:
    """Forget what a build lacks whose results are others now; the caller saves it."""
    if build.shortfall:
        for table in _TABLES:
            run(f"DELETE FROM {table} WHERE build_id = ?", build.id)
    build.expected = build.missing = build.newly_skipped = build.added = 0
    build.shortfall = ""


def forget_unjudged(job_id: int, place: Place) -> None:
    """Forget what those builds of a job from `place` on lack that are not judged, or no more."""
    which = (job_id, *place.order)
    for table in _TABLES:
        sql = f"(SELECT id FROM build WHERE {UNJUDGED_FROM_ON})"
        run(f"DELETE FROM {table} WHERE build_id IN {sql}", *which)
    run(f"UPDATE build SET {_FORGOTTEN} WHERE {UNJUDGED_FROM_ON} AND {_IS_SAID}", *which)


def _whole_before(job_id: int, place: Place) -> list[int]:
    """The builds to learn from, newest first: complete, judged, and no report of them damaged."""
    rows = run(
        f"SELECT id FROM build WHERE job_id = ? AND {JUDGED} AND complete AND damaged = 0"
        " AND (epoch, number) < (?, ?) ORDER BY epoch DESC, number DESC LIMIT ?",
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


# Whether anything is gone at all.


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


# Writing.


def _write(build: int, lost: Lost) -> None:
    renamed = {pair.come.id for each in lost.found if (pair := each.rename) and pair.certain}
    skipped = sum(each.cause is Cause.SKIPPED for each in lost.found)
    run(
        "UPDATE build SET expected = ?, missing = ?, newly_skipped = ?, added = ?, shortfall = ?"
        " WHERE id = ?",
        lost.expected,
        len(lost.found) - skipped - len(renamed),
        skipped,
        len(lost.fresh - renamed),
        shrunk(lost.found, lost.expected),
        build,
    )
    if lost.found:
        _write_rows(build, lost.found)


def _write_rows(build: int, found: Sequence[Missing]) -> None:
    losses = groups(found)
    run_many(
        f"INSERT INTO loss (build_id, n, cause, about, sentence, cases) VALUES ({int(build)},"
        " ?, ?, ?, ?, ?)",
        [
            (n, str(loss.cause), loss.about, loss.sentence, len(loss.cases))
            for n, loss in enumerate(losses)
        ],
    )
    places = {case: n for n, loss in enumerate(losses) for case in loss.cases}
    run_many(
        "INSERT INTO absence (build_id, case_id, n, sentence, other_case, is_certain)"
        f" VALUES ({int(build)}, ?, ?, ?, ?, ?)",
        [_row(each, places[each.test.id], losses) for each in found],
    )


def _row(missing: Missing, n: int, losses: Sequence[Group]) -> tuple[Any, ...]:
    is_said = losses[n].sentence.endswith(missing.sentence)
    other = missing.rename.come.id if missing.rename else None
    sure = missing.rename is not None and missing.rename.certain
    return missing.test.id, n, "" if is_said else missing.sentence, other, sure
