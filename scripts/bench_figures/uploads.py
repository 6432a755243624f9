"""Uploads to a real server: one big report, many small ones, and four clients at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlencode

import msgspec

from scripts.bench_figures import data
from scripts.bench_figures.measure import percentile
from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import Server, temporary_home, tracker
from scripts.bench_figures.sizes import Shape, Sizes
from tracker.site.text import number

CASES_A_FILE = 20
XML = "application/xml"


@dataclass(frozen=True)
class Answer:
    """What the server said, and how long it took to say it."""

    status: int
    body: bytes
    seconds: float


def figures(sizes: Sizes) -> Iterator[Row]:
    """How long a person waits, and how much a server takes in."""
    with temporary_home() as settings, tracker(settings) as server:
        _warm_up(server)
        yield from _until_visible(server, sizes)
        yield from _many_files(server, sizes)
    with temporary_home() as settings, tracker(settings) as server:
        _warm_up(server)
        yield from _four_clients(server, sizes.uploaded)


def send(
    client: HTTPConnection, server: Server, job: str, build: int, body: bytes, kind: str = XML
) -> Answer:
    """Upload `body` as a report of a build."""
    query = urlencode({"job": job, "build": build, "complete": "true"})
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": kind}
    start = time.perf_counter()
    client.request("POST", f"/api/v1/ingest?{query}", body, headers)
    response = client.getresponse()
    content = response.read()
    return Answer(response.status, content, time.perf_counter() - start)


def _warm_up(server: Server) -> None:
    """Let every worker open the store before anything is timed."""
    for build in range(1, 13):
        client = server.connect()
        _check(send(client, server, "warm", build, data.surefire_file(build, 5, seed=0)))
        client.close()


def _until_visible(server: Server, sizes: Sizes) -> Iterator[Row]:
    """A report of names that are all new, until the build's page has its totals."""
    answered, visible = [], []
    for turn in range(1, sizes.visible + 1):
        body = data.junit_file(sizes.cases, seed=turn)
        say(f"uploads: {len(body) / 1e6:.1f} MB until it is visible, {turn} of {sizes.visible}")
        client = server.connect()
        start = time.perf_counter()
        answer = send(client, server, f"big-{turn}", 1, body)
        _check(answer)
        _wait_for_page(client, f"/jobs/big-{turn}/builds/1/", number(sizes.cases).encode())
        visible.append(time.perf_counter() - start)
        answered.append(answer.seconds)
        client.close()
    yield row("upload, answered", median(answered))
    yield row("upload, visible on the page", median(visible))


def _wait_for_page(client: HTTPConnection, path: str, total: bytes) -> None:
    for _ in range(1000):
        client.request("GET", path)
        response = client.getresponse()
        if total in response.read() and response.status == 200:
            return
        time.sleep(0.005)
    raise RuntimeError(f"{path} does not show its results")


def _many_files(server: Server, sizes: Sizes) -> Iterator[Row]:
    taken = []
    for turn in range(1, sizes.surefire_rounds + 1):
        say(f"uploads: {sizes.surefire} files in one, {turn} of {sizes.surefire_rounds}")
        files = {
            f"TEST-{place:04}.xml": data.surefire_file(place, CASES_A_FILE, seed=100 + turn)
            for place in range(sizes.surefire)
        }
        body, kind = data.multipart(files)
        client = server.connect()
        answer = send(client, server, f"surefire-{turn}", 1, body, kind)
        _check(answer)
        total = msgspec.json.decode(answer.body)["totals"]["total"]
        if total != sizes.surefire * CASES_A_FILE:
            raise RuntimeError(f"only {total} results were recorded")
        taken.append(answer.seconds)
        client.close()
    yield row("upload, many Surefire files", median(taken))


def _four_clients(server: Server, shape: Shape) -> Iterator[Row]:
    """A job for each client, which uploads its builds one after another."""
    say(f"uploads: {shape.jobs} clients, {shape.builds} builds each of {shape.cases:,} cases")
    bodies = [data.junit_file(shape.cases, seed=200 + job) for job in range(shape.jobs)]
    start = time.perf_counter()
    with ThreadPoolExecutor(shape.jobs) as clients:
        work = [
            clients.submit(_upload_job, server, f"client-{place}", body, shape.builds)
            for place, body in enumerate(bodies)
        ]
        answers = [answer for each in work for answer in each.result()]
    taken = time.perf_counter() - start
    errors = sum(answer.status != 201 for answer in answers)
    yield row("uploads of 4 clients, errors", errors)
    yield row("uploads of 4 clients, results a second", shape.results / taken)
    p95 = percentile([answer.seconds for answer in answers], 0.95)
    yield row("uploads of 4 clients, p95 of a request", 1000 * p95)


def _upload_job(server: Server, job: str, body: bytes, builds: int) -> list[Answer]:
    client = server.connect()
    answers = []
    for build in range(1, builds + 1):
        own = body + f"<!-- build {build} -->".encode()  # the same bytes would be spooled once
        answers.append(send(client, server, job, build, own))
    client.close()
    return answers


def _check(answer: Answer) -> None:
    if answer.status != 201:
        raise RuntimeError(f"an upload was answered with {answer.status}: {answer.body!r:.500}")
