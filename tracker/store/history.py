"""What is on record already, for those who decide what to fetch."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import ModelSelect

from tracker.clock import MINUTE
from tracker.store.connection import reading
from tracker.store.models import Build, Job, Report


@dataclass(frozen=True)
class OnRecord:
    """A recorded build, as far as the next poll is concerned."""

    started: int | None
    state: str
    is_complete: bool

    @property
    def from_jenkins(self) -> bool:
        """Whether Jenkins itself spoke of it; otherwise it is known by uploads alone."""
        return self.state != "receiving"

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


def newest_from_jenkins(job: str) -> int | None:
    """The highest number of a job's newest epoch that Jenkins itself spoke of."""
    with reading():
        build = _from_jenkins(job).order_by(Build.epoch.desc(), Build.number.desc()).first()
    return build.number if build else None


def first_start_from_jenkins(job: str) -> int | None:
    """When the oldest build of a job began (ms) that Jenkins itself spoke of."""
    with reading():
        build = (
            _from_jenkins(job).where(Build.started.is_null(False)).order_by(Build.started).first()
        )
    return build.started if build else None


def running(job: str) -> list[int]:
    """The numbers of the builds that ran when Jenkins was last asked."""
    with reading():
        return [build.number for build in _from_jenkins(job).where(Build.state == "running")]


def report_digests(job: str, number: int) -> dict[str, str]:
    """The SHA-256 of each report of the newest build of this number, by its name."""
    with reading():
        build = _newest(job, number)
        if build is None:
            return {}
        return {row.name: row.sha256 for row in Report.select().where(Report.build == build)}


def report_count(build_id: int) -> int:
    """How many reports a build has."""
    with reading():
        return int(Report.select().where(Report.build == build_id).count())


def _newest(job: str, number: int) -> Build | None:
    query = Build.select().join(Job).where((Job.name == job) & (Build.number == number))
    found: Build | None = query.order_by(Build.epoch.desc()).first()
    return found


def _from_jenkins(job: str) -> ModelSelect[Build]:
    return Build.select().join(Job).where((Job.name == job) & (Build.state != "receiving"))
