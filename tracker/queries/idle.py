"""Jobs that are built no more: what their last build broke is no news.

By no clock, since a page is the same whenever it is made: a job is late beside the last time that
anything was heard of any build.
"""

from __future__ import annotations

from datetime import datetime

from tracker.queries.rows import IN_USE, at, select
from tracker.store.without_bytes import AGE_OF_BUILD

# A job is idle after so many of its usual gaps between builds, and so many ms.
GAPS = 3
LEAST = 2 * 24 * 3600 * 1000
# The usual gap is the average one between so many of its newest builds.
LOOKED_AT = 11

_BEGAN = (
    f"FROM (SELECT {AGE_OF_BUILD} AS began FROM build b WHERE b.job_id = j.id"
    f" ORDER BY b.epoch DESC, b.number DESC LIMIT {LOOKED_AT}) AS newest"
)


def idle_jobs() -> dict[str, datetime]:
    """The jobs in use that had no build for long, by name: when the last of theirs began."""
    rows = select(
        f"SELECT j.name, (SELECT max(began) {_BEGAN}), (SELECT min(began) {_BEGAN}),"
        f" (SELECT count(*) {_BEGAN}), (SELECT max(heard) FROM build WHERE job_id = j.id)"
        f" FROM job j WHERE {IN_USE}"
    )
    built = [row for row in rows if row[3]]
    now = max((heard for *_, heard in built), default=0)
    return {
        name: since
        for name, last, first, builds, _ in built
        if (since := at(last))
        and now - last > max(LEAST, GAPS * (last - first) / max(1, builds - 1))
    }
