"""What a look at a whole server found: new jobs, renamed, disabled and deleted ones, and news.

An idle server costs no transaction: nothing is written where nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from peewee import fn

from tracker.errors import Conflict
from tracker.store.connection import reading, writing
from tracker.store.jobs import refuse_folder
from tracker.store.models import Backfill, Build, Former, Job, Server
from tracker.store.rejudging import waits_from
from tracker.store.revisions import raise_revision
from tracker.store.rules import name_rules, new_job, set_parts
from tracker.store.sql import run
from tracker.store.state_words import BuildState, JobStanding
from tracker.store.work import ask_judging, ask_poll, enqueue, ensure

# A job is deleted when two looks in a row do not find it: one may fall into a restart.
LOOKS = 2
# So many new jobs are asked for their builds in one look, to see whether they were renamed.
MOST_ASKED = 20


@dataclass(frozen=True)
class SeenJob:
    """A job as its server lists it.

    kind    `freestyle`, `matrix`, `maven`, `pipeline`, `branch` of a multibranch project, `other`
    builds  a fingerprint that changes with every build that begins or ends; a job's row keeps the
            one that a poll was last asked for
    last    number and start (ms) of its newest build
    """

    name: str
    jenkins_name: str
    url: str
    kind: str = "other"
    is_disabled: bool = False
    builds: str = ""
    last: tuple[int, int | None] | None = None

    @property
    def standing(self) -> JobStanding:
        """What is special about it."""
        return JobStanding.DISABLED if self.is_disabled else JobStanding.USUAL


# Numbers and starts (ms) of builds.
Starts = Sequence[tuple[int, int]]


def newest_only(job: SeenJob) -> Starts:
    """What a look itself tells of a job's builds."""
    return [] if job.last is None or job.last[1] is None else [(job.last[0], job.last[1])]


def note_look(
    server: str,
    jobs: Sequence[SeenJob],
    *,
    listed: Collection[str] | None,
    now: int,
    builds_of: Callable[[SeenJob], Starts] = newest_only,
) -> str:
    """Take over what a server lists, and have its jobs polled whose builds changed.

    Gives in words what people should know. `listed` are all names it has, None where it told of
    some.

    A job that is missing in two looks is marked as deleted; one that is missing while another
    appears with a build of the very same number and start was renamed, and keeps its history.
    `builds_of` tells the builds of a job that appears. Where the server lists nothing any more
    nothing is marked: that is a matter of permissions.
    """
    with reading():
        owner = Server.get(Server.name == server)
        known = {row.jenkins_name: row for row in Job.select().where(Job.server == owner)}
    missing = [] if listed is None else [name for name in known if name not in listed]
    notice = ""
    if known and listed is not None and not listed:
        missing, notice = [], _all_gone(len(known))
    fresh = [job for job in jobs if job.jenkins_name not in known]
    renamed = _renamed(fresh, [known[name] for name in missing], builds_of)
    new = [job for job in fresh if job.name not in renamed]
    missing = [name for name in missing if known[name].name not in renamed.values()]
    changes = [
        *(job for job in jobs if job.jenkins_name in known and _differs(known, job)),
        *(name for name in missing if known[name].standing != JobStanding.DELETED),
    ]
    if fresh or changes:
        with writing():
            refused = _write(owner, known, jobs, missing, renamed, new, now)
        notice = notice or refused
    _ask_polls(owner, jobs, now)
    return notice


def _differs(known: Mapping[str, Job], job: SeenJob) -> bool:
    row = known[job.jenkins_name]
    told = (row.url, row.kind, row.standing)
    return bool(row.missed) or told != (job.url, job.kind, job.standing)


def _write(
    owner: Server,
    known: Mapping[str, Job],
    jobs: Sequence[SeenJob],
    missing: Iterable[str],
    renamed: Mapping[str, str],
    new: Iterable[SeenJob],
    now: int,
) -> str:
    """Write down what changed; in words what could not be."""
    patterns = name_rules()
    for job in jobs:
        if job.jenkins_name in known and _differs(known, job):
            _take_over(known[job.jenkins_name], job, patterns, now)
    for name in missing:
        _miss(known[name], now)
    refused = ""
    for job in (*new, *(job for job in jobs if job.name in renamed)):
        try:
            if job.name in renamed:
                _rename(renamed[job.name], job, now)
            else:
                _begin(owner, job, patterns, now)
        except Conflict as error:
            refused = str(error)
    return refused


def _begin(owner: Server, seen: SeenJob, patterns: Sequence[str], now: int) -> None:
    """Know a job from now on; one that uploads made belongs to its server now."""
    refuse_folder(seen.name, owner)
    job = Job.get_or_none(Job.name == seen.name)
    if job is not None and job.server not in (None, owner):
        raise Conflict(
            f"The job {seen.name!r} belongs to another server.",
            "Give the second server a --prefix that is no folder of the first.",
        )
    job = job or new_job(seen.name)
    job.server, job.jenkins_name, job.seen = owner, seen.jenkins_name, ""
    _take_over(job, seen, patterns, now)


def _take_over(job: Job, seen: SeenJob, patterns: Sequence[str], now: int) -> None:
    if job.standing != seen.standing:
        job.standing, job.standing_since = seen.standing, now if seen.standing else None
    job.url, job.kind, job.missed = seen.url, seen.kind, 0
    set_parts(job, patterns)
    job.save()
    raise_revision(job.id)


