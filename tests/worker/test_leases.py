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


def test_a_task_that_a_machine_ahead_puts_off_again_and_again_stays_its_own(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(leases, "monotonic", lambda: clock[0])
    enqueue("watch", "main", due=AHEAD)
    watch = FarTasks(60)
    for clock[0] in range(0, 900, 10):  # done each minute by a worker there
        due = AHEAD + int(clock[0]) // 60 * 60 * SECOND
        run("UPDATE work SET due = ?", due)
        watch.look(NOW)
        assert run("SELECT due FROM work") == [(due,)]
    for clock[0] in (1190, 1200):  # nobody has done it since
        watch.look(NOW)
    assert run("SELECT due FROM work") == [(NOW,)]
