"""Migrations only add: a program of the version before goes on with the schema of the next one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from tests import servers
from tests.store.schemas import broken, schema_of
from tracker.store.engine import Engine, engine_of
from tracker.store.postgresql.schema import BEGINS_WITH, begin_schema
from tracker.store.versions import FOLDER, migrations

_ALONE = (
    "There was SQLite alone then, on one machine, where a process whose database was migrated asks"
    " to be replaced at once: no program of before met the new schema."
)
# What a migration breaks, and why that harms nobody. What the version before no longer uses may be
# dropped with that as its reason.
BREAKS = {
    ("0003_jenkins", "job.polled_from is gone"): _ALONE,
    ("0004_verdicts", "streak is gone"): _ALONE,
    ("0009_break_windows", "episode.window is gone"): _ALONE,
    ("0009_break_windows", "overruled.window is gone"): _ALONE,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables; one in PostgreSQL with those that it begins with."""
    if request.param == "sqlite":
        engine = engine_of(tmp_path / "tracker.db")
        with closing(engine.database):
            engine.database.connect()
            yield engine
        return
    with servers.own_database("template0") as address:
        engine = engine_of(address)
        with closing(engine.database):
            engine.database.connect()
            begin_schema(engine.database)
            yield engine


def walk(engine: Engine, folder: Path) -> dict[str, list[str]]:
    """Apply what is pending one by one: what each breaks."""
    runner = Runner(engine.database, str(folder))
    found = {}
    for name in [row.name for row in runner.status() if not row.applied]:
        before = schema_of(engine)
        runner.up(name)
        found[name] = broken(before, schema_of(engine))
    return found


def test_migrations_only_add(empty: Engine) -> None:
    found = walk(empty, FOLDER)
    first = () if empty.is_file else BEGINS_WITH
    assert tuple(found) == tuple(name for name in migrations() if name not in first)
    breaks = {(name, what) for name, each in found.items() for what in each}
    assert breaks == {each for each in BREAKS if each[0] not in first}


def planted(engine: Engine, folder: Path, statements: tuple[str, ...]) -> list[str]:
    """What a migration of these statements breaks."""
    shutil.copytree(FOLDER, folder)
    (folder / "9999_planted.py").write_text(
        "def up(_migrator, db):\n"
        f"    for statement in {statements!r}:\n"
        "        db.execute_sql(statement)\n"
    )
    return walk(engine, folder)["9999_planted"]


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (("DROP TABLE attempt",), "attempt is gone"),
        (("ALTER TABLE attempt RENAME TO try",), "attempt is gone"),
        (("ALTER TABLE attempt DROP COLUMN duration",), "attempt.duration is gone"),
        (("ALTER TABLE attempt RENAME COLUMN duration TO lasted",), "attempt.duration is gone"),
        (("DROP INDEX server_name",), "server is not unique by name any more"),
        (("CREATE UNIQUE INDEX one ON attempt (failure_id)",), "attempt is unique by failure_id"),
        (
            (
                "ALTER TABLE attempt ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
                "CREATE UNIQUE INDEX one ON attempt (build_id, kind)",
            ),
            "attempt is unique by build_id, kind",
        ),
        (
            ("ALTER TABLE attempt ADD COLUMN kind TEXT CHECK (kind <> '' OR (status) > 0)",),
            "attempt has the rule CHECK",
        ),
    ],
    ids=lambda each: each[-1] if isinstance(each, tuple) else "",
)
def test_a_migration_that_breaks_the_version_before_is_found(
    empty: Engine, tmp_path: Path, statements: tuple[str, ...], told: str
) -> None:
    [what] = planted(empty, tmp_path / "migrations", statements)
    assert what.startswith(told)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("ALTER TABLE attempt ADD COLUMN kind text NOT NULL", "attempt.kind must be given"),
        ("ALTER TABLE attempt ALTER duration TYPE text", "attempt.duration is another"),
        ("ALTER TABLE attempt ALTER duration SET NOT NULL", "attempt.duration is another"),
        ("ALTER TABLE attempt ALTER status DROP NOT NULL", "attempt.status is another"),
        ("ALTER TABLE server ALTER view DROP DEFAULT", "server.view is another"),
        ('ALTER TABLE server ALTER name TYPE text COLLATE "POSIX"', "server.name is another"),
        ("ALTER TABLE attempt DROP CONSTRAINT attempt_pkey", "attempt has another key"),
        ("ALTER TABLE attempt ADD CHECK (status > 0)", "attempt has the rule CHECK"),
        ("ALTER TABLE server ADD UNIQUE (url)", "server is unique by url"),
        (
            "ALTER TABLE attempt ADD FOREIGN KEY (failure_id) REFERENCES failure (id)",
            "attempt has the rule FOREIGN KEY",
        ),
    ],
)
@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
def test_a_change_that_only_postgresql_can_make_is_found(
    empty: Engine, tmp_path: Path, statement: str, told: str
) -> None:
    [what] = planted(empty, tmp_path / "migrations", (statement,))
    assert what.startswith(told)


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_table_that_is_made_anew_otherwise_is_found(empty: Engine, tmp_path: Path) -> None:
    """Which is how SQLite changes a type or a key."""
    anew = (
        "DROP TABLE attempt",
        "CREATE TABLE attempt (build_id INTEGER NOT NULL, case_id INTEGER NOT NULL,"
        " n INTEGER NOT NULL, status INTEGER, duration TEXT, failure_id INTEGER,"
        " PRIMARY KEY (build_id, case_id))",
    )
    assert planted(empty, tmp_path / "migrations", anew) == [
        "attempt has another key",
        "attempt.status is another",
        "attempt.duration is another",
    ]


def test_what_is_added_breaks_nothing(empty: Engine, tmp_path: Path) -> None:
    statements = (
        "CREATE TABLE more (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> ''))",
        "ALTER TABLE attempt ADD COLUMN kind TEXT NOT NULL DEFAULT '' CHECK (kind <> 'x')",
        "ALTER TABLE attempt ADD COLUMN number INTEGER",
        "CREATE INDEX attempt_status ON attempt (status)",
        "CREATE UNIQUE INDEX attempt_number ON attempt (build_id, number)",
        "DROP INDEX episode_until",
    )
    assert planted(empty, tmp_path / "migrations", statements) == []
