"""The worker's daily look: beside its tasks, by the worker that does them, and ended with it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest

from tracker.settings import Settings
from tracker.worker import loop
from tracker.worker.looks import DailyLook
from tracker.worker.loop import Worker
from tracker.worker.tasks import TASKS

LASTING = ("sleep", "1000")


def ended(*command: str) -> DailyLook:
    """A look that has ended, and was not asked for yet."""
    look = DailyLook(command)
    look.step()
    assert look._process is not None
    look._process.wait()
    return look


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("echo", "-n", "page 3"), ["The database is damaged (page 3); `tracker doctor` says"]),
        (("false",), ["Not every page of the database could be looked at."]),
        (("true",), []),
    ],
)
def test_what_a_look_found_is_told_between_two_tasks(
    command: Sequence[str], words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    look = ended(*command)
    with caplog.at_level(logging.WARNING, "tracker.worker"):
        look.step()
        look.step()
    said = [record.getMessage() for record in caplog.records]
    assert [text.startswith(start) for text, start in zip(said, words, strict=True)] == [
        True for _ in words
    ]


def test_nobody_waits_for_a_look_and_it_ends_with_the_worker() -> None:
    look = DailyLook(LASTING)
    for _ in range(3):
        look.step()
    process = look._process
    assert process is not None
    assert process.poll() is None
    look.end()
    assert process.poll() is not None


def test_a_look_that_cannot_begin_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    DailyLook(("/no/such/program",)).step()
    assert "No look at the database can begin" in caplog.text


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("kinds", "until_idle", "looks"),
    [
        (TASKS.keys(), False, True),
        (TASKS.keys() - {"publish"}, False, True),
        (["publish"], False, False),
        (TASKS.keys(), True, False),
    ],
    ids=["all tasks", "all but to publish", "it publishes", "until idle"],
)
def test_a_worker_that_stays_and_does_tasks_looks(
    store: object,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    kinds: Sequence[str],
    until_idle: bool,
    looks: bool,
) -> None:
    begun: list[Sequence[str]] = []
    worker = Worker(settings, kinds)

    class Noted(DailyLook):
        def step(self) -> None:
            begun.append(self._command)
            worker.stopping = True

    monkeypatch.setattr(loop, "DailyLook", Noted)
    worker.look = Noted(())
    worker.run(until_idle=until_idle)
    assert [bool(command) for command in begun] == [looks]
