"""Live pages over a full database, beside the least that Flask can answer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from scripts.bench_figures import data
from scripts.bench_figures.measure import percentile
from scripts.bench_figures.report import Row, ratio, row, say
from scripts.bench_figures.servers import Server, hello, temporary_home, tracker
from scripts.bench_figures.sizes import Shape, Sizes
from tracker.store.record import record_build

CLIENTS = 4
TURNS = 5
WARM_UP = 20


class Visited:
    """One address, and how long each answer took."""

    def __init__(self, server: Server, path: str) -> None:
        self.server = server
        self.path = path
        self.taken: list[float] = []

    def ask(self, times: int, status: int = 200, etag: str = "") -> list[float]:
        """Ask so often over one connection; how long each answer took, in ms."""
        client = self.server.connect()
        headers = {"If-None-Match": etag} if etag else {}
        taken = []
        for _ in range(WARM_UP + times):
            start = time.perf_counter()
            client.request("GET", self.path, headers=headers)
            response = client.getresponse()
            response.read()
            taken.append(1000 * (time.perf_counter() - start))
            if response.status != status:
                raise RuntimeError(f"{self.path} was answered with {response.status}")
        client.close()
        return taken[WARM_UP:]

    def etag(self) -> str:
        """The tag of the page as it is now."""
        client = self.server.connect()
        client.request("GET", self.path)
        response = client.getresponse()
        response.read()
        client.close()
        return response.headers["ETag"] or ""


def figures(sizes: Sizes) -> Iterator[Row]:
    """Four pages by one client, by four, and unchanged."""
    with temporary_home() as settings:
        taken = _fill(sizes.browsed)
        yield row("pages, results in the database", sizes.browsed.results)
        yield row("pages, filling the database", sizes.browsed.results / taken)
        with tracker(settings) as ours, hello(settings) as floor:
            visited = {"hello": Visited(floor, "/")}
            for page, path in _paths(sizes.browsed).items():
                visited[page] = Visited(ours, path)
            yield from _one_client(visited, sizes.asked)
            yield from _four_clients(visited, sizes.asked)
            yield from _unchanged(visited, sizes.asked)


def _fill(shape: Shape) -> float:
    """Record everything; how many seconds the store took for it."""
    taken = 0.0
    for place in range(shape.jobs):
        say(f"pages: filling {shape.results:,} results, job {place + 1} of {shape.jobs}")
        for facts, report in data.history(_job(place), shape.builds, shape.cases):
            start = time.perf_counter()
            record_build(facts, [report], now=facts.number)
            taken += time.perf_counter() - start
    return taken


def _paths(shape: Shape) -> Mapping[str, str]:
    job = _job(0)
    return {
        "home": "/",
        "job": f"/jobs/{job}/",
        "build": f"/jobs/{job}/builds/{shape.builds}/",
        "case": f"/jobs/{job}/cases/{data.some_case(job)}/",
    }


def _one_client(visited: Mapping[str, Visited], times: int) -> Iterator[Row]:
    say(f"pages: one client, each page {times} times")
    for _ in range(TURNS):
        for each in visited.values():
            each.taken += each.ask(times // TURNS)
    floor = median(visited["hello"].taken)
    for page, each in visited.items():
        yield row(f"pages, {page}, median", median(each.taken))
        yield row(f"pages, {page}, p95", percentile(each.taken, 0.95))
        if page != "hello":
            yield ratio(f"pages, {page} / hello", median(each.taken), floor)


def _four_clients(visited: Mapping[str, Visited], times: int) -> Iterator[Row]:
    say(f"pages: {CLIENTS} clients, each page {times} times")
    for page, each in visited.items():
        start = time.perf_counter()
        for _ in range(TURNS):  # which worker takes a connection is chance: try it several times
            with ThreadPoolExecutor(CLIENTS) as clients:
                list(clients.map(each.ask, [times // TURNS // CLIENTS] * CLIENTS))
        asked = TURNS * CLIENTS * (WARM_UP + times // TURNS // CLIENTS)
        yield row(f"pages, {page}, 4 clients", asked / (time.perf_counter() - start))


def _unchanged(visited: Mapping[str, Visited], times: int) -> Iterator[Row]:
    say(f"pages: unchanged, each {times} times")
    for page, each in visited.items():
        if page != "hello":
            yield row(f"pages, {page}, unchanged (304)", median(each.ask(times, 304, each.etag())))


def _job(place: int) -> str:
    return f"bench-{place}"
