"""The kinds of tasks: what each does, and when it wants to come back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from tracker.clock import DAY, MINUTE, SECOND, now_ms
from tracker.errors import (
    Conflict,
    JenkinsError,
    NotFound,
    SettingsError,
    SpoolDamage,
    TrackerError,
)
from tracker.intake import spool
from tracker.intake.ingest import ingest as ingest_reports
from tracker.intake.spool import SpooledReport
from tracker.jenkins import poll as jenkins
from tracker.jenkins.client import Missing, Unusable
from tracker.queries import jobs
from tracker.queries.answers import answer
from tracker.site.publish import publish as publish_site
from tracker.site.publish import read_manifest
from tracker.site.render import renderer
from tracker.store.jobs import note_job_trouble, note_server_trouble, track_job
from tracker.store.record import complete_quiet_builds
from tracker.store.records import BuildFacts
from tracker.store.work import Task, ensure, forget_done
from tracker.worker.context import Context

KNOCK_TRIES = 6
# What is wrong with some builds is on the job's page; the next ones do not wait for it.
OF_SINGLE_BUILDS = (Missing, Unusable, Conflict, SpoolDamage)
DISCOVERY_EVERY = 5


@dataclass(frozen=True)
class Done:
    """A task ended well: it comes back at `again_at` (ms), or leaves an `outcome`, or is gone."""

    again_at: int | None = None
    outcome: Any = None


class NotYet(JenkinsError):
    """The build still runs; looking again soon is right, and no trouble of the server."""


def discover(context: Context, task: Task) -> Done:
    """Find the jobs of a server, and have each of them polled."""
    try:
        row = jobs.server(task.key)
    except NotFound:
        return Done()
    context.beat(f"looking for jobs on {row.name}")
    try:
        found = jenkins.find_jobs(context.source(row.name), row.patterns)
    except (JenkinsError, SettingsError) as error:
        context.forget(row.name)
        note_server_trouble(row.name, str(error), now=now_ms())
        raise
    trouble = ""
    for job in found:
        try:
            track_job(job.name, server=row.name, jenkins_name=job.jenkins_name, url=job.url)
            ensure("poll", job.name, due=now_ms())
        except Conflict as error:
            trouble = str(error)
    note_server_trouble(row.name, trouble, now=now_ms())
    return Done(_in_a_while(context.settings.poll_seconds * DISCOVERY_EVERY))


def poll(context: Context, task: Task) -> Done:
    """Record what is new of a job."""
    try:
        job = jobs.polled_job(task.key)
    except NotFound:
        return Done()
    with suppress(*OF_SINGLE_BUILDS), _trouble_noted(context, job.name, job.server):
        jenkins.poll_job(
            context.source(job.server),
            context.intake,
            job.name,
            job.jenkins_name,
            first_builds=context.settings.first_builds,
            clock=now_ms,
            beat=context.beat,
        )
    return Done(_in_a_while(context.settings.poll_seconds))


def poll_build(context: Context, task: Task) -> Done:
    """Record one build that somebody knocked about; a running one is looked at again soon."""
    try:
        job = jobs.polled_job(task.payload["job"])
    except NotFound:
        return Done()
    number = int(task.payload["number"])
    context.beat(f"reading {job.name} #{number}")
    with _trouble_noted(context, job.name, job.server):
        finished = jenkins.poll_build(
            context.source(job.server),
            context.intake,
            job.name,
            job.jenkins_name,
            number,
            now=now_ms(),
        )
    if not finished and task.tries < KNOCK_TRIES:
        raise NotYet(f"{job.name} #{number} has not finished.")
    return Done()


def ingest(context: Context, task: Task) -> Done:
    """Read an upload that was too large to be read at once; its answer is the outcome."""
    upload = task.payload
    context.beat(f"reading an upload for {upload['facts']['job']}")
    reports = [
        SpooledReport(path=spool.path_of(context.intake.spool, each["sha256"]), **each)
        for each in upload["reports"]
    ]
    try:
        done = ingest_reports(
            context.intake,
            msgspec.convert(upload["facts"], BuildFacts),
            reports,
            now=now_ms(),
            replace=upload["replace"],
        )
    except TrackerError as error:
        if error.status >= 500:
            raise
        return Done(outcome={"status": error.status, "error": str(error)})
    said = answer(done.recorded, done.refused, done.warnings)
    status = 201 if done.recorded.added else 200
    return Done(outcome={"status": status, **msgspec.to_builtins(said)})


def publish(context: Context, _task: Task) -> Done:
    """Bring the static site up to date."""
    settings = context.settings
    publish_site(
        settings.output,
        renderer(),
        newest=settings.publish_builds,
        keep=settings.publish_keep,
        now=now_ms(),
        beat=context.beat,
    )
    return Done()


def complete_quiet(context: Context, _task: Task) -> Done:
    """Call builds complete that are known by uploads alone and were silent for a while."""
    complete_quiet_builds(now_ms() - context.settings.quiet_minutes * MINUTE)
    return Done(_in_a_while(30))


def tidy(context: Context, _task: Task) -> Done:
    """Forget answers to queued uploads after a week, and what broken uploads left behind."""
    forget_done(now_ms() - 7 * DAY)
    spool.tidy(context.settings.spool, older_than=now_ms() - DAY)
    return Done(_in_a_while(3600))


TASKS: dict[str, Callable[[Context, Task], Done]] = {
    "discover": discover,
    "poll": poll,
    "poll_build": poll_build,
    "ingest": ingest,
    "publish": publish,
    "complete_quiet": complete_quiet,
    "tidy": tidy,
}


def schedule(context: Context) -> None:
    """Have the tasks that come back for ever, one for each server and job, and a publish."""
    now = now_ms()
    ensure("complete_quiet", "all", due=now)
    ensure("tidy", "all", due=now)
    published = read_manifest(context.settings.output / "site")
    if published is None or published.revision != jobs.revision():
        ensure("publish", "site", due=now)
    for server in jobs.servers():
        ensure("discover", server.name, due=now)
    for job in jobs.polled_jobs():
        ensure("poll", job.name, due=now)


@contextmanager
def _trouble_noted(context: Context, job: str, server: str) -> Iterator[None]:
    """Write on the job's page what is wrong with reading it, or that nothing is any more."""
    try:
        yield
    except TrackerError as error:
        context.forget(server)
        note_job_trouble(job, str(error), now=now_ms())
        raise
    note_job_trouble(job, "", now=now_ms())


def _in_a_while(seconds: float) -> int:
    """A time from now with a tenth of jitter, so that jobs do not march in step."""
    return now_ms() + int(seconds * random.uniform(0.9, 1.1) * SECOND)  # noqa: S311
