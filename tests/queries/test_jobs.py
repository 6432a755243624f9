"""Jobs as queries tell them: names they had, whose trouble it is, what is tried again."""

from __future__ import annotations

import pytest

from tests.factories import NOW, jenkins, report
from tracker.clock import SECOND
from tracker.queries import jobs
from tracker.queries.columns import at
from tracker.queries.jobs import FormerJobName, JobCounts, NextLook
from tracker.store.jobs import add_server, note_job_trouble, note_server_trouble, track_job
from tracker.store.seen import SeenJob, note_look
from tracker.store.work import MAX_TRIES, claim, enqueue, fail, finish

pytestmark = pytest.mark.usefixtures("store")


def look(*found: SeenJob, server: str = "main", now: int = NOW) -> None:
    note_look(server, found, listed=[job.jenkins_name for job in found], now=now)


def seen(name: str, **more: object) -> SeenJob:
    return SeenJob(name, name, "", **more)  # type: ignore[arg-type]


@pytest.fixture
def watched() -> None:
    """Two jobs of one server."""
    add_server("main", "https://ci.example/")
    look(seen("a"), seen("b"))


def wrong(kind: str, key: str, *, now: int = NOW, tries: int = 1, error: str = "503") -> None:
    """A task that went wrong so often, the last time at `now`."""
    enqueue(kind, key, due=now)
    for _ in range(tries):
        task = claim([kind], now=now + 10**9, lease_ms=0)
        assert task is not None
        fail(task, now=now, error=error)


# Whose trouble it is


def test_the_trouble_of_a_server_is_that_of_its_jobs(watched: None) -> None:
    note_job_trouble("a", "It answered 500.", now=NOW)
    note_server_trouble("main", "It did not answer.", now=NOW + 1)
    row = jobs.job("a")
    assert (row.error, row.error_since) == ("It did not answer.", at(NOW + 1))
    assert row.is_server_trouble


def test_a_jobs_own_trouble_is_no_server_trouble(watched: None) -> None:
    note_job_trouble("a", "It answered 500.", now=NOW)
    row = jobs.job("a")
    assert (row.error, row.error_since, row.is_server_trouble) == (
        "It answered 500.",
        at(NOW),
        False,
    )
    assert not jobs.job("b").is_server_trouble


# Names


def test_former_names_come_newest_first_with_their_ends(watched: None) -> None:
    jenkins("a", 1, report(login="P"), started=NOW)
    look(seen("c", last=(1, NOW)), seen("b"), now=NOW + 1)
    look(seen("d", last=(1, NOW)), seen("b"), now=NOW + 2)
    assert jobs.former_names("d") == [
        FormerJobName("c", at(NOW + 2)),
        FormerJobName("a", at(NOW + 1)),
    ]
    assert jobs.former_names("b") == []
    assert (jobs.name_now("a"), jobs.name_now("c"), jobs.name_now("d")) == ("d", "d", "")


def test_names_are_those_of_all_jobs_but_the_deleted_ones(watched: None) -> None:
    track_job("uploads")
    look(seen("a", is_disabled=True))
    look(seen("a", is_disabled=True))
    assert jobs.names() == ["a", "uploads"]


def test_jobs_are_counted_by_server_and_standing(watched: None) -> None:
    track_job("uploads")
    add_server("empty", "https://empty.example/", prefix="empty")
    for _ in range(2):
        look(seen("a", is_disabled=True), seen("c"))
    assert jobs.standings() == {"main": JobCounts(active=1, disabled=1, deleted=1)}


# What is tried again


@pytest.mark.parametrize("kind", ["poll", "backfill"])
def test_a_task_of_the_job_that_went_wrong_is_tried_again(watched: None, kind: str) -> None:
    wrong(kind, "a")
    assert jobs.next_looks("a") == [NextLook(kind, at(NOW + 2 * SECOND), "503")]
    assert jobs.next_looks("b") == []


def test_a_look_at_its_server_that_went_wrong_is_told_with_each_job_of_it(watched: None) -> None:
    track_job("uploads")
    wrong("watch", "main")
    assert [look.kind for look in jobs.next_looks("a")] == ["watch"]
    assert [look.kind for look in jobs.next_looks("b")] == ["watch"]
    assert jobs.next_looks("uploads") == []


def test_what_is_tried_first_comes_first_and_what_was_given_up_last(watched: None) -> None:
    wrong("poll", "a", tries=MAX_TRIES)
    wrong("watch", "main", now=NOW + 9 * SECOND)
    wrong("backfill", "a", now=NOW)
    assert [(look.kind, look.due) for look in jobs.next_looks("a")] == [
        ("backfill", at(NOW + 2 * SECOND)),
        ("watch", at(NOW + 11 * SECOND)),
        ("poll", None),
    ]


def test_what_waits_for_its_usual_time_or_went_well_again_is_no_news(watched: None) -> None:
    enqueue("poll", "a", due=NOW)
    enqueue("watch", "main", due=NOW)
    assert jobs.next_looks("a") == []
    wrong("watch", "main")
    task = claim(["watch"], now=NOW + 10**9, lease_ms=0)
    assert task is not None
    finish(task, now=NOW, again_at=NOW + 1)
    assert jobs.next_looks("a") == []


def test_a_job_called_like_a_server_does_not_have_its_looks(watched: None) -> None:
    track_job("main")
    wrong("watch", "main")
    assert jobs.next_looks("main") == []


def test_nobody_has_no_looks(watched: None) -> None:
    assert jobs.next_looks("nobody") == []
