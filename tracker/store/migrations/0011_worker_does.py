"""A worker says whether it publishes, does the other tasks, or both."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("ALTER TABLE heartbeat ADD COLUMN does TEXT NOT NULL DEFAULT ''")
