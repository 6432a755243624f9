"""What is on record already, for those who decide what to fetch."""

from __future__ import annotations

from dataclasses import dataclass

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


def recorded(job: str, number: int) -> OnRecord | None:
    """The newest recorded build of this number, if there is one."""
    with reading():
        build = (
            Build.select()
            .join(Job)
            .where((Job.name == job) & (Build.number == number))
            .order_by(Build.epoch.desc())
            .first()
        )
    return OnRecord(build.started, build.state, build.complete) if build else None


def report_digests(job: str, number: int) -> dict[str, str]:
    """The SHA-256 of each report of the newest build of this number, by its name."""
    with reading():
        build = (
            Build.select()
            .join(Job)
            .where((Job.name == job) & (Build.number == number))
            .order_by(Build.epoch.desc())
            .first()
        )
        if build is None:
            return {}
        return {row.name: row.sha256 for row in Report.select().where(Report.build == build)}


def report_count(build_id: int) -> int:
    """How many reports a build has."""
    with reading():
        return int(Report.select().where(Report.build == build_id).count())
