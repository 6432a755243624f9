"""`tracker publish` beside a worker that publishes, or without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import run_command
from tests.conftest import environ_of
from tests.factories import history
from tracker.errors import StorageError
from tracker.settings import Settings
from tracker.store.connection import open_store
from tracker.store.work import asked_for


@pytest.fixture
def asked(settings: Settings, store: Path | str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A tracker that has something to publish, and a task that waits for a worker."""
    for name, value in environ_of(settings).items():
        monkeypatch.setenv(name, value)
    history("nightly", login="P F")
    assert asked_for("publish", "site")
    return settings


def test_what_is_published_waits_for_no_worker(asked: Settings) -> None:
    assert run_command("publish").code == 0
    open_store(asked.store)
    assert not asked_for("publish", "site")


def test_a_database_that_cannot_be_written_is_published_all_the_same(
    asked: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StorageError("The database cannot be written.", "Name the primary server.")

    monkeypatch.setattr("tracker.store.work.forget", refuse)
    said = run_command("publish", "--check", "--json")
    assert (said.code, said.json["is_new"]) == (0, True)
    assert "stays on the queue: The database cannot be written." in said.err
