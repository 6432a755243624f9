"""Made-up jobs."""

from __future__ import annotations

from tracker.verdicts.benchmark.histories import job


def test_a_job_is_the_same_for_the_same_seed():
    assert job(7) == job(7)
