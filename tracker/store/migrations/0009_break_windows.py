"""Break windows of their own, reckoned anew while a case goes on failing."""

from typing import Any

STATEMENTS = (
    "CREATE TABLE break_window (job_id INTEGER NOT NULL, case_id INTEGER NOT NULL,"
    " build_id INTEGER NOT NULL, since_build INTEGER NOT NULL, found TEXT NOT NULL,"
    " PRIMARY KEY (job_id, case_id, build_id)) WITHOUT ROWID",
    "CREATE INDEX break_window_build ON break_window (build_id)",
    "INSERT INTO break_window (job_id, case_id, build_id, since_build, found)"
    " SELECT job_id, case_id, from_build, since_build, window FROM episode"
    " WHERE window <> '' AND since_build IS NOT NULL",
    "ALTER TABLE episode DROP COLUMN window",
    "ALTER TABLE overruled DROP COLUMN window",
    # The worker reckons those that were reckoned once anew, as after a late build.
    "INSERT INTO rejudging (job_id, epoch, number) SELECT id, 0, -1 FROM job WHERE true"
    " ON CONFLICT (job_id) DO UPDATE SET epoch = 0, number = -1",
    "INSERT INTO work (kind, key, subject, payload, due, tries, asked, fence, lease_until, state,"
    " error, outcome) SELECT 'judge', name, name, '{}', 0, 0, 1, 0, 0, 'due', '', '' FROM job"
    " WHERE true ON CONFLICT (kind, key) DO UPDATE SET asked = asked + 1, due = 0",
)


def up(_migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
