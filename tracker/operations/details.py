"""The state of every part, for operators: workers, tasks, spool, backup, servers, versions.

What is only worth a warning is found here: the tracker serves on without it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tracker.operations import counters
from tracker.operations.backup.manifest import LATE, Manifest, TakenBackup, last_backup
from tracker.operations.health import PASS, Check, Checks, is_alive, space
from tracker.operations.versions import Version, server_version, versions
from tracker.queries import figures, jobs, system
from tracker.queries.columns import at
from tracker.queries.figures import ServerLag, Waiting
from tracker.queries.jobs import ServerRow
from tracker.queries.tasks import TaskRow, unfinished
from tracker.settings import Settings
from tracker.store.engine import engine
from tracker.store.state_words import TaskState

# Tasks come back within seconds; what is due for this long waits for a worker that does not come.
OVERDUE_SECONDS = 15 * 60
WAL_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Worker:
    """A worker: its last sign of life, what it was doing then, and whether it is alive.

    `does` has `tasks`, `publish` or both.
    """

    worker: str
    at: datetime | None
    doing: str
    alive: bool
    does: tuple[str, ...]


@dataclass(frozen=True)
class Server:
    """A Jenkins: whether it could be read, why not and since when, and how late it is (s)."""

    name: str
    url: str
    version: str
    is_up: bool
    lag_seconds: float
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class Spool:
    """Raw reports on the disk; `unfinished` are uploads that are coming in, or broke off."""

    files: int
    bytes: int
    unfinished: int
    unfinished_bytes: int


@dataclass(frozen=True)
class Task:
    """Tasks of a kind and state; `next` is when the first of them is due."""

    kind: str
    state: str
    count: int
    overdue_seconds: float
    next: datetime | None
    error: str


@dataclass(frozen=True)
class Details:
    """Everything; see each part. `wal_bytes` is None where the log is the server's."""

    checks: Checks
    revision: int
    database_bytes: int
    wal_bytes: int | None
    workers: list[Worker]
    tasks: list[Task]
    servers: list[Server]
    spool: Spool
    published: datetime | None
    backup: Manifest | None
    versions: tuple[Version, ...]


def details(settings: Settings, *, published: int | None, now: int) -> Details:
    """The state of every part; `published` is when the site last was, in ms as `now`.

    Reads the database and counts the files of the spool, so it is not for every second.
    """
    workers = [_worker(row, now) for row in system.workers()]
    tasks = [_task(row) for row in figures.waiting(now)]
    servers = _servers(now)
    backup = last_backup(settings.home, now)
    found = (*versions(), *server_version(engine().version()))
    sizes = engine().sizes()
    return Details(
        checks={
            "workers": _check_workers(workers),
            "tasks": _check_tasks(tasks, unfinished(now)),
            "servers": _check_servers(servers),
            **({} if sizes.log is None else {"wal": _check_wal(sizes.log)}),
            "output": space(settings.output),
            **_check_shared(settings),
            "backup": _check_backup(backup, now),
            "versions": _check_versions(found),
        },
        revision=jobs.revision(),
        database_bytes=sizes.database,
        wal_bytes=sizes.log,
        workers=workers,
        tasks=tasks,
        servers=servers,
        spool=spool(settings.spool),
        published=at(published),
        backup=backup.manifest if backup else None,
        versions=found,
    )


def _check_shared(settings: Settings) -> Checks:
    """What several nodes share beside the database, where it is named."""
    found: Checks = {}
    if settings.spool_folder:
        found["spool"] = space(settings.spool)
    if settings.limits_url:
        told = counters.trouble(settings.limits_url)
        found["limits"] = Check("warn", f"{counters.NOT_COUNTED} {told}") if told else PASS
    return found


def spool(folder: Path) -> Spool:
    """How much is in the spool."""
    waiting = folder / "incoming"
    kept: list[int] = []
    aside: list[int] = []
    for file in _files(folder):
        (aside if Path(file.path).parent == waiting else kept).append(file.stat().st_size)
    return Spool(len(kept), sum(kept), len(aside), sum(aside))


def _files(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The files below a folder; one that goes while it is looked at is left out."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(Path(entry.path))
        elif _is_there(entry):
            yield entry


def _is_there(entry: os.DirEntry[str]) -> bool:
    try:
        entry.stat()
    except OSError:
        return False
    return True


def _worker(row: system.WorkerRow, now: int) -> Worker:
    return Worker(row.name, at(row.at), row.doing, is_alive(row.at, now), row.does)


def _task(row: Waiting) -> Task:
    return Task(row.kind, row.state, row.count, row.overdue, at(row.next), row.error)


def _servers(now: int) -> list[Server]:
    lags = {row.name: row for row in figures.server_lags(now)}
    return [_server(row, lags[row.name]) for row in jobs.servers() if row.name in lags]


def _server(row: ServerRow, lag: ServerLag) -> Server:
    return Server(row.name, row.url, row.version, lag.is_up, lag.lag, row.error, row.error_since)


def _check_workers(workers: list[Worker]) -> Check:
    alive = [worker for worker in workers if worker.alive]
    if any("tasks" in worker.does for worker in alive):
        return PASS
    others = " but those that only publish" if alive else ""
    return Check("warn", f"No worker{others} gave a sign of life in the last two minutes.")


def _check_tasks(tasks: list[Task], each: list[TaskRow]) -> Check:
    """Whether one waits for long, was given up, or fails for ever: such a one is never late."""
    late = max(tasks, key=lambda task: task.overdue_seconds, default=None)
    dead = [task for task in tasks if task.state == TaskState.DEAD]
    if late is not None and late.overdue_seconds > OVERDUE_SECONDS:
        return Check("warn", f"A task {late.kind!r} is due for {int(late.overdue_seconds)} s.")
    if dead:
        return Check("warn", f"{sum(task.count for task in dead)} tasks were given up.")
    if failing := [task for task in each if task.fails_often]:
        worst = failing[0]
        return Check(
            "warn",
            f"{len(failing)} tasks go wrong again and again; {worst.kind!r} for {worst.about} did"
            f" so {worst.failures} times: {worst.error}",
        )
    return PASS


def _check_servers(servers: list[Server]) -> Check:
    down = [server.name for server in servers if not server.is_up]
    return Check("warn", f"Cannot be read: {', '.join(down)}.") if down else PASS


def _check_wal(wal: int) -> Check:
    if wal <= WAL_BYTES:
        return PASS
    return Check(
        "warn", f"The log of writes has {wal} bytes: a reader keeps it from being emptied."
    )


def _check_backup(backup: TakenBackup | None, now: int) -> Check:
    if backup is None:
        return Check("warn", "There is no backup; `tracker backup` makes one.")
    if not backup.is_there:
        return Check("warn", f"The newest backup is not to be found in {backup.folder}.")
    if backup.is_ahead(now):
        return Check("warn", f"The newest backup, in {backup.folder}, is dated in the future.")
    age = backup.age(now)
    if age > LATE:
        return Check("warn", f"The newest backup is {age // timedelta(hours=1)} hours old.")
    if backup.manifest.findings:
        return Check("warn", f"The newest backup has {backup.manifest.validity}.")
    return PASS


def _check_versions(found: tuple[Version, ...]) -> Check:
    bad = [f"{each.name} {each.found}" for each in found if each.verdict == "bad"]
    return Check("warn", f"Known to be bad: {', '.join(bad)}.") if bad else PASS
