"""Builds of which nobody wants to keep the bytes: they were let go by age, or never came.

Whenever raw reports are let go, the time before which they came is kept: the settings of today say
nothing of it, since a command may have named another age, and they may have been raised since.
"""

from __future__ import annotations

from datetime import UTC, datetime

from tracker.clock import SECOND, now_ms
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.counters import counter, raise_to
from tracker.store.models import Job
from tracker.store.rules import new_job
from tracker.store.sql import run

# When a build began, or the first that is known of it: its reports came later.
AGE_OF_BUILD = "min(coalesce(b.started, b.heard), b.heard)"
_LET_GO_BEFORE = "raw_let_go_before"


def note_letting_go(count: int, *, before: int) -> None:
    """Write down that so many raw reports go, which came before a time (ms)."""
    at = datetime.fromtimestamp(before / SECOND, UTC).isoformat(timespec="seconds")
    with writing():
        raise_to(_LET_GO_BEFORE, before)
        audit.note("raw reports let go", "spool", f"{count} reports that came before {at}")


def let_go_before() -> int:
    """The time (ms) before which raw reports came that may have been let go; 0 where none were."""
    with reading():
        return counter(_LET_GO_BEFORE)


def note_import(name: str) -> None:
    """Write down that a job gets builds without bytes now, before the first of them is recorded."""
    with writing():
        job = Job.get_or_none(Job.name == name) or new_job(name)
        run(
            "UPDATE job SET imported = max(coalesce(imported, 0), ?) WHERE id = ?", now_ms(), job.id
        )
        audit.note("imported", name)


def is_anything_imported() -> bool:
    """Whether any job has builds that came without their bytes."""
    with reading():
        return bool(run("SELECT 1 FROM job WHERE imported IS NOT NULL LIMIT 1"))


def is_without_bytes(build_id: int) -> bool:
    """Whether the raw reports of a build may be gone as somebody asked for.

    Either it is so old that they were let go; or it is older than an import of its job, whose
    builds come without them.
    """
    with reading():
        [(age, imported)] = run(
            f"SELECT {AGE_OF_BUILD}, j.imported FROM build b JOIN job j ON j.id = b.job_id"
            " WHERE b.id = ?",
            build_id,
        )
        return age < let_go_before() or (imported is not None and age <= imported)
