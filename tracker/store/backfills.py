"""Back-fills: which older builds of a job are to be read, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from tracker.errors import NotFound
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.models import Backfill, Job
from tracker.store.revisions import raise_revision
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
        Backfill.delete().where(Backfill.job == row).execute()
        Backfill.insert(job=row, wanted=builds, asked=now).execute()
        enqueue("backfill", job, due=now, subject=job)
        raise_revision(row.id)
        if not audit.is_by_itself():  # as for every job that is seen for the first time
            audit.note("back-fill asked for", job, f"{builds} builds")


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
    with _changed(job) as row:
        if row is not None:
            row.numbers, row.gaps = _as_json(numbers), _as_json(gaps)
            row.started = row.noted = now
            row.finished, row.done = None if numbers else now, 0


def note_backfilled(job: str, *, done: int, now: int) -> None:
    """Write down how many builds were worked through."""
    with _changed(job, is_planned=True) as row:
        if row is None:
            return
        row.done, row.noted = done, now
        if done >= len(msgspec.json.decode(row.numbers)):
            row.finished = now
            if row.failed == "[]":  # what went wrong and was mended is no news
                row.error = ""


def note_unread(job: str, number: int, error: str, *, again: bool) -> None:
    """Write down that a build could not be read: it comes `again` behind the others, or never."""
    with _changed(job, is_planned=True) as row:
        if row is None:
            return
        row.error = error
        if again:
            row.numbers = _as_json([*msgspec.json.decode(row.numbers), number])
        else:
            row.failed = _as_json([*msgspec.json.decode(row.failed), number])


def unfinished_backfills() -> list[str]:
    """The jobs with a back-fill that is not finished, and can be."""
    with reading():
        rows = run(
            "SELECT j.name FROM backfill f JOIN job j ON j.id = f.job_id"
            " WHERE f.finished IS NULL AND j.standing <> 'deleted' AND j.server_id IS NOT NULL"
        )
    return [name for (name,) in rows]


@contextmanager
def _changed(job: str, *, is_planned: bool = False) -> Iterator[Backfill | None]:
    """The back-fill of a job, to be changed inside; None where there is none any more.

    With `is_planned` that is one whose numbers are known and that is not finished.
    """
    with writing():
        row = _row(job)
        if row is None or (is_planned and (row.started is None or row.finished is not None)):
            yield None
            return
        yield row
        row.save()
        raise_revision(row.job.id)


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _row(job: str) -> Backfill | None:
    found: Backfill | None = Backfill.select().join(Job).where(Job.name == job).first()
    return found
