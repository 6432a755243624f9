"""Back-fills: which older builds of a job are to be read, and how far that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tracker.errors import NotFound
from tracker.store.connection import raise_revision, reading, writing
from tracker.store.models import Backfill, Job
from tracker.store.sql import run
from tracker.store.work import enqueue


@dataclass(frozen=True)
class Filling:
    """A back-fill: `numbers` are the builds to read, newest first; None before Jenkins was asked.

    The first `done` of them were worked through. What could not be read comes again at the end.
    """

    wanted: int
    numbers: tuple[int, ...] | None
    done: int

    @property
    def rest(self) -> tuple[int, ...]:
        """What is still to be read."""
        return (self.numbers or ())[self.done :]

    @property
    def is_retry(self) -> bool:
        """Whether what is left was tried before."""
        return bool(self.rest) and self.rest[0] in (self.numbers or ())[: self.done]


def ask_backfill(job: str, *, builds: int, now: int) -> None:
    """Want the newest `builds` builds of a job; one that is on its way begins anew."""
    with writing():
        row = Job.get_or_none(Job.name == job)
        if row is None or row.server is None:
            raise NotFound(
                f"No job named {job!r} is read from a Jenkins.",
                "`tracker job add NAME --server SERVER` makes it so.",
            )
        Backfill.insert(job=row, wanted=builds, asked=now).on_conflict_replace().execute()
        enqueue("backfill", job, due=now, subject=job)
        raise_revision(row.id)


def backfill_of(job: str) -> Filling | None:
    """The back-fill of a job that is not finished, if there is one."""
    with reading():
        row = _row(job)
    if row is None or row.finished is not None:
        return None
    planned = None if row.started is None else tuple(msgspec.json.decode(row.numbers))
    return Filling(row.wanted, planned, row.done)


def plan_backfill(
    job: str, numbers: Sequence[int], gaps: Sequence[tuple[int, int]], *, now: int
) -> None:
    """Write down which builds there are to read, and which of them Jenkins has no more."""
    _update(
        job,
        numbers=msgspec.json.encode(numbers).decode(),
        gaps=msgspec.json.encode(gaps).decode(),
        started=now,
        noted=now,
        finished=now if not numbers else None,
        done=0,
    )


def note_backfilled(job: str, *, done: int, now: int) -> None:
    """Write down how many builds were worked through."""
    filling = backfill_of(job)
    if filling is None or filling.numbers is None:
        return
    is_over = done >= len(filling.numbers)
    with reading():
        row = _row(job)
    # What went wrong and was mended is no news when all is over.
    kept = row.error if row and (row.failed != "[]" or not is_over) else ""
    _update(job, done=done, noted=now, finished=now if is_over else None, error=kept)


def note_unread(job: str, number: int, error: str, *, again: bool) -> None:
    """Write down that a build could not be read: it comes `again` behind the others, or never."""
    filling = backfill_of(job)
    if filling is None or filling.numbers is None:
        return
    if again:
        numbers = msgspec.json.encode([*filling.numbers, number]).decode()
        _update(job, numbers=numbers, error=error)
        return
    with reading():
        row = _row(job)
        failed = [*msgspec.json.decode(row.failed), number] if row else [number]
    _update(job, failed=msgspec.json.encode(failed).decode(), error=error)


def unfinished_backfills() -> list[str]:
    """The jobs with a back-fill that is not finished, and can be."""
    with reading():
        rows = run(
            "SELECT j.name FROM backfill f JOIN job j ON j.id = f.job_id"
            " WHERE f.finished IS NULL AND j.standing <> 'deleted' AND j.server_id IS NOT NULL"
        )
    return [name for (name,) in rows]


def _update(job: str, **values: object) -> None:
    with writing():
        row = _row(job)
        if row is not None:
            Backfill.update(**values).where(Backfill.job == row.job).execute()
            raise_revision(row.job.id)


def _row(job: str) -> Backfill | None:
    found: Backfill | None = Backfill.select().join(Job).where(Job.name == job).first()
    return found
