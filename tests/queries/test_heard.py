"""When reports of jobs last came: of those that more are waited for, by their own pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import junit
from tests.factories import DAY, NOW, record, report
from tracker.clock import now_ms
from tracker.queries.heard import last_heard
from tracker.store.records import BuildFacts
from tracker.store.sql import run

NIGHTLY, WEEKLY = range(20), range(0, 140, 7)
HOURLY = [0, *(80 + hour / 24 for hour in range(11))]


def recorded(days: Sequence[float]) -> None:
    """Builds of a job on these days."""
    for number, day in enumerate(days, 1):
        record(BuildFacts("n", number), report(a="P"), now=NOW + int(day * DAY))


def patience(silent_days: float) -> float | None:
    """For how many days the job may be silent, after so many; None where nobody waits for it."""
    [(last,)] = run("SELECT max(heard) FROM build")
    found = last_heard(int(last + silent_days * DAY))
    return found["n"].patience / DAY if found else None


@pytest.mark.parametrize(
    ("days", "silent", "expected"),
    [
        (NIGHTLY, 2, 3),
        (NIGHTLY, 18, 3),
        (NIGHTLY, 20, None),  # longer than it was built
        (WEEKLY, 6, 21),
        (WEEKLY, 100, 21),
        (WEEKLY, 134, None),
        (HOURLY, 3, 2),
        (HOURLY, 19, 2),
        (HOURLY, 21, None),  # ten times its patience
        ([0, 0.1, 0.2], 1, 2),
        ([0, 0.1, 0.2], 2.1, None),  # a branch of some hours
        ([0], 1.9, 2),
        ([0], 2.1, None),
    ],
)
def test_a_job_is_waited_for_by_its_own_pace(
    days: Sequence[float], silent: float, expected: float | None, store: Path
) -> None:
    recorded(days)
    found = patience(silent)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_when_reports_came_is_known_for_each_job(
    client: FlaskClient, upload: Callable[..., Any]
) -> None:
    before = now_ms()
    upload(junit(a="P"), job="n", build=1)
    upload(junit(a="P"), job="n", build=2)
    found = last_heard(now_ms())
    assert list(found) == ["n"]
    assert before <= found["n"].last <= now_ms()


@pytest.mark.parametrize("standing", ["disabled", "deleted"])
def test_nobody_waits_for_reports_of_a_job_that_runs_no_more(
    client: FlaskClient, upload: Callable[..., Any], standing: str
) -> None:
    for job in ("n", "old"):
        upload(junit(a="P"), job=job, build=1)
    run("UPDATE job SET standing = ?, standing_since = 1 WHERE name = 'old'", standing)
    assert list(last_heard(now_ms())) == ["n"]
