"""What operators watch: overdue tasks, late servers, when reports came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import junit
from tracker.queries.figures import last_change, server_lags, waiting
from tracker.queries.jobs import revision
from tracker.store.jobs import add_server, note_server_trouble, track_job
from tracker.store.work import claim, enqueue, fail

NOW = 1_000_000


@pytest.fixture
def main(store: Path) -> str:
    """A server with a job, whose look is due now."""
    add_server("main", "http://127.0.0.1:9/")
    track_job("nightly", server="main", jenkins_name="nightly")
    enqueue("watch", "main", due=NOW)
    return "main"


def test_tasks_are_counted_by_kind_and_state(store: Path) -> None:
    enqueue("poll", "a", due=NOW - 5000)
    enqueue("poll", "b", due=NOW + 5000)
    enqueue("publish", "site", due=NOW)
    assert claim(("publish",), now=NOW, lease_ms=1000)
    rows = {(row.kind, row.state): row for row in waiting(NOW)}
    assert rows["poll", "due"].count == 2
    assert rows["poll", "due"].overdue == 5.0
    assert rows["poll", "due"].next == NOW - 5000
    assert rows["publish", "running"].count == 1
    assert rows["publish", "running"].next is None


def test_a_task_that_is_not_due_yet_is_not_overdue(store: Path) -> None:
    enqueue("tidy", "all", due=NOW + 5000)
    [row] = waiting(NOW)
    assert row.overdue == 0


def test_the_error_of_a_task_is_told(store: Path) -> None:
    enqueue("poll", "a", due=NOW)
    task = claim(("poll",), now=NOW, lease_ms=1000)
    assert task
    fail(task, now=NOW, error="it hangs")
    [row] = waiting(NOW)
    assert row.error == "it hangs"


def test_a_server_that_is_read_on_time_has_no_lag(main: str) -> None:
    [row] = server_lags(NOW)
    assert (row.name, row.lag, row.is_up) == (main, 0.0, True)


def test_a_look_that_is_overdue_is_lag(main: str) -> None:
    [row] = server_lags(NOW + 90_000)
    assert row.lag == 90.0


def test_a_look_that_a_worker_is_at_is_none(main: str) -> None:
    assert claim(("watch",), now=NOW + 90_000, lease_ms=60_000)
    [row] = server_lags(NOW + 100_000)
    assert row.lag == 0.0


def test_a_poll_of_one_of_its_jobs_that_is_overdue_is_lag(main: str) -> None:
    enqueue("poll", "nightly", due=NOW - 7000)
    [row] = server_lags(NOW)
    assert row.lag == 7.0


def test_a_server_in_trouble_lags_since_that_began(main: str) -> None:
    note_server_trouble(main, "it does not answer", now=NOW)
    [row] = server_lags(NOW + 30_000)
    assert (row.lag, row.is_up) == (30.0, False)


def test_what_changes_no_result_is_no_change(
    client: FlaskClient, upload: Callable[..., Any]
) -> None:
    assert last_change() == 0
    upload(junit(a="P"), job="n", build=1)
    at = revision()
    assert last_change() == at > 0
    upload(junit(a="P"), job="n", build=1)
    track_job("other")
    assert last_change() == at
