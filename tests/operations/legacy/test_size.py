"""A database of the size that its users have: 240,000 results in 240 builds of eight modules."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.legacy.odd import make
from tracker.intake.ingest import Intake
from tracker.operations.legacy.against import compare
from tracker.operations.legacy.take_over import take_over

BUILDS, TESTS, MODULES = 30, 1000, 4


def rows(job: int, module: int, rng: random.Random) -> Iterator[tuple[object, ...]]:
    """The results of one build: 4 % failed, 3 % skipped."""
    for test in range(TESTS):
        status = rng.choices(("PASSED", "FAILED", "SKIPPED"), (93, 4, 3))[0]
        failed = status == "FAILED"
        yield (
            job,
            f"net/tests/m{module}/test_{test // 20}.py",
            f"Test{test // 20}",
            f"test_case_{test:04d}",
            status,
            f"10.1.0.{test % 16}",
            ("5s", "3s")[test % 2],
            test,
            int(failed and test % 5 == 0),
            f"E: {rng.randint(0, 99)}\n\nline {rng.randint(1, 50)}" if failed else None,
        )


def fill(path: Path) -> None:
    releases = [{"id": each, "name": f"{each}.0", "is_active": 1} for each in (1, 2)]
    modules = [
        {"id": release * 10 + module, "release_id": release, "name": f"m{module}"}
        for release in (1, 2)
        for module in range(MODULES)
    ]
    jobs = [
        {"id": module["id"] * 100 + number, "module_id": module["id"], "job_id": str(number)}
        for module in modules
        for number in range(1, BUILDS + 1)
    ]
    make(path, releases=releases, modules=modules, jobs=jobs)
    columns = "job_id, file_path, class_name, test_name, status, setup_ip, jenkins_topology"
    insert = (
        f"INSERT INTO test_results ({columns}, order_index, was_rerun, failure_message)"
        f" VALUES ({', '.join('?' * 10)})"
    )
    connection = sqlite3.connect(path)
    rng = random.Random(1)
    for job in jobs:
        connection.executemany(insert, rows(int(job["id"]), int(job["module_id"]) % 10, rng))
    connection.execute(
        "UPDATE jobs SET total = 1000, passed = n.p, failed = n.f, skipped = 1000 - n.p - n.f FROM"
        " (SELECT job_id j, sum(status = 'PASSED') p, sum(status = 'FAILED') f FROM test_results"
        " GROUP BY job_id) n WHERE n.j = jobs.id"
    )
    connection.commit()
    connection.close()


@pytest.mark.nightly
def test_all_of_it_is_taken_over_and_a_second_time_none_of_it(
    tmp_path: Path, intake: Intake
) -> None:
    fill(tmp_path / "large.db")
    summary = take_over(tmp_path / "large.db", intake)
    assert summary.found["results"] == 2 * MODULES * BUILDS * TESTS
    assert summary.builds == {"new": 2 * MODULES * BUILDS}
    assert compare(tmp_path / "large.db").is_clean
    assert take_over(tmp_path / "large.db", intake).builds == {"known": 2 * MODULES * BUILDS}
