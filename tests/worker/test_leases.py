"""A worker tells leases and tasks of the dead from those of a machine whose clock is ahead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import NOW
from tracker.clock import DAY, SECOND
from tracker.store.sql import run
from tracker.store.work import claim, enqueue, extend
from tracker.worker import leases
from tracker.worker.leases import FarLeases, FarTasks

LEASE = 60 * SECOND
AHEAD = NOW + DAY
FAR = NOW + 9 * DAY


def test_a_lease_beyond_all_is_free_when_it_did_not_move_for_as_long_as_one(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(leases, "monotonic", lambda: clock[0])
    enqueue("poll", "nightly", due=0)
    task = claim(["poll"], now=AHEAD, lease_ms=LEASE)
    assert task is not None
    watch = FarLeases(LEASE)
    for clock[0] in range(0, 300, 10):  # it lives, and says so
        extend(task, now=AHEAD + int(clock[0]) * SECOND, lease_ms=LEASE)
        watch.look(NOW)
        assert claim(["poll"], now=NOW, lease_ms=LEASE) is None
    for clock[0] in range(300, 350, 10):
        watch.look(NOW)
        assert claim(["poll"], now=NOW, lease_ms=LEASE) is None
    clock[0] = 350
    watch.look(NOW)
    assert claim(["poll"], now=NOW, lease_ms=LEASE) is not None


@pytest.mark.parametrize(
    ("kind", "state", "minutes", "still"),
    [
        ("poll", "due", 10, 15),
        ("watch", "due", 60, 135),
        ("tidy", "due", 70, 120),
        ("retention", "due", 27 * 60, 48 * 60),
        ("publish", "dead", 6 * 60, 375),
    ],
)
def test_a_task_that_a_machine_ahead_puts_off_again_and_again_stays_its_own(
    store: Path, monkeypatch: pytest.MonkeyPatch, kind: str, state: str, minutes: int, still: int
) -> None:
    clock = [0.0]
    monkeypatch.setattr(leases, "monotonic", lambda: clock[0])
    enqueue(kind, "it", due=0)
    watch = FarTasks(poll_seconds=3600)
    for due in (FAR, FAR + 1, FAR + 2):  # as rarely as a worker there does it
        run("UPDATE work SET due = ?, state = ?", due, state)
        for waited in (0, minutes - 1):
            clock[0] += 60 * waited
            watch.look(NOW)
        clock[0] += 60
        assert run("SELECT due FROM work") == [(due,)]
    clock[0] += 60 * (still - minutes - 1)
    watch.look(NOW)
    assert run("SELECT due FROM work") == [(FAR + 2,)]
    clock[0] += 60
    watch.look(NOW)
    assert run("SELECT due FROM work") == [(NOW,)]
