"""A listening socket that outlives the web server, held as systemd's socket unit holds it."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT, environ_of
from tracker.settings import Settings

# What systemd does: descriptor 3, and the id of the process that it is meant for.
TAKE_SOCKET = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execvp(sys.argv[2], sys.argv[2:])"""
GUNICORN = ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app")


@dataclass
class Held:
    """The socket, and the Gunicorn that serves it now, with the code that it is started with."""

    settings: Settings
    socket: socket.socket
    before: Sequence[str] = ()
    environ: dict[str, str] = field(default_factory=dict)
    code: Path = ROOT
    workers: int = 2
    process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port of the socket."""
        return int(self.socket.getsockname()[1])

    @property
    def log(self) -> Path:
        """What all servers said."""
        return self.settings.home / "held.log"

    def start(self) -> None:
        """Start a server on the socket; `before` are words in front of its command."""
        number = str(self.socket.fileno())
        command = [sys.executable, "-c", TAKE_SOCKET, number, *self.before]
        environ = environ_of(self.settings, TRACKER_WEB_WORKERS=str(self.workers)) | self.environ
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, sys.executable, *GUNICORN],
                cwd=self.code,
                env=environ | {"PYTHONPATH": str(self.code)},
                pass_fds=[self.socket.fileno()],
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """End the server as a supervisor does: ask, wait, insist."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def reload(self) -> None:
        """Ask for new workers and wait until the server says that they are there."""
        assert self.process is not None
        seen = self.log.read_text().count("Booting worker")
        self.process.send_signal(signal.SIGHUP)
        while self.log.read_text().count("Booting worker") < seen + self.workers:
            assert self.process.poll() is None
            time.sleep(0.05)

    def wait(self) -> None:
        """Wait until the server answers."""
        assert self.process is not None
        wait_until_live(self.port, self.process, self.log)


def wait_until_live(
    port: int, process: subprocess.Popen[bytes], log: Path, path: str = "/health/live"
) -> None:
    """Wait until a server answers with 200; RuntimeError, with its log, where it ends instead."""
    while process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server does not start:\n{log.read_text()}")


@contextlib.contextmanager
def held(
    settings: Settings,
    before: Sequence[str] = (),
    environ: dict[str, str] | None = None,
    workers: int = 2,
) -> Iterator[Held]:
    """A held socket with a server that answers."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        holder = Held(settings, listening, before, environ or {}, workers=workers)
        holder.start()
        try:
            holder.wait()
            yield holder
        finally:
            holder.stop()


@dataclass
class Load:
    """Clients that ask again and again, a connection each time; what they were told."""

    port: int
    token: str
    answered: list[int] = field(default_factory=list)
    uploaded: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, readers: int = 3, writers: int = 1) -> None:
        """Begin, in threads of this process."""
        for action in [self._read] * readers + [self._upload] * writers:
            thread = threading.Thread(target=self._again_and_again, args=[action], daemon=True)
            self.threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End after the requests that are on their way."""
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more answers came."""
        wanted = len(self.answered) + more
        while len(self.answered) < wanted and not self.errors:
            time.sleep(0.02)

    def _again_and_again(self, action: object) -> None:
        assert callable(action)
        while not self.is_over.is_set():
            begun = time.monotonic()
            try:
                self.answered.append(action())
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
            self.longest = max(self.longest, time.monotonic() - begun)
            time.sleep(0.03)

    def _read(self) -> int:
        return self._ask("GET", "/", b"")

    def _upload(self) -> int:
        number = next(self.numbers)
        body = f'<testsuite name="s"><testcase classname="s" name="n{number}"/></testsuite>'
        path = f"/api/v1/ingest?job=nightly&build={number}&name=r.xml"
        status = self._ask("POST", path, body.encode())
        self.uploaded.append(number)
        return status

    def _ask(self, method: str, path: str, body: bytes) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            bearer = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
            connection.request(method, path, body, bearer)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status not in (200, 201):
                self.errors.append(f"{method} {path}: {answer.status} {text[:200]!r}")
            return answer.status
