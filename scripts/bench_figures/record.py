"""Recording one big report in the store, beside the driver's bare executemany of its rows."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from scripts.bench_figures import data
from scripts.bench_figures.measure import in_turn, seconds
from scripts.bench_figures.parse import read, spooled
from scripts.bench_figures.report import Row, ratio, row, say
from scripts.bench_figures.servers import temporary_home
from scripts.bench_figures.sizes import Sizes
from tracker.store.record import record_build
from tracker.store.records import ReadReport, ResultRow
from tracker.store.sql import run
from tracker.store.sqlite import PRAGMAS


def figures(sizes: Sizes) -> Iterator[Row]:
    """A build whose names are all new, and the next one, which has the same names."""
    with temporary_home() as settings:
        report = read(spooled(settings.spool, data.junit_file(sizes.cases, seed=1)))
    rows = sorted(report.contents.results)
    say(f"record: {len(rows):,} results, {sizes.rounds} rounds")
    taken = in_turn(sizes.rounds, lambda: _floor(rows), lambda: _ours(report))
    yield row("record, floor", taken["floor known"])
    yield row("record, names known", taken["known"])
    yield ratio("record, names known / floor", taken["known"], taken["floor known"])
    yield row("record, all new", taken["new"])
    yield ratio("record, all new / floor", taken["new"], taken["floor new"])


def _ours(report: ReadReport) -> Mapping[str, float]:
    def record(number: int) -> float:
        return seconds(lambda: record_build(data.facts("nightly", number), [report], now=number))

    with temporary_home():
        return {"new": record(1), "known": record(2)}


def _floor(rows: Sequence[ResultRow]) -> Mapping[str, float]:
    """The same rows of two builds into the same table, in order, with the same pragmas."""
    with temporary_home() as settings:
        path = settings.home / "floor.db"
        definitions = run("SELECT sql FROM sqlite_master WHERE tbl_name = 'result' AND sql <> ''")
        with contextlib.closing(_plain_database(path)) as database:
            for (definition,) in definitions:
                database.execute(definition)
            return {
                "floor new": seconds(lambda: _insert(database, 1, rows)),
                "floor known": seconds(lambda: _insert(database, 2, rows)),
            }


def _plain_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    for name, value in PRAGMAS:
        database.execute(f"PRAGMA {name} = {value}")
    return database


def _insert(database: sqlite3.Connection, build: int, rows: Sequence[ResultRow]) -> None:
    database.execute("BEGIN IMMEDIATE")
    database.executemany(
        "INSERT INTO result (build_id, case_id, status, duration, failure_id, detail_id)"
        f" VALUES ({build}, ?, ?, ?, ?, ?)",
        rows,
    )
    database.execute("COMMIT")
