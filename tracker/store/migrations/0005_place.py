"""The place of a result in its report, which tells what came after the last one of a suite."""

from typing import Any

STATEMENTS = ("ALTER TABLE result ADD COLUMN place INTEGER",)


def up(_migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
