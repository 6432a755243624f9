"""A regression run: a build with all that it started, and whether everything is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import Params
from tracker.queries import builds, jobs, runs
from tracker.queries.runs import Run


@dataclass(frozen=True)
class RunPage:
    """The run that a build belongs to; `job` and `build` are those that were asked for.

    Of its jobs some may be `judged_again` just now.
    """

    job: str
    build: str
    run: Run
    judged_again: tuple[str, ...]


def show(job: str, build: str) -> RunPage:
    """The whole run, whichever of its builds is asked for."""
    asked = builds.build(job, build)
    run = runs.run(job, build)
    waiting = jobs.judged_again(row.build.job for row in run.builds)
    return RunPage(asked.job, asked.label, run, waiting)


def every(newest: int) -> Iterator[Params]:
    """Each run once: at the build that it began with."""
    for row in jobs.jobs():
        for label in runs.roots(row.name, newest):
            yield {"job": row.name, "build": label}
