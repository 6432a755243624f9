"""The worker: does one live, and does what is due get done."""

from __future__ import annotations

import shlex

from tracker.clock import MINUTE, SECOND
from tracker.operations.doctor.clock import BY_NTP
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.health import is_alive
from tracker.queries.system import workers
from tracker.queries.tasks import TaskRow, unfinished
from tracker.store.ahead import far_leases, put_off
from tracker.store.connection import reading
from tracker.store.sql import run
from tracker.store.state_words import TaskState

OVERDUE_MS = 15 * MINUTE
OVERDUE = (
    "SELECT kind, count(*), min(due) FROM work WHERE state = 'due' AND due < ?"
    " AND lease_until < ? GROUP BY kind ORDER BY min(due)"
)
SHOWN = 5


def look(scene: Scene) -> Findings:
    """Whether a worker that does more than publish gave a sign of life in the last two minutes.

    What is published by whom is no matter: tasks that wait tell where nobody does.
    """
    alive = [row for row in workers() if is_alive(row.at, scene.now)]
    if any("tasks" in row.does for row in alive):
        names = ", ".join(row.name for row in alive)
        yield Finding("worker", "pass", f"{len(alive)} live: {names}.")
    else:
        others = " but those that only publish" if alive else ""
        yield Finding(
            "worker",
            "fail",
            f"No worker{others} lives: Jenkins is not polled, large uploads wait, results age.",
            "tracker worker (systemctl start regression-tracker-worker)",
        )


def look_at_tasks(scene: Scene) -> Findings:
    """Whether tasks wait for long, were given up, go wrong for ever, or a clock put them off."""
    with reading():
        late = run(OVERDUE, scene.now - OVERDUE_MS, scene.now)
        each = unfinished(scene.now)
    dead = [task for task in each if task.state == TaskState.DEAD]
    failing = [task for task in each if task.fails_often]
    for kind, count, due in late:
        minutes = (scene.now - due) // MINUTE
        yield Finding(
            "tasks",
            "warn",
            f"{count} tasks {kind!r} wait, the first for {minutes:,} minutes.",
            "Start more workers; their log says what keeps them.",
        )
    for task in dead[:SHOWN]:
        yield _wrong(task, "was given up", "It is tried again when it is next asked for, or later.")
    for task in failing[:SHOWN]:
        yield _wrong(task, f"went wrong {task.failures} times", "It is tried again by itself.")
    settings = scene.settings
    ahead = {
        *(lease.id for lease in far_leases(scene.now, settings.lease_seconds * SECOND)),
        *(number for number, *_ in put_off(scene.now, poll_seconds=settings.poll_seconds)),
    }
    if ahead:
        yield Finding(
            "tasks",
            "warn",
            f"{len(ahead)} tasks wait for a time later than any task should: a clock was ahead.",
            f"A worker brings most back within a quarter of an hour. {BY_NTP}",
        )
    if not (late or dead or failing or ahead):
        yield Finding(
            "tasks", "pass", "None waits for long, none was given up or goes wrong often."
        )


def _wrong(task: TaskRow, what: str, otherwise: str) -> Finding:
    about = f" for {task.subject}" if task.subject not in ("", task.key) else ""
    command = f"tracker task retry {task.kind} {shlex.quote(task.key)}"
    return Finding(
        "tasks",
        "warn",
        f"The task {task.kind} {task.key}{about} {what}: {task.error}",
        f"Mend what it says, then: {command}. {otherwise}",
    )
