"""Forget a job with all that is recorded of it, in small steps: others write in between.

Its builds are marked first as retention marks those that it lets go, so that nothing of them is
shown or judged any more. Whoever dies in the middle leaves such a job, which can be removed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.errors import Busy, Conflict, NotFound
from tracker.store import audit
from tracker.store.connection import reading, writing
from tracker.store.family_rows import next_version, retell
from tracker.store.models import Job
from tracker.store.naming import admits
from tracker.store.retention import STEP
from tracker.store.revisions import raise_revision
from tracker.store.sightings import date_anew
from tracker.store.sql import IN, change, listed, run
from tracker.store.state_words import JobStanding
from tracker.store.work import ask_publishing

_LAST = 2**63 - 1
# What is told of the cases of a job.
_OF_JOB = ("episode", "overruled", "break_window", "pace", "last_pass")
# What is left of a build whose results went.
_OF_BUILD = ("absence", "loss", "report")
# So many signatures are dated anew at a time, each by all builds that have it.
_AT_A_TIME = 20
# The uploads of a job are tasks with such a subject: its name, and the number of the build.
_UPLOADS = "kind = 'ingest' AND state = 'due' AND substr(subject, 1, length(?1) + 1) = ?1 || '#'"


@dataclass(frozen=True)
class Removal:
    """What goes with a job: builds, their results, and reports with so many bytes."""

    job_id: int
    job: str
    builds: int
    results: int
    reports: int
    bytes: int


def look(name: str, *, now: int) -> Removal:
    """What goes with a job that can be removed.

    NotFound for one that nobody knows, Conflict for one that a Jenkins would bring back, Busy while
    a worker is at it or an upload of it waits.
    """
    with reading():
        job = Job.get_or_none(Job.name == name)
        if job is None:
            raise NotFound(f"No job named {name!r} is known here.", "`tracker job list` has them.")
        _refuse_polled(job)
        _refuse_busy(name, now)
        [(builds, results)] = run(
            "SELECT count(*), coalesce(sum(CASE WHEN let_go IS NULL THEN total ELSE 0 END), 0)"
            " FROM build WHERE job_id = ?",
            job.id,
        )
        [(reports, size)] = run(
            "SELECT count(*), coalesce(sum(r.bytes), 0) FROM report r"
            " JOIN build b ON b.id = r.build_id WHERE b.job_id = ?",
            job.id,
        )
        return Removal(job.id, name, builds, int(results), reports, int(size))


def _refuse_polled(job: Job) -> None:
    server = job.server
    if server is None or job.standing == JobStanding.DELETED:
        return
    if admits(server.patterns.split("\n"), job.jenkins_name):
        raise Conflict(
            f"The job {job.name!r} is read from the Jenkins {server.name!r}, and would come back.",
            f"First leave it out: `tracker server add {server.name} {server.url}"
            f" --exclude '{job.jenkins_name}'`, with what is left out already.",
        )


def _refuse_busy(name: str, now: int) -> None:
    if run("SELECT 1 FROM work WHERE subject = ? AND lease_until > ?", name, now):
        raise Busy(f"A worker is at the job {name!r} now.", "Try again shortly.")
    if run(f"SELECT 1 FROM work WHERE {_UPLOADS} LIMIT 1", name):
        raise Busy(
            f"Uploads for the job {name!r} wait to be read, and would make it anew.",
            "Stop what sends them, and try again once the worker has read these.",
        )


def begin(removal: Removal, *, now: int) -> None:
    """Mark all builds of the job as let go: nothing is shown of them, or judged again."""
    with writing():
        _refuse_busy(removal.job, now)
        run(
            "UPDATE build SET let_go = coalesce(let_go, ?), kept = false WHERE job_id = ?",
            now,
            removal.job_id,
        )
        run(
            "UPDATE job SET judged_from = (SELECT id FROM build WHERE job_id = ?1"
            " ORDER BY epoch DESC, number DESC LIMIT 1) WHERE id = ?1",
            removal.job_id,
        )
        run("DELETE FROM rejudging WHERE job_id = ?", removal.job_id)
        raise_revision(removal.job_id)


def builds_of(removal: Removal) -> list[int]:
    """The builds that the job has still, oldest first."""
    with reading():
        rows = run("SELECT id FROM build WHERE job_id = ? ORDER BY epoch, number", removal.job_id)
    return [build for (build,) in rows]


def own_digests(removal: Removal) -> set[str]:
    """The digests of raw reports, and archives of them, that no build of another job refers to."""
    whose = "SELECT r.sha256, r.archive FROM report r JOIN build b ON b.id = r.build_id WHERE"
    with reading():
        own = run(f"{whose} b.job_id = ?", removal.job_id)
        others = run(f"{whose} b.job_id <> ?", removal.job_id)
    return {digest for row in own for digest in row} - {digest for row in others for digest in row}


def forget_cases(removal: Removal, most: int = STEP) -> bool:
    """Forget some of what is told of the job's cases; whether more is left."""
    with writing():
        for table in _OF_JOB:
            last = run(
                f"SELECT case_id FROM {table} WHERE job_id = ? ORDER BY case_id LIMIT 1 OFFSET ?",
                removal.job_id,
                most,
            )
            until = last[0][0] if last else _LAST
            which = f"{table} WHERE job_id = ? AND case_id <= ?"
            if change(f"DELETE FROM {which}", removal.job_id, until) and last:
                return True
        return False


