"""Many processes that record at the same time: none of them is ever refused.

The time that the slowest of a hundred waits is counted, and printed with the other figures.
"""

from __future__ import annotations

import itertools
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.counts import RecordCount
from tests.factories import report, upload
from tests.forked import CONTEXT
from tracker.queries.select import select
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store


def work(store: Path | str, job: str, builds: int, cases: int, said: Any) -> None:
    """A process: its builds, and how long each took (s) or what went wrong."""
    took: list[float] = []
    try:
        open_store(store)
        reports = [
            report(f"{letters}.xml", **{f"c{place}": letters[place % 4] for place in range(cases)})
            for letters in ("PPPP", "PFPP", "PPSP")
        ]
        for number, made in zip(range(1, builds + 1), itertools.cycle(reports), strict=False):
            began = time.perf_counter()
            upload(job, number, made)
            took.append(time.perf_counter() - began)
    except Exception:  # noqa: BLE001 - the test tells what it was
        said.put((took, traceback.format_exc()))
    else:
        said.put((took, ""))


def record_together(
    store: Path | str, processes: int, builds: int, cases: int
) -> tuple[list[float], list[str]]:
    """How long each recording took, shortest first, and all errors."""
    said = CONTEXT.Queue()
    started = [
        CONTEXT.Process(target=work, args=(store, f"job{place}", builds, cases, said))
        for place in range(processes)
    ]
    for process in started:
        process.start()
    outcomes = [said.get(timeout=1200) for _ in started]
    for process in started:
        process.join()
    took = sorted(seconds for each, _ in outcomes for seconds in each)
    return took, [error for _, error in outcomes if error]


def record_and_look(
    settings: Settings, processes: int, builds: int, cases: int, record_count: RecordCount
) -> None:
    """Every build is recorded once, whole, without an error."""
    open_store(settings.store)
    close_store()
    took, errors = record_together(settings.store, processes, builds, cases)
    p99 = 1000 * took[int(0.99 * (len(took) - 1))]
    record_count("P5", ingests=len(took), processes=processes, errors=len(errors), ms_at_p99=p99)
    assert errors == []
    open_store(settings.store)
    try:
        whole_ones = "count(*) FILTER (WHERE total = ?)"
        [(found, whole)] = select(f"SELECT count(*), {whole_ones} FROM build", cases)
    finally:
        close_store()
    assert (found, whole) == (processes * builds, processes * builds)


def test_four_processes_record_without_an_error(
    settings: Settings, record_count: RecordCount
) -> None:
    record_and_look(settings, 4, 30, 100, record_count)


@pytest.mark.nightly
def test_sixteen_processes_record_400_builds_each_without_an_error(
    settings: Settings, record_count: RecordCount
) -> None:
    record_and_look(settings, 16, 400, 500, record_count)
