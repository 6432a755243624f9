"""Derived rows: streaks of failures and the counts of builds, made from sorted history.

They are caches of the results. Recording a build folds the history again from that build on, so
that the order of arrival leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.store.connection import raise_revision, reading, writing
from tracker.store.sql import run, run_many
from tracker.verdicts.outcomes import NOT_JUDGED, UNJUDGED_STATES
from tracker.verdicts.streaks import step

# `is_judged`, for builds in a statement.
JUDGED = f"state NOT IN {UNJUDGED_STATES!r} AND (result IS NULL OR result NOT IN {NOT_JUDGED!r})"

_PARAMETERS = 500


@dataclass(frozen=True)
class Place:
    """Where a build stands in its job's history."""

    build_id: int
    epoch: int
    number: int


def judge_from(job_id: int, place: Place, unheard_of: frozenset[int] = frozenset()) -> None:
    """Derive anew what depends on the build at `place`: it and every later one of its job.

    `unheard_of` are cases that no build had before; they need no look at the past.
    """
    builds = _judged_from(job_id, place)
    _forget_from(job_id, place)
    failing = {
        row[0]
        for row in run(
            "SELECT case_id FROM streak WHERE job_id = ? AND fixed_build IS NULL", job_id
        )
    }
    for build in builds:
        failing = _judge(job_id, build, failing, unheard_of)


def rebuild() -> int:
    """Derive the rows of all jobs anew from their whole histories; how many jobs there are."""
    with reading():
        jobs = [row[0] for row in run("SELECT id FROM job ORDER BY id")]
    for job_id in jobs:
        with writing():  # one job at a time, so that uploads come in between
            judge_from(job_id, Place(0, -1, 0))
            raise_revision(job_id)
    return len(jobs)


def _judged_from(job_id: int, place: Place) -> list[Place]:
    rows = run(
        f"SELECT id, epoch, number FROM build WHERE job_id = ? AND {JUDGED}"
        " AND (epoch, number) >= (?, ?) ORDER BY epoch, number",
        job_id,
        place.epoch,
        place.number,
    )
    return [Place(*row) for row in rows]


def _forget_from(job_id: int, place: Place) -> None:
    """Undo what the builds from `place` on said: open what they closed, drop what they began."""
    later = "(SELECT id FROM build WHERE job_id = ? AND (epoch, number) >= (?, ?))"
    which = (job_id, place.epoch, place.number)
    run(f"DELETE FROM streak WHERE job_id = ? AND first_build IN {later}", job_id, *which)
    run(
        f"UPDATE streak SET fixed_build = NULL WHERE job_id = ? AND fixed_build IN {later}",
        job_id,
        *which,
    )
    run(
        f"UPDATE build SET regressions = 0, new_failures = 0, fixed = 0 WHERE id IN {later}"
        " AND regressions + new_failures + fixed > 0",
        *which,
    )


def _judge(job_id: int, build: Place, failing: set[int], unheard_of: frozenset[int]) -> set[int]:
    """Write what this build begins and ends; the cases that fail after it."""
    failed = {
        row[0]
        for row in run(
            "SELECT case_id FROM result WHERE build_id = ? AND status IN (1, 2)", build.build_id
        )
    }
    change = step(failing, failed, _passed(job_id, build.build_id) if failing else set())
    regressed = _with_a_past(job_id, build, change.opened - unheard_of)
    run_many(
        "INSERT INTO streak (job_id, case_id, first_build, regression) VALUES (?, ?, ?, ?)",
        [(job_id, case, build.build_id, int(case in regressed)) for case in sorted(change.opened)],
    )
    run_many(
        "UPDATE streak SET fixed_build = ?"
        " WHERE job_id = ? AND case_id = ? AND fixed_build IS NULL",
        [(build.build_id, job_id, case) for case in change.fixed],
    )
    if change.opened or change.fixed:
        new = len(change.opened) - len(regressed)
        run(
            "UPDATE build SET regressions = ?, new_failures = ?, fixed = ? WHERE id = ?",
            len(regressed),
            new,
            len(change.fixed),
            build.build_id,
        )
    return (failing | change.opened) - change.fixed


def _passed(job_id: int, build_id: int) -> set[int]:
    """Which of the failing cases of the job passed in this build."""
    rows = run(
        "SELECT s.case_id FROM streak s JOIN result r ON r.build_id = ? AND r.case_id = s.case_id"
        " WHERE s.job_id = ? AND s.fixed_build IS NULL AND r.status = 0",
        build_id,
        job_id,
    )
    return {row[0] for row in rows}


def _with_a_past(job_id: int, build: Place, cases: Iterable[int]) -> set[int]:
    """Those that passed in an earlier judged build of the job."""
    found: set[int] = set()
    for some in _some_at_a_time(sorted(cases)):
        marks = ", ".join("?" * len(some))
        rows = run(
            f"SELECT c.id FROM test_case c WHERE c.id IN ({marks}) AND EXISTS ("
            " SELECT 1 FROM build b JOIN result r ON r.build_id = b.id AND r.case_id = c.id"
            f" WHERE b.job_id = ? AND {JUDGED} AND (b.epoch, b.number) < (?, ?)"
            " AND r.status = 0)",
            *some,
            job_id,
            build.epoch,
            build.number,
        )
        found.update(row[0] for row in rows)
    return found


def _some_at_a_time(cases: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(cases), _PARAMETERS):
        yield cases[start : start + _PARAMETERS]
