"""Databases of the earlier application as tests want them: any rows, no keys, no indexes."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

from tracker.operations.legacy.tables import SCHEMA, TABLES

Rows = Sequence[Mapping[str, object]]

# A build of one module of one release, to which tests add what they are about.
RELEASE = {"id": 1, "name": "7.0", "is_active": 1, "last_processed_build": 2100}
MODULE = {"id": 1, "release_id": 1, "name": "routing"}
JOB = {"id": 1, "module_id": 1, "job_id": "1", "total": 1, "passed": 1, "failed": 0, "skipped": 0}
RESULT = {
    "id": 1,
    "job_id": 1,
    "file_path": "net/test_a.py",
    "class_name": "TestA",
    "test_name": "test_one",
    "status": "PASSED",
    "jenkins_topology": "5s",
    "order_index": 0,
}


def make(path: Path, schema: str | None = SCHEMA, **rows: Rows) -> Path:
    """A file with these rows by table; a row says only what it is about, the rest is NULL.

    Columns that rows have and the earlier application does not are made, too.
    """
    connection = sqlite3.connect(path)
    for table, kind in TABLES.items():
        known = (*kind._fields, *(["job_id"] if table == "test_results" else []))
        _fill(connection, table, known, rows.get(table, ()))
    if schema is not None:
        _fill(connection, "alembic_version", ("version_num",), [{"version_num": schema}])
    for table in rows.keys() - TABLES.keys():
        _fill(connection, table, (), rows[table])
    connection.commit()
    connection.close()
    return path


def small(path: Path, *, results: Rows = (RESULT,), job: Mapping[str, object] = JOB) -> Path:
    """A file with one build."""
    return make(path, releases=[RELEASE], modules=[MODULE], jobs=[job], test_results=results)


def change(path: Path, statement: str, *values: object) -> None:
    """Change a file, as the earlier application would."""
    connection = sqlite3.connect(path)
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def _fill(connection: sqlite3.Connection, table: str, known: Sequence[str], rows: Rows) -> None:
    columns = list(dict.fromkeys([*known, *(name for row in rows for name in row)]))
    # Without types, so that anything may stand anywhere.
    connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    for row in rows:
        marks = ", ".join("?" for _ in row)
        connection.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values())
        )
