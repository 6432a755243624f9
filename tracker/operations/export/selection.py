"""Which jobs and builds are exported."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.store.connection import reading
from tracker.store.naming import admits
from tracker.store.sql import run

ALL = ("*",)


@dataclass(frozen=True)
class Selection:
    """Which jobs, by patterns of full names, and which builds: those since a time (ms)."""

    jobs: tuple[str, ...] = ALL
    since: int | None = None


def selected_jobs(selection: Selection) -> list[tuple[int, str]]:
    """Id and name of the jobs of a selection, by name."""
    with reading():
        rows = run("SELECT id, name FROM job ORDER BY name")
    return [(number, name) for number, name in rows if admits(selection.jobs, name)]


def selected_builds(job_id: int, selection: Selection) -> list[int]:
    """The builds of a job that belong to a selection, oldest first."""
    with reading():
        rows = run(
            "SELECT id FROM build WHERE job_id = ?"
            " AND coalesce(started, heard) >= coalesce(?, started, heard)"
            " ORDER BY epoch, number",
            job_id,
            selection.since,
        )
    return [number for (number,) in rows]


def importable_builds(job_id: int, selection: Selection) -> list[int]:
    """As `selected_builds`, without those that another tracker would take for builds without tests.

    What was said of builds whose results were let go rests on all builds of the job: a selection by
    time has it not, and so it has not these builds either.
    """
    gone = set(_let_go(job_id, selection))
    return [build for build in selected_builds(job_id, selection) if build not in gone]


def left_out(selection: Selection) -> int:
    """How many builds of a selection are left out of what can be imported."""
    return sum(len(_let_go(job_id, selection)) for job_id, _ in selected_jobs(selection))


def _let_go(job_id: int, selection: Selection) -> list[int]:
    if selection.since is None:
        return []
    with reading():
        rows = run(
            "SELECT id FROM build WHERE job_id = ? AND let_go IS NOT NULL"
            " AND coalesce(started, heard) >= ?",
            job_id,
            selection.since,
        )
    return [number for (number,) in rows]
