"""Verdicts: what each build says of the cases of its job, made from sorted history.

They are derived from the results. Recording a build judges the history again from that build on,
so that the order of arrival leaves no trace; where many later builds are recorded already, one task
does that for all that arrive (see `Rejudging`).
"""

from __future__ import annotations

from itertools import islice

from tracker.errors import NotFound, UsageError
from tracker.store import audit, break_windows, episodes, missing, paces
from tracker.store.connection import next_revision, raise_revision, reading, writing
from tracker.store.models import Job, Rejudging
from tracker.store.nights import forget_counts, judge_night
from tracker.store.outcomes import (
    JUDGED,
    Place,
    judged_builds,
)
from tracker.store.retention import place_to_judge_from
from tracker.store.sql import run
from tracker.store.work import enqueue

# So many later builds are judged again at once when an older one arrives, more by the worker.
AT_ONCE = 10
# The worker judges so many results in one transaction: about ten seconds.
AT_A_TIME = 2_000_000
BEGINNING = Place(0, -1, 0)
LEAST_BUDGET, MOST_BUDGET = 0.001, 1000.0


def judge(job: Job, place: Place, *, now: int) -> None:
    """Derive what depends on the build at `place`: at once, or by the worker where that is much."""
    later = run(
        f"SELECT 1 FROM build WHERE job_id = ? AND {JUDGED} AND (epoch, number) > (?, ?) LIMIT ?",
        job.id,
        *place.order,
        AT_ONCE + 1,
    )
    waiting = Rejudging.get_or_none(Rejudging.job == job.id)
    # What stands on a history that is to be judged again would be said of a gap.
    if len(later) <= AT_ONCE and waiting is None:
        if not later:  # shown as the newest, whatever of it was recorded first
            run("UPDATE build SET said = NULL WHERE id = ?", place.build_id)
        judge_from(job.id, place)
        return
    if waiting is None or (waiting.epoch, waiting.number) > place.order:
        _wait(job.id, place)
    enqueue("judge", job.name, due=now, subject=job.name)


def set_budget(name: str, budget: float, *, now: int) -> None:
    """Give a job another budget of false alarms a night; all its builds are judged again by it.

    NotFound for a job nobody knows, UsageError for a budget that is none.
    """
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise UsageError(
            f"{budget:g} false alarms a night is no budget.",
            f"Give one from {LEAST_BUDGET:g} to {MOST_BUDGET:g}.",
        )
    with writing():
        job = Job.get_or_none(Job.name == name)
        if job is None:
            raise NotFound(
                f"No job named {name!r} is known here.", "`tracker job list` lists them."
            )
        run("UPDATE job SET budget = ? WHERE id = ?", budget, job.id)
        _wait(job.id, BEGINNING)
        raise_revision(job.id)
        enqueue("judge", name, due=now, subject=name)
        audit.note("budget set", name, f"{budget:g} false alarms a night")


def judge_waiting(name: str, *, now: int, builds: int | None = None) -> bool:
    """Judge a job that has been waiting for it; whether builds are left.

    So many builds at a time, or as have two million results, so that others can write in between.
    """
    with writing():
        job = Job.get_or_none(Job.name == name)
        waiting = Rejudging.get_or_none(Rejudging.job == job.id) if job else None
        if job is None or waiting is None:
            return False
        [(size,)] = run("SELECT max(total) FROM build WHERE job_id = ?", job.id)
        most = builds or max(AT_ONCE, AT_A_TIME // max(1, size or 0))
        rest = judge_from(job.id, Place(0, waiting.epoch, waiting.number), most)
        if rest is None:
            waiting.delete_instance()
        else:
            _wait(job.id, rest)
        raise_revision(job.id)
        enqueue("publish", "site", due=now)
        return rest is not None


def waiting_jobs() -> list[str]:
    """The jobs of which some builds are to be judged again."""
    with reading():
        rows = run("SELECT j.name FROM rejudging w JOIN job j ON j.id = w.job_id ORDER BY j.name")
    return [name for (name,) in rows]


def rebuild() -> int:
    """Derive the rows of all jobs anew from their whole histories; how many jobs there are."""
    with reading():
        jobs = [row[0] for row in run("SELECT id FROM job ORDER BY id")]
    for job_id in jobs:
        with writing():  # one job at a time, so that uploads come in between
            judge_from(job_id, BEGINNING)
            Rejudging.delete().where(Rejudging.job == job_id).execute()
            raise_revision(job_id)
    return len(jobs)


def judge_from(job_id: int, place: Place, most: int | None = None) -> Place | None:
    """Judge the build at `place` and the later ones of its job, `most` of them.

    What was said of builds whose history was let go stays. Gives the place of the first that is
    left, None where none is.
    """
    place = place_to_judge_from(job_id, place)
    revision = next_revision()
    before = episodes.forget_from(job_id, place)
    break_windows.forget_from(job_id, place)
    forget_counts(job_id, place)
    missing.forget_from(job_id, place)
    paces.forget_from(job_id, place)
    builds = judged_builds(job_id)
    past = [build for build in builds if build.place.order < place.order]
    todo = builds[len(past) :]
    for build in islice(todo, most):
        past = [*judge_night(job_id, past, build, revision)]
        missing.derive(job_id, build.place)
        paces.derive(job_id, past[:-1], past[-1])
    episodes.keep_overruled(job_id, before, revision)
    return todo[most].place if most is not None and most < len(todo) else None


def _wait(job_id: int, place: Place) -> None:
    run(
        "INSERT INTO rejudging (job_id, epoch, number) VALUES (?, ?, ?)"
        " ON CONFLICT (job_id) DO UPDATE SET epoch = excluded.epoch, number = excluded.number",
        job_id,
        *place.order,
    )
