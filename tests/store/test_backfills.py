"""Back-fills: asked for, planned, noted build by build, finished, resumed, replaced."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tracker.errors import NotFound
from tracker.queries import jobs
from tracker.queries.backfills import backfill
from tracker.store.backfills import (
    Filling,
    ask_backfill,
    backfill_of,
    note_backfilled,
    note_unread,
    plan_backfill,
    unfinished_backfills,
)
from tracker.store.jobs import add_server, track_job
from tracker.store.work import claim

JOB = "nightly"


@pytest.fixture(autouse=True)
def _job(store: object) -> None:
    add_server("main", "https://ci.example/")
    track_job(JOB, server="main", jenkins_name=JOB)


def ask(builds: int = 4) -> None:
    ask_backfill(JOB, builds=builds, now=NOW)


def plan(*numbers: int) -> None:
    plan_backfill(JOB, numbers, [(2, 3)], now=NOW)


def note(done: int) -> None:
    note_backfilled(JOB, done=done, now=NOW + 1000 * done)


def test_one_that_was_asked_for_waits_for_its_numbers_and_for_the_worker() -> None:
    ask()
    assert backfill_of(JOB) == Filling(wanted=4, numbers=None, done=0)
    task = claim(["backfill"], now=NOW, lease_ms=1000)
    assert task is not None
    assert task.key == JOB


def test_a_job_of_no_server_has_nothing_to_fill_it_from() -> None:
    track_job("uploads")
    for name in ("uploads", "nobody"):
        with pytest.raises(NotFound, match=f"No job named '{name}' is read from a Jenkins"):
            ask_backfill(name, builds=4, now=NOW)
    assert unfinished_backfills() == []


def test_a_job_without_a_back_fill_has_none() -> None:
    assert backfill_of(JOB) is None
    assert backfill_of("nobody") is None


def test_a_plan_is_worked_through_from_where_it_was_left() -> None:
    ask()
    plan(9, 8, 5, 4)
    note(1)
    note(2)
    filling = backfill_of(JOB)
    assert filling is not None
    assert (filling.done, filling.rest) == (2, (5, 4))


def test_after_its_last_build_it_is_finished() -> None:
    ask()
    plan(9, 8)
    assert unfinished_backfills() == [JOB]
    note(1)
    note(2)
    assert backfill_of(JOB) is None
    assert unfinished_backfills() == []
    shown = backfill(JOB)
    assert shown is not None
    assert (shown.is_running, shown.done, shown.total) == (False, 2, 2)


def test_one_with_nothing_to_read_is_finished_when_it_is_planned() -> None:
    ask()
    plan()
    assert backfill_of(JOB) is None


def test_what_could_not_be_read_stays_named_while_others_can() -> None:
    ask()
    plan(9, 8, 5)
    note_unread(JOB, 9, "#9: It answers 500.", again=False)
    for done in (1, 2, 3):
        note(done)
    shown = backfill(JOB)
    assert shown is not None
    assert (shown.failed, shown.error) == ((9,), "#9: It answers 500.")


def test_what_could_not_be_read_now_comes_again_behind_the_others() -> None:
    ask()
    plan(9, 8)
    note_unread(JOB, 9, "#9: It answers 503.", again=True)
    note(1)
    note(2)
    filling = backfill_of(JOB)
    assert filling is not None
    assert (filling.rest, filling.is_retry) == ((9,), True)
    shown = backfill(JOB)
    assert shown is not None
    assert (shown.done, shown.total, shown.error) == (2, 2, "#9: It answers 503.")
    note(3)
    shown = backfill(JOB)
    assert shown is not None
    assert (shown.error, shown.failed, shown.is_running) == ("", (), False)


def test_a_back_fill_that_is_asked_for_again_begins_anew() -> None:
    ask()
    plan(9, 8)
    note_unread(JOB, 9, "#9: It answers 500.", again=False)
    note(1)
    ask(100)
    assert backfill_of(JOB) == Filling(wanted=100, numbers=None, done=0)
    shown = backfill(JOB)
    assert shown is not None
    assert (shown.error, shown.gaps, shown.started, shown.finished) == ("", (), None, None)


def test_a_note_of_one_that_was_replaced_changes_nothing() -> None:
    ask()
    plan(9, 8)
    ask(100)
    note(2)
    assert backfill_of(JOB) == Filling(wanted=100, numbers=None, done=0)


def test_a_note_of_one_that_is_finished_changes_nothing() -> None:
    ask()
    plan(9)
    note(1)
    before = jobs.revision()
    note(1)
    assert jobs.revision() == before


def test_every_step_raises_the_revision_of_the_job() -> None:
    revisions = [jobs.revision(JOB)]
    for step in (ask, lambda: plan(9, 8), lambda: note(1), lambda: note(2)):
        step()
        revisions.append(jobs.revision(JOB))
    assert revisions == sorted(set(revisions))
