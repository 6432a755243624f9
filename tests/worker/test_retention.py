"""The worker lets go once a day what the settings no longer keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.store.test_retention import forty_builds, gone, put_back, shorten
from tracker.clock import DAY, now_ms
from tracker.settings import Settings
from tracker.store.connection import close_store
from tracker.store.sql import run
from tracker.store.work import Task
from tracker.worker.context import Context
from tracker.worker.tasks import TASKS, schedule

TASK = Task(id=0, kind="retention", key="all", payload={}, tries=1, asked=1, fence=1)


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


def test_a_policy_that_was_taken_back_ends_the_task(settings: Settings, store: Path) -> None:
    assert TASKS["retention"](Context.of(settings), TASK).again_at is None
