"""What a clock that was ahead left behind comes back to now; what only waits stays."""

from __future__ import annotations

import pytest

from tests.factories import NOW
from tracker.clock import DAY, HOUR, MINUTE, SECOND
from tracker.store.ahead import end_leases, far_leases, pull_in, put_off
from tracker.store.sql import run
from tracker.store.work import claim, enqueue, extend

pytestmark = pytest.mark.usefixtures("store")
LEASE = 10 * SECOND


@pytest.mark.parametrize(
    ("kind", "state", "wait", "is_pulled_in"),
    [
        ("watch", "due", 66 * SECOND, False),
        ("watch", "due", 300 * DAY, True),
        ("watch", "due", 3 * HOUR, True),
        ("ingest", "due", 10 * MINUTE, False),
        ("ingest", "due", 3 * HOUR, True),
        ("retention", "due", 27 * HOUR, False),
        ("retention", "due", 300 * DAY, True),
        ("publish", "dead", 6 * HOUR, False),
        ("publish", "dead", 300 * DAY, True),
        ("ingest", "done", 300 * DAY, False),
    ],
)
def test_a_task_that_waits_longer_than_any_pause_can_be_made_due_now(
    kind: str, state: str, wait: int, is_pulled_in: bool
) -> None:
    enqueue(kind, "it", due=NOW + wait)
    run("UPDATE work SET state = ?", state)
    pull_in(put_off(NOW, poll_seconds=60), NOW)
    assert run("SELECT due FROM work") == [(NOW if is_pulled_in else NOW + wait,)]


def test_a_look_at_servers_may_be_as_rare_as_the_setting_says() -> None:
    enqueue("watch", "main", due=NOW + DAY)
    assert put_off(NOW, poll_seconds=24 * 3600) == []


def test_a_claim_made_by_a_clock_that_was_ahead_can_be_ended_unless_it_moved() -> None:
    enqueue("poll", "nightly", due=NOW)
    task = claim(["poll"], now=NOW + 300 * DAY, lease_ms=LEASE)
    assert task is not None
    [lease] = far_leases(NOW, LEASE)
    extend(task, now=NOW + 300 * DAY + SECOND, lease_ms=LEASE)
    end_leases([lease], NOW)
    assert claim(["poll"], now=NOW, lease_ms=LEASE) is None
    end_leases(far_leases(NOW, LEASE), NOW)
    again = claim(["poll"], now=NOW, lease_ms=LEASE)
    assert again is not None
    assert again.taken_over
    assert far_leases(NOW, LEASE) == []
