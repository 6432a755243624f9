"""Jobs that are built no more: what their last build broke is no news.

By no clock, since a page is the same whenever it is made: a job is late beside the newest build of
any job in use.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime

import msgspec

from tracker.queries.columns import at
from tracker.queries.select import select, snapshot
from tracker.store.models import database
from tracker.store.revisions import revision
from tracker.store.sql import IN, listed
from tracker.store.without_bytes import AGE_OF_BUILD

# A job is idle after so many of its usual gaps between builds, and so many ms.
GAPS = 3
LEAST = 2 * 24 * 3600 * 1000
# The usual gap is the average one between so many of its newest builds.
LOOKED_AT = 11

# SQL: Jenkins has a job `j` and builds it, or only uploads speak of it. What others ended with
# stays as it is for ever, and is no state of today.
IN_USE = "j.standing = ''"
# SQL: a job `j` is in use and is built; its parameter are the `idle_ids`.
IS_BUILT = f"({IN_USE} AND j.id NOT IN {IN})"
# SQL: when the newest builds of a job `j` began.
BEGAN = (
    f"SELECT {AGE_OF_BUILD} AS began FROM build b WHERE b.job_id = j.id"
    f" ORDER BY b.epoch DESC, b.number DESC LIMIT {LOOKED_AT}"
)


def idle_jobs() -> dict[str, datetime]:
    """The jobs in use that had no build for long, by name: when the last of theirs began."""
    with snapshot():
        return dict(_idle().values())


def count_idle() -> int:
    """How many jobs in use are idle."""
    return len(idle_jobs())


def idle_ids() -> str:
    """Their ids, as the parameter of IS_BUILT."""
    return listed(idle_numbers())


def idle_numbers() -> list[int]:
    """Their ids."""
    with snapshot():
        return list(_idle())


def _idle() -> Mapping[int, tuple[str, datetime]]:
    return _kept(str(database.database), revision())


@functools.lru_cache(maxsize=4)
def _kept(_database: str, _revision: int) -> Mapping[int, tuple[str, datetime]]:
    """By id the names of idle jobs, and when the last build of each began."""
    rows = select(
        f"SELECT j.id, j.name, (SELECT json_group_array(began) FROM ({BEGAN}) AS newest)"
        f" FROM job j WHERE {IN_USE}"
    )
    began = [(job, name, msgspec.json.decode(times, type=list[int])) for job, name, times in rows]
    newest = max((max(times) for *_, times in began if times), default=0)
    return {
        job: (name, since)
        for job, name, times in began
        if times and newest - max(times) > patience(times) and (since := at(max(times)))
    }


def patience(began: list[int]) -> float:
    """After how long (ms) a job is idle whose newest builds began then."""
    return max(LEAST, GAPS * (max(began) - min(began)) / max(1, len(began) - 1))
