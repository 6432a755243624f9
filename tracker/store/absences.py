"""What is on record of the cases that builds lack: written, taken back and forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.store.lost import Lost
from tracker.store.models import LACK_COUNTS, Build
from tracker.store.outcomes import UNJUDGED_FROM_ON, Place
from tracker.store.sql import run, run_many
from tracker.verdicts.losses import Group, groups, shrunk
from tracker.verdicts.missing import Cause, Missing

_TABLES = ("loss", "absence")
_FORGOTTEN = f"{', '.join(f'{name} = 0' for name in LACK_COUNTS)}, shortfall = ''"
_IS_SAID = f"({' OR '.join(f'{name} <> 0' for name in LACK_COUNTS)} OR shortfall <> '')"


def write(build: int, lost: Lost) -> None:
    """Write what a build lacks, in the place of what was said of that before."""
    _forget(build)
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


def take_back(build: Build) -> None:
    """Forget what a build lacks whose results are others now; the caller saves it."""
    if build.shortfall:
        _forget(build.id)
    for name in LACK_COUNTS:
        setattr(build, name, 0)
    build.shortfall = ""


def forget_unjudged(job_id: int, place: Place) -> None:
    """Forget what those builds of a job from `place` on lack that are not judged, or no more."""
    which = (job_id, *place.order)
    for table in _TABLES:
        sql = f"(SELECT id FROM build WHERE {UNJUDGED_FROM_ON})"
        run(f"DELETE FROM {table} WHERE build_id IN {sql}", *which)
    run(f"UPDATE build SET {_FORGOTTEN} WHERE {UNJUDGED_FROM_ON} AND {_IS_SAID}", *which)


def _forget(build: int) -> None:
    for table in _TABLES:
        run(f"DELETE FROM {table} WHERE build_id = ?", build)


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
