"""Revisions: a number of the whole database that rises with everything that is recorded.

Each job keeps the one at which its pages changed last.
"""

from __future__ import annotations

from tracker.store.counters import count_up, counter
from tracker.store.sql import run

# The pages of a build show the builds it started and the one that started it: a change in one job
# is a change in the other. Not of one build alone, since it moves verdicts and labels of others.
_RAISE = (
    "UPDATE job SET revision = ?1 WHERE id = ?2 OR EXISTS (SELECT 1 FROM build b"
    " WHERE b.job_id = ?2 AND b.upstream_job = job.name) OR EXISTS (SELECT 1 FROM build b"
    " WHERE b.job_id = job.id AND b.upstream_job = (SELECT j.name FROM job j WHERE j.id = ?2))"
)


def revision() -> int:
    """The revision of the whole database."""
    return counter("revision")


def next_revision() -> int:
    """The revision that what is being written will have, inside `writing`."""
    return revision() + 1


def raise_revision(job_id: int | None = None) -> int:
    """Say that something was recorded; the new revision of the whole database."""
    raised = count_up("revision")
    if job_id is not None:
        run(_RAISE, raised, job_id)
    return raised


def raise_all_jobs() -> None:
    """Say that something was recorded that the pages of all jobs show."""
    run("UPDATE job SET revision = ?", raise_revision())
