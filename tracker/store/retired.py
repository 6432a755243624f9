"""Jobs that people take out of use: only uploads know them, so that no Jenkins tells it."""

from __future__ import annotations

from tracker.errors import Conflict, NotFound
from tracker.store import audit
from tracker.store.connection import writing
from tracker.store.models import Build, Job
from tracker.store.revisions import raise_revision
from tracker.store.state_words import JobStanding
from tracker.store.work import ask_publishing


def retire(name: str, *, now: int) -> bool:
    """Take a job out of use; False where it is retired already.

    NotFound for a job nobody knows, Conflict for one of which a Jenkins tells whether it is in use.
    """
    return _put(name, JobStanding.RETIRED, "job retired", now)


def unretire(name: str, *, now: int) -> bool:
    """Take a retired job into use again; False where it is not retired. Raises as `retire`."""
    return _put(name, JobStanding.USUAL, "job no longer retired", now)


def end_of_rest(job: Job, build: Build) -> None:
    """A retired job has a new build: it is in use again, so that nothing that fails is hidden."""
    if job.standing == JobStanding.RETIRED:
        _write(job, JobStanding.USUAL, "job no longer retired", 0, f"by build {build.number}")


def _put(name: str, standing: JobStanding, what: str, now: int) -> bool:
    with writing():
        job = Job.get_or_none(Job.name == name)
        if job is None:
            raise NotFound(f"No job named {name!r} is known here.", "`tracker job list` has them.")
        if job.server is not None:
            raise Conflict(
                f"The job {name!r} is read from the Jenkins {job.server.name!r},"
                " which tells whether it is in use.",
                "Disable it there.",
            )
        if (job.standing == JobStanding.RETIRED) == (standing == JobStanding.RETIRED):
            return False
        _write(job, standing, what, now)
        raise_revision(job.id)
        ask_publishing(now=now)
        return True


def _write(job: Job, standing: JobStanding, what: str, now: int, outcome: str = "") -> None:
    since = now if standing else None
    Job.update(standing=standing, standing_since=since).where(Job.id == job.id).execute()
    audit.note(what, job.name, outcome)
