"""What the processes of the tracker count: requests, reports, tasks; for /metrics to add up.

Each process counts into files of its own below `metrics/` in the home folder, and whoever answers
`/metrics` adds all files up. A file belongs to a *slot*, the lowest number that no living process
has: a worker that took the place of another goes on in its files, so that neither their number nor
their size grows with the processes that came and went, and no counter ever falls. A process that
was never told a folder (a command) counts nothing.
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import logging
import os
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Concatenate, ParamSpec

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

log = logging.getLogger("tracker.metrics")

# Seconds; a page takes milliseconds, a parse up to its limit of ten seconds, a publish minutes.
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600)
# Room for all names of one slot. It is reserved, because writing into a hole of a mapped file
# while the disk is full kills the process.
RESERVED = {"counter": 256 * 1024, "histogram": 256 * 1024}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass
class _Slot:
    """Which slot this process has; claimed at its first count, and anew after a fork."""

    folder: Path
    number: int = -1
    pid: int = 0
    held: list[BinaryIO] = field(default_factory=list)

    def __call__(self) -> int:
        if self.pid != os.getpid():
            self.number = self._claim()
            self.pid = os.getpid()
        return self.number

    def _claim(self) -> int:
        """The lowest free number; the lock goes with the process, however it ends."""
        for number in itertools.count():
            lock = (self.folder / f"slot-{number}.lock").open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._take(number, lock)
            return number
        raise AssertionError("numbers do not end")

    def _take(self, number: int, lock: BinaryIO) -> None:
        try:
            for kind, size in RESERVED.items():
                _make_ready(self.folder / f"{kind}_{number}.db", size)
        except OSError:
            lock.close()
            raise
        # Never closed: one that was inherited over a fork is the parent's, and stays taken.
        self.held.append(lock)


class _Counting:
    """The counters of one process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # the library reads it at each file
        values.ValueClass = values.MultiProcessValue(_Slot(folder))  # type: ignore[no-untyped-call]
        registry = CollectorRegistry()
        self.requests = Counter(
            "tracker_http_requests",
            "Requests that were answered, by the rule of their route.",
            ("route", "method", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "tracker_http_request_duration_seconds",
            "How long answering took, by the rule of the route.",
            ("route",),
            buckets=QUICK,
            registry=registry,
        )
        self.reports = Counter(
            "tracker_ingest_reports",
            "Reports that came in: read, damaged (read in part), refused (not to be read).",
            ("format", "outcome"),
            registry=registry,
        )
        self.parse_seconds = Histogram(
            "tracker_parse_duration_seconds",
            "How long reading the reports of one build in the child took.",
            buckets=SLOW,
            registry=registry,
        )
        self.ingest_seconds = Histogram(
            "tracker_ingest_duration_seconds",
            "How long reading and recording the reports of one build took.",
            buckets=SLOW,
            registry=registry,
        )
        self.tasks = Counter(
            "tracker_tasks",
            "Tasks that the workers ended: done, failed (tried again later), not_yet, given_back.",
            ("kind", "outcome"),
            registry=registry,
        )
        self.task_seconds = Histogram(
            "tracker_task_duration_seconds",
            "How long a task took.",
            ("kind",),
            buckets=SLOW,
            registry=registry,
        )
        self.poll_errors = Counter(
            "tracker_poll_errors",
            "Looks at a Jenkins that failed, by the kind of trouble.",
            ("reason",),
            registry=registry,
        )


AGAIN_SECONDS = 60.0

_counting: _Counting | None = None
_folder: Path | None = None
_not_before: dict[Path, float] = {}
_lock = threading.Lock()

P = ParamSpec("P")


def begin(home: Path) -> None:
    """Have this process count for the tracker in `home`, from now on.

    Where the files cannot be made (the home is not there, the disk is full) nothing is counted
    until a later call can; that is tried once a minute.
    """
    global _counting, _folder
    folder = home / "metrics"
    if _folder == folder or time.monotonic() < _not_before.get(folder, 0.0):
        return
    with _lock:
        if _folder == folder:
            return
        try:
            if home.is_dir():
                _counting, _folder = _Counting(folder), folder
        except OSError as error:
            _rest(folder, error)


def _rest(folder: Path, error: OSError) -> None:
    _not_before[folder] = time.monotonic() + AGAIN_SECONDS
    log.warning("nothing is counted: %s: %s", folder, error.strerror)


def _harmless(count: Callable[Concatenate[_Counting, P], None]) -> Callable[P, None]:
    """`count`, which never fails: where its files cannot be had it rests until `begin` can again.

    They are made at a first count, which a report may be waiting for.
    """

    @functools.wraps(count)
    def count_or_rest(*args: P.args, **kwargs: P.kwargs) -> None:
        global _counting, _folder
        counting, folder = _counting, _folder
        if counting is None or folder is None:
            return
        try:
            count(counting, *args, **kwargs)
        except OSError as error:
            with _lock:
                if _counting is counting:
                    _counting = _folder = None
            _rest(folder, error)

    return count_or_rest


@_harmless
def count_request(
    counting: _Counting, route: str, method: str, status: int, seconds: float
) -> None:
    """A request was answered."""
    known = method if method in METHODS else "other"
    counting.requests.labels(route, known, str(status)).inc()
    counting.request_seconds.labels(route).observe(seconds)


@_harmless
def count_reports(counting: _Counting, outcomes: Iterable[tuple[str, str]], seconds: float) -> None:
    """Reports of a build were read, each (format, outcome); `seconds` is for all of them."""
    for form, outcome in outcomes:
        counting.reports.labels(form, outcome).inc()
    counting.parse_seconds.observe(seconds)


@_harmless
def count_ingest(counting: _Counting, seconds: float) -> None:
    """The reports of a build were recorded, `seconds` after their reading began."""
    counting.ingest_seconds.observe(seconds)


@_harmless
def count_task(counting: _Counting, kind: str, outcome: str, seconds: float) -> None:
    """A task ended."""
    counting.tasks.labels(kind, outcome).inc()
    counting.task_seconds.labels(kind).observe(seconds)


@_harmless
def count_poll_error(counting: _Counting, reason: str) -> None:
    """A Jenkins could not be read."""
    counting.poll_errors.labels(reason).inc()


def counted(home: Path) -> list[Metric]:
    """What all processes counted, those too that ended; nothing of a file that is damaged, and of
    a folder that is out of reach.
    """
    try:
        found = sorted((home / "metrics").glob("*_*.db"))
    except OSError:
        return []
    files = [str(path) for path in found if _is_whole(path)]
    return list(MultiProcessCollector.merge(files))  # type: ignore[no-untyped-call]


def _make_ready(path: Path, size: int) -> None:
    """A file with room for all counts, begun anew where a power cut damaged it."""
    if path.exists() and (path.stat().st_size < size or not _is_whole(path)):
        path.unlink()
    with path.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, size)


def _is_whole(path: Path) -> bool:
    try:
        for _ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
            pass
    except (OSError, RuntimeError, ValueError, struct.error):
        return False
    return True
