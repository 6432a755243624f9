"""Random bytes in the database: each command says so in words, and none takes it for a bug.

What SQLite sees in a look at every page keeps everybody from writing. What it cannot see, since
its pages have no checksums, is a byte within a text or a number; there whatever stumbles over it
says so.
"""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.commands import run_command
from tests.counts import RecordCount
from tests.factories import cluster_all, history, judge_all
from tests.faults.random_bytes import spoilt
from tests.reports import junit
from tracker.cli import exits
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.engine import engine

pytestmark = pytest.mark.sqlite

FEW = (("dump",), ("validate",), ("backup",), ("doctor",))
ALL = (
    *FEW,
    ("job", "list"),
    ("family", "list"),
    ("compare", "nightly", "1", "2"),
    ("readiness",),
    ("export", "-"),
    ("publish",),
)
Commands = tuple[tuple[str, ...], ...]
STORAGE = 3


@dataclass
class Tried:
    """A database of many, the reports of an upload, and what became of damaged files so far."""

    settings: Settings
    whole: bytes
    report: Path
    found: int = 0
    refused: int = 0
    bugs: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    def say(self, *words: str) -> int:
        """What a command ends with; a bug is kept."""
        said = run_command(*words)
        close_store()
        if said.code == exits.BUG:
            self.bugs.append(f"{words[0]}: {said.err}")
        return said.code

    def write(self) -> int:
        """What an upload ends with."""
        return self.say("ingest", "--job", "nightly", "--build", "99", str(self.report))

    def try_all(self, seed: int, commands: Commands) -> None:
        """Damage the file, ask and write; a page that is spoilt and in use is told by a look."""
        for path in self.settings.home.glob("tracker.*"):
            path.unlink()
        database = self.settings.database
        database.write_bytes(spoilt(self.whole, seed))
        codes = {words[0]: self.say(*words) for words in commands}
        if look(database):
            self.found += 1
            before = settled(database)
            self.refused += self.write() == STORAGE
            if seed % 10 == 1:
                codes["worker"] = self.say("worker", "--until-idle")
            if settled(database) != before:
                self.silent.append(f"{seed}: it was written to")
            quiet = [name for name in ("doctor", "backup", "worker") if codes.get(name) == 0]
            self.silent += [f"{seed}: {name}" for name in quiet]
        else:
            self.write()


def settled(database: Path) -> bytes:
    """The file, with what its log has of commands before."""
    gc.collect()  # a command that failed may have left a reader, which keeps the log
    with (
        contextlib.suppress(sqlite3.DatabaseError, UnicodeDecodeError),
        contextlib.closing(sqlite3.connect(database)) as file,
    ):
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.read_bytes()


def look(database: Path) -> bool:
    """Whether a worker that starts would find damage, or could not even open the file."""
    try:
        open_store(database)
        return bool(engine().look_for_damage(lambda: False))
    except Exception:  # noqa: BLE001 - in whatever words
        return True
    finally:
        close_store()


@pytest.fixture
def tried(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Tried:
    """A history in a file of some hundred pages, for the commands of this process."""
    for name, folder in (("HOME", settings.home), ("OUTPUT", settings.output)):
        monkeypatch.setenv(f"TRACKER_{name}", str(folder))
    settings.home.mkdir()
    open_store(settings.store)
    history("nightly", **{f"case{number}": "P F F P F E" for number in range(20)})
    judge_all()
    cluster_all()
    close_store()
    report = tmp_path / "r.xml"
    report.write_bytes(junit(a="P"))
    return Tried(settings, settings.database.read_bytes(), report)


def try_many(tried: Tried, seeds: int, commands: Commands, record_count: RecordCount) -> None:
    """Every seed; then say what became of them."""
    for seed in range(seeds):
        tried.try_all(seed, commands)
    record_count(
        "P7",
        damaged_files=seeds,
        found_by_a_look=tried.found,
        kept_from_writing=tried.refused,
        taken_for_bugs=len(tried.bugs),
    )
    assert tried.bugs == []
    assert tried.silent == []
    assert tried.refused == tried.found >= seeds // 2


def test_random_bytes_in_two_databases_are_told(tried: Tried, record_count: RecordCount) -> None:
    try_many(tried, 2, FEW, record_count)


@pytest.mark.nightly
def test_random_bytes_in_a_hundred_databases_are_told(
    tried: Tried, record_count: RecordCount
) -> None:
    try_many(tried, 100, ALL, record_count)
