"""Reading a Jenkins: how soon its results are there, how often it is asked, and its faults."""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from scripts.bench_figures.report import Row, row, say
from scripts.bench_figures.servers import Server, running, temporary_home, tracker
from scripts.bench_figures.sizes import Shape, Sizes
from scripts.demo_history import DEFAULT_JOBS, Archive, Build, Case, History, Job, Sheet
from scripts.demo_jenkins import serve
from scripts.demo_making import make_history, widen
from scripts.demo_words import CAUSES
from tracker.clock import now_ms
from tracker.errors import TrackerError
from tracker.queries import about
from tracker.settings import Settings
from tracker.store.jobs import add_server, track_job
from tracker.store.seen import note_polled
from tracker.store.work import Task, ask_watch, claim, finish
from tracker.worker.context import Context
from tracker.worker.tasks import TASKS

# Processes that share nothing with this one, whatever it measured before.
SPAWN = multiprocessing.get_context("spawn")
NAME = "bench"
NO_WAIT = 1000.0  # requests a second, where only their number is of interest
JUDGED = b'data-label="Results"'  # what home has of a job with a judged build
DEMO_BUILDS = 40
LOOKS = 5
LOOK_SECONDS = 0.1
GIVEN_UP = 600
CASES_A_SUITE = 50
FAILS_EVERY = 50
# How long one answer may take, and a task, while the server goes wrong.
ANSWER_SECONDS, TASK_SECONDS = 1, 2
MEGABYTE = b" " * (1024 * 1024)


def figures(sizes: Sizes) -> Iterator[Row]:
    """A server that is new, a job with a past, many jobs without news, and faults."""
    with _controller(_demo, sizes.demo_copies) as jenkins:
        yield from _first_page(jenkins)
        of_demo = _requests_of_demo(jenkins, sizes.demo_builds)
    yield from _back_fill(sizes.back_filled, of_demo)
    yield from _nothing_changes(sizes.watched)
    yield from _faults(sizes.faults)


@dataclass(frozen=True)
class Controller:
    """A Jenkins in a process of its own."""

    url: str
    pipe: Connection

    def asked(self) -> int:
        """How many requests it has answered."""
        self.pipe.send("asked")
        return int(self.pipe.recv())


