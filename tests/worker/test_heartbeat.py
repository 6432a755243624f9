"""The heartbeat goes on whatever the store says."""

from __future__ import annotations

import threading

import pytest

from tracker.errors import Busy, StorageError, TrackerError
from tracker.worker import heartbeat
from tracker.worker.heartbeat import Heartbeat


def test_it_beats_on_when_the_store_cannot_be_used_or_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trouble: list[TrackerError] = [Busy("A backup is being restored."), StorageError("No locks.")]
    beaten = threading.Event()

    def beat(*_: object, **__: object) -> None:
        if trouble:
            raise trouble.pop()
        beaten.set()

    monkeypatch.setattr(heartbeat.heartbeats, "beat", beat)
    one = Heartbeat("here:1", ("poll",), lease_ms=4)
    one.start()
    assert beaten.wait(30)
    one.stop()
