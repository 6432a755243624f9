"""Taking over a database of the earlier application, and doing so again when nothing is new."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from scripts.bench_figures.measure import seconds
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Shape, Sizes
from tracker.intake.ingest import Intake
from tracker.operations.legacy.tables import SCHEMA, TABLES
from tracker.operations.legacy.take_over import take_over

_RESULT = (
    "INSERT INTO test_results (job_id, file_path, class_name, test_name, status, jenkins_topology,"
    " order_index, failure_message) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


def figures(sizes: Sizes) -> Iterator[Row]:
    """As `tracker import-legacy` does it, twice."""
    shape = sizes.taken_over
    with temporary_home() as settings:
        say(f"legacy: {shape.jobs} modules of {shape.builds} builds of {shape.cases:,} results")
        path = settings.home / "earlier.db"
        fill(path, shape)
        intake = Intake.of(settings)
        first = seconds(lambda: take_over(path, intake))
        again = seconds(lambda: take_over(path, intake))
    yield row("legacy, results", shape.results)
    yield row("legacy, taking them over", first)
    yield row("legacy, when nothing is new", again)


def fill(path: Path, shape: Shape) -> None:
    """A file of one release; 4 % of the results failed, 3 % were skipped."""
    chance = random.Random(1)
    with closing(sqlite3.connect(path)) as file, file:
        for table, kind in TABLES.items():
            known = (*kind._fields, *(["job_id"] if table == "test_results" else []))
            file.execute(f"CREATE TABLE {table} ({', '.join(dict.fromkeys(known))})")
        file.execute("CREATE TABLE alembic_version (version_num)")
        file.execute("INSERT INTO alembic_version VALUES (?)", (SCHEMA,))
        file.execute("INSERT INTO releases (id, name, is_active) VALUES (1, '7.0', 1)")
        for module in range(1, shape.jobs + 1):
            file.execute(
                "INSERT INTO modules (id, release_id, name) VALUES (?, 1, ?)",
                (module, f"m{module}"),
            )
            for number in range(1, shape.builds + 1):
                job = module * 1000 + number
                file.execute(
                    "INSERT INTO jobs (id, module_id, job_id) VALUES (?, ?, ?)",
                    (job, module, str(number)),
                )
                file.executemany(_RESULT, _results(job, module, shape.cases, chance))


def _results(
    job: int, module: int, cases: int, chance: random.Random
) -> Iterator[tuple[object, ...]]:
    for test in range(cases):
        [status] = chance.choices(("PASSED", "FAILED", "SKIPPED"), (93, 4, 3))
        suite, topology = test // 20, ("5s", "3s")[test % 2]
        message = f"E: {chance.randint(0, 99)}\n\nline 7" if status == "FAILED" else None
        file, name = f"net/tests/m{module}/test_{suite}.py", f"test_case_{test:04d}"
        yield (job, file, f"Test{suite}", name, status, topology, test, message)
