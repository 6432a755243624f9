"""Verdicts: what each build says of the cases of its job, made from sorted history.

They are derived from the results. Recording a build judges the history again from that build on,
so that the order of arrival leaves no trace; where many later builds are recorded already, one task
does that for all that arrive (see `rejudging.py`).
"""

from __future__ import annotations

import math
import time

from tracker.beat import Beat, unheard
from tracker.errors import NotFound, UsageError
from tracker.store import absences, audit, break_windows, episodes, missing, paces
from tracker.store.build_verdicts import forget_counts, judge_build
from tracker.store.connection import reading, writing
from tracker.store.models import Job
from tracker.store.outcomes import (
    JUDGED,
    Place,
    judged_before,
    judged_from,
)
from tracker.store.rejudging import wait_from, waiting_since, waits_from, waits_no_more
from tracker.store.retention import place_to_judge_from
from tracker.store.revisions import next_revision, raise_revision
from tracker.store.sql import run
from tracker.store.totals import count_again
from tracker.store.work import ask_judging, ask_publishing

# So many later builds with so many results are judged again at once when an older one arrives,
# more by the worker.
AT_ONCE, RESULTS_AT_ONCE = 10, 50_000
# A step begins no further build after so long (s), and leaves the others so long to write in: all
# of them wait meanwhile, and who looks whether this machine can serve waits for a second at most.
STEP, PAUSE = 0.3, 0.03
BEGINNING = Place(0, -1, 0)
LEAST_BUDGET, MOST_BUDGET = 0.001, 1000.0


def judge(job: Job, place: Place, *, now: int) -> None:
    """Derive what depends on the build at `place`: at once, or by the worker where that is much."""
    later = run(
        "SELECT total FROM build"
        f" WHERE job_id = ? AND {JUDGED} AND (epoch, number) > (?, ?) LIMIT ?",
        job.id,
        *place.order,
        AT_ONCE + 1,
    )
    is_little = len(later) <= AT_ONCE and sum(total for (total,) in later) <= RESULTS_AT_ONCE
    waiting = waits_from(job.id)
    # What stands on a history that is to be judged again would be said of a gap.
    if is_little and waiting is None:
        if not later:  # shown as the newest, whatever of it was recorded first
            run("UPDATE build SET said = NULL WHERE id = ?", place.build_id)
        judge_from(job.id, place)
        return
    if waiting is None or waiting > place.order:
        wait_from(job.id, place.order)
    ask_judging(job.name, now=now)


def set_budget(name: str, budget: float, *, now: int) -> None:
    """Give a job another budget of false alarms a build; all its builds are judged again by it.

    NotFound for a job nobody knows, UsageError for a budget that is none.
    """
    if not LEAST_BUDGET <= budget <= MOST_BUDGET:
        raise UsageError(
            f"{budget:g} false alarms a build is no budget.",
            f"Give one from {LEAST_BUDGET:g} to {MOST_BUDGET:g}.",
        )
    with writing():
        job = Job.get_or_none(Job.name == name)
        if job is None:
            raise NotFound(
                f"No job named {name!r} is known here.", "`tracker job list` lists them."
            )
        run("UPDATE job SET budget = ? WHERE id = ?", budget, job.id)
        wait_from(job.id, BEGINNING.order)
        raise_revision(job.id)
        ask_judging(name, now=now)
        audit.note("budget set", name, f"{budget:g} false alarms a build")


def judge_waiting(name: str, *, now: int, builds: int | None = None) -> bool:
    """Judge some builds of a job that has been waiting for it; whether others are left.

    As many as take about a third of a second, and `builds` at most; then others get their turn to
    write before this returns.
    """
    with writing():
        job = Job.get_or_none(Job.name == name)
        is_left = job is not None and _judge_some(job, builds)
        if is_left is False:  # what is judged by half is not worth a site of its own
            ask_publishing(now=now)
    if is_left:
        time.sleep(PAUSE)
    return bool(is_left)


def _judge_some(job: Job, builds: int | None = None) -> bool | None:
    """Judge a step of a job; whether others are left, None where it waits for nothing."""
    waiting = waiting_since(job.id)
    if waiting is None:
        return None
    order, began = waiting
    until = time.monotonic() + STEP
    rest = judge_from(job.id, Place(0, *order), builds, until=until, began=began)
    if rest is None:
        waits_no_more(job.id)
    else:
        wait_from(job.id, rest.order)
    raise_revision(job.id)
    return rest is not None


def rebuild(*names: str, beat: Beat = unheard) -> int:
    """Derive rows and totals of jobs anew from their whole histories; how many jobs that are.

    Of all jobs where none is named. In steps: who ends it in the middle leaves the rest of the job
    to the worker. `beat` is told each job.
    """
    with reading():
        every = run("SELECT id, name FROM job ORDER BY id")
    jobs = [(job_id, name) for job_id, name in every if not names or name in names]
    for place, (job_id, name) in enumerate(jobs, 1):
        beat(f"judging {name}, job {place} of {len(jobs)}")
        count_again(job_id)
        with writing():
            wait_from(job_id, BEGINNING.order)
        while _rebuild_some(job_id):
            time.sleep(PAUSE)  # others write
    return len(jobs)


def _rebuild_some(job_id: int) -> bool:
    with writing():
        job = Job.get_or_none(Job.id == job_id)
        return job is not None and bool(_judge_some(job))


def judge_from(
    job_id: int,
    place: Place,
    most: int | None = None,
    *,
    until: float = math.inf,
    began: int | None = None,
) -> Place | None:
    """Judge the build at `place` and the later ones of its job: `most` of them, one at least.

    None is begun at `until` (monotonic s). What was said of builds whose history was let go stays.
    Gives the place of the first that is left, None where none is. `began` is the revision at which
    the first of several steps began: what was said between two of them was never the whole. The
    counts of a build, and what it lacks, stay as they were until it is judged itself.
    """
    place = place_to_judge_from(job_id, place)
    revision = next_revision()
    before = episodes.forget_from(job_id, place)
    break_windows.forget_from(job_id, place)
    forget_counts(job_id, place)
    absences.forget_unjudged(job_id, place)
    paces.forget_from(job_id, place)
    past, todo = judged_before(job_id, place), judged_from(job_id, place)
    done = 0
    for build in todo[:most]:
        if done and time.monotonic() >= until:
            break
        past = [*judge_build(job_id, past, build, revision)]
        missing.derive(job_id, build.place)
        paces.derive(job_id, past[:-1], past[-1])
        done += 1
    rest = todo[done].place if done < len(todo) else None
    episodes.keep_overruled(job_id, before, revision, began)
    if rest is None and began is not None:
        episodes.say_again(job_id, began)
    return rest
