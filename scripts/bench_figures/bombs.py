"""How long an ordinary upload waits while eight hostile files are being refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from scripts.bench_figures import data
from scripts.bench_figures.bomb_files import bombs
from scripts.bench_figures.measure import percentile
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import Server, temporary_home, tracker
from scripts.bench_figures.sizes import Sizes
from scripts.bench_figures.uploads import send
from tracker.store.tokens import create_token

CASES = 20
REFUSALS = {400, 413, 415, 422, 429}


def figures(sizes: Sizes) -> Iterator[Row]:
    """The same small uploads alone, and beside the bombs."""
    with temporary_home() as settings, tracker(settings) as server:
        bomber = Server(server.port, create_token("bomber", now=0))
        _waits(server, "warm", 12)
        say(f"bombs: {sizes.bombed} uploads alone, and as many beside eight bombs")
        alone = percentile(_waits(server, "alone", sizes.bombed), 0.95)
        with _bombed(bomber):
            during = percentile(_waits(server, "during", sizes.bombed), 0.95)
    yield row("bombs, p95 of an upload alone", 1000 * alone)
    yield row("bombs, p95 of an upload beside 8 bombs", 1000 * during)
    yield row("bombs, p95 beside / (2 x alone + 100 ms)", during / (2 * alone + 0.1))


def _waits(server: Server, job: str, builds: int) -> list[float]:
    """How long each of these uploads took (s); every one has to be stored."""
    client = server.connect()
    taken = []
    for build in range(1, builds + 1):
        answer = send(client, server, job, build, data.surefire_file(build, CASES, seed=7))
        if answer.status != 201:
            raise RuntimeError(f"an upload was answered with {answer.status}")
        taken.append(answer.seconds)
    client.close()
    return taken


@contextmanager
def _bombed(server: Server) -> Iterator[None]:
    """Eight clients, each throwing one bomb over and over."""
    is_over = threading.Event()
    with ThreadPoolExecutor(8) as clients:
        thrown = [clients.submit(_throw, server, body, is_over) for body in bombs().values()]
        try:
            yield
        finally:
            is_over.set()
        for each in thrown:
            each.result()


def _throw(server: Server, body: bytes, is_over: threading.Event) -> None:
    while not is_over.is_set():
        client = server.connect()
        status = send(client, server, "bombs", 1, body, "application/octet-stream").status
        client.close()
        if status not in REFUSALS:
            raise RuntimeError(f"a bomb was answered with {status}")
