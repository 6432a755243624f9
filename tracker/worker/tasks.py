"""The kinds of tasks: what each does, and when it wants to come back."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import msgspec

from tracker.clock import DAY, MINUTE, SECOND, now_ms
from tracker.errors import JenkinsError, NotFound, SettingsError, StorageError, TrackerError
from tracker.intake import spool
from tracker.intake.ingest import ingest as ingest_reports
from tracker.intake.queued import read_upload
from tracker.jenkins import discovery
from tracker.jenkins.backfill import fill
from tracker.jenkins.check import clock_in_words
from tracker.jenkins.client import Refused, TooSlow
from tracker.jenkins.listing import starts
from tracker.jenkins.poll import PartlyRead, poll_job
from tracker.jenkins.recording import read_build
from tracker.jenkins.source import JenkinsJob, Source
from tracker.operations.retention.letting_go import let_go, policy_of
from tracker.published import read_head
from tracker.queries import jobs
from tracker.queries.answers import answer
from tracker.queries.jobs import PolledJob
from tracker.site.publish import publish as publish_site
from tracker.site.render import renderer
from tracker.store import families
from tracker.store.audit import on_behalf
from tracker.store.backfills import unfinished_backfills
from tracker.store.jobs import note_job_trouble, note_server, note_server_trouble
from tracker.store.judging import judge_waiting
from tracker.store.record import complete_quiet_builds
from tracker.store.rejudging import waiting_jobs
from tracker.store.seen import SeenJob, Starts, newest_only, note_look
from tracker.store.state_words import JobStanding
from tracker.store.upload_order import was_passed
from tracker.store.work import SITE, Task, ask_poll, ensure, forget_done
from tracker.worker.context import Context

log = logging.getLogger("tracker.worker")

# When a build that somebody knocked about is looked at again: a knock from a step of the build
# itself comes before it has ended, and before its reports are kept. Later it is polled as usual.
KNOCK_SECONDS = (2, 5, 15, 60)
# A job is judged again for so long, then what else is due gets its turn.
JUDGE_SECONDS = 10
# A daily task that is later than this meets a clock that is wrong, or one that was not at work.
LATE = 2 * DAY
# What is said of an upload with `replace` that waited for long, and is refused in the end.
TOO_LATE = (
    "This upload had to wait, and takes the place of nothing any more: one that came later for the"
    " build was recorded before it."
)
# Before builds of a back-fill are tried again that could not be read.
RETRY_SECONDS = 60


@dataclass(frozen=True)
class Done:
    """A task ended well: it comes back at `again_at` (ms), or leaves an `outcome`, or is gone."""

    again_at: int | None = None
    outcome: Any = None


class NotYet(TrackerError):
    """It is too early for the task: trying again after `pause` seconds is right, and no trouble."""

    def __init__(self, message: str, pause: float) -> None:
        super().__init__(message)
        self.pause = pause


def watch(context: Context, task: Task) -> Done:
    """Look at all jobs of a server at once, and have those polled whose builds changed."""
    try:
        row = jobs.server(task.key)
    except NotFound:
        return Done()
    context.beat(f"looking at the jobs of {row.name}")
    try:
        source = context.source(row.name)
        with source.client.limited(context.settings.poll_limit_seconds):
            listing = discovery.look(source, row.patterns, row.view)
            notice = note_look(
                row.name,
                listing.jobs,
                listed=listing.names,
                now=now_ms(),
                builds_of=lambda job: _starts(source, job),
            )
    except (JenkinsError, SettingsError, StorageError) as error:
        context.forget(row.name)
        if isinstance(error, Refused):
            context.close(row.name, error)
        note_server_trouble(row.name, _in_words(error, row.name), now=now_ms())
        raise
    heard = source.client.heard
    notice = notice or clock_in_words(heard.clock_ahead)
    note_server(row.name, version=heard.version, notice=notice)
    note_server_trouble(row.name, "", now=now_ms())
    return Done(_in_a_while(context.settings.poll_seconds))


def poll(context: Context, task: Task) -> Done:
    """Record what is new of a job; comes back at once where that took too long for one turn."""
    job = _read_job(task.key)
    if job is None:
        return Done()
    with _trouble_noted(context, job):
        polled = poll_job(context.jenkins_job(job), first_builds=context.settings.first_builds)
    return Done() if polled.is_done else Done(now_ms())


def backfill(context: Context, task: Task) -> Done:
    """Read some more of a job's older builds, and come back until all are read."""
    job = _read_job(task.key)
    if job is None:
        return Done()
    with _trouble_noted(context, job):
        filled = fill(context.jenkins_job(job))
    if filled.is_over:
        return Done()
    return Done(_in_a_while(RETRY_SECONDS) if filled.is_retry else now_ms())


def poll_build(context: Context, task: Task) -> Done:
    """Record one build that somebody knocked about; a running one is looked at again soon."""
    try:
        job = jobs.polled_job(task.payload["job"])
    except NotFound:
        return Done()
    number = int(task.payload["number"])
    context.beat(f"reading {job.name} #{number}")
    with _trouble_noted(context, job):
        finished = _read_in_time(context.jenkins_job(job), number)
    if not finished and task.tries <= len(KNOCK_SECONDS):
        pause = KNOCK_SECONDS[task.tries - 1]
        raise NotYet(f"{job.name} #{number} has not finished.", pause)
    return Done()


