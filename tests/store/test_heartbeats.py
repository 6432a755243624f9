"""Signs of life: a worker is known by them until it retires, or was silent for long."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tracker.clock import SECOND
from tracker.queries.system import WorkerRow, workers
from tracker.store.heartbeats import beat, retire

pytestmark = pytest.mark.usefixtures("store")


def test_a_worker_says_that_it_lives_until_it_retires() -> None:
    beat("one", now=NOW)
    beat("one", now=NOW + 1, doing="reading", kinds=["poll", "ingest"])
    assert workers() == [WorkerRow("one", NOW + 1, "reading", ("tasks",))]
    retire("one")
    assert workers() == []


def test_a_worker_silent_for_a_day_is_forgotten() -> None:
    beat("old", now=NOW)
    beat("new", now=NOW + 86_401 * SECOND)
    assert [row.name for row in workers()] == ["new"]
