"""When reports of each job last came, and after how long without any somebody should look.

That is by the job's own pace, as idle jobs are told by it. A job that has been silent for longer
than it was ever built, or for very long, rests: nobody waits for reports of a branch that is done.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from tracker.queries.idle import BEGAN, IN_USE, patience
from tracker.queries.select import select
from tracker.store.without_bytes import AGE_OF_BUILD

# A job rests after so many times as long as somebody waits for it.
RESTS_AFTER = 10


@dataclass(frozen=True)
class Heard:
    """When reports of a job last came, and for how long nobody wonders where the next are (ms)."""

    last: int
    patience: float


def last_heard(now: int) -> dict[str, Heard]:
    """By the job's name, for those of which reports are waited for at a time (ms).

    Not for jobs without builds, nor for those that Jenkins has disabled or deleted: none will come.
    """
    rows = select(
        "SELECT j.name, (SELECT max(heard) FROM build WHERE job_id = j.id),"
        f" (SELECT {AGE_OF_BUILD} FROM build b WHERE b.job_id = j.id"
        " ORDER BY b.epoch, b.number LIMIT 1),"
        f" (SELECT json_group_array(began) FROM ({BEGAN}) AS newest) FROM job j WHERE {IN_USE}"
    )
    found = {}
    for name, last, first, began in rows:
        if not last:
            continue
        heard = Heard(last, patience(msgspec.json.decode(began, type=list[int])))
        if not _rests(heard, now - last, last - first):
            found[name] = heard
    return found


def _rests(heard: Heard, silence: int, lifetime: int) -> bool:
    """Whether a job is silent for longer than `heard` explains, and than is worth a look."""
    is_worth = silence <= min(lifetime, RESTS_AFTER * heard.patience)
    return silence > heard.patience and not is_worth
