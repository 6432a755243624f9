"""Indexes for what is asked again and again of tables that grow for years."""

from typing import Any

_INDEXES = (
    "CREATE INDEX build_unsettled ON build (job_id) WHERE state <> 'receiving'"
    " AND (state = 'running' OR NOT complete)",
    "CREATE INDEX build_number ON build (job_id, number, epoch)",
    "CREATE INDEX build_upstream_of ON build (job_id, upstream_job)",
    "CREATE INDEX build_begun ON build (job_id, started)",
    "CREATE INDEX build_in_jenkins ON build (job_id, epoch, number)"
    " WHERE NOT gone AND state <> 'receiving'",
    "CREATE INDEX build_heard ON build (job_id, heard)",
    "CREATE INDEX work_subject ON work (subject, lease_until)",
    "CREATE INDEX work_leased ON work (lease_until) WHERE lease_until > 0",
    "CREATE INDEX signature_algorithm ON signature (algorithm)",
)


def up(_migrator: Any, db: Any) -> None:
    for index in _INDEXES:
        db.execute_sql(index)
