"""The worker lets go once a day what the settings no longer keep."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.store.test_retention import forty_builds, gone, put_back, shorten
from tracker.clock import DAY, HOUR, SECOND, now_ms
from tracker.intake import spool
from tracker.settings import Settings
from tracker.store.connection import close_store
from tracker.store.sql import run
from tracker.store.work import Task
from tracker.worker.context import Context
from tracker.worker.loop import Worker
from tracker.worker.tasks import LATE, TASKS, NotYet, schedule

TASK = Task(0, "retention", "all", payload={}, tries=1, asked=1, fence=1, due=now_ms())


def with_policy(settings: Settings, **policy: int) -> Context:
    return Context.of(msgspec.structs.replace(settings, **policy))


def test_without_a_policy_there_is_no_such_task(settings: Settings, store: Path) -> None:
    schedule(Context.of(settings))
    assert run("SELECT 1 FROM work WHERE kind = 'retention'") == []


def test_a_policy_has_a_task(settings: Settings, store: Path) -> None:
    schedule(with_policy(settings, keep_spool_days=30))
    assert run("SELECT key, state FROM work WHERE kind = 'retention'") == [("all", "due")]


@pytest.mark.sqlite
def test_results_go_and_the_task_comes_back_in_a_day(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)
    put_back(settings, forty_builds())
    doing: list[str] = []
    context = replace(with_policy(settings, keep_builds=20), beat=doing.append)
    done = TASKS["retention"](context, TASK)
    assert gone() == set(range(1, 21))
    assert done.again_at is not None
    assert abs(done.again_at - now_ms() - DAY) < DAY / 8
    assert "letting go results of build 1 of 20" in doing
    close_store()


@pytest.fixture
def raw(settings: Settings, store: Path) -> Path:
    """A raw report that came 20 days ago, in the spool."""
    path = spool.store(settings.spool, [b"<testsuite/>"]).path
    os.utime(path, (0, (now_ms() - 20 * DAY) / SECOND))
    return path


def let_go(context: Context) -> None:
    """Have a worker do what is due of retention."""
    Worker(context.settings, ["retention"]).run(until_idle=True)


def year_ahead() -> None:
    """As if the clock had been set ahead by a year since the task was put down."""
    run("UPDATE work SET due = due - ? WHERE kind = 'retention'", 365 * DAY)


def test_where_the_clock_may_be_far_ahead_nothing_goes_for_a_day(
    settings: Settings, raw: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = with_policy(settings, keep_spool_days=10)
    schedule(context)
    year_ahead()
    with caplog.at_level(logging.WARNING):
        let_go(context)
    assert raw.exists()
    [(due, error)] = run("SELECT due, error FROM work WHERE kind = 'retention'")
    assert abs(due - now_ms() - DAY) < DAY / 8
    assert error.startswith("Retention was due 365 days ago: the clock is wrong, or no worker ran.")
    assert error in caplog.text


def test_what_was_put_off_goes_when_it_is_due_again_however_late(
    settings: Settings, raw: Path
) -> None:
    context = with_policy(settings, keep_spool_days=10)
    schedule(context)
    year_ahead()
    let_go(context)
    run("UPDATE work SET due = ? WHERE kind = 'retention'", now_ms() - 6 * DAY)
    let_go(context)
    assert not raw.exists()


def test_a_night_without_a_worker_puts_nothing_off(settings: Settings, raw: Path) -> None:
    context = with_policy(settings, keep_spool_days=10)
    schedule(context)
    run("UPDATE work SET due = ? WHERE kind = 'retention'", now_ms() - LATE + HOUR)
    let_go(context)
    assert not raw.exists()


def test_what_a_worker_died_with_was_not_put_off(settings: Settings, raw: Path) -> None:
    """As of a power cut, after which the clock is wrong."""
    left = replace(TASK, tries=2, taken_over=True, due=TASK.due - 365 * DAY)
    with pytest.raises(NotYet, match="put off for a day"):
        TASKS["retention"](with_policy(settings, keep_spool_days=10), left)
    assert raw.exists()


def test_a_policy_that_was_taken_back_ends_the_task(settings: Settings, store: Path) -> None:
    assert TASKS["retention"](Context.of(settings), TASK).again_at is None
