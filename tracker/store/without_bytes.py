"""Builds of which nobody wants to keep the bytes: they were let go by age, or never came."""

from __future__ import annotations

from tracker.clock import DAY
from tracker.store.audit import IMPORTED, LONGEST, SPOOL_LET_GO
from tracker.store.connection import reading
from tracker.store.sql import run

_IS_IMPORTED = (
    "SELECT 1 FROM audit WHERE what = ?3 AND at >= ?1 AND subject IN"
    f" (SELECT substr(name, 1, {LONGEST}) FROM job WHERE id = ?2"
    f" UNION ALL SELECT substr(name, 1, {LONGEST}) FROM former WHERE job_id = ?2) LIMIT 1"
)


def is_without_bytes(build_id: int, keep_days: int, *, now: int) -> bool:
    """Whether the raw reports of a build may be gone as somebody asked for.

    Either all that is known of it came longer ago than they are kept, and some were let go; or it
    is older than an import of its job, whose builds come without them.
    """
    with reading():
        [(heard, started, job_id)] = run(
            "SELECT heard, started, job_id FROM build WHERE id = ?", build_id
        )
        if keep_days and heard < now - keep_days * DAY and _was_let_go():
            return True
        oldest = heard if started is None else min(started, heard)
        return bool(run(_IS_IMPORTED, oldest, job_id, IMPORTED))


def _was_let_go() -> bool:
    return bool(run("SELECT 1 FROM audit WHERE what = ? LIMIT 1", SPOOL_LET_GO))
