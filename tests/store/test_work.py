"""Tasks: claimed once, taken over from the dead, asked for again, given up in the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.factories import NOW
from tracker.clock import SECOND
from tracker.queries.figures import waiting
from tracker.queries.system import queued_upload
from tracker.store.connection import close_connection, writing
from tracker.store.models import database
from tracker.store.sql import run
from tracker.store.work import (
    DEATHS_COUNT,
    MAX_TRIES,
    MOST_DEATHS,
    REST_HOURS,
    Task,
    asked_for,
    claim,
    enqueue,
    ensure,
    extend,
    fail,
    finish,
    forget,
    release,
)

pytestmark = pytest.mark.usefixtures("store")
LEASE = 10 * SECOND


def take(now: int = NOW, *kinds: str) -> Task | None:
    return claim(kinds or ("poll", "publish"), now=now, lease_ms=LEASE)


def taken(now: int = NOW) -> Task:
    task = take(now)
    assert task is not None
    return task


def test_a_task_is_claimed_once() -> None:
    enqueue("poll", "nightly", due=NOW, payload={"number": 3})
    task = taken()
    assert (task.kind, task.key, task.payload, task.tries) == ("poll", "nightly", {"number": 3}, 1)
    assert take() is None


def test_a_task_is_not_claimed_before_its_time() -> None:
    enqueue("poll", "nightly", due=NOW + 1)
    assert take() is None
    assert take(NOW + 1)


@contextmanager
def another_writes(seconds: float) -> Iterator[None]:
    """Begin the block while another thread writes, which goes on for so long."""
    has_lock = threading.Event()

    def write() -> None:
        with writing():
            has_lock.set()
            time.sleep(seconds)
        close_connection()

    thread = threading.Thread(target=write)
    thread.start()
    has_lock.wait()
    yield
    thread.join()


def lease_of_all() -> list[tuple[int]]:
    return run("SELECT lease_until FROM work")


def test_a_lease_begins_when_others_have_written() -> None:
    enqueue("poll", "nightly", due=NOW)
    with another_writes(1.2):
        task = taken()
    assert lease_of_all() >= [(NOW + SECOND + LEASE,)]
    with another_writes(1.2):
        assert extend(task, now=NOW + LEASE, lease_ms=LEASE)
    assert lease_of_all() >= [(NOW + LEASE + SECOND + LEASE,)]


def test_a_task_of_another_kind_is_left_alone() -> None:
    enqueue("poll", "nightly", due=NOW)
    assert take(NOW, "publish") is None


def test_the_most_overdue_comes_first() -> None:
    enqueue("poll", "b", due=NOW - 1)
    enqueue("poll", "a", due=NOW - 2)
    assert [taken().key, taken().key] == ["a", "b"]


def test_threads_claim_each_of_many_tasks_once() -> None:
    for number in range(40):
        enqueue("poll", str(number), due=NOW)
    claimed: list[str] = []

    def work_on() -> None:
        while (task := take()) is not None:
            claimed.append(task.key)
        database.close()

    threads = [threading.Thread(target=work_on) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(claimed) == {str(number): 1 for number in range(40)}


def test_a_lease_that_ran_out_is_taken_over() -> None:
    enqueue("poll", "nightly", due=NOW)
    first = taken()
    assert take(NOW + LEASE - 1) is None
    second = taken(NOW + LEASE)
    assert (second.key, second.tries) == ("nightly", 2)
    assert second.fence > first.fence


def test_a_lease_that_is_extended_is_kept() -> None:
    enqueue("poll", "nightly", due=NOW)
    assert extend(taken(), now=NOW + 5 * SECOND, lease_ms=LEASE)
    assert take(NOW + LEASE) is None
    assert take(NOW + LEASE + 5 * SECOND)


def test_who_lost_the_lease_can_neither_extend_nor_finish_nor_fail() -> None:
    enqueue("poll", "nightly", due=NOW)
    first = taken()
    second = taken(NOW + LEASE)
    assert not extend(first, now=NOW + LEASE, lease_ms=LEASE)
    assert not finish(first, now=NOW + LEASE)
    fail(first, now=NOW + LEASE, error="too late")
    release(first)
    assert take(NOW + LEASE) is None
    assert finish(second, now=NOW + LEASE)


def test_a_finished_task_is_gone() -> None:
    enqueue("poll", "nightly", due=NOW)
    assert finish(taken(), now=NOW)
    assert run("SELECT count(*) FROM work") == [(0,)]


def test_a_periodic_task_comes_back() -> None:
    enqueue("poll", "nightly", due=NOW)
    assert finish(taken(), now=NOW, again_at=NOW + 60 * SECOND)
    assert take(NOW + 59 * SECOND) is None
    assert taken(NOW + 60 * SECOND).tries == 1


def test_an_outcome_is_kept_until_somebody_asks() -> None:
    enqueue("ingest", "id", due=NOW)
    task = take(NOW, "ingest")
    assert task
    finish(task, now=NOW, outcome={"status": 201})
    assert queued_upload("id") == ("done", "", {"status": 201})
    assert take(NOW + LEASE, "ingest") is None


def test_asked_for_while_it_runs_it_runs_once_more() -> None:
    enqueue("poll", "nightly", due=NOW)
    task = taken()
    enqueue("poll", "nightly", due=NOW + 1, payload={"more": True})
    assert take(NOW + 1) is None
    finish(task, now=NOW + 2, again_at=NOW + 60 * SECOND)
    assert taken(NOW + 2).payload == {"more": True}
    assert take(NOW + 2) is None


def test_asked_for_twice_while_it_waits_it_runs_once() -> None:
    enqueue("poll", "nightly", due=NOW)
    enqueue("poll", "nightly", due=NOW)
    finish(taken(), now=NOW)
    assert take() is None


def test_asking_moves_a_task_forward_and_never_back() -> None:
    enqueue("poll", "nightly", due=NOW + 60)
    enqueue("poll", "nightly", due=NOW + 10)
    enqueue("poll", "nightly", due=NOW + 90)
    assert run("SELECT due FROM work") == [(NOW + 10,)]


def test_a_task_that_was_done_by_a_command_is_forgotten() -> None:
    enqueue("publish", "site", due=NOW)
    forget("publish", "site", asked=asked_for("publish", "site"), now=NOW)
    assert asked_for("publish", "site") == 0
    assert claim(("publish",), now=NOW, lease_ms=1) is None


def test_one_that_was_asked_for_meanwhile_or_is_being_done_is_not_forgotten() -> None:
    enqueue("publish", "site", due=NOW)
    asked = asked_for("publish", "site")
    assert claim(("publish",), now=NOW, lease_ms=10)
    forget("publish", "site", asked=asked, now=NOW)
    assert asked_for("publish", "site") == asked
    enqueue("publish", "site", due=NOW)
    forget("publish", "site", asked=asked, now=NOW + 20)
    assert asked_for("publish", "site") == asked + 1


def test_ensuring_does_not_move_a_task() -> None:
    ensure("poll", "nightly", due=NOW + 60)
    ensure("poll", "nightly", due=NOW)
    assert run("SELECT due FROM work") == [(NOW + 60,)]


def test_a_failed_task_comes_back_later_each_time() -> None:
    enqueue("poll", "nightly", due=NOW)
    now, pauses = NOW, []
    for _ in range(12):
        fail(taken(now), now=now, error="down")
        [(due,)] = run("SELECT due FROM work")
        pauses.append((due - now) // SECOND)
        now = due
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]


def _given_up() -> None:
    enqueue("poll", "nightly", due=NOW)
    for _ in range(MAX_TRIES):
        fail(taken(NOW + 10**9), now=NOW, error="down")


def test_after_many_tries_a_task_is_given_up_and_says_why() -> None:
    _given_up()
    assert take(NOW + 10**9) is None
    [row] = waiting(NOW)
    assert (row.state, row.error) == ("dead", "down")


def _died_with(kind: str, times: int, now: int = NOW) -> int:
    """So many workers die with a task; when the next one may have it, were it not given up."""
    for _ in range(times):
        while take(now, kind) is None:
            now += 600 * SECOND
        now += LEASE
    return now


def test_what_its_workers_die_of_is_given_up_and_says_why() -> None:
    enqueue("poll", "nightly", due=NOW)
    now = _died_with("poll", MOST_DEATHS + 1)
    assert take(now) is None
    [row] = waiting(now)
    assert row.state == "dead"
    told = f"Its worker died in the middle of it; it was tried {MOST_DEATHS + 1} times."
    assert row.error.startswith(told)


def test_a_task_is_taken_over_at_once_from_many_workers_that_were_killed() -> None:
    enqueue("poll", "nightly", due=NOW)
    assert take(_died_with("poll", MOST_DEATHS)) is not None


def test_what_its_workers_died_of_is_still_done_by_whoever_asks_for_it_alone() -> None:
    enqueue("poll", "deadly", due=NOW)
    now = _died_with("poll", MOST_DEATHS + 1)
    assert claim(("poll",), now=now, lease_ms=LEASE, key="deadly") is not None


def test_an_upload_its_workers_die_of_waits_and_is_not_given_up() -> None:
    enqueue("ingest", "id", due=NOW)
    now = _died_with("ingest", MOST_DEATHS + 1)
    assert take(now, "ingest") is None
    state, error, _ = queued_upload("id")
    assert (state, error[:15]) == ("due", "Its worker died")
    assert take(now + 600 * SECOND, "ingest") is not None


def test_tasks_that_were_given_back_are_not_taken_for_abandoned() -> None:
    enqueue("poll", "nightly", due=NOW)
    for _ in range(MAX_TRIES + 1):
        release(taken())
    assert taken().tries == 1


def test_asking_again_brings_a_given_up_task_to_life() -> None:
    _given_up()
    enqueue("poll", "nightly", due=NOW)
    assert taken().tries == 1


def test_a_periodic_task_that_was_given_up_rests_and_is_had_again() -> None:
    _given_up()
    rested = NOW + REST_HOURS * 3600 * SECOND
    ensure("poll", "nightly", due=rested - 1)
    assert [row.state for row in waiting(NOW)] == ["dead"]
    ensure("poll", "nightly", due=rested)
    assert taken(rested).tries == 1


def test_trouble_that_is_told_elsewhere_gives_no_task_up() -> None:
    enqueue("poll", "nightly", due=NOW)
    for _ in range(2 * MAX_TRIES):
        fail(taken(NOW + 10**9), now=NOW, error="down", endless=True)
    assert [row.state for row in waiting(NOW)] == ["due"]


@pytest.mark.parametrize("way", ["at once", "given back first"])
def test_kills_do_not_use_up_the_tries_of_failures(way: str) -> None:
    enqueue("poll", "nightly", due=NOW)
    now = _died_with("poll", MAX_TRIES + 5)
    if way == "given back first":
        release(taken(now))
    for _ in range(MAX_TRIES - DEATHS_COUNT - 1):
        fail(taken(now), now=now, error="down")
        now += 600 * SECOND
    assert [row.state for row in waiting(now)] == ["due"]
    fail(taken(now), now=now, error="down")
    assert [row.state for row in waiting(now)] == ["dead"]


def test_a_released_task_is_due_at_once_and_the_try_does_not_count() -> None:
    enqueue("poll", "nightly", due=NOW)
    release(taken())
    assert taken().tries == 1


def test_a_long_error_is_cut() -> None:
    enqueue("poll", "nightly", due=NOW)
    fail(taken(), now=NOW, error="x" * 5000)
    assert run("SELECT length(error) FROM work") == [(2000,)]


def finish_until_later(task: Task) -> None:
    finish(task, now=NOW, again_at=NOW)


def fail_once(task: Task) -> None:
    fail(task, now=NOW, error="down", pause=0)


@pytest.mark.parametrize("give_back", [finish_until_later, release, fail_once])
def test_a_late_sign_of_life_does_not_hold_a_task_that_was_given_back(
    give_back: Callable[[Task], object],
) -> None:
    enqueue("poll", "nightly", due=NOW)
    task = taken()
    give_back(task)
    assert not extend(task, now=NOW, lease_ms=LEASE)
    assert take(NOW) is not None


def test_two_tasks_of_one_subject_are_not_done_at_the_same_time() -> None:
    enqueue("poll", "nightly", due=NOW, subject="nightly")
    enqueue("publish", "of nightly", due=NOW + 1, subject="nightly")
    enqueue("publish", "site", due=NOW + 2)
    first = taken(NOW + 5)
    other = taken(NOW + 5)
    assert (first.kind, other.key) == ("poll", "site")
    assert take(NOW + 5) is None
    finish(first, now=NOW + 5)
    assert taken(NOW + 5).key == "of nightly"


def test_a_subject_is_free_again_when_the_lease_runs_out() -> None:
    enqueue("poll", "nightly", due=NOW, subject="nightly")
    enqueue("publish", "of nightly", due=NOW + 1, subject="nightly")
    held = taken(NOW + 1)
    assert take(NOW + 2) is None
    assert taken(NOW + LEASE + 2).key == held.key


def test_a_pause_that_is_told_is_kept() -> None:
    enqueue("poll", "nightly", due=NOW)
    fail(taken(), now=NOW, error="refused", pause=600)
    assert take(NOW + 599 * SECOND) is None
    assert take(NOW + 600 * SECOND) is not None
