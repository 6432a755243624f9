"""`kill -9` during uploads: what was acknowledged is there, whole, and retrying is harmless."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException

import msgspec
import pytest

from tests.conftest import junit, running_gunicorn
from tracker.queries import dump
from tracker.store import connection

CLIENTS = 4
CASES = 20
NO_LIMITS = {"TRACKER_UPLOADS_PER_MINUTE": "0"}


def report(number):
    return junit(**{f"c{n}": "PFES"[(n * number) % 4] for n in range(CASES)})


@dataclass
class Clients:
    """Threads that upload build after build, each to its own job, until told to stop."""

    server: object
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[tuple[str, int]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    first: int = 1

    def upload(self, job, number):
        """The status of one try; None where no answer came."""
        request = urllib.request.Request(
            f"{self.server.url}/api/v1/ingest?job={job}&build={number}",
            data=report(number),
            headers={"Authorization": f"Bearer {self.server.token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with contextlib.suppress(OSError, HTTPException):
                self.surprises.append(f"{error.code}: {error.read()[:500]!r}")
            return error.code
        except (OSError, HTTPException):
            return None

    def work(self, job):
        number = self.first
        while not self.stop.is_set():
            if self.upload(job, number) in (200, 201):
                self.acknowledged.append((job, number))
                number += 1
            else:
                time.sleep(0.02)

    @contextlib.contextmanager
    def working(self):
        threads = [threading.Thread(target=self.work, args=(f"job{n}",)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        yield
        self.stop.set()
        for thread in threads:
            thread.join()


def kill(server, clients, times, chance, group_at):
    """Kill one worker after the other, at moments nobody can foresee, but let some work be done.

    Each kill at `group_at` takes the master and all workers; then the server is started again.
    """
    for done in range(times):
        while len(clients.acknowledged) < done // 3:
            time.sleep(0.02)
        time.sleep(chance.uniform(0.01, 0.12))
        if done in group_at:
            server.kill_all()
            server.start_again()
            continue
        workers = server.workers()
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)


def stored(settings):
    connection.open_store(settings.store)
    lines = list(dump.lines())
    connection.close_store()
    return lines


def kill_while_uploading(settings, times, record_count, group_at=()):
    with running_gunicorn(settings, workers=3, **NO_LIMITS) as server:
        clients = Clients(server)
        with clients.working():
            kill(server, clients, times, random.Random(7), group_at)
        assert clients.surprises == []

        before = stored(settings)
        rows = [msgspec.json.decode(line) for line in before]
        found = {
            (row["job"], row["number"]): row["total"] for row in rows if row["kind"] == "build"
        }
        results = Counter((row["job"], row["build"]) for row in rows if row["kind"] == "result")
        lost = set(clients.acknowledged) - set(found)
        record_count(
            "P1",
            kills=times,
            of_all=len(group_at),
            acknowledged=len(clients.acknowledged),
            lost=len(lost),
        )
        halves = [key for key, total in found.items() if (total, results[key]) != (CASES, CASES)]
        record_count("P2", kills=times, builds=len(found), half_builds=len(halves))
        assert lost == set()
        assert set(found.values()) == {CASES}
        assert set(results.values()) == {CASES}
        assert set(results) == set(found)

        again = {clients.upload(job, number) for job, number in clients.acknowledged[-20:]}
        assert again == {200}
        assert stored(settings) == before


def test_nothing_acknowledged_is_lost_in_60_kills(settings, record_count):
    kill_while_uploading(settings, 60, record_count, group_at=(29,))


@pytest.mark.nightly
def test_nothing_acknowledged_is_lost_in_1000_kills(settings, record_count):
    kill_while_uploading(settings, 1000, record_count, group_at=range(9, 1000, 10))
