"""What commands share: a worker's task is done by a command while no worker does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.cli.shared import held
from tracker.clock import now_ms
from tracker.errors import Busy
from tracker.store.sql import run
from tracker.store.work import claim


def test_a_command_goes_on_while_the_task_is_its_own(home: Path) -> None:
    with held("poll", "nightly", 60) as beat:
        beat("reading nightly #1")
    assert run("SELECT count(*) FROM work") == [(0,)]


def test_a_command_that_lost_its_task_to_a_worker_ends_and_leaves_it_alone(home: Path) -> None:
    later = now_ms() + 120_000

    def stand_still() -> None:
        with held("poll", "nightly", 60) as beat:
            assert claim(("poll",), now=later, lease_ms=60_000) is not None
            beat("reading nightly #1")

    with pytest.raises(Busy, match="A worker took over 'nightly'"):
        stand_still()
    assert run("SELECT lease_until >= ? FROM work", later + 60_000) == [(True,)]
