"""How far a back-fill is, and how long it will take, told from its rows alone."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tracker.queries.backfills import BackfillRow, backfill
from tracker.queries.columns import at
from tracker.store.backfills import ask_backfill, note_backfilled, plan_backfill
from tracker.store.jobs import add_server, track_job
from tracker.store.models import Job

JOB = "nightly"


@pytest.fixture(autouse=True)
def _job(store: object) -> None:
    add_server("main", "https://ci.example/")
    track_job(JOB, server="main", jenkins_name=JOB)


def told() -> BackfillRow:
    row = backfill(JOB)
    assert row is not None
    return row


def plan(*numbers: int, gaps: tuple[tuple[int, int], ...] = ()) -> None:
    ask_backfill(JOB, builds=9, now=NOW)
    plan_backfill(JOB, numbers, gaps, now=NOW + 1000)


def note(done: int, seconds: int) -> None:
    """So many were done so many seconds after the plan."""
    note_backfilled(JOB, done=done, now=NOW + 1000 + 1000 * seconds)


def test_a_job_without_a_back_fill_has_none() -> None:
    assert backfill(JOB) is None
    assert backfill("nobody") is None


def test_a_back_fill_that_waits_has_no_total_and_no_time_left() -> None:
    ask_backfill(JOB, builds=9, now=NOW)
    assert told() == BackfillRow(
        wanted=9,
        total=None,
        done=0,
        gaps=(),
        failed=(),
        asked=at(NOW),
        started=None,
        finished=None,
        seconds_left=None,
        error="",
    )
    assert told().is_running


def test_a_planned_one_has_a_total_and_its_gaps() -> None:
    plan(9, 8, 5, gaps=((6, 7), (1, 4)))
    row = told()
    assert (row.total, row.done, row.gaps) == (3, 0, ((6, 7), (1, 4)))
    assert (row.started, row.seconds_left) == (at(NOW + 1000), None)


def test_the_time_left_follows_the_pace_up_to_the_last_build() -> None:
    plan(9, 8, 7, 6, 5)
    note(2, seconds=20)
    assert told().seconds_left == 30.0
    note(4, seconds=80)
    assert told().seconds_left == 20.0


def test_the_time_left_is_the_same_however_late_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan(9, 8)
    note(1, seconds=20)
    before = told()
    monkeypatch.setattr("time.time", lambda: NOW + 10**6)
    assert told() == before


def test_a_finished_one_takes_no_time_any_more() -> None:
    plan(9)
    note(1, seconds=20)
    row = told()
    assert (row.is_running, row.finished, row.seconds_left) == (False, at(NOW + 21_000), None)


def test_a_back_fill_goes_with_its_job() -> None:
    plan(9)
    Job.delete().where(Job.name == JOB).execute()
    assert backfill(JOB) is None
