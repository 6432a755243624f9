"""Server and worker under a steady load: no error, and nothing that grows with the time."""

from __future__ import annotations

import itertools
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from tests.conftest import ROOT, RunningServer, environ_of, junit, running_gunicorn
from tests.counts import RecordCount
from tests.faults.watching import (
    MEGABYTE,
    Sample,
    memory_slope,
    more_files,
    sample,
)
from tests.forked import Forked
from tracker.settings import Settings

NO_LIMITS = {"TRACKER_UPLOADS_PER_MINUTE": "0", "TRACKER_REQUESTS_PER_MINUTE": "0"}
# A process that Gunicorn starts anew would hide what the one before it took.
NO_NEW_PROCESSES = {"GUNICORN_CMD_ARGS": "--preload --max-requests=0"}
# Megabytes an hour. CPython takes memory by the megabyte, and what is kept of the database grows
# with it: in twelve minutes a lesser slope is one such step. Over 24 hours it is to be 1.
SLOPE = 5
PAUSE = 0.1
MINUTES = 20
# A crowd comes first, for so many minutes: what many requests at a time take is no growth later.
CROWD, CROWDED_MINUTES = 6, 4
LEAST = 30  # requests, where much else runs on the machine
# After that only their reports change: a history that grows may take more memory (each thread keeps
# what it read of the database), the same work again may not.
BUILDS = 20
VARIANTS = 6
PATHS = (
    "/",
    "/jobs/nightly/",
    "/jobs/nightly/builds/1/",
    "/jobs/nightly/index.json",
    "/api/v1/jobs",
    "/api/v1/jobs/nightly/builds",
    "/health/ready",
    "/metrics",
    "/jobs/nobody/",
)


@dataclass
class Load:
    """Two clients that upload and read for as long as they may."""

    server: RunningServer
    pause: float = PAUSE
    stop: threading.Event = field(default_factory=threading.Event)
    answers: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def ask(self, path: str, body: bytes | None = None) -> None:
        """One request; what is no answer below 500 is kept as a failure."""
        bearer = {"Authorization": f"Bearer {self.server.token}"}
        request = urllib.request.Request(f"{self.server.url}{path}", data=body, headers=bearer)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer.read()
                status = answer.status
        except urllib.error.HTTPError as error:
            status = error.code
            error.close()
        except OSError as error:
            self.failures.append(f"{path}: {error}")
            return
        self.answers[status] += 1
        if status >= 500:
            self.failures.append(f"{path}: {status}")

    def read(self) -> None:
        """Pages, data, probes, and a page that is not there."""
        for path in itertools.cycle(PATHS):
            if self.stop.wait(self.pause):
                return
            self.ask(path)

    def upload(self) -> None:
        """The same builds again and again, each time with another report in place of the last."""
        for turn in itertools.count():
            if self.stop.wait(self.pause):
                return
            number, variant = 1 + turn % BUILDS, turn // BUILDS % VARIANTS
            letters = {f"c{place}": "PPFPSP"[(place + variant) % 6] for place in range(40)}
            query = f"job=nightly&build={number}&name=r.xml&replace=true"
            self.ask(f"/api/v1/ingest?{query}", junit(**letters))


@contextmanager
def worker(settings: Settings) -> Iterator[int]:
    """A worker beside the server; its process id."""
    log = settings.home / "worker.log"
    process = Forked(("tracker", "worker"), cwd=ROOT, env=environ_of(settings), log=log)
    try:
        yield process.pid
        assert process.poll() is None, "the worker ended"
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def under_load(load: Load, pairs: int = 1) -> Iterator[None]:
    """Pairs of clients at work."""
    threads = [threading.Thread(target=each) for each in (load.read, load.upload) * pairs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        load.stop.set()
        for thread in threads:
            thread.join()


def soak(
    settings: Settings, seconds: float, every: float, *, crowded: float = 0
) -> tuple[Load, list[Sample]]:
    """What the clients met, and what was used since the crowd was gone that came first."""
    environ = NO_LIMITS | NO_NEW_PROCESSES
    with running_gunicorn(settings, workers=2, **environ) as server, worker(settings) as beside:
        if crowded:
            with under_load(crowd := Load(server, pause=0), CROWD):
                time.sleep(crowded)
            assert crowd.failures == []
        load, samples, began = Load(server), [], time.monotonic()
        with under_load(load):
            while (at := time.monotonic() - began) < seconds or load.answers.total() < LEAST:
                processes = [server.process.pid, *server.workers(), beside]
                samples.append(sample(at, processes, settings.database))
                time.sleep(every)
    return load, samples


def check(load: Load, samples: list[Sample]) -> None:
    """Nothing failed, and the log of the database stayed small."""
    assert load.failures == []
    assert set(load.answers) <= {200, 201, 404}
    assert load.answers[201], "nothing was recorded"
    assert max(each.log for each in samples) <= 64 * MEGABYTE


def largest_log(samples: list[Sample]) -> float:
    """In megabytes."""
    return max(each.log for each in samples) / MEGABYTE


def test_a_short_load_leaves_no_error_and_a_small_log(
    settings: Settings, record_count: RecordCount
) -> None:
    load, samples = soak(settings, 6, 0.5)
    record_count(
        "P15",
        seconds=6,
        requests=load.answers.total(),
        errors=len(load.failures),
        MB_of_log=largest_log(samples),
    )
    check(load, samples)


@pytest.mark.nightly
def test_twenty_minutes_of_load_leave_memory_and_open_files_as_they_were(
    settings: Settings, record_count: RecordCount
) -> None:
    crowded = CROWDED_MINUTES * 60
    load, samples = soak(settings, MINUTES * 60 - crowded, 10, crowded=crowded)
    steady = samples[len(samples) // 4 :]  # before that, what the crowd left waiting is done
    record_count(
        "P15",
        minutes=MINUTES,
        requests=load.answers.total(),
        errors=len(load.failures),
        MB_an_hour=memory_slope(steady),
        more_open_files=more_files(steady),
        MB_of_log=largest_log(samples),
    )
    check(load, samples)
    assert more_files(steady) <= 2
    assert memory_slope(steady) < SLOPE
