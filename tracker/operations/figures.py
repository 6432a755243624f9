"""The figures of /metrics that are read, not counted: from the database and the disk, as they are.

One function a subject, each giving families of samples. Where the database cannot be read there is
one family that says so, and the scrape still succeeds.
"""

from __future__ import annotations

import platform
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

import tracker
from tracker.clock import SECOND
from tracker.errors import TrackerError
from tracker.operations.backup.manifest import last_backup
from tracker.operations.health import Checks, free_bytes, is_alive, scarcest
from tracker.queries import figures, jobs, system
from tracker.queries.heard import last_heard
from tracker.queries.jobs import JobRow
from tracker.queries.select import snapshot
from tracker.queries.tasks import unfinished
from tracker.settings import Settings
from tracker.store.engine import engine
from tracker.store.sqlite.driver import sqlite_version
from tracker.store.state_words import JobStanding, TaskState

# A name of a job in a label makes a row of its own in the database of whoever scrapes.
MOST_JOBS = 200
OTHER = "other"


@dataclass(frozen=True)
class Moment:
    """When it is (ms), for which tracker; when its site was published (ms), and of which revision.

    These two are None where there is no site. `checks` are those of readiness.
    """

    now: int
    settings: Settings
    published: int | None
    shown: int | None
    checks: Checks


def gauges(moment: Moment) -> Iterator[Metric]:
    """All families; those of the database are missing while it cannot be read."""
    yield _build_info()
    yield _readiness(moment)
    yield from _disk(moment)
    try:
        with snapshot():
            found = [each for family in FROM_DATABASE for each in family(moment)]
    except TrackerError:
        yield _gauge("tracker_database_readable", "Whether the database could be read.", 0)
        return
    yield _gauge("tracker_database_readable", "Whether the database could be read.", 1)
    yield from found


def _build_info() -> Metric:
    info = InfoMetricFamily("tracker_build", "Versions of the tracker and of what runs it.")
    info.add_metric(
        [],
        {
            "version": tracker.__version__,
            "python": platform.python_version(),
            "sqlite": sqlite_version(),
        },
    )
    return info


def _readiness(moment: Moment) -> Metric:
    """What is told by probes: also of a process that nobody probes but Prometheus."""
    gauge = GaugeMetricFamily(
        "tracker_check", "Whether a check of readiness does not fail.", labels=("check",)
    )
    for name, check in sorted(moment.checks.items()):
        gauge.add_metric([name], check.status != "fail")
    return gauge


def _disk(moment: Moment) -> Iterator[Metric]:
    """Room, where the disk can be looked at, and the age of what was written."""
    with suppress(OSError):
        free = free_bytes(scarcest(moment.settings))
        yield _gauge("tracker_free_bytes", "Room on the disk that recording fills.", free)
    if moment.published is not None:
        yield _gauge(
            "tracker_publish_timestamp_seconds",
            "When the static site was last published.",
            moment.published / 1000,
        )
    if moment.shown is not None:
        yield _gauge(
            "tracker_publish_revision",
            "The revision of the database that the static site shows.",
            moment.shown,
        )
    backup = last_backup(moment.settings.home, moment.now)
    if backup is not None and backup.is_there and not backup.is_ahead(moment.now):
        yield _gauge(
            "tracker_backup_timestamp_seconds",
            "When the newest backup was taken.",
            backup.manifest.taken.timestamp(),
        )
        if backup.manifest.findings is not None:
            yield _gauge(
                "tracker_backup_findings",
                "Errors that a validation found in the newest backup.",
                len(backup.manifest.findings),
            )


def _database(_moment: Moment) -> Iterator[Metric]:
    """Its size, and that of its log where it has one of its own."""
    sizes = engine().sizes()
    yield _gauge("tracker_database_bytes", "Size of the database.", sizes.database)
    if sizes.log is not None:
        yield _gauge("tracker_wal_bytes", "Size of the database's log of writes.", sizes.log)


def _work(moment: Moment) -> Iterator[Metric]:
    queue = GaugeMetricFamily(
        "tracker_work_queue", "Tasks by kind and state.", labels=("kind", "state")
    )
    oldest = GaugeMetricFamily(
        "tracker_work_oldest_seconds", "For how long the oldest task is overdue.", labels=("kind",)
    )
    for row in figures.waiting(moment.now):
        queue.add_metric([row.kind, row.state], row.count)
        if row.state == TaskState.DUE:
            oldest.add_metric([row.kind], row.overdue)
    failing = GaugeMetricFamily(
        "tracker_work_failing", "Tasks that went wrong five times in a row.", labels=("kind",)
    )
    counts: Counter[str] = Counter()
    for task in unfinished(moment.now):
        counts[task.kind] += task.fails_often
    for kind, count in counts.items():
        failing.add_metric([kind], count)
    yield queue
    yield oldest
    yield failing


