"""An index by which the newest build of a job that has results is found, however old it is."""

from typing import Any


def up(_migrator: Any, db: Any) -> None:
    db.execute_sql(
        "CREATE INDEX build_with_results ON build (job_id, epoch, number) WHERE total > 0"
    )
