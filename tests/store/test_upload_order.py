"""Uploads for one build: each waits for its turn, but not for ever, and what came last stays."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tracker.clock import DAY, SECOND
from tracker.store.upload_order import PATIENCE, subject_of, waiting_for, was_passed
from tracker.store.work import Task, claim, enqueue, fail, finish, forget_done, release

pytestmark = pytest.mark.usefixtures("store")
BUILD = subject_of("nightly", 7)


def queue(*keys: str, subject: str = BUILD) -> None:
    for key in keys:
        enqueue("ingest", key, due=NOW, payload={"of": key}, subject=subject)


def take(now: int = NOW) -> Task | None:
    return claim(["ingest"], now=now, lease_ms=60 * SECOND)


def taken(now: int = NOW) -> Task:
    task = take(now)
    assert task is not None
    return task


def test_an_upload_waits_for_the_one_that_is_being_read() -> None:
    queue("first", "second")
    first = taken()
    assert take() is None
    finish(first, now=NOW, outcome={"status": 201})
    assert taken().key == "second"


@pytest.mark.parametrize("pause", [15, 600])
def test_an_upload_waits_for_one_that_is_tried_again_later(pause: int) -> None:
    queue("first", "second")
    fail(taken(), now=NOW, error="full", pause=pause)
    later = NOW + pause * SECOND
    assert take(later - 1) is None
    assert taken(later).key == "first"


def test_an_upload_that_was_given_back_is_still_the_first() -> None:
    queue("first", "second")
    release(taken())
    assert taken().key == "first"


def test_uploads_for_other_builds_do_not_wait() -> None:
    queue("first", "second")
    queue("other", subject=subject_of("nightly", 8))
    queue("of before", "of before, too", subject="")
    assert [taken().key for _ in range(4)] == ["first", "other", "of before", "of before, too"]


def test_other_tasks_of_a_subject_have_no_order() -> None:
    enqueue("poll", "nightly", due=NOW + 1, subject="nightly")
    enqueue("judge", "nightly", due=NOW, subject="nightly")
    task = claim(["poll", "judge"], now=NOW, lease_ms=1)
    assert task is not None
    assert task.kind == "judge"


def stuck() -> Task:
    """The second of two uploads, when it waited long enough for the first one."""
    queue("stuck", "second")
    now = NOW
    while (task := taken(now)).key == "stuck":
        fail(task, now=now, error="bytes gone", pause=600)
        now += 600 * SECOND
    assert now >= NOW + PATIENCE
    return task


def test_an_upload_waits_for_no_longer_than_its_patience() -> None:
    assert stuck().key == "second"


@pytest.mark.parametrize(("status", "is_passed"), [(201, True), (200, True), (415, False)])
def test_who_was_passed_by_what_was_recorded_is_told(status: int, is_passed: bool) -> None:
    second = stuck()
    finish(second, now=NOW + PATIENCE, outcome={"status": status})
    first = taken(NOW + DAY)
    assert (first.key, was_passed(first.id)) == ("stuck", is_passed)
    assert not was_passed(second.id)
    forget_done(NOW + DAY)
    assert not was_passed(first.id)


def test_what_has_no_order_is_passed_by_none() -> None:
    queue("one", "two", subject="")
    one = taken()
    finish(taken(), now=NOW, outcome={"status": 201})
    assert not was_passed(one.id)


def test_what_waits_for_a_build_is_told_in_order_until_it_was_read() -> None:
    queue("first", "second")
    queue("other", subject=subject_of("nightly", 8))
    first = taken()
    assert waiting_for(BUILD) == ['{"of":"first"}', '{"of":"second"}']
    finish(first, now=NOW, outcome={"status": 201})
    assert waiting_for(BUILD) == ['{"of":"second"}']
