"""The first schema of a PostgreSQL database, which stands for migrations 0001 to 0009."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import peewee

from tracker import resources

HISTORY = "schema_migration"
_FOLDER = resources.PACKAGE / "store" / "postgresql"
# What the first schema has; each later one is made by its own file, as with SQLite.
BEGINS_WITH = (
    "0001_initial",
    "0002_details",
    "0003_jenkins",
    "0004_verdicts",
    "0005_place",
    "0006_catalogue",
    "0007_access",
    "0008_retention",
    "0009_break_windows",
)


def begin_schema(database: peewee.Database) -> None:
    """Lay the tables out where there are none, in the transaction that is open."""
    if HISTORY in database.get_tables():
        return
    for name in ("functions.sql", "schema.sql"):
        _run(database, (_FOLDER / name).read_text(encoding="utf-8"))
    now = datetime.now(UTC).replace(tzinfo=None)
    for name in BEGINS_WITH:
        _run(database, f"INSERT INTO {HISTORY} (name, applied) VALUES (%s, %s)", name, now)


def _run(database: peewee.Database, text: str, *parameters: Any) -> None:
    """Without parameters it may be several statements."""
    database.execute_sql(text, parameters or None)  # type: ignore[no-untyped-call]
