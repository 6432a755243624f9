"""Letting results go: what is kept, what went, and where judging begins since then."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE job ADD COLUMN judged_from INTEGER",
    "ALTER TABLE build ADD COLUMN let_go INTEGER",
    "ALTER TABLE build ADD COLUMN kept INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE last_pass (job_id INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " build_id INTEGER NOT NULL, PRIMARY KEY (job_id, case_id)) WITHOUT ROWID",
)


def up(_migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
