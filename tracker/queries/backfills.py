"""Back-fills: how far reading a job's older builds is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from tracker.queries.columns import at
from tracker.queries.select import select


@dataclass(frozen=True)
class BackfillRow:
    """A back-fill: `done` of `total` builds; `gaps` are what Jenkins has no more, newest first.

    `total` is None until Jenkins was asked. `failed` are builds that could not be read, `error` is
    what was wrong with the last of them.
    """

    wanted: int
    total: int | None
    done: int
    gaps: tuple[tuple[int, int], ...]
    failed: tuple[int, ...]
    asked: datetime | None
    started: datetime | None
    finished: datetime | None
    seconds_left: float | None
    error: str

    @property
    def is_running(self) -> bool:
        """Whether older builds still come in, so that verdicts may change."""
        return self.finished is None


def backfill(job: str) -> BackfillRow | None:
    """The newest back-fill of a job; its time left by its pace until the last build of it."""
    rows = select(
        "SELECT f.wanted, (SELECT count(DISTINCT value) FROM json_each(f.numbers)),"
        " json_array_length(f.numbers), f.done, f.gaps, f.asked, f.started,"
        " f.noted, f.failed, f.finished, f.error"
        " FROM backfill f JOIN job j ON j.id = f.job_id WHERE j.name = ?",
        job,
    )
    if not rows:
        return None
    wanted, total, length, done, gaps, asked, started, noted, failed, finished, error = rows[0]
    left = None
    if finished is None and done:
        left = (noted - started) / 1000 / done * (length - done)
    return BackfillRow(
        wanted=wanted,
        total=None if started is None else total,
        done=min(done, total),  # what is tried again is no more
        gaps=tuple((first, last) for first, last in msgspec.json.decode(gaps)),
        failed=tuple(msgspec.json.decode(failed)),
        asked=at(asked),
        started=at(started),
        finished=at(finished),
        seconds_left=left,
        error=error,
    )
