"""The heartbeat goes on whatever the store says."""

from __future__ import annotations

import threading

import peewee
import pytest

from tracker.errors import Busy, StorageError
from tracker.worker import heartbeat
from tracker.worker.heartbeat import Heartbeat


@pytest.mark.parametrize(
    "trouble",
    [
        Busy("A backup is being restored."),
        StorageError("No locks."),
        peewee.InternalError("XX000: unexpected chunk number"),
    ],
)
def test_it_beats_on_whatever_the_store_says(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    troubles = [trouble]
    beaten = threading.Event()

    def beat(*_: object, **__: object) -> None:
        if troubles:
            raise troubles.pop()
        beaten.set()

    monkeypatch.setattr(heartbeat.heartbeats, "beat", beat)
    one = Heartbeat("here:1", ("poll",), lease_ms=4)
    one.start()
    assert beaten.wait(30)
    one.stop()
