"""Eight bombs at a time: each is refused, and nobody else notices.

How long the others wait meanwhile is a figure of `scripts/bench`.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.bench_figures.bomb_files import bombs
from tests.conftest import RunningServer, junit, running_gunicorn
from tests.counts import RecordCount
from tracker.queries.jobs import names
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store

NO_LIMITS = {"TRACKER_UPLOADS_PER_MINUTE": "0", "TRACKER_REQUESTS_PER_MINUTE": "0"}
REFUSALS = {400, 413, 415, 422}
# What is answered later (s) is counted, and printed with the other figures.
LATE = 12.0


def send(server: RunningServer, job: str, build: int, name: str, body: bytes) -> int:
    """The status of an upload."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/ingest?job={job}&build={build}&name={name}",
        data=body,
        headers={"Authorization": f"Bearer {server.token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def timed(server: RunningServer, number: int, name: str, body: bytes) -> tuple[int, float]:
    """The status of a bomb, and how long it took from when a client threw it (s)."""
    began = time.monotonic()
    return send(server, "bombs", number, name, body), time.monotonic() - began


def upload_meanwhile(server: RunningServer, is_over: threading.Event) -> Counter[int]:
    """What becomes of small uploads, one after another, until the bombs are answered."""
    answers: Counter[int] = Counter()
    while not is_over.is_set():
        build = answers.total() + 1
        answers[send(server, "normal", build, "r.xml", junit(login="P", logout="F"))] += 1
    return answers


def throw(settings: Settings, rounds: int) -> tuple[Counter[int], int, Counter[int], bool]:
    """Answers to bombs, how many were late, those to the others, and whether no process was
    replaced."""
    with running_gunicorn(settings, workers=2, **NO_LIMITS) as server:
        before, is_over = server.workers(), threading.Event()
        with ThreadPoolExecutor(9) as clients:
            others = clients.submit(upload_meanwhile, server, is_over)
            thrown = [
                clients.submit(timed, server, number, name, body)
                for number in range(1, rounds + 1)
                for name, body in bombs().items()
            ]
            answers = [each.result() for each in thrown]
            is_over.set()
            late = sum(seconds > LATE for _, seconds in answers)
            statuses = Counter(status for status, _ in answers)
            return statuses, late, others.result(), server.workers() == before


def recorded(settings: Settings) -> list[str]:
    """The names of the jobs that are known afterwards."""
    open_store(settings.store)
    try:
        return sorted(names())
    finally:
        close_store()


def throw_and_look(settings: Settings, rounds: int, record_count: RecordCount) -> None:
    """Every bomb is refused, everything else is stored, no process was replaced."""
    answers, late, others, same = throw(settings, rounds)
    record_count(
        "P4",
        bombs=answers.total(),
        refused=sum(answers[status] for status in REFUSALS),
        answered_after_12_s=late,
        others_stored=others[201],
        others_refused=others.total() - others[201],
        restarts=int(not same),
    )
    assert set(answers) <= REFUSALS, answers
    assert set(others) == {201}
    assert same, (settings.home / "gunicorn.log").read_text()[-5000:]
    assert recorded(settings) == ["normal"]


def test_eight_bombs_at_a_time_disturb_nobody(
    settings: Settings, record_count: RecordCount
) -> None:
    throw_and_look(settings, 1, record_count)


@pytest.mark.nightly
def test_eighty_bombs_disturb_nobody(settings: Settings, record_count: RecordCount) -> None:
    throw_and_look(settings, 10, record_count)
