"""The first schema: the same tables, columns and indexes as those of SQLite's migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from peewee import BooleanField

from tests import servers
from tests.store.fresh import lay_out
from tracker.store import models
from tracker.store.connection import close_store, open_store, schema_state
from tracker.store.probe import migrations
from tracker.store.sql import run

TABLES = [
    each
    for each in vars(models).values()
    if isinstance(each, type) and issubclass(each, models.Table) and each is not models.Table
]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = lay_out(tmp_path / "tracker.db")
    with closing(sqlite3.connect(path)) as file:
        yield file


@pytest.mark.parametrize("model", TABLES, ids=lambda each: str(each._meta.table_name))
def test_a_table_has_the_columns_of_its_model(model: type[models.Table], store: str) -> None:
    told = run(
        "SELECT column_name, data_type = 'boolean', is_nullable = 'YES'"
        " FROM information_schema.columns WHERE table_name = ?",
        model._meta.table_name,
    )
    wanted = {
        (field.column_name, isinstance(field, BooleanField), bool(field.null))
        for field in model._meta.sorted_fields
    }
    assert set(told) == wanted


def test_the_indexes_are_those_of_sqlite(sqlite: sqlite3.Connection, store: str) -> None:
    theirs = {
        name
        for (name,) in sqlite.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        )
    }
    found = run("SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")
    assert {name for (name,) in found if not name.endswith("_pkey")} == theirs


def test_the_foreign_keys_are_those_of_sqlite(sqlite: sqlite3.Connection, store: str) -> None:
    tables = [model._meta.table_name for model in TABLES]
    theirs = {
        (table, row[3], row[2], row[6])
        for table in tables
        for row in sqlite.execute(f"PRAGMA foreign_key_list({table})")
    }
    found = run(
        "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text,"
        " CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'NO ACTION' END"
        " FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid"
        " AND a.attnum = c.conkey[1] WHERE c.contype = 'f'"
    )
    assert set(found) == theirs


def test_texts_are_compared_byte_by_byte(store: str) -> None:
    run("INSERT INTO suite (id, path) VALUES (1, 'b'), (2, 'B'), (3, 'ä'), (4, '_')")
    assert [path for (path,) in run("SELECT path FROM suite ORDER BY path")] == ["B", "_", "b", "ä"]


def test_every_migration_is_applied(store: str) -> None:
    assert schema_state() == (list(migrations()), [])


def test_a_database_is_laid_out_once(address: str) -> None:
    for _ in range(2):
        open_store(address)
        close_store()
    open_store(address)
    assert run("SELECT count(*) FROM schema_migration") == [(len(migrations()),)]
    close_store()


def test_a_role_that_may_make_no_tables_is_told(address: str) -> None:
    """A database is begun in one transaction: nothing is left of one that could not be."""
    empty = servers.new_database("template1")
    open_store(address)
    run("DROP ROLE IF EXISTS reader")
    run("CREATE ROLE reader LOGIN")
    close_store()
    with pytest.raises(Exception, match="permission denied"):
        open_store(empty.replace("postgres@", "reader@"))
    close_store()
    open_store(empty)
    assert run("SELECT count(*) FROM job") == [(0,)]
    close_store()
