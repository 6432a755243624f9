"""The catalogue: releases, test metadata, known issues, and parts of jobs that were given."""

from typing import Any

STATEMENTS = (
    "CREATE TABLE given_parts (job_id INTEGER NOT NULL PRIMARY KEY, release TEXT NOT NULL,"
    " module TEXT NOT NULL, FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE)",
    "CREATE TABLE release (name TEXT NOT NULL PRIMARY KEY, is_active INTEGER NOT NULL,"
    " main_job TEXT NOT NULL, last_build INTEGER, branch TEXT NOT NULL)",
    "CREATE TABLE test_metadata (id INTEGER NOT NULL PRIMARY KEY, release TEXT NOT NULL,"
    " name TEXT NOT NULL, case_ref TEXT NOT NULL, testrail_ref TEXT NOT NULL,"
    " priority TEXT NOT NULL, component TEXT NOT NULL, module TEXT NOT NULL,"
    " automation TEXT NOT NULL, state TEXT NOT NULL, class_name TEXT NOT NULL,"
    " path TEXT NOT NULL, topology TEXT NOT NULL, is_removed INTEGER NOT NULL)",
    'CREATE INDEX "test_metadata_name" ON "test_metadata" ("name")',
    "CREATE TABLE known_issue (id INTEGER NOT NULL PRIMARY KEY, key TEXT NOT NULL,"
    " type TEXT NOT NULL, url TEXT NOT NULL, status TEXT NOT NULL, summary TEXT NOT NULL,"
    " priority TEXT NOT NULL, assignee TEXT NOT NULL, component TEXT NOT NULL,"
    " resolution TEXT NOT NULL, versions TEXT NOT NULL, labels TEXT NOT NULL,"
    " is_active INTEGER NOT NULL)",
    'CREATE UNIQUE INDEX "known_issue_key" ON "known_issue" ("key")',
    "CREATE TABLE known_issue_link (ref TEXT NOT NULL, issue_id INTEGER NOT NULL,"
    " PRIMARY KEY (ref, issue_id),"
    " FOREIGN KEY (issue_id) REFERENCES known_issue (id) ON DELETE CASCADE) WITHOUT ROWID",
)


def up(_migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
