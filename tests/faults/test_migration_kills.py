"""`kill -9` in the middle of each migration: the old schema is there or the new one, and all data.

A database of the version before is upgraded by a process that is killed a moment later, over and
over; then the upgrade is done again and must end where one that nobody disturbed ends.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from peewee import SqliteDatabase
from playhouse.migrations import Runner

from tests.conftest import ROOT
from tests.counts import RecordCount
from tests.store.test_migrations import BROKEN, DATA, FOLDER
from tracker.store.connection import close_store, open_store, schema_state
from tracker.store.models import database

MIGRATIONS = sorted(path.name for path in FOLDER.glob("[0-9]*.py"))
# What is written once a migration was applied, so that those after it have something to keep.
DATA_AFTER = {
    "0002": DATA + "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    " INSERT INTO result (build_id, case_id, status) SELECT 1, i, i % 4 FROM n;",
    "0004": BROKEN,
    "0011": "INSERT INTO audit (at, who, address, what, subject, outcome) VALUES"
    " (5, 'ci', '', 'imported', 'nightly', ''), (9, 'ci', '', 'raw reports let go', 'spool', '');",
}


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of every version (`0000.db` is empty), and a folder of the migrations up to it."""
    folder = tmp_path_factory.mktemp("versions")
    path = folder / "made.db"
    path.touch()
    shutil.copy(path, folder / "0000.db")
    for name in MIGRATIONS:
        version = name[:4]
        known = folder / version
        known.mkdir()
        for earlier in MIGRATIONS[: MIGRATIONS.index(name) + 1]:
            shutil.copy(FOLDER / earlier, known)
        _upgrade(path, known)
        shutil.copy(path, folder / f"{version}.db")
    return folder


def _upgrade(path: Path, known: Path) -> None:
    """Apply what the folder knows; then write the data of that version."""
    database.initialize(SqliteDatabase(str(path)))
    with closing(database), database.connection_context():
        Runner(database, str(known)).up()
    with closing(sqlite3.connect(path)) as file:
        file.executescript(DATA_AFTER.get(known.name, ""))


@pytest.fixture(scope="module")
def forker() -> Iterator[subprocess.Popen[str]]:
    """The process that starts and kills; see its file."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.forker"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def open_and_kill(
    forker: subprocess.Popen[str], known: Path, path: Path | str, seconds: float
) -> tuple[float, bool]:
    """How long the child that opened the database ran, and whether it ended by itself."""
    assert forker.stdin is not None
    assert forker.stdout is not None
    forker.stdin.write(f"{known}\t{path}\t{seconds}\n")
    forker.stdin.flush()
    took, how = forker.stdout.readline().split()
    return float(took), how == "done"


def contents(path: Path) -> list[str]:
    """The whole database as statements, but for the table of the migrations and their moments."""
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sorted(line for line in file.iterdump() if "schema_migration" not in line)


def applied(path: Path) -> list[str]:
    """The names of the migrations that the database says it has."""
    with closing(sqlite3.connect(path)) as file:
        tables = file.execute("SELECT name FROM sqlite_master WHERE name = 'schema_migration'")
        if not tables.fetchall():
            return []
        return [name for (name,) in file.execute("SELECT name FROM schema_migration ORDER BY 1")]


def fresh(versions: Path, version: str, folder: Path) -> Path:
    """A copy of the database of a version, in a folder of its own."""
    folder.mkdir()
    return Path(shutil.copy(versions / f"{version}.db", folder / "tracker.db"))


@dataclass(frozen=True)
class Upgrade:
    """One migration to be killed in: from the version before it to its own."""

    forker: subprocess.Popen[str]
    versions: Path
    name: str

    @property
    def before(self) -> str:
        """The version to begin with."""
        return f"{int(self.name[:4]) - 1:04}"

    def begin(self, path: Path, seconds: float) -> tuple[float, bool]:
        """Upgrade, and kill that after so many seconds; see `open_and_kill`."""
        return open_and_kill(self.forker, self.versions / self.name[:4], path, seconds)

    def finish(self, path: Path) -> float:
        """Upgrade without a kill: how long that takes."""
        took, is_done = self.begin(path, 120)
        assert is_done, f"{path} cannot be upgraded by {self.name}"
        return took

    def kill_and_look(self, path: Path, seconds: float, old: list[str], new: list[str]) -> bool:
        """Whether the kill left the new schema; the old one, or neither of both is a failure."""
        self.begin(path, seconds)
        is_new = self.name.removesuffix(".py") in applied(path)
        left = contents(path)
        assert left == (new if is_new else old), "neither the old schema nor the new one"
        self.finish(path)
        assert contents(path) == new
        return is_new


def kill_in_the_middle(upgrade: Upgrade, folder: Path, times: int) -> tuple[int, int]:
    """How often a kill left the old schema, and how often the new one."""
    chance = random.Random(upgrade.name)
    calm = fresh(upgrade.versions, upgrade.before, folder / "calm")
    old = contents(calm)
    longest = upgrade.finish(calm)
    new = contents(calm)
    news = 0
    for _ in range(times):
        path = fresh(upgrade.versions, upgrade.before, folder / "killed")
        news += upgrade.kill_and_look(path, chance.uniform(0, longest), old, new)
        shutil.rmtree(path.parent)
    return times - news, news


@pytest.mark.parametrize("name", [MIGRATIONS[0], *MIGRATIONS[-4:]])
def test_five_kills_in_a_migration_leave_the_old_schema_or_the_new_one(
    forker: subprocess.Popen[str],
    versions: Path,
    name: str,
    tmp_path: Path,
    record_count: RecordCount,
) -> None:
    old, new = kill_in_the_middle(Upgrade(forker, versions, name), tmp_path, 5)
    record_count("P10", kills=5, old_schemas=old, new_schemas=new, between=0)


@pytest.mark.nightly
@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_hundred_kills_in_a_migration_leave_the_old_schema_or_the_new_one(
    forker: subprocess.Popen[str],
    versions: Path,
    name: str,
    tmp_path: Path,
    record_count: RecordCount,
) -> None:
    old, new = kill_in_the_middle(Upgrade(forker, versions, name), tmp_path, 100)
    record_count("P10", kills=100, old_schemas=old, new_schemas=new, between=0)
    assert old, "no kill came before the end"


@pytest.mark.parametrize("version", ["0000", *(name[:4] for name in MIGRATIONS)])
def test_a_database_of_any_older_version_opens(
    versions: Path, version: str, tmp_path: Path
) -> None:
    open_store(fresh(versions, version, tmp_path / "older"))
    try:
        done, pending = schema_state()
    finally:
        close_store()
    assert [f"{name}.py" for name in done] == MIGRATIONS
    assert pending == []
