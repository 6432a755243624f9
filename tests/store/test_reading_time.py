"""No request reads for ever: a statement that goes on, or comes, too late is ended in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.errors import Busy, StorageError
from tracker.queries.select import bounded_snapshot, select
from tracker.store.connection import reading, writing
from tracker.store.reading_time import reading_at_most
from tracker.store.revisions import raise_revision
from tracker.store.sql import run

pytestmark = pytest.mark.sqlite

COUNT = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n{}) SELECT count(*) FROM n"
FOR_EVER, LONG = COUNT.format(""), COUNT.format(" LIMIT 400000")


@pytest.fixture(autouse=True)
def _store(store: Path) -> None:
    """A store for every test."""


def test_a_statement_that_never_ends_is_ended() -> None:
    with pytest.raises(Busy, match="was ended"), reading_at_most(0.2):
        run(FOR_EVER)


def test_a_statement_that_begins_too_late_is_refused() -> None:
    with pytest.raises(Busy, match="was ended"), reading_at_most(-1):
        select("SELECT 1")


def test_the_snapshot_ends_with_it_and_writes_go_on() -> None:
    with pytest.raises(Busy), reading_at_most(0.2):
        run(FOR_EVER)
    with writing():
        raise_revision()
    assert run("PRAGMA wal_checkpoint(TRUNCATE)")[0][0] == 0


def test_what_is_read_afterwards_has_all_the_time_again() -> None:
    with pytest.raises(Busy), reading_at_most(-1):
        select("SELECT 1")
    with reading():
        assert select(LONG) == [(400_000,)]


def test_what_ends_in_time_is_answered() -> None:
    with bounded_snapshot():
        assert select(LONG) == [(400_000,)]


def test_another_trouble_of_the_database_is_told_as_it_is() -> None:
    with pytest.raises(StorageError, match="no such table"), reading_at_most(60):
        run("SELECT * FROM nobody")
