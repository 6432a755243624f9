"""Homes that vanish, and real servers on loopback, each ended by its own process id."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tracker.settings import Settings
from tracker.store import connection
from tracker.store.tokens import create_token

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A server that answers on loopback; `token` opens the tracker's uploads."""

    port: int
    token: str = ""

    def connect(self) -> HTTPConnection:
        """A connection that stays open from request to request."""
        return HTTPConnection("127.0.0.1", self.port, timeout=60)


@contextlib.contextmanager
def temporary_home() -> Iterator[Settings]:
    """The settings of a tracker of its own, with an open store, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        settings = Settings.load({}, home=Path(folder, "home"), output=Path(folder, "output"))
        connection.open_store(settings.store)
        try:
            yield settings
        finally:
            connection.close_store()


@contextlib.contextmanager
def tracker(settings: Settings) -> Iterator[Server]:
    """The web application of these settings under the project's own configuration."""
    token = create_token("bench", now=0)
    home = {"TRACKER_HOME": str(settings.home), "TRACKER_OUTPUT": str(settings.output)}
    with _gunicorn("wsgi:app", settings.home, home) as port:
        yield Server(port, token)


@contextlib.contextmanager
def hello(settings: Settings) -> Iterator[Server]:
    """The floor of any page: a Flask application that says hello, served in the same way."""
    with _gunicorn("scripts.bench_figures.hello:app", settings.home, {}) as port:
        yield Server(port)


@contextlib.contextmanager
def _gunicorn(app: str, folder: Path, environ: Mapping[str, str]) -> Iterator[int]:
    port, log = _free_port(), folder / "gunicorn.log"
    command = ["gunicorn", "-c", "deploy/gunicorn.conf.py", app]
    with running(command, log, {**environ, "TRACKER_PORT": str(port)}) as process:
        _wait_until_it_answers(process, port, log)
        yield port


@contextlib.contextmanager
def running(
    module: Sequence[str], log: Path, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs a module of Python from the checkout, ended at the end of the block."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("TRACKER_")}
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**inherited, **environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn does not start:\n{log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
