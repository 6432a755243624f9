"""`tracker worker`: one that publishes, and one that leaves it to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.factories import history
from tracker.clock import now_ms
from tracker.settings import Settings
from tracker.store.sql import run
from tracker.store.work import enqueue


@pytest.fixture
def waiting(home: Path) -> None:
    """A build that is recorded and not published, and a job to be judged."""
    history("nightly", login="P F")
    enqueue("publish", "site", due=now_ms())
    enqueue("judge", "nightly", due=now_ms(), subject="nightly")


def kinds() -> set[str]:
    """The kinds of tasks that were due and are not done."""
    return {kind for (kind,) in run("SELECT kind FROM work WHERE due <= ?", now_ms())}


@pytest.mark.usefixtures("waiting")
def test_a_publisher_publishes_and_does_nothing_else(command: Command, settings: Settings) -> None:
    assert command("worker", "--publishing", "only", "--until-idle").code == 0
    assert (settings.output / "site" / "index.html").exists()
    assert "judge" in kinds()
    assert "publish" not in kinds()


@pytest.mark.usefixtures("waiting")
def test_a_worker_beside_a_publisher_leaves_publishing_to_it(
    command: Command, settings: Settings
) -> None:
    assert command("worker", "--publishing", "elsewhere", "--until-idle").code == 0
    assert not (settings.output / "site").exists()
    assert kinds() == {"publish"}
    assert command("publish").code == 0
    assert kinds() == set()


@pytest.mark.usefixtures("waiting")
def test_a_worker_alone_does_everything(command: Command, settings: Settings) -> None:
    assert command("worker", "--until-idle").code == 0
    assert (settings.output / "site" / "index.html").exists()
    assert kinds() == set()


def test_another_word_is_refused(command: Command) -> None:
    assert command("worker", "--publishing", "never").code == 2
