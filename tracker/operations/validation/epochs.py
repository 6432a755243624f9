"""Epochs numbered anew in the copy, by the code that numbers them, and taken back."""

from __future__ import annotations

from tracker.clock import DAY
from tracker.store.connection import writing
from tracker.store.epochs import settle_epochs
from tracker.store.models import Build, Job
from tracker.store.sql import run

# Jobs whose numbers may have begun again, each with a build that says so: there are epochs, or a
# build began more than a day before one of a lower number.
_CANDIDATES = f"""
SELECT job_id, max(id) FROM (
    SELECT job_id, id FROM build WHERE started IS NOT NULL
        AND job_id IN (SELECT job_id FROM build WHERE epoch <> 0)
    UNION ALL
    SELECT job_id, id FROM (
        SELECT job_id, id, started, max(started) OVER (
            PARTITION BY job_id ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before FROM build WHERE started IS NOT NULL
    ) WHERE started < before - {DAY}
) GROUP BY job_id
"""
_MOVED = (
    "SELECT j.name || ' #' || b.number || ': epoch ' || o.epoch || ', the times give ' || b.epoch"
    " FROM build b JOIN temp.epoch_was o ON o.id = b.id JOIN job j ON j.id = b.job_id"
    " WHERE b.epoch <> o.epoch ORDER BY 1"
)


def other_epochs() -> list[str]:
    """The builds that numbering anew puts into another epoch, in words."""
    candidates = run(_CANDIDATES)
    if not candidates:
        return []
    run("CREATE TEMP TABLE epoch_was AS SELECT id, epoch FROM build")
    with writing():
        run("SAVEPOINT epochs")
        for job_id, build_id in candidates:
            settle_epochs(Job.get_by_id(job_id), Build.get_by_id(build_id))
        moved = [text for (text,) in run(_MOVED)]
        run("ROLLBACK TO epochs")
        run("RELEASE epochs")
    return moved
