"""Worker processes: side by side, killed in the middle, asked to end."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import RunningDemo, running_demo
from tests.factories import polled_jobs
from tests.worker.conftest import Start, read_from
from tracker.queries.builds import count_builds
from tracker.queries.dump import lines
from tracker.queries.system import workers
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run

FEW = {"TRACKER_FIRST_BUILDS": "5", "TRACKER_LEASE_SECONDS": "1"}


def calm_one(tmp_path: Path) -> Settings:
    """A tracker whose worker nobody kills; its store is a file, whatever that of the other is."""
    return Settings.load({}, home=tmp_path / "calm", output=tmp_path / "calm" / "output")


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"{what} in {seconds} s")


def state_of(settings: Settings) -> list[str]:
    open_store(settings.store)
    found = list(lines())
    close_store()
    return found


def test_twenty_jobs_are_polled_by_four_workers_and_each_build_is_fetched_once(
    settings: Settings, start: Start
) -> None:
    with running_demo(20, copies=6) as many:
        read_from(settings, many.url)
        flags = ("--until-idle", "--publishing", "elsewhere")
        four = [start(settings, *flags, TRACKER_FIRST_BUILDS="1") for _ in range(4)]
        assert [process.wait(200) for process in four] == [0] * 4
        fetched = {
            path: count
            for path, count in many.server.requests.items()
            if "/artifact/" in path or path.endswith("/testReport/api/json")
        }
    assert fetched == dict.fromkeys(fetched, 1)
    open_store(settings.store)
    jobs = polled_jobs()
    assert len(jobs) == 21
    assert {count_builds(job) for job in jobs} <= {
        1,
        2,
    }  # a build that runs, and one that has ended
    close_store()


def kill_in_a_back_fill(
    calm: Settings, wild: Settings, demo: RunningDemo, start: Start, kills: int, *jobs: str
) -> None:
    """Kill a worker so often while it reads, let another end it, and compare with a calm one."""
    for settings in (calm, wild):
        read_from(settings, demo.url, *jobs)
    assert start(calm, "--until-idle", "--publishing", "elsewhere", **FEW).wait(120) == 0
    draw = random.Random(20)
    for _ in range(kills):
        before = demo.server.requests.total()
        process = start(wild, TRACKER_POLL_SECONDS="1", **FEW)
        until(lambda before=before: demo.server.requests.total() > before + 1, "no request")
        time.sleep(draw.uniform(0, 0.5))
        process.kill()
        process.wait()
    time.sleep(1.1)  # the last lease
    assert start(wild, "--until-idle", **FEW).wait(120) == 0
    assert state_of(wild) == state_of(calm)
    open_store(wild.store)
    assert run("SELECT kind, key, error FROM work WHERE state <> 'due' OR error <> ''") == []
    close_store()
    assert (wild.output / "site" / "index.html").exists()


def test_three_kills_in_a_back_fill_lose_nothing(
    tmp_path: Path, settings: Settings, demo: RunningDemo, start: Start
) -> None:
    kill_in_a_back_fill(calm_one(tmp_path), settings, demo, start, 3, "team/smoke")


@pytest.mark.nightly
def test_ten_kills_in_a_back_fill_lose_nothing(
    tmp_path: Path, settings: Settings, demo: RunningDemo, start: Start
) -> None:
    kill_in_a_back_fill(calm_one(tmp_path), settings, demo, start, 10)


@pytest.mark.nightly
def test_a_hundred_kills_in_a_back_fill_of_500_builds_lose_nothing(
    tmp_path: Path, settings: Settings, start: Start
) -> None:
    calm, wild = calm_one(tmp_path), settings
    environ = {"TRACKER_FIRST_BUILDS": "500", "TRACKER_LEASE_SECONDS": "1"}
    draw = random.Random(100)
    with running_demo(500) as demo:
        for each in (calm, wild):
            read_from(each, demo.url, "team/smoke")
        assert start(calm, "--until-idle", **environ).wait(1800) == 0
        for _ in range(100):
            before = demo.server.requests.total()
            process = start(wild, TRACKER_POLL_SECONDS="1", **environ)
            until(lambda before=before: demo.server.requests.total() > before, "no request")
            # Few builds are read between two kills, so that all of these fall into the back-fill.
            time.sleep(draw.uniform(0, 0.6))
            process.kill()
            process.wait()
        time.sleep(1.1)  # the last lease
        assert start(wild, "--until-idle", **environ).wait(1800) == 0
    assert state_of(wild) == state_of(calm)
    open_store(wild.store)
    assert count_builds("team/smoke") == 500
    assert run("SELECT kind, key, error FROM work WHERE state <> 'due' OR error <> ''") == []
    close_store()


def test_a_worker_asked_to_end_gives_its_task_back(
    settings: Settings, demo: RunningDemo, start: Start
) -> None:
    demo.server.requests.clear()
    read_from(settings, demo.url)
    process = start(settings)
    until(lambda: _artifacts(demo) > 3, "no build was read")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    open_store(settings.store)
    held = run("SELECT kind FROM work WHERE lease_until <> 0 OR tries <> 0")
    assert held == []
    assert workers() == []
    assert 0 < sum(count_builds(job) for job in ("platforms", "team/nightly", "team/smoke")) < 60
    close_store()


def _artifacts(demo: RunningDemo) -> int:
    return sum(n for path, n in demo.server.requests.items() if "/artifact/" in path)