@contextlib.contextmanager
def _controller(history: Callable[..., History], *sizes: int) -> Iterator[Controller]:
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, history, sizes), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Controller(ours.recv(), ours)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, history: Callable[..., History], sizes: Sequence[int]) -> None:
    """Serve a history, and tell how much was asked, as long as the other end is there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this process ends it
    server = serve(history(*sizes))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pipe.send(server.url)
    with contextlib.suppress(EOFError):
        while pipe.recv():
            pipe.send(server.requests.total())


def _demo(copies: int) -> History:
    return widen(make_history(7, DEMO_BUILDS, datetime.now(UTC)), copies)


def _plain(jobs: int, builds: int, cases: int) -> History:
    """Jobs whose builds keep a file for each suite, if they have any cases: one in fifty fails."""
    now = datetime.now(UTC).replace(microsecond=0)
    starts = [now - timedelta(hours=builds - number) for number in range(builds)]
    made = tuple(
        Build(number, start, 60_000, "UNSTABLE", f"{number:040x}")
        for number, start in enumerate(starts, start=1)
    )
    archive = Archive.FILES if cases else Archive.CONSOLE
    job = Job(NAME, archive, ("",), None, Sheet(tuple(_cases(cases, builds))), made, ())
    wide = (replace(job, name=f"bench-{at:03}", queue=at * builds) for at in range(jobs))
    return History(0, builds, now, tuple(wide))


def _cases(count: int, builds: int) -> Iterator[Case]:
    for at in range(count):
        suite = f"com.acme.shop.Part{at // CASES_A_SUITE:03}Test"
        outcomes = ("P" if at % FAILS_EVERY else "F") * builds
        yield Case(suite, f"keepsOrder{at:06}", "", outcomes, 20.0, CAUSES[-1])


def _first_page(jenkins: Controller) -> Iterator[Row]:
    """From adding a server to a home page with results, web and worker starting meanwhile."""
    say("jenkins: the first useful page")
    with temporary_home() as settings:
        start = time.perf_counter()
        _add(jenkins.url)
        with _worker(settings), tracker(settings) as web:
            _wait_for_results(web)
            yield row("jenkins, first useful page", time.perf_counter() - start)


def _wait_for_results(web: Server) -> None:
    until = time.monotonic() + GIVEN_UP
    while time.monotonic() < until:
        with contextlib.closing(web.connect()) as client:
            client.request("GET", "/")
            if JUDGED in client.getresponse().read():
                return
        time.sleep(LOOK_SECONDS)
    raise RuntimeError("the home page shows no results")


def _requests_of_demo(jenkins: Controller, builds: int) -> float:
    """Requests a recorded build, over so many builds of each kind of job that the demo has."""
    say(f"jenkins: {len(DEFAULT_JOBS)} jobs of {builds} builds")
    with temporary_home() as settings:
        before = jenkins.asked()
        _add(jenkins.url, rate=NO_WAIT, patterns=DEFAULT_JOBS)
        _work(Context.of(msgspec.structs.replace(settings, first_builds=builds)))
        return (jenkins.asked() - before) / _recorded(len(DEFAULT_JOBS) * builds)


def _back_fill(shape: Shape, of_demo: float) -> Iterator[Row]:
    """All builds of a job by one worker at the usual rate; requests of the worse of two pasts."""
    say(f"jenkins: {shape.builds} builds of {shape.cases} tests")
    with _controller(_plain, *astuple(shape)) as jenkins, temporary_home() as settings:
        _add(jenkins.url)
        start = time.perf_counter()
        with _worker(settings, "--until-idle") as worker:
            worker.wait(GIVEN_UP)
        taken = time.perf_counter() - start
        builds = _recorded(shape.jobs * shape.builds, shape.results)
        yield row("jenkins, 60 builds of 1,000 tests", taken)
        yield row("jenkins, requests a recorded build", max(of_demo, jenkins.asked() / builds))


def _nothing_changes(shape: Shape) -> Iterator[Row]:
    """Looks at a server all of whose jobs are read."""
    say(f"jenkins: reading {shape.jobs} jobs, and {LOOKS} looks when nothing changes")
    with _controller(_plain, *astuple(shape)) as jenkins, temporary_home() as settings:
        context = Context.of(settings)
        _add(jenkins.url, rate=NO_WAIT)
        _work(context)
        _recorded(shape.jobs * shape.builds, shape.results)
        before = jenkins.asked()
        for _ in range(LOOKS):
            ask_watch(NAME, now=now_ms())
            _work(context)
        a_look = (jenkins.asked() - before) / LOOKS
        a_minute = a_look * 60 / settings.poll_seconds
        yield row("jenkins, requests a minute when nothing changes", a_minute)


def _add(
    url: str,
    *,
    rate: float | None = None,
    seconds: int | None = None,
    patterns: Sequence[str] | None = None,
) -> None:
    add_server(NAME, url, rate=rate, seconds=seconds, patterns=patterns)
    ask_watch(NAME, now=now_ms())


def _work(context: Context) -> None:
    """Do what is due of reading Jenkins, and of nothing else."""
    while task := claim(("watch", "poll", "backfill"), now=now_ms(), lease_ms=600_000):
        done = TASKS[task.kind](context, task)
        finish(task, now=now_ms(), again_at=done.again_at)


def _recorded(builds: int, results: int | None = None) -> int:
    """The number of builds on record, which must be this one."""
    extent = about.extent()
    if extent.builds != builds or results not in (None, extent.results):
        raise RuntimeError(f"{builds} builds were to be recorded, not {extent}")
    return builds


def _worker(
    settings: Settings, *options: str
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    home = {"TRACKER_HOME": str(settings.home), "TRACKER_OUTPUT": str(settings.output)}
    return running(["tracker", "worker", *options], settings.home / "worker.log", home)


def _hang(out: BufferedIOBase) -> None:
    """Take the question and never say a word."""
    time.sleep(3600)


def _drip(out: BufferedIOBase) -> None:
    """A byte now and then, for ever: no read ever times out."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
    while True:
        out.write(b" ")
        time.sleep(0.05)


