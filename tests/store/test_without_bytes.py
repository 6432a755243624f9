"""What left reports without bytes: noted as state of its own, and read from the notes of before."""

from __future__ import annotations

import pytest
from playhouse.migrations import Runner

from tests.factories import DAY, NOW, report, upload
from tests.store.test_migrations_add import empty as empty
from tracker.store.engine import Engine
from tracker.store.sql import run
from tracker.store.versions import FOLDER
from tracker.store.without_bytes import (
    is_anything_imported,
    is_without_bytes,
    let_go_before,
    note_import,
    note_letting_go,
)

LONG = "j" * 600
JOBS = (
    "INSERT INTO job (id, name, jenkins_name, url, revision, error) VALUES (1, 'own', '', '', 0,"
    f" ''), (2, 'renamed', '', '', 0, ''), (3, '{LONG}', '', '', 0, ''), (4, 'no', '', '', 0, '')"
)
NOTES = (
    "INSERT INTO former (name, job_id, until) VALUES ('before', 2, 0)",
    "INSERT INTO audit (at, who, address, what, subject, outcome) VALUES"
    " (5, 'ci', '', 'imported', 'own', ''), (7, 'ci', '', 'imported', 'own', ''),"
    f" (8, 'ci', '', 'imported', 'before', ''), (9, 'ci', '', 'imported', '{LONG[:500]}', ''),"
    " (10, 'ci', '', 'server removed', 'no', '')",
)
LET_GO = (
    "INSERT INTO audit (at, who, address, what, subject, outcome) VALUES"
    " (1800000000000, 'ci', '', 'raw reports let go', 'spool',"
    " '2 reports that came before 2026-11-18T00:00:00+00:00'),"
    " (1700000000000, 'ci', '', 'raw reports let go', 'spool', '9 reports')"
)


def upgraded(empty: Engine, *statements: str) -> tuple[list[tuple[object, ...]], ...]:
    """What the migration makes of notes of the version before: jobs, and the counter."""
    runner = Runner(empty.database, str(FOLDER))
    pending = [row.name for row in runner.status() if not row.applied]
    for name in pending:
        if name.startswith("0012"):
            for statement in statements:
                empty.database.execute_sql(statement)
        runner.up(name)
    asked = (
        "SELECT id, imported FROM job ORDER BY id",
        "SELECT value FROM counter WHERE name = 'raw_let_go_before'",
    )
    return tuple(list(empty.database.execute_sql(each).fetchall()) for each in asked)


def test_an_upgrade_reads_the_notes_of_before(empty: Engine) -> None:
    jobs, counter = upgraded(empty, JOBS, *NOTES, LET_GO)
    assert jobs == [(1, 7), (2, 8), (3, 9), (4, None)]
    assert counter == [(1_794_960_000_000,)]


def test_an_upgrade_where_nothing_was_let_go_or_imported_notes_nothing(empty: Engine) -> None:
    assert upgraded(empty, JOBS) == ([(1, None), (2, None), (3, None), (4, None)], [])


@pytest.mark.usefixtures("store")
def test_a_job_knows_that_it_was_imported_before_it_has_a_build() -> None:
    upload("other", 1, report(a="P"))
    assert not is_anything_imported()
    note_import("nightly")
    rows = run("SELECT name, imported IS NULL FROM job ORDER BY name")
    assert [(name, bool(is_not)) for name, is_not in rows] == [("nightly", False), ("other", True)]
    assert is_anything_imported()


@pytest.mark.usefixtures("store")
def test_of_all_that_was_let_go_the_latest_time_counts() -> None:
    build = upload("nightly", 1, report(a="P")).build_id
    assert (let_go_before(), is_without_bytes(build)) == (0, False)
    note_letting_go(1, before=NOW + DAY)
    note_letting_go(1, before=NOW - DAY)
    assert (let_go_before(), is_without_bytes(build)) == (NOW + DAY, True)