def _read_in_time(job: JenkinsJob, number: int) -> bool:
    """Whether the build is over, or takes more time than others can wait: the poll has it then."""
    client = job.source.client
    with client.limited(job.seconds):
        try:
            return read_build(job, number)
        except TooSlow:
            if not client.is_out_of_time:
                raise
    ask_poll(job.name, now=now_ms())
    return True


def ingest(context: Context, task: Task) -> Done:
    """Read an upload that was too large to be read at once; its answer is the outcome."""
    upload = read_upload(task.payload)
    context.beat(f"reading an upload for {upload.facts.job}")
    reports = [each.in_spool(context.intake.spool) for each in upload.reports]
    spool.check_there(context.intake.spool, reports)
    is_too_late = upload.replace and was_passed(task.id)
    replace = upload.replace and not is_too_late
    try:
        with on_behalf(upload.by.who, upload.by.address):
            done = ingest_reports(
                context.intake, upload.facts, reports, now=now_ms(), replace=replace
            )
    except TrackerError as error:
        if error.status >= 500:
            raise
        told = f"{error} {TOO_LATE}" if is_too_late else str(error)
        return Done(outcome={"status": error.status, "error": told})
    said = answer(done.recorded, done.refused, done.warnings)
    status = 201 if done.recorded.added else 200
    return Done(outcome={"status": status, **msgspec.to_builtins(said)})


def judge(context: Context, task: Task) -> Done:
    """Judge some builds of a job again, since an older one arrived, until none is left.

    In short steps, between which others write; comes back at once after some of them.
    """
    until = monotonic() + JUDGE_SECONDS
    while True:
        context.beat(f"judging {task.key}")
        if not judge_waiting(task.key, now=now_ms()):
            return Done()
        if monotonic() > until:
            return Done(now_ms())


def cluster(context: Context, _task: Task) -> Done:
    """Put some builds' failures into families, until none is left that is in none."""
    context.beat("putting failures into families")
    own = context.settings.own_prefixes
    return Done(now_ms()) if families.cluster_waiting(own, now=now_ms()) else Done()


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


def retention(context: Context, task: Task) -> Done:
    """Let go, once a day, what the settings no longer keep."""
    policy = policy_of(context.settings)
    if not policy.lets_go:
        return Done()
    now = now_ms()
    _wait_for_the_clock(task, now)
    let_go(context.settings, policy, now=now, beat=context.beat)
    return Done(_in_a_while(DAY / SECOND))


def _wait_for_the_clock(task: Task, now: int) -> None:
    """NotYet, once, where the clock may be far ahead: what it lets go is gone for good.

    A machine may come up so, until somebody sets its clock. Where it is right, since no worker ran
    for long, nothing is lost by another day.
    """
    was_put_off = task.tries > 1 and not task.taken_over
    if was_put_off or now - task.due <= LATE:
        return
    told = (
        f"Retention was due {(now - task.due) // DAY:,} days ago: the clock is wrong, or no worker"
        " ran. It is put off for a day; `tracker retention` does it now."
    )
    log.warning("%s", told)
    raise NotYet(told, DAY / SECOND)


TASKS: dict[str, Callable[[Context, Task], Done]] = {
    "watch": watch,
    "poll": poll,
    "backfill": backfill,
    "poll_build": poll_build,
    "ingest": ingest,
    "judge": judge,
    "cluster": cluster,
    "publish": publish,
    "complete_quiet": complete_quiet,
    "tidy": tidy,
    "retention": retention,
}


def schedule(context: Context) -> None:
    """Have the tasks that come back for ever, one for each server and job, and a publish."""
    now = now_ms()
    ensure("complete_quiet", "all", due=now)
    ensure("tidy", "all", due=now)
    if policy_of(context.settings).lets_go:
        ensure("retention", "all", due=now)
    published = read_head(context.settings.output / "site")
    if published is None or published.revision != jobs.revision():
        ensure(*SITE, due=now)
    for server in jobs.servers():
        ensure("watch", server.name, due=now)
    for job in unfinished_backfills():
        ensure("backfill", job, due=now, subject=job)
    for job in waiting_jobs():
        ensure("judge", job, due=now, subject=job)
    if families.is_waiting():
        ensure("cluster", "all", due=now)


def _read_job(name: str) -> PolledJob | None:
    """A job that is read; None where it is known no more, or its server has it no more."""
    try:
        job = jobs.polled_job(name)
    except NotFound:
        return None
    if job.standing == JobStanding.DELETED:
        note_job_trouble(name, "", now=now_ms())
        return None
    return job


@contextmanager
def _trouble_noted(context: Context, job: PolledJob) -> Iterator[None]:
    """Write on the job's page what is wrong with reading it, or that nothing is any more."""
    try:
        yield
    except TrackerError as error:
        if isinstance(error, JenkinsError) and not isinstance(error, PartlyRead):
            context.forget(job.server)
        if isinstance(error, Refused):
            context.close_if_refused(job.server)
        note_job_trouble(job.name, str(error), now=now_ms())
        raise
    note_job_trouble(job.name, "", now=now_ms())


def _in_words(error: TrackerError, server: str) -> str:
    """What is wrong with a server, and how to find out more."""
    return f"{error} `tracker server check {server}` looks into it."


def _starts(source: Source, job: SeenJob) -> Starts:
    """The newest builds of a job that appeared; one that cannot be asked has those of the look."""
    try:
        return starts(source, job.jenkins_name)
    except JenkinsError:
        return newest_only(job)


def _in_a_while(seconds: float) -> int:
    """A time from now with a tenth of jitter, so that jobs do not march in step."""
    return now_ms() + int(seconds * random.uniform(0.9, 1.1) * SECOND)  # noqa: S311
