"""Which uploads for a build wait is found by an index, however many were read already."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql("CREATE INDEX work_turn ON work (subject, id) WHERE state = 'due'")
