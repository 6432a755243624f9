"""What is open is found by an index; a judging in steps knows at which revision it began."""

from typing import Any

from peewee import BigIntegerField

STATEMENTS = (
    "CREATE INDEX build_quiet ON build (heard) WHERE state = 'receiving' AND NOT complete",
    "CREATE INDEX build_running ON build (job_id) WHERE state = 'running'",
    "CREATE INDEX build_unsorted ON build (job_id) WHERE let_go IS NULL AND clustered <> CASE WHEN"
    " state NOT IN ('running', 'lost') AND (result IS NULL OR result NOT IN"
    " ('ABORTED', 'NOT_BUILT')) AND failed + error > 0 THEN coalesce(changed, 0) ELSE -1 END",
    "CREATE INDEX build_started ON build (number, started)",
    "CREATE INDEX build_changed ON build (changed)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
    migrator.migrate(migrator.add_column("rejudging", "began", BigIntegerField(null=True)))