def _miss(job: Job, now: int) -> None:
    job.missed += 1
    is_deleted = job.missed >= LOOKS and job.standing != JobStanding.DELETED
    if is_deleted:
        job.standing, job.standing_since = JobStanding.DELETED, now
        job.error, job.error_since, job.seen = "", None, ""  # it is read no more, or anew
        Build.update(state=BuildState.LOST, complete=True, gone=True).where(
            (Build.job == job) & (Build.state == BuildState.RUNNING)
        ).execute()
    job.save()
    if is_deleted:
        raise_revision(job.id)


def _rename(old: str, seen: SeenJob, now: int) -> None:
    """The job has another name from now on; whatever was recorded stays with it."""
    job = Job.get(Job.name == old)
    refuse_folder(seen.name, job.server)
    job.name, job.jenkins_name, job.url, job.missed = seen.name, seen.jenkins_name, seen.url, 0
    job.standing, job.standing_since = seen.standing, now if seen.standing else None
    job.error, job.error_since, job.seen = "", None, ""  # a poll that waits has the old name
    set_parts(job, name_rules())
    job.save()
    Former.insert(name=old, job=job, until=now).on_conflict(
        conflict_target=[Former.name], update={Former.job: job, Former.until: now}
    ).execute()
    Former.delete().where(Former.name == seen.name).execute()
    Build.update(upstream_job=seen.name).where(Build.upstream_job == old).execute()
    if Backfill.select().where((Backfill.job == job) & Backfill.finished.is_null()).exists():
        enqueue("backfill", seen.name, due=now, subject=seen.name)
    if waits_from(job.id) is not None:
        ask_judging(seen.name, now=now)
    raise_revision(job.id)


def _renamed(
    fresh: Sequence[SeenJob], missing: Sequence[Job], builds_of: Callable[[SeenJob], Starts]
) -> dict[str, str]:
    """Old names by new ones: a build of a new job is on record as one of a missing job.

    A job whose new name is taken here already (by uploads) is not joined with that one.
    """
    if not fresh or not missing:
        return {}
    names = {row.id: row.name for row in missing}
    found: dict[str, str] = {}
    for ask, jobs in ((newest_only, fresh), (builds_of, fresh[:MOST_ASKED])):
        for job in jobs:
            # Of what vanished long ago only the look itself may tell: asking is for the news.
            is_news = any(row.standing != JobStanding.DELETED for row in missing if row.id in names)
            if job.name in found or not (is_news or ask is newest_only):
                continue
            owners = _owners(ask(job)) & names.keys()
            if len(owners) == 1 and not _is_taken(job.name):
                found[job.name] = names.pop(owners.pop())
    return found


def _is_taken(name: str) -> bool:
    with reading():
        return bool(Job.select().where(Job.name == name).exists())


def _owners(starts: Starts) -> set[int]:
    """The jobs that have a build of one of these numbers and starts; old controllers cut off what
    is less than a second.
    """
    found: set[int] = set()
    for number, started in starts:
        with reading():
            rows = run(
                "SELECT job_id FROM build WHERE number = ? AND started BETWEEN ? AND ?",
                number,
                started - 999,
                started + 999,
            )
        found.update(job_id for (job_id,) in rows)
    return found


def _ask_polls(owner: Server, jobs: Sequence[SeenJob], now: int) -> None:
    """Have each job polled whose builds are not as they were when a poll was last asked for.

    A poll that waits after trouble is not hurried by the same news, nor by builds that run.
    """
    with reading():
        rows = {row.name: row for row in Job.select().where(Job.server == owner)}
        running = run(
            "SELECT DISTINCT j.name FROM build b INDEXED BY build_running"
            " JOIN job j ON j.id = b.job_id"
            " WHERE b.state = 'running' AND j.server_id = ?",
            owner.id,
        )
    busy = {name for (name,) in running}
    here = [job for job in jobs if job.name in rows]
    changed = [job for job in here if job.builds != rows[job.name].seen]
    if changed:
        with writing():
            for job in changed:
                ask_poll(job.name, now=now)
                Job.update(seen=job.builds).where(Job.name == job.name).execute()
    for job in here:
        if job.name in busy or rows[job.name].error:
            ensure("poll", job.name, due=now, subject=job.name)


def _all_gone(count: int) -> str:
    what = "The one job" if count == 1 else f"All {count} jobs"
    return (
        f"{what} of this server cannot be seen any more. That is more likely a permission"
        " (Job/Read, Job/Discover) than a deletion, so nothing is marked as deleted."
    )


def note_polled(job: str, *, to: int | None, builds: str) -> None:
    """Write down how far a job's list was worked through, and what its builds looked like."""
    with reading():
        row = Job.get_or_none(Job.name == job)
    if row is None or (row.polled_to, row.seen) == (to, builds):
        return  # a poll that finds nothing writes nothing
    with writing():
        Job.update(polled_to=to, seen=builds).where(Job.id == row.id).execute()


def note_gone(job: str, numbers: Collection[int]) -> None:
    """Mark builds that Jenkins has no more; their results stay."""
    if not numbers:
        return
    with writing():
        row = Job.get(Job.name == job)
        newest = Build.select(fn.max(Build.epoch)).where(Build.job == row).scalar()
        Build.update(gone=True).where(
            (Build.job == row) & (Build.epoch == newest) & Build.number.in_(list(numbers))
        ).execute()
        raise_revision(row.id)
