"""What a worker counts of the tasks it did, and what its log says they were about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.worker.conftest import read_from, starting
from tracker import metrics
from tracker.settings import Settings

ERRORS = "tracker_poll_errors_total"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a worker that was told to read a Jenkins which is not there."""
    settings = Settings.load({}, home=tmp_path_factory.mktemp("counting") / "home")
    read_from(settings, f"http://127.0.0.1:{free_port()}/")
    with starting() as start:
        assert start(settings, "--until-idle").wait(60) == 0
    return settings.home


@pytest.fixture
def counts(home: Path) -> dict[tuple[str, ...], float]:
    """What it counted."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in metrics.counted(home)
        for sample in family.samples
    }


def test_tasks_are_counted_by_kind_and_outcome(counts: dict[tuple[str, ...], float]) -> None:
    assert counts["tracker_tasks_total", "watch", "failed"] >= 1
    assert counts["tracker_tasks_total", "tidy", "done"] == 1
    assert counts["tracker_task_duration_seconds_count", "watch"] >= 1


def test_a_jenkins_that_cannot_be_read_is_counted(counts: dict[tuple[str, ...], float]) -> None:
    assert sum(value for (name, *_), value in counts.items() if name == ERRORS) >= 1


def test_an_event_says_which_task_it_is_about(home: Path) -> None:
    text = (home / "worker.log").read_text(encoding="utf-8")
    events = [json.loads(line) for line in text.splitlines()]
    about = {
        (event.get("task"), event.get("key")) for event in events if "127.0.0.1" in event["event"]
    }
    assert about == {("watch", "main")}
