"""The probe looks from outside, as a process would that starts now, and leaves nothing behind."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from tracker.store import connection
from tracker.store.probe import Probe, probe
from tracker.store.sql import run
from tracker.store.sqlite.driver import sqlite3
from tracker.store.versions import migrations

pytestmark = pytest.mark.sqlite


def test_a_sound_store_has_nothing_to_tell(store: Path) -> None:
    assert probe(store, 0.2) == Probe()


def test_it_knows_the_migrations_that_the_store_has(store: Path) -> None:
    applied, pending = connection.schema_state()
    assert list(migrations()) == applied
    assert pending == []


def test_a_probe_changes_nothing(store: Path) -> None:
    connection.close_store()
    before = store.read_bytes()
    for _ in range(3):
        probe(store, 0.2)
    assert store.read_bytes() == before


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    found = probe(path, 0.2)
    assert not found.is_damaged
    assert "not there" in found.unreadable
    assert not path.exists()


def test_damage_behind_the_first_row_is_told(store: Path) -> None:
    [(size,)] = run("PRAGMA page_size")
    pages = run("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'schema_migration'")
    run("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close_store()
    with store.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * size + 8 + 2 * 3)  # where the fourth row is said to be
            file.write(b"\xff\xff")
    found = probe(store, 0.2)
    assert found.is_damaged
    assert "damaged" in found.unreadable


def test_what_the_driver_says_while_rows_are_read_is_told(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands beside a damaged row decides what SQLite makes of it: here, for sure, this."""
    real = peewee.SqliteDatabase.execute_sql

    def rows() -> Iterator[tuple[str]]:
        yield ("0001_initial",)
        raise sqlite3.DatabaseError("database disk image is malformed")

    def asked(self: peewee.SqliteDatabase, statement: str, *rest: object) -> object:
        return rows() if "schema_migration" in statement else real(self, statement, *rest)

    monkeypatch.setattr(peewee.SqliteDatabase, "execute_sql", asked)
    found = probe(store, 0.2)
    assert found.is_damaged
    assert "damaged" in found.unreadable


def test_an_empty_file_waits_for_all_migrations(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    path.touch()
    assert probe(path, 0.2).pending == migrations()


def test_a_migration_nobody_knows_is_newer(store: Path) -> None:
    with connection.writing():
        run("INSERT INTO schema_migration (name, applied) VALUES ('9999_future', 0)")
    assert probe(store, 0.2).newer == ("9999_future",)


def test_the_lock_file_is_tried_and_given_back(store: Path) -> None:
    with store.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process" in probe(store, 0.05).unwritable
    assert probe(store, 0.05).unwritable == ""


def test_the_transaction_is_tried_and_given_back(store: Path) -> None:
    with connection.writing():
        found = probe(store, 0.05)
    assert found.unwritable
    assert not found.unreadable
    assert probe(store, 0.05) == Probe()


def test_what_was_open_when_the_file_was_damaged_does_not_deceive_it(store: Path) -> None:
    with connection.reading():
        run("SELECT count(*) FROM job")
    run("PRAGMA wal_checkpoint(TRUNCATE)")
    with store.open("r+b") as file:
        file.write(bytes(4096))
    found = probe(store, 0.2)
    assert found.is_damaged
    assert "not a database" in found.unreadable
