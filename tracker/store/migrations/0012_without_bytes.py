"""What left reports without bytes is state of its own; until now only the audit's notes told it."""

import re
from datetime import datetime
from typing import Any

from peewee import BigIntegerField

# The notes cut names at 500 characters.
_IMPORTED = (
    "UPDATE job SET imported = noted.at FROM (SELECT named.id, max(a.at) AS at FROM audit a JOIN"
    " (SELECT id, substr(name, 1, 500) AS name FROM job"
    " UNION ALL SELECT job_id, substr(name, 1, 500) FROM former) named ON named.name = a.subject"
    " WHERE a.what = 'imported' GROUP BY named.id) noted WHERE noted.id = job.id"
)
_LET_GO = "SELECT at, outcome FROM audit WHERE what = 'raw reports let go'"
_BEFORE = re.compile(r"that came before (\S+)$")


def up(migrator: Any, db: Any) -> None:
    migrator.migrate(migrator.add_column("job", "imported", BigIntegerField(null=True)))
    db.execute_sql(_IMPORTED)
    times = [_before(*row) for row in db.execute_sql(_LET_GO).fetchall()]
    if times:
        db.execute_sql(
            f"INSERT INTO counter (name, value) VALUES ('raw_let_go_before', {max(times)})"
        )


def _before(at: int, outcome: str) -> int:
    """The time (ms); what was noted without one may have taken all that there was."""
    told = _BEFORE.search(outcome)
    return int(datetime.fromisoformat(told[1]).timestamp()) * 1000 if told else at