def _workers(moment: Moment) -> Iterator[Metric]:
    rows = system.workers()
    beats = [row.at for row in rows]
    alive = GaugeMetricFamily(
        "tracker_workers", "Workers that gave a sign of life lately.", labels=("does",)
    )
    for does in system.DOES:
        living = [row for row in rows if does in row.does and is_alive(row.at, moment.now)]
        alive.add_metric([does], len(living))
    yield alive
    if beats:
        yield _gauge(
            "tracker_worker_heartbeat_timestamp_seconds",
            "The newest sign of life of any worker.",
            max(beats) / 1000,
        )


def _servers(moment: Moment) -> Iterator[Metric]:
    lag = GaugeMetricFamily(
        "tracker_poll_lag_seconds", "How late the reading of a Jenkins is.", labels=("server",)
    )
    up = GaugeMetricFamily(
        "tracker_server_up", "Whether a Jenkins could be read at the last look.", labels=("server",)
    )
    for row in figures.server_lags(moment.now):
        lag.add_metric([row.name], row.lag)
        up.add_metric([row.name], row.is_up)
    yield lag
    yield up


def _recorded(_moment: Moment) -> Iterator[Metric]:
    yield _gauge(
        "tracker_recorded_revision",
        "The revision of the database at which results last changed.",
        figures.last_change(),
    )


def _jobs(moment: Moment) -> Iterator[Metric]:
    """The newest judged build of each job: its cases, its verdicts."""
    rows = [row for row in jobs.jobs() if row.standing != JobStanding.DELETED]
    label = _labels(rows)
    yield _gauge("tracker_jobs", "Jobs that are recorded, but for deleted ones.", len(rows))
    cases: dict[tuple[str, ...], float] = defaultdict(float)
    verdicts: dict[tuple[str, ...], float] = defaultdict(float)
    regressions: dict[tuple[str, ...], float] = defaultdict(float)
    for row in rows:
        for state, count in _cases(row).items():
            cases[label(row.name), state] += count
        for verdict, count in _verdicts(row).items():
            verdicts[label(row.name), verdict] += count
        regressions[(label(row.name),)] += row.latest.regressions if row.latest else 0
    yield _family(
        "tracker_job_cases",
        "Cases of the newest judged build, by status; missing ones too.",
        ("job", "state"),
        cases,
    )
    yield _family(
        "tracker_job_verdicts",
        "Verdicts of the newest judged build.",
        ("job", "verdict"),
        verdicts,
    )
    yield _family(
        "tracker_job_regressions", "Regressions of the newest judged build.", ("job",), regressions
    )
    yield from _heard(label, moment.now)


def _heard(label: Callable[[str], str], now: int) -> Iterator[Metric]:
    newest: dict[tuple[str, ...], float] = {}
    patience: dict[tuple[str, ...], float] = {}
    for job, heard in last_heard(now).items():
        name = label(job)
        newest[(name,)] = max(heard.last / SECOND, newest.get((name,), 0.0))
        if name != OTHER:  # of many jobs together none is silent
            patience[(name,)] = heard.patience / SECOND
    yield _family(
        "tracker_last_ingest_timestamp_seconds",
        "When reports of a job last came, for jobs of which more are waited for.",
        ("job",),
        newest,
    )
    yield _family(
        "tracker_job_patience_seconds",
        "For how long a job may be without reports, by its own pace.",
        ("job",),
        patience,
    )


FROM_DATABASE: tuple[Callable[[Moment], Iterable[Metric]], ...] = (
    _database,
    _work,
    _workers,
    _servers,
    _recorded,
    _jobs,
)


def _labels(rows: list[JobRow]) -> Callable[[str], str]:
    """The label of a job: its name where it is among those with the most cases, else `other`."""
    by_size = sorted(
        rows, key=lambda row: (-(row.latest.totals.total if row.latest else 0), row.name)
    )
    named = {row.name for row in by_size[:MOST_JOBS]}
    return lambda name: name if name in named else OTHER


def _cases(row: JobRow) -> dict[str, int]:
    if row.latest is None:
        return {}
    totals = row.latest.totals
    return {
        "passed": totals.passed,
        "failed": totals.failed,
        "error": totals.error,
        "skipped": totals.skipped,
        "unknown": totals.unknown,
        "missing": row.latest.missing,
    }


def _verdicts(row: JobRow) -> dict[str, int]:
    build = row.latest
    if build is None:
        return {}
    return {
        "regression": build.regressions,
        "new_failure": build.new_failures,
        "failing": build.still_failing,
        "fixed": build.fixed,
        "recovering": build.recovering,
        "suspect": build.suspects,
        "flaky": build.flaky,
        "in_incident": build.in_incident,
        "missing": build.missing,
    }


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _family(
    name: str, text: str, labels: tuple[str, ...], samples: dict[tuple[str, ...], float]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples.items():
        family.add_metric(values, value)
    return family
