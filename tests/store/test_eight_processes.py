"""Eight processes that record the same builds at once: each build exactly once, no error."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.examples import examples
from tests.factories import judge_all, report, upload
from tests.forked import CONTEXT
from tests.reports import junit
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.spool import SpooledReport
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.records import BuildFacts, Recorded

BUILDS = examples(12, 40)
Outcome = tuple[int, int, str]


def letters(number: int) -> dict[str, str]:
    """What 30 cases did in a build."""
    draw = random.Random(number)
    return {f"case{place}": draw.choice("PPPPFES") for place in range(30)}


def record_prepared(_home: Path, number: int) -> list[Recorded]:
    """Two reports of one build, as two uploads."""
    cases = letters(number)
    first = upload("nightly", number, report("a.xml", **cases))
    second = upload("nightly", number, report("b.xml", suite="t", **cases), complete=True)
    return [first, second]


def ingest_files(home: Path, number: int) -> list[Recorded]:
    """One upload of bytes, read by a parsing child."""
    settings = Settings.load({}, home=home)
    kept = spool.store(settings.spool, [junit(**letters(number))])
    reports = [SpooledReport(kept.path, "a.xml", kept.sha256, kept.size)]
    done = ingest(Intake.of(settings), BuildFacts("nightly", number), reports, now=number)
    return [done.recorded]


def work(
    home: Path, seed: int, builds: int, one: Callable[[Path, int], list[Recorded]], said: Any
) -> None:
    """A process: all builds in an order of its own; it tells what it made, or its error."""
    try:
        open_store(home / "tracker.db")
        numbers = random.Random(seed).sample(range(1, builds + 1), builds)
        done = [recorded for number in numbers for recorded in one(home, number)]
        added = sum(len(recorded.added) for recorded in done)
        said.put((sum(recorded.created for recorded in done), added, ""))
    except Exception:  # noqa: BLE001 - the test tells what it was
        said.put((0, 0, traceback.format_exc()))


def run_processes(
    home: Path, count: int, builds: int, one: Callable[[Path, int], list[Recorded]]
) -> list[Outcome]:
    said = CONTEXT.Queue()
    processes = [
        CONTEXT.Process(target=work, args=(home, seed, builds, one, said)) for seed in range(count)
    ]
    for process in processes:
        process.start()
    outcomes: list[Outcome] = [said.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    return outcomes


def state_of(home: Path) -> list[str]:
    open_store(home / "tracker.db")
    judge_all()
    found = list(lines())
    close_store()
    return found


def in_one_process(
    home: Path, builds: int, one: Callable[[Path, int], list[Recorded]]
) -> list[str]:
    open_store(home / "tracker.db")
    for number in range(1, builds + 1):
        one(home, number)
    close_store()
    return state_of(home)


def test_eight_processes_record_each_build_once(tmp_path: Path) -> None:
    outcomes = run_processes(tmp_path / "eight", 8, BUILDS, record_prepared)
    assert [error for _, _, error in outcomes if error] == []
    assert sum(created for created, _, _ in outcomes) == BUILDS
    assert sum(added for _, added, _ in outcomes) == 2 * BUILDS
    assert state_of(tmp_path / "eight") == in_one_process(tmp_path / "one", BUILDS, record_prepared)


def test_four_processes_ingest_the_same_files_once(tmp_path: Path) -> None:
    outcomes = run_processes(tmp_path / "four", 4, 3, ingest_files)
    assert [error for _, _, error in outcomes if error] == []
    assert sum(created for created, _, _ in outcomes) == 3
    assert sum(added for _, added, _ in outcomes) == 3
    assert state_of(tmp_path / "four") == in_one_process(tmp_path / "one", 3, ingest_files)
