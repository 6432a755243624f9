"""Judging the newest build of a big job, beside reading its history: processor time and memory.

The history is made of rows, not of reports: 97 % of its cases fail once in 1,000 nights, 2 % at
2 %, 0.8 % at 10 % and 0.2 % at 30 %; how long a case takes varies by a tenth from night to night.
The newest build is judged once as it is, once with some cases gone that nothing explains, and once
with three of its ten reports gone.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Shape, Sizes
from tracker.store.connection import close_store, open_store, writing
from tracker.store.judging import judge_from, rebuild
from tracker.store.models import Build, Job, Report
from tracker.store.outcomes import Place
from tracker.store.sql import run, run_many

REPORTS = 10
GONE = 500
# What is measured, the newest build being the only parameter, and how it comes about.
LOSSES = {
    "judge, the newest build": (),
    f"judge, {GONE} cases gone": (
        "DELETE FROM result WHERE build_id = ?1 AND case_id IN (SELECT case_id FROM result"
        f" WHERE build_id = ?1 ORDER BY duration, case_id LIMIT {GONE})",
    ),
    f"judge, 3 of {REPORTS} reports gone": (
        "DELETE FROM result WHERE build_id = ?1 AND report < 3",
        "DELETE FROM report WHERE build_id = ?1 AND n < 3",
    ),
}
RATES = ((0.001, 0.97), (0.02, 0.02), (0.1, 0.008), (0.3, 0.002))
DAY = 24 * 3600 * 1000


def figures(sizes: Sizes) -> Iterator[Row]:
    """The last build judged again, in a process of its own, with all before it judged."""
    with temporary_home() as settings:
        say(f"judge: {sizes.judged.builds} builds of {sizes.judged.cases:,} cases")
        _fill(sizes.judged)
        rebuild()
        close_store()
        measured = {name: _in_a_child(settings.database, loss) for name, loss in LOSSES.items()}
        open_store(settings.store)
    for name, (taken, added) in measured.items():
        yield row(f"{name}, processor time", taken)
        yield row(f"{name}, memory", added)


def _fill(shape: Shape) -> None:
    chance = random.Random(5)
    rates = [rate for rate, share in RATES for _ in range(round(shape.cases * share))]
    usual = [chance.lognormvariate(6, 1) for _ in rates]
    with writing():
        job = Job.create(name="big")
        run("INSERT INTO suite (id, path) VALUES (1, 'suite')")
        run_many(
            "INSERT INTO test_case (id, suite_id, name, variant, twin) VALUES (?, 1, ?, '', 0)",
            [(case, f"test {case}") for case in range(1, len(rates) + 1)],
        )
        run("INSERT INTO failure (id, type, message, trace) VALUES (1, 'E', 'it failed', '')")
    for number in range(1, shape.builds + 1):
        with writing():
            build = Build.create(
                job=job,
                number=number,
                state="finished",
                complete=True,
                total=len(rates),
                started=number * DAY,
            )
            size = -(-len(rates) // REPORTS)
            for n in range(REPORTS):
                Report.create(build=build, name=f"{n}.xml", n=n, sha256="", bytes=0, cases=size)
            run_many(
                "INSERT INTO result"
                " (build_id, case_id, status, duration, failure_id, report, place)"
                f" VALUES ({build.id}, ?, ?, ?, ?, ?, ?)",
                [
                    (at + 1, int(failed), took, 1 if failed else None, at // size, at % size)
                    for at, (rate, long) in enumerate(zip(rates, usual, strict=True))
                    for failed, took in [(chance.random() < rate, _varied(long, chance))]
                ],
            )


def _varied(long: float, chance: random.Random) -> int:
    return int(long * chance.uniform(0.9, 1.1))


def _in_a_child(database: Path, loss: Sequence[str]) -> tuple[float, float]:
    """Seconds and added MB of judging the newest build after a loss, in a process that did nothing
    before.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_judge, args=(database, loss, theirs))
    child.start()
    taken, added = ours.recv()
    child.join()
    return taken, added


def _judge(database: Path, loss: Sequence[str], answer: Connection) -> None:
    open_store(database)
    [(job, build, epoch, number)] = run(
        "SELECT job_id, id, epoch, number FROM build ORDER BY number DESC LIMIT 1"
    )
    with writing():
        for statement in loss:
            run(statement, build)
    # A new process has the peak of the one that made it: forget that.
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before, start = _peak(), time.process_time()
    with writing():
        judge_from(job, Place(build, epoch, number))
    answer.send((time.process_time() - start, _peak() - before))


def _peak() -> float:
    """The most memory that this process had since that was forgotten, in MB."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
