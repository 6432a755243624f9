"""What is on record already, for those who decide what to fetch."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.clock import MINUTE
from tracker.store.connection import reading
from tracker.store.models import Build, Job, Report
from tracker.store.sql import run
from tracker.store.state_words import is_from_jenkins


@dataclass(frozen=True)
class OnRecord:
    """A recorded build, as far as the next poll is concerned."""

    started: int | None
    state: str
    is_complete: bool

    @property
    def from_jenkins(self) -> bool:
        """Whether Jenkins itself spoke of it; otherwise it is known by uploads alone."""
        return is_from_jenkins(self.state)

    def is_another(self, started: int | None) -> bool:
        """Whether a build of this number that began at `started` is another one."""
        if self.started is None or started is None or not self.from_jenkins:
            return False
        return abs(self.started - started) > MINUTE


def recorded(job: str, number: int) -> OnRecord | None:
    """The newest recorded build of this number, if there is one."""
    with reading():
        build = _newest(job, number)
    return OnRecord(build.started, build.state, build.complete) if build else None


def on_record(job: str, lowest: int) -> dict[int, OnRecord]:
    """The recorded builds from the number `lowest` on; of two epochs the newer one."""
    with reading():
        rows = (
            Build.select()
            .join(Job)
            .where((Job.name == job) & (Build.number >= lowest))
            .order_by(Build.epoch)
        )
        return {row.number: OnRecord(row.started, row.state, row.complete) for row in rows}


def polled_to(job: str) -> int | None:
    """Up to which number the job's builds were worked through; None where it never was polled."""
    with reading():
        row = Job.get_or_none(Job.name == job)
    return row.polled_to if row else None


def unsettled(job: str) -> dict[int, OnRecord]:
    """The builds of Jenkins that ran or were incomplete at the last look; of two epochs the older,
    which cannot end by itself.
    """
    with reading():
        rows = run(
            "SELECT number, started, state, complete FROM build INDEXED BY build_unsettled"
            " WHERE job_id = (SELECT id FROM job WHERE name = ?) AND state <> 'receiving'"
            " AND (state = 'running' OR NOT complete) ORDER BY epoch DESC",
            job,
        )
        return {number: OnRecord(began, state, bool(done)) for number, began, state, done in rows}


def in_jenkins(job: str) -> set[int]:
    """The numbers of the builds that Jenkins had at the last look, in the newest epoch."""
    with reading():
        rows = run(
            "SELECT epoch, number FROM build INDEXED BY build_in_jenkins"
            " WHERE job_id = (SELECT id FROM job WHERE name = ?)"
            " AND NOT gone AND state <> 'receiving'",
            job,
        )
    newest = max((epoch for epoch, _ in rows), default=0)
    return {number for epoch, number in rows if epoch == newest}


def report_digests(job: str, number: int) -> dict[str, str]:
    """The SHA-256 of each report of the newest build of this number, by its name."""
    with reading():
        build = _newest(job, number)
        if build is None:
            return {}
        return {row.name: row.sha256 for row in Report.select().where(Report.build == build)}


def report_count(build_id: int) -> int:
    """How many reports a build has whose bytes could be had."""
    with reading():
        had = (Report.build == build_id) & (Report.sha256 != "")
        return int(Report.select().where(had).count())


def _newest(job: str, number: int) -> Build | None:
    query = Build.select().join(Job).where((Job.name == job) & (Build.number == number))
    found: Build | None = query.order_by(Build.epoch.desc()).first()
    return found
