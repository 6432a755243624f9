"""The disk fails at one call, or from one call on: what was acknowledged is there, nothing is half.

strace makes a call of the uploading process fail, at every place where there is one; after that the
same builds are uploaded again without any fault, and must end in the state of an undisturbed run.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, environ_of
from tests.counts import RecordCount
from tests.faults.uploader import CASES, upload
from tracker.queries import dump
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store

BUILDS = 2
CALLS = ("pwrite64", "fdatasync", "fsync", "write")
# What fails how: a database file or a log (pwrite64) and a file of the spool (write) that cannot be
# written, and any of them that cannot be made durable.
FAULTS = (
    ("write", "EIO"),
    ("write", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
)


@dataclass(frozen=True)
class Outcome:
    """What an uploading process said: builds acknowledged and refused, and how it ended."""

    acknowledged: frozenset[int]
    refused: frozenset[int]
    code: int
    errors: str


@pytest.fixture(scope="module", autouse=True)
def _strace(tmp_path_factory: pytest.TempPathFactory) -> None:
    """strace may be missing, or be forbidden to look at other processes."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    log = tmp_path_factory.mktemp("strace") / "log"
    if subprocess.run(["strace", "-o", str(log), "true"], capture_output=True).returncode:
        pytest.skip("strace may not trace processes here")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty, migrated database, to be copied."""
    home = tmp_path_factory.mktemp("empty") / "home"
    open_store(home / "tracker.db")
    close_store()
    return home


def run_uploader(home: Path, *strace: str) -> Outcome:
    """Upload all builds, under strace where there are options for it."""
    settings = Settings.load({}, home=home, output=home / "output")
    traced = ["strace", "-o", str(home.with_suffix(".trace")), *strace] if strace else []
    process = subprocess.run(
        [*traced, sys.executable, "-m", "tests.faults.uploader", str(home), str(BUILDS)],
        cwd=ROOT,
        env=environ_of(settings),
        capture_output=True,
        text=True,
        timeout=120,
    )
    said = [line.split() for line in process.stdout.splitlines()]
    numbers = {
        word: frozenset(int(number) for each, number in said if each == word)
        for word in ("ok", "no")
    }
    return Outcome(numbers["ok"], numbers["no"], process.returncode, process.stderr)


@pytest.fixture(scope="module")
def places(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """At which calls of each kind an undisturbed process writes, or makes durable, what it keeps.

    Of `write` the others are to pipes: what it says, and what it has its parsing child read.
    """
    home = Path(shutil.copytree(empty, tmp_path_factory.mktemp("calls") / "home"))
    run_uploader(home, "-y", "-e", f"trace={','.join(CALLS)}")
    found: dict[str, list[int]] = {call: [] for call in CALLS}
    counted: Counter[str] = Counter()
    for line in home.with_suffix(".trace").read_text().splitlines():
        call = line.partition("(")[0]
        counted[call] += 1
        if f"<{home}" in line:
            found[call].append(counted[call])
    return found


def injections(call: str, error: str, places: Iterable[int], onwards: Iterable[int]) -> list[str]:
    """A fault at each place alone, and from some on for ever."""
    alone = [f"{call}:error={error}:when={place}" for place in places]
    # From one `write` on the process could not even say what became of its uploads.
    for_ever = [] if call == "write" else onwards
    return [*alone, *(f"{call}:error={error}:when={place}+" for place in for_ever)]


@pytest.fixture(scope="module")
def reference(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The state where nothing ever failed."""
    return state_after_all(Path(shutil.copytree(empty, tmp_path_factory.mktemp("calm") / "home")))


def state_after_all(home: Path) -> list[str]:
    """The canonical state once all builds were uploaded, or uploaded again, without a fault."""
    settings = Settings.load({}, home=home, output=home / "output")
    open_store(settings.store)
    try:
        for number in range(1, BUILDS + 1):
            upload(settings, number)
        return list(dump.lines())
    finally:
        close_store()


def results(home: Path) -> dict[int, int]:
    """How many results each build that is visible has."""
    with closing(sqlite3.connect(home / "tracker.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(
            file.execute(
                "SELECT b.number, (SELECT count(*) FROM result WHERE build_id = b.id) FROM build b"
            )
        )


def check_one(empty: Path, home: Path, injection: str, reference: Sequence[str]) -> Outcome:
    """One fault: nothing acknowledged is lost, nothing is half, and another try mends all."""
    shutil.copytree(empty, home)
    call = injection.partition(":")[0]
    outcome = run_uploader(home, "-e", f"trace={call}", "-e", f"inject={injection}")
    assert outcome.code == 0, f"{injection}: a bug ended the process:\n{outcome.errors}"
    found = results(home)
    assert outcome.acknowledged <= set(found), f"{injection}: lost"
    assert set(found.values()) <= {CASES}, f"{injection}: half a build is visible"
    assert state_after_all(home) == reference, f"{injection}: another state"
    shutil.rmtree(home)
    return outcome


def sweep(
    empty: Path, folder: Path, injections: Iterable[str], reference: Sequence[str]
) -> dict[str, int]:
    """How many faults there were, and how many uploads were acknowledged and refused."""
    outcomes = [check_one(empty, folder / "home", each, reference) for each in injections]
    return {
        "faults": len(outcomes),
        "acknowledged": sum(len(outcome.acknowledged) for outcome in outcomes),
        "refused": sum(len(outcome.refused) for outcome in outcomes),
        "lost": 0,
    }


@pytest.mark.parametrize(
    ("call", "error", "onwards"),
    # Once, or from there on: an error that passes, and a disk that stays full or is gone.
    [(*fault, place > 2) for place, fault in enumerate(FAULTS)],
)
def test_a_call_that_fails_loses_nothing_acknowledged(
    empty: Path,
    tmp_path: Path,
    call: str,
    error: str,
    onwards: bool,
    places: dict[str, list[int]],
    reference: list[str],
    record_count: RecordCount,
) -> None:
    place = places[call][len(places[call]) * 2 // 3]
    chosen = ([], [place]) if onwards else ([place], [])
    figures = sweep(empty, tmp_path, injections(call, error, *chosen), reference)
    record_count("P1", **figures)
    assert figures["refused"], "no fault reached the uploads"


@pytest.mark.nightly
@pytest.mark.parametrize(("call", "error"), FAULTS)
def test_no_call_of_all_that_fails_loses_anything_acknowledged(
    empty: Path,
    tmp_path: Path,
    call: str,
    error: str,
    places: dict[str, list[int]],
    reference: list[str],
    record_count: RecordCount,
) -> None:
    # To SQLite a full disk is one more error of a call: each second place will do.
    step = 2 if (call, error) == ("pwrite64", "ENOSPC") else 1
    every = places[call][::step]
    figures = sweep(empty, tmp_path, injections(call, error, every, every[::5]), reference)
    record_count("P1", **figures)
    assert figures["refused"], "no fault reached the uploads"
