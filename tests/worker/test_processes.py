"""Worker processes: side by side, killed in the middle, asked to end."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunningDemo
from tests.worker.conftest import Start, read_from
from tracker.queries.builds import count_builds
from tracker.queries.dump import lines
from tracker.queries.system import workers
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run

JOBS = ("/job/team/job/nightly/", "/job/team/job/smoke/", "/job/platforms/")
KILLS = 20


def of(tmp_path: Path, name: str) -> Settings:
    return Settings.load({}, home=tmp_path / name, output=tmp_path / name / "output")


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} in {seconds} s")


def state_of(settings: Settings) -> list[str]:
    open_store(settings.database)
    found = list(lines())
    close_store()
    return found


def test_two_workers_poll_each_due_job_and_read_each_build_once(
    settings: Settings, demo: RunningDemo, start: Start
) -> None:
    demo.server.requests.clear()
    read_from(settings, demo.url)
    both = [start(settings, "--until-idle", TRACKER_FIRST_BUILDS="3") for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    asked = {f"{job}api/json": demo.server.requests[f"{job}api/json"] for job in JOBS}
    assert set(asked.values()) == {1}
    builds = [f"{job}{number}/api/json" for job in JOBS for number in (18, 19, 20)]
    assert {path: demo.server.requests[path] for path in builds} == dict.fromkeys(builds, 1)


def test_twenty_kills_in_a_back_fill_lose_nothing(
    tmp_path: Path, demo: RunningDemo, start: Start
) -> None:
    few = {"TRACKER_FIRST_BUILDS": "8", "TRACKER_LEASE_SECONDS": "1"}
    calm, wild = of(tmp_path, "calm"), of(tmp_path, "wild")
    for settings in (calm, wild):
        read_from(settings, demo.url)
    assert start(calm, "--until-idle", **few).wait(120) == 0
    draw = random.Random(20)
    for _ in range(KILLS):
        before = demo.server.requests.total()
        process = start(wild, TRACKER_POLL_SECONDS="1", **few)
        until(lambda before=before: demo.server.requests.total() > before + 1, "no request")
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        process.wait()
    time.sleep(1.1)  # the last lease
    assert start(wild, "--until-idle", **few).wait(120) == 0
    assert state_of(wild) == state_of(calm)
    open_store(wild.database)
    assert run("SELECT kind, key, error FROM work WHERE state <> 'due' OR error <> ''") == []
    close_store()
    assert (wild.output / "site" / "index.html").exists()


def test_a_worker_asked_to_end_gives_its_task_back(
    settings: Settings, demo: RunningDemo, start: Start
) -> None:
    demo.server.requests.clear()
    read_from(settings, demo.url)
    process = start(settings)
    until(lambda: demo.server.requests["/job/platforms/1/api/json"] > 0, "no build was read")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    open_store(settings.database)
    polls = run("SELECT tries, lease_until, state FROM work WHERE kind = 'poll' AND tries = 0")
    assert polls == [(0, 0, "due")] * 3
    assert workers() == []
    assert 0 < count_builds("platforms") < 20
    close_store()