def forget_appearances(removal: Removal) -> bool:
    """Forget in which builds of the job some signatures are; whether there were any."""
    with writing():
        rows = run(
            "SELECT DISTINCT a.signature_id FROM build b JOIN appearance a ON a.build_id = b.id"
            " WHERE b.job_id = ? LIMIT ?",
            removal.job_id,
            _AT_A_TIME,
        )
        signatures = [signature for (signature,) in rows]
        run(
            f"DELETE FROM appearance WHERE signature_id IN {IN}"
            " AND build_id IN (SELECT id FROM build WHERE job_id = ?)",
            listed(signatures),
            removal.job_id,
        )
        date_anew(signatures)
        return bool(signatures)


def forget_build(build_id: int) -> None:
    """Forget a build of which the rest went."""
    with writing():
        for table in _OF_BUILD:
            run(f"DELETE FROM {table} WHERE build_id = ?", build_id)
        run("UPDATE job SET judged_from = NULL WHERE judged_from = ?", build_id)
        run("DELETE FROM build WHERE id = ?", build_id)


def forget_signatures(*, now: int) -> None:
    """Forget signatures that no failure has any more: they and their families quote its text."""
    with writing():
        rows = run("DELETE FROM signature WHERE last = 0 RETURNING family_id")
        if not rows:
            return
        changed = {family for (family,) in rows}
        left = {
            family
            for (family,) in run(
                f"SELECT DISTINCT family_id FROM signature WHERE family_id IN {IN}", listed(changed)
            )
        }
        _empty(changed - left)
        retell(left, now)
        next_version()


def _empty(families: Iterable[int]) -> None:
    """Forget families without signatures; of one that something refers to what it was called."""
    which = listed(families)
    run(
        f"DELETE FROM family WHERE id IN {IN}"
        " AND id NOT IN (SELECT family_id FROM decision)"
        " AND id NOT IN (SELECT other_id FROM decision WHERE other_id IS NOT NULL)"
        " AND id NOT IN (SELECT merged_into FROM family WHERE merged_into IS NOT NULL)",
        which,
    )
    run(f"UPDATE family SET title = '', reason = '' WHERE id IN {IN}", which)


def finish(removal: Removal, *, now: int) -> bool:
    """Forget the job itself, and what others say of it; False where it has builds again."""
    with writing():
        if run("SELECT 1 FROM build WHERE job_id = ? LIMIT 1", removal.job_id):
            return False
        _refuse_busy(removal.job, now)
        raise_revision(removal.job_id)  # also of the jobs whose pages name its builds
        run(
            "UPDATE build SET upstream_job = '', upstream_number = NULL WHERE upstream_job = ?",
            removal.job,
        )
        run("DELETE FROM work WHERE subject = ?", removal.job)
        for table in ("rejudging", "backfill", "former", "given_parts"):
            run(f"DELETE FROM {table} WHERE job_id = ?", removal.job_id)
        run("DELETE FROM job WHERE id = ?", removal.job_id)
        ask_publishing(now=now)
        what = f"{removal.builds} builds, {removal.results} results, {removal.reports} reports"
        audit.note("job removed", removal.job, what)
        return True