def _huge(out: BufferedIOBase) -> None:
    """300 MB."""
    out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 314572800\r\n\r\n")
    for _ in range(300):
        out.write(MEGABYTE)


FAULTS = {"hang": _hang, "drip": _drip, "huge": _huge}
# Where a fault strikes, with the task that meets it and the deadline that ends this one: a look
# and a list are one answer, files are asked for one after the other.
PLACES = {
    "server": (r"api/json", "watch", ANSWER_SECONDS),
    "list": (r"job/nightly/api/json", "poll", ANSWER_SECONDS),
    "artifact": (r"job/nightly/\d+/artifact/r\.xml", "poll", TASK_SECONDS),
}
JOB, BUILDS = "nightly", 3


class _Faulty(ThreadingHTTPServer):
    """Below `/place/fault/` a Jenkins with one job, which goes wrong in that place."""

    met = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Faulty

    def do_GET(self) -> None:
        _, place, fault, path = self.path.partition("?")[0].split("/", 3)
        with contextlib.suppress(OSError):  # whoever asked has gone
            if re.fullmatch(PLACES[place][0], path):
                self.server.met += 1
                FAULTS[fault](self.wfile)
            else:
                self._answer(msgspec.json.encode(_told(path)))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _told(path: str) -> dict[str, object]:
    """The server with its one job, or that job with its builds."""
    builds = [
        {
            "number": number,
            "url": f"http://x/job/nightly/{number}/",
            "result": "UNSTABLE",
            "timestamp": 1_790_000_000_000 + number,
            "duration": 1000,
            "artifacts": [{"relativePath": "r.xml"}],
        }
        for number in range(BUILDS, 0, -1)
    ]
    job = {"name": JOB, "nextBuildNumber": BUILDS + 1, "lastBuild": builds[0]}
    return {"jobs": [job]} if path == "api/json" else {**job, "allBuilds": builds}


def _faults(names: Sequence[str]) -> Iterator[Row]:
    say(f"jenkins: {', '.join(names)} at {', '.join(PLACES)}")
    with ProcessPoolExecutor(1, SPAWN) as fresh:
        overrun, memory = fresh.submit(_worst, names).result()
    yield row("jenkins, worst overrun of a deadline", overrun)
    yield row("jenkins, memory of a 300 MB answer", memory)


def _worst(names: Sequence[str]) -> tuple[float, float]:
    """The longest that a task went on after its deadline, and the most MB that one took."""
    with _Faulty() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        met = {(place, name): _meet(server, place, name) for name in names for place in PLACES}
        server.shutdown()
    overruns = (taken - PLACES[place][2] for (place, _), (taken, _) in met.items())
    return max(0.0, *overruns), max(grown for _, grown in met.values())


def _meet(server: _Faulty, place: str, name: str) -> tuple[float, float]:
    """How long the task took that met a fault, and by how many MB the process grew meanwhile."""
    _, kind, _ = PLACES[place]
    with temporary_home() as settings:
        context = Context.of(msgspec.structs.replace(settings, poll_limit_seconds=TASK_SECONDS))
        url = f"http://127.0.0.1:{server.server_port}/{place}/{name}/"
        _add(url, rate=NO_WAIT, seconds=ANSWER_SECONDS)
        track_job(JOB, server=NAME, jenkins_name=JOB)
        note_polled(JOB, to=0, builds="")  # so that all its builds are news
        met = server.met
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins here
        before, start = _memory("VmRSS"), time.perf_counter()
        with contextlib.suppress(TrackerError):
            TASKS[kind](context, Task(0, kind, NAME if kind == "watch" else JOB, {}, 1, 1, 0))
        taken, grown = time.perf_counter() - start, _memory("VmHWM") - before
        if server.met == met:
            raise RuntimeError(f"{kind} did not meet the fault {name!r}")
        return taken, grown


def _memory(what: str) -> float:
    """A figure of this process, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return int(line.split()[1]) / 1024
