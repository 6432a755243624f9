"""Migrations over a database with data: nothing is lost, and what waits is done."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from peewee import SqliteDatabase
from playhouse.migrations import Runner

from tests.conftest import ROOT
from tracker.queries import jobs
from tracker.queries.builds import build
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.models import database

pytestmark = pytest.mark.sqlite

FOLDER = ROOT / "tracker" / "store" / "migrations"
DATA = """
INSERT INTO server (id, name, prefix, url, username, token_file, patterns, error)
    VALUES (1, 'main', '', 'http://ci.example/', '', '', '*', '');
INSERT INTO job (id, name, server_id, jenkins_name, url, revision, polled_from, polled_to, error)
    VALUES (1, 'nightly', 1, 'nightly', '', 3, 1000, 7, '');
INSERT INTO build (id, job_id, number, epoch, state, result, complete, started, url, branch,
    commit_id, upstream_job, heard, total, passed, failed, error, skipped, unknown, regressions,
    new_failures, fixed, damaged)
    VALUES (1, 1, 7, 0, 'finished', 'SUCCESS', 1, 1000, '', '', '', '', 1, 1, 1, 0, 0, 0, 0, 0, 0,
    0, 0);
INSERT INTO result (build_id, case_id, status) VALUES (1, 5, 0);
INSERT INTO work (kind, key, payload, due, tries, asked, fence, lease_until, state, error, outcome)
    VALUES ('discover', 'main', '{}', 1, 0, 1, 0, 0, 'due', '', ''),
    ('poll', 'nightly', '{}', 1, 0, 1, 0, 0, 'due', '', ''),
    ('poll_build', 'nightly#8', '{"job":"nightly","number":8}', 1, 0, 1, 0, 0, 'due', '', ''),
    ('ingest', 'abc', '{}', 1, 0, 1, 0, 0, 'due', '', '');
"""


@pytest.fixture
def of_before(settings: Settings, tmp_path: Path) -> Path:
    """A database of the version before the reading of whole controllers, with data."""
    older = tmp_path / "migrations"
    older.mkdir()
    for path in sorted(FOLDER.glob("000[12]_*.py")):
        (older / path.name).write_text(path.read_text())
    settings.home.mkdir(parents=True)
    database.initialize(SqliteDatabase(str(settings.database)))
    database.connect()
    Runner(database, str(older)).up()
    database.close()
    with sqlite3.connect(settings.database) as file:
        file.executescript(DATA)
    file.close()
    return settings.database


def test_what_was_recorded_before_is_there_and_what_waited_is_done(of_before: Path) -> None:
    open_store(of_before)
    try:
        assert build("nightly", "7").totals.total == 1
        assert (jobs.job("nightly").standing, jobs.server("main").rate) == ("", 5.0)
        rows = database.execute_sql("SELECT kind, subject FROM work ORDER BY id")
        # Looks and polls are asked for anew; whoever was promised something gets it. All verdicts
        # are derived anew.
        assert list(rows) == [("poll_build", "nightly"), ("ingest", ""), ("judge", "nightly")]
        assert list(database.execute_sql("SELECT polled_to, seen FROM job")) == [(7, "")]
        assert list(database.execute_sql("SELECT case_id, place FROM result")) == [(5, None)]
    finally:
        close_store()


BROKEN = """
INSERT INTO episode (job_id, case_id, from_build, state, since_build, was_unsteady, evidence,
    window, said)
    VALUES (1, 5, 1, 'regression', 1, 0, '{}', '{"after":null,"by":[0,7]}', 3);
DELETE FROM rejudging;
DELETE FROM work;
"""


def test_break_windows_of_before_are_kept_until_the_worker_reckons_them_anew(
    of_before: Path, tmp_path: Path
) -> None:
    older = tmp_path / "migrations"
    for path in FOLDER.glob("000[34]_*.py"):
        (older / path.name).write_text(path.read_text())
    database.connect()
    Runner(database, str(older)).up()
    database.close()
    with sqlite3.connect(of_before) as file:
        file.executescript(BROKEN)
    file.close()
    open_store(of_before)
    try:
        rows = database.execute_sql(
            "SELECT case_id, build_id, since_build, found FROM break_window"
        )
        assert list(rows) == [(5, 1, 1, '{"after":null,"by":[0,7]}')]
        assert list(database.execute_sql("SELECT kind, key FROM work")) == [("judge", "nightly")]
        assert list(database.execute_sql("SELECT job_id, number FROM rejudging")) == [(1, -1)]
    finally:
        close_store()
