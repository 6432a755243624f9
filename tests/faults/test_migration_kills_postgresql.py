"""`kill -9` in the middle of an upgrade in PostgreSQL: the old schema is there, or the new one.

As `test_migration_kills.py` does with SQLite files. A database there begins with the first schema,
which is one more step to be killed in.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import servers
from tests.counts import RecordCount
from tests.faults.test_migration_kills import FOLDER, MIGRATIONS, open_and_kill
from tests.faults.test_migration_kills import forker as forker
from tracker.store.postgresql.schema import BEGINS_WITH

pytestmark = pytest.mark.nightly

KILLS = 20
STEPS = [name for name in MIGRATIONS if name.removesuffix(".py") not in BEGINS_WITH]
# Something to keep for who goes on from the first schema.
DATA = """
INSERT INTO job (name, jenkins_name, url, revision, error)
    SELECT 'job' || n, '', '', n, '' FROM generate_series(1, 20) n;
INSERT INTO build (job_id, number, epoch, state, complete, url, branch, commit_id, upstream_job,
    heard, total, passed, failed, error, skipped, unknown, regressions, new_failures, fixed,
    damaged)
    SELECT id, n, 0, 'finished', true, '', '', '', '', 1, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0
    FROM job, generate_series(1, 30) n;
INSERT INTO rejudging (job_id, epoch, number) SELECT id, 0, -1 FROM job;
INSERT INTO audit (at, who, address, what, subject, outcome)
    SELECT id, 'ci', '', 'imported', name, '' FROM job
    UNION ALL SELECT id, 'ci', '', 'raw reports let go', 'spool', '' FROM job;
"""


def ask(address: str, statement: str) -> list[str]:
    """The first column of the answer, as text."""
    import psycopg

    with psycopg.connect(address) as connection:
        return [str(row[0]) for row in connection.execute(statement.encode())]


def tables(address: str) -> list[str]:
    """The names of all tables but that of the migrations."""
    found = ask(address, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for name in found if name != "schema_migration"]


def contents(address: str) -> list[str]:
    """Columns, indexes and rows, but for the table of the migrations and their moments."""
    columns = (
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)"
        " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
    )
    indexes = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
    rows = [f"SELECT to_jsonb(t)::text FROM {name} t ORDER BY 1" for name in tables(address)]
    return [line for each in (columns, indexes, *rows) for line in ask(address, each)]


def applied(address: str) -> list[str]:
    """The names of the migrations that the database says it has."""
    if ask(address, "SELECT to_regclass('schema_migration')") == ["None"]:
        return []
    return ask(address, "SELECT name FROM schema_migration ORDER BY 1")


def wait_until_alone(address: str) -> None:
    """Until the server has noticed that the one who was killed is gone."""
    others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    while ask(address, others) != ["0"]:
        time.sleep(0.01)


@dataclass(frozen=True)
class Step:
    """An upgrade to be killed in: from a database as it was before, by what a folder knows."""

    forker: subprocess.Popen[str]
    known: Path
    before: str

    @property
    def name(self) -> str:
        """The migration that it ends with."""
        return max(path.stem for path in self.known.glob("*.py"))

    def copy(self) -> str:
        """The address of a new database as it was before."""
        return servers.copied(self.before)

    def begin(self, address: str, seconds: float) -> tuple[float, bool]:
        """Upgrade, and kill that after so many seconds; how long it went on, and to its end."""
        return open_and_kill(self.forker, self.known, address, seconds)

    def finish(self, address: str) -> float:
        """Upgrade without a kill: how long that takes."""
        took, is_done = self.begin(address, 120)
        assert is_done, f"{address} cannot be upgraded to {self.name}"
        wait_until_alone(address)
        return took


def known_to(folder: Path, last: str) -> Path:
    """A folder of the migrations up to this one."""
    found = folder / last.removesuffix(".py")
    found.mkdir()
    for name in MIGRATIONS[: MIGRATIONS.index(last) + 1]:
        shutil.copy(FOLDER / name, found)
    return found


@pytest.fixture
def step(request: pytest.FixtureRequest, forker: subprocess.Popen[str], tmp_path: Path) -> Step:
    """From an empty database to the first schema, or from one migration to the next."""
    name: str = request.param
    before = servers.new_database("template1")
    if name == BEGINS_WITH[-1] + ".py":
        return Step(forker, known_to(tmp_path, name), before)
    earlier = MIGRATIONS[MIGRATIONS.index(name) - 1]
    Step(forker, known_to(tmp_path, earlier), before).finish(before)
    import psycopg

    with psycopg.connect(before) as connection:
        connection.execute(DATA)
    return Step(forker, known_to(tmp_path, name), before)


def kill_and_look(step: Step, seconds: float, old: list[str], new: list[str]) -> bool:
    """Whether the kill left the new schema; what is neither of both is a failure."""
    address = step.copy()
    step.begin(address, seconds)
    wait_until_alone(address)
    is_new = step.name in applied(address)
    assert contents(address) == (new if is_new else old), "neither the old schema nor the new one"
    step.finish(address)
    assert contents(address) == new
    return is_new


@pytest.mark.parametrize("step", [BEGINS_WITH[-1] + ".py", *STEPS], indirect=True)
def test_twenty_kills_in_an_upgrade_leave_the_old_schema_or_the_new_one(
    step: Step, record_count: RecordCount
) -> None:
    chance = random.Random(step.name)
    calm, old = step.copy(), contents(step.before)
    longest = step.finish(calm)
    new = contents(calm)
    assert old != new
    news = sum(kill_and_look(step, chance.uniform(0, longest), old, new) for _ in range(KILLS))
    record_count("P10", kills=KILLS, old_schemas=KILLS - news, new_schemas=news, between=0)
    assert news < KILLS, "no kill came before the end"
