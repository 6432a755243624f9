"""Columns of tables without row ids stand in the order of their key.

Otherwise `quick_check` of SQLite 3.40.1 says of each row that it has a NULL where there is none,
and `tracker doctor` that the database is damaged.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.store.sql import run

pytestmark = pytest.mark.sqlite


def test_the_key_of_a_table_without_row_ids_is_in_the_order_of_its_columns(store: Path) -> None:
    tables = run(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%WITHOUT ROWID'"
    )
    assert tables
    for (table,) in tables:
        keys = run("SELECT pk FROM pragma_table_info(?) WHERE pk > 0 ORDER BY cid", table)
        assert keys == sorted(keys), table
