"""How much is recorded, and how new it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.queries.columns import at
from tracker.queries.select import select


@dataclass(frozen=True)
class Extent:
    """Numbers of jobs, builds and results, and the start of the newest build."""

    jobs: int
    builds: int
    results: int
    newest_build: datetime | None


def extent() -> Extent:
    """The extent of the whole database, from totals alone."""
    (jobs,) = select("SELECT count(*) FROM job")[0]
    builds, results, newest = select(
        "SELECT count(*), coalesce(sum(total), 0), max(started) FROM build"
    )[0]
    return Extent(jobs, builds, results, at(newest))
