"""Fixtures that several rooms share: a store, an application, real servers on loopback."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import servers
from tests.forked import Forked, Process, started
from tests.reports import junit as junit
from tests.servers import free_port as free_port
from tests.store.fresh import lay_out
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.tokens import create_token
from tracker.web import create_app

pytest_plugins = [
    "tests.counts",
    "tests.examples",
    "tests.nursery",
    "tests.order",
    "tests.routes",
    "tests.which_store",
]

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
CORPUS = SHARED / "corpus"
DEMO_NOW = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def pytest_sessionstart() -> None:
    """Nothing that is imported and collected is garbage: not looking for some saves a sixth."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was imported and collected stays: looking through it for garbage is 4 % of the tests."""
    gc.freeze()
    gc.enable()


def load_script(name: str) -> ModuleType:
    """A file of `scripts/` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """The settings of a tracker of its own, below the test's folder."""
    folders = {"home": tmp_path / "home", "output": tmp_path / "output"}
    with servers.chosen_address() as address:
        if address:  # a file comes with its folder
            folders["home"].mkdir(mode=0o700)
        yield Settings.load({}, **folders, database_url=address)


@pytest.fixture
def store(settings: Settings) -> Iterator[Path | str]:
    """An empty, migrated database, open in this process; its path."""
    connection.open_store(lay_out(settings.store))
    yield settings.store
    connection.close_store()


@pytest.fixture
def client(settings: Settings, store: Path) -> FlaskClient:
    """A client of the application, without a server in between."""
    return create_app(settings).test_client()


@pytest.fixture
def token(store: Path) -> str:
    """A token that may upload."""
    return create_token("ci", now=0)


@pytest.fixture
def upload(client: FlaskClient, token: str) -> Callable[..., Any]:
    """Upload bytes: `upload(data, job="nightly", build=1, …)` answers Flask's response."""

    def send(data: bytes, headers: dict[str, str] | None = None, **query: object) -> Any:
        bearer = {"Authorization": f"Bearer {token}", **(headers or {})}
        return client.post("/api/v1/ingest", data=data, query_string=query, headers=bearer)

    return send


@dataclass
class RunningServer:
    """A real Gunicorn on loopback: its address, its process, its token, and how it is begun."""

    url: str
    port: int
    process: Process
    token: str
    environ: dict[str, str]
    begin: Callable[[], Process]

    def workers(self) -> list[int]:
        """The ids of the worker processes that are alive now."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def kill_all(self) -> None:
        """Kill all of its processes at once; none is begun meanwhile."""
        self.process.send_signal(signal.SIGSTOP)
        for process in [*self.workers(), self.process.pid]:
            os.kill(process, signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """The same server anew, once its processes have ended."""
        log = Path(self.environ["TRACKER_HOME"], "gunicorn.log")
        self.process = self.begin()
        _wait_until_live(self, int(self.environ["TRACKER_WEB_WORKERS"]), log)


def environ_of(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of a process that works for these settings."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")},
        "TRACKER_HOME": str(settings.home),
        "TRACKER_OUTPUT": str(settings.output),
        "TRACKER_DATABASE_URL": settings.database_url,
        "PYTHONPATH": str(ROOT),
        **more,
    }


@contextlib.contextmanager
def running_gunicorn(
    settings: Settings, workers: int = 2, *, is_forked: bool = True, **more: str
) -> Iterator[RunningServer]:
    """Gunicorn with the project's own configuration, ended by its process id.

    But for two things: it is forked from a process that has imported it, where nobody looks at its
    arguments, and the application is made once and not by each worker. `tests/deploy/held.py`
    starts it as it is.
    """
    connection.open_store(lay_out(settings.store))
    port = free_port()
    text = create_token(f"gunicorn-{port}", now=0, scope="admin")  # one home may be served twice
    connection.close_store()
    environ = environ_of(settings, TRACKER_PORT=str(port), TRACKER_WEB_WORKERS=str(workers))
    environ |= {"GUNICORN_CMD_ARGS": "--preload", **more}
    log = settings.home / "gunicorn.log"
    log.unlink(missing_ok=True)
    words = ("gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app")
    begin = partial(Forked if is_forked else started, words, cwd=ROOT, env=environ, log=log)
    server = RunningServer(f"http://127.0.0.1:{port}", port, begin(), text, environ, begin)
    try:
        _wait_until_live(server, workers, log)
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        try:
            server.process.wait(20)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def _wait_until_live(server: RunningServer, workers: int, log: Path) -> None:
    """Until one process answers and the others were begun: Gunicorn begins them one by one."""
    for _ in range(1200):  # a busy machine takes its time
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{server.url}/health/live", timeout=5).close()
            if len(server.workers()) == workers:
                return
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn does not start:\n{log.read_text()}")


@pytest.fixture
def gunicorn(settings: Settings) -> Iterator[RunningServer]:
    """A real server for these settings."""
    with running_gunicorn(settings) as server:
        yield server


@dataclass
class RunningDemo:
    """The demo Jenkins in a thread of this process, and the truth of its history."""

    url: str
    server: Any
    truth: dict[str, Any]


@contextlib.contextmanager
def running_demo(
    builds: int = 40, *, more: bool = False, copies: int = 0, **options: str
) -> Iterator[RunningDemo]:
    """A demo Jenkins on loopback, with jobs of every kind or copies of the usual ones."""
    demo = load_script("demo_jenkins")
    history = demo.make_history(7, builds, DEMO_NOW)
    history = demo.widen(history, copies) if copies else history
    history = demo.with_more(history) if more else history
    server = demo.serve(history, **options)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield RunningDemo(server.url, server, demo.truth(history))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    """A demo Jenkins with few builds, for all tests of a file: who changes it needs its own."""
    with running_demo(20) as running:
        yield running
