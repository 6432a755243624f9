"""What happens to a history while it is watched: builds end and begin, jobs come and go.

Each function answers the history that it has become. A new build repeats the results of the one
before it, but for what `changes` says: letters by case, as (suite, name, variant).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from scripts.demo_history import BROKEN, Build, Case, History, Job, Sheet

Changes = Mapping[tuple[str, str, str], str]
MINUTES = timedelta(minutes=7)


def finish(
    history: History,
    name: str,
    number: int,
    result: str | None = None,
    changes: Changes | None = None,
) -> History:
    """A running build ends: with `result`, or the one that its cases give it."""

    def ended(job: Job) -> Job:
        build = _build(job, number)
        if not build.running:
            raise ValueError(f"{name} #{number} does not run.")
        cases = _repeated(job, number, changes or {})
        milliseconds = round(MINUTES.total_seconds() * 1000)
        done = replace(build, duration_ms=milliseconds, result=result or _result(cases, number))
        builds = tuple(done if each is build else each for each in job.builds)
        return replace(job, sheet=Sheet(cases), builds=builds)

    return _with(history, name, ended)


def add_build(
    history: History,
    name: str,
    result: str | None = None,
    changes: Changes | None = None,
    running: bool = False,
    upstream: tuple[str, int] | None = None,
) -> History:
    """One more build, finished or running, some minutes after the last one ended."""

    def begun(job: Job) -> Job:
        number, last = job.upcoming, _last(job)
        ended = last.started + timedelta(milliseconds=last.duration_ms)
        start, with_ = ended + MINUTES, last.parameters
        build = Build(number, start, 0, None, last.revision, upstream=upstream, parameters=with_)
        return replace(job, builds=(*job.builds, build), sheet=Sheet(_without(job, number)))

    added = _with(history, name, begun)
    number = _job(added, name).builds[-1].number
    return added if running else finish(added, name, number, result, changes)


def delete_build(history: History, name: str, number: int) -> History:
    """A build is gone for good; its number is not given again, and later builds keep theirs."""

    def shortened(job: Job) -> Job:
        build = _build(job, number)
        left = tuple(each for each in job.builds if each is not build)
        return replace(job, builds=left, next_number=job.upcoming)

    return _with(history, name, shortened)


def rename(history: History, name: str, new: str) -> History:
    """The old address is gone at once; what builds say of where they came from stays."""
    if history.job(new):
        raise ValueError(f"There is a job {new} already.")

    def renamed(job: Job) -> Job:
        planted = tuple(replace(each, job=new) for each in job.planted)
        return replace(job, name=new, planted=planted)

    moved = _with(history, name, renamed)
    jobs = (replace(job, upstream=new) if job.upstream == name else job for job in moved.jobs)
    return replace(moved, jobs=tuple(jobs))


def delete_job(history: History, name: str) -> History:
    gone = _job(history, name)
    return replace(history, jobs=tuple(job for job in history.jobs if job is not gone))


def disable(history: History, name: str, disabled: bool = True) -> History:
    return _with(history, name, lambda job: replace(job, disabled=disabled))


def _job(history: History, name: str) -> Job:
    job = history.job(name)
    if job is None:
        raise ValueError(f"There is no job {name}.")
    return job


def _build(job: Job, number: int) -> Build:
    build = job.build(number)
    if build is None:
        raise ValueError(f"There is no build {job.name} #{number}.")
    return build


def _last(job: Job) -> Build:
    if not job.builds:
        raise ValueError(f"{job.name} has no build to go on from.")
    return job.builds[-1]


def _with(history: History, name: str, changed: Callable[[Job], Job]) -> History:
    old = _job(history, name)
    new = changed(old)
    return replace(history, jobs=tuple(new if job is old else job for job in history.jobs))


def _without(job: Job, number: int) -> tuple[Case, ...]:
    """The cases with room for one more build, in which none of them ran."""
    return tuple(
        replace(case, outcomes=case.outcomes[: number - 1].ljust(number, ".")) for case in job.cases
    )


def _repeated(job: Job, number: int, changes: Changes) -> tuple[Case, ...]:
    known = {case.id for case in job.cases}
    if unknown := sorted(set(changes) - known):
        raise ValueError(f"{job.name} has no case {unknown[0]}.")
    return tuple(
        replace(case, outcomes=_next(case, number, changes.get(case.id))) for case in job.cases
    )


def _next(case: Case, number: int, letter: str | None) -> str:
    before, after = case.outcomes[: number - 1], case.outcomes[number:]
    return before + (letter or before[-1:] or "P") + after


def _result(cases: tuple[Case, ...], number: int) -> str:
    return "UNSTABLE" if any(case.outcome(number) in BROKEN for case in cases) else "SUCCESS"
