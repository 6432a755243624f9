"""What `scripts/start` does once the environment is there: database, processes, and the watch.

Web server and worker are processes of their own; this one starts them, tells where everything
is, and ends them in order when it is interrupted. Each step says what it does.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tracker.clock import now_ms
from tracker.errors import SettingsError, StorageError, TrackerError
from tracker.jenkins.client import Address, Client
from tracker.jenkins.token_file import token_in
from tracker.queries import about, figures, jobs, system
from tracker.settings import Settings
from tracker.store.connection import open_store
from tracker.store.jobs import add_server, remove_server
from tracker.store.tokens import create_token
from tracker.store.work import ask_watch

ROOT = Path(__file__).resolve().parent.parent
KEPT_IN = "upload-token"
DEMO = "demo"
DEMO_RATE = 200.0  # it is ours, and on this machine
MAIN = "main"
LAST_SECONDS = 25.0
PROGRESS_SECONDS = 3.0


@dataclass
class Processes:
    """The processes that were started here, to be ended in the opposite order."""

    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environ: dict[str, str]) -> None:
        """Start one, with a log file of its own; Ctrl-C reaches it only through us."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
            )

    def ended(self) -> str | None:
        """The name of a process that ended by itself."""
        return next((name for name, each in self.running.items() if each.poll() is not None), None)

    def stop(self) -> None:
        """Ask each to end, wait, and only then insist."""
        for process in reversed(self.running.values()):
            process.terminate()
        deadline = time.monotonic() + LAST_SECONDS
        for process in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything and stay until interrupted; the exit code."""
    options = _options(arguments)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # SIGHUP: the terminal was closed
        signal.signal(ending, signal.default_int_handler)
    processes: Processes | None = None
    try:
        settings = Settings.load(home=options.home, port=options.port)
        processes = Processes(settings.home / "log")
        _check(settings, options)
        _open(settings)
        _name_jenkins(settings, options, processes)
        _start(settings, processes)
        return _watch(settings, processes)
    except TrackerError as error:
        print(f"scripts/start: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        _say("Stopping ...")
        return 0
    finally:
        if processes is not None:
            for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(ending, signal.SIG_IGN)
            processes.stop()
            if processes.running:
                _say("Stopped. Nothing is lost; start again at any time.")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/start",
        description="Start the tracker: web server, worker, and a demo Jenkins.",
    )
    parser.add_argument("--jenkins", metavar="URL", help="the Jenkins to read")
    parser.add_argument("--user", metavar="NAME", help="the user to ask it as")
    parser.add_argument("--token-file", metavar="FILE", help="holds its API token")
    parser.add_argument(
        "--jobs",
        action="append",
        default=[],
        metavar="PATTERN",
        help="such as 'team/*'; repeatable",
    )
    parser.add_argument("--home", metavar="DIR", help="data folder (default: .tracker)")
    parser.add_argument("--port", type=int, help="of the web server (default: 8000)")
    parser.add_argument("--no-demo", action="store_true", help="start no demo Jenkins")
    return parser.parse_args(arguments)


def _check(settings: Settings, options: argparse.Namespace) -> None:
    """What can be seen to go wrong is said before anything starts."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"The port {settings.port} of {settings.host} cannot be used: {error.strerror}.",
                "Choose another one with --port.",
            ) from error
    if options.token_file and not os.access(options.token_file, os.R_OK):
        raise SettingsError(f"The token file {options.token_file} cannot be read.")
    try:
        # First, and for its owner alone: the output may be below it.
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(settings.output, error.strerror or "") from error
    if not os.access(settings.output, os.W_OK):
        raise _not_writable(settings.output, "no permission")


def _not_writable(folder: Path, reason: str) -> StorageError:
    return StorageError(
        f"The folder {folder} cannot be written: {reason}.", "Name another one with --home."
    )


def _open(settings: Settings) -> None:
    """The database, and a token for uploads that is printed this once."""
    _say(f"Database: {settings.database}")
    open_store(settings.store)
    path = settings.home / KEPT_IN
    if path.exists() or any(token.name == "start" for token in system.tokens()):
        _say(f"Upload token: as before, kept in {path}")
        return
    token = create_token("start", now=now_ms())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token + "\n")
    _say(f"Upload token: {token}   (shown this once, kept in {path})")


def _name_jenkins(settings: Settings, options: argparse.Namespace, processes: Processes) -> None:
    """The controller to read: the one named, the demo one, or those known already."""
    if options.jenkins:
        _read_named(settings, options)
    elif not options.no_demo and all(row.name == DEMO for row in jobs.servers()):
        url = _start_demo(settings, processes)
        _say(f"Demo Jenkins: {url}   (what it planted: {settings.home / 'demo-truth.json'})")
        add_server(DEMO, url, rate=DEMO_RATE)
        ask_watch(DEMO, now=now_ms())


def _read_named(settings: Settings, options: argparse.Namespace) -> None:
    """Read a real Jenkins from now on, in the demo's place; what is not given stays as it was.

    At another address nothing stays: a token is only for the server it was given for.
    """
    url = options.jenkins.rstrip("/") + "/"
    known = next((row for row in jobs.servers() if (row.name, row.url) == (MAIN, url)), None)
    user, token_file = options.user, options.token_file and str(Path(options.token_file).absolute())
    if user is None:
        user = known.username if known else ""
    if token_file is None:
        token_file = known.token_file if known else ""
    _say(f"Asking {url} ...")
    token, ca_file = token_in(token_file), known.ca_file if known else ""
    address = Address(MAIN, url, user, token, ca_file=ca_file, seconds=settings.jenkins_seconds)
    who = Client(address).whoami()
    _say(f"Jenkins answers and knows us as {who}")
    if any(row.name == DEMO for row in jobs.servers()):
        remove_server(DEMO)
        _say("The demo Jenkins is no longer read; its jobs keep their history")
    add_server(MAIN, url, username=user, token_file=token_file, patterns=options.jobs or None)
    ask_watch(MAIN, now=now_ms())


def _start_demo(settings: Settings, processes: Processes) -> str:
    """Start the demo Jenkins, at the address it had before where that is free."""
    port = 0
    for row in jobs.servers():
        if row.name == DEMO:
            port = int(row.url.rstrip("/").rsplit(":", 1)[-1])
    for wanted in (port, 0):
        url = _try_demo(settings, processes, wanted)
        if url:
            return url
    raise SettingsError(
        "The demo Jenkins does not start.",
        f"{settings.home / 'log' / 'demo.log'} says why; --no-demo does without it.",
    )


def _try_demo(settings: Settings, processes: Processes, port: int) -> str:
    log = processes.logs / "demo.log"
    log.unlink(missing_ok=True)
    command = [sys.executable, "scripts/demo_jenkins.py", "--port", str(port)]
    command += ["--truth", str(settings.home / "demo-truth.json")]
    processes.start("demo", command, dict(os.environ))
    for _ in range(100):
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("DEMO_JENKINS_URL="):
                return line.partition("=")[2]
        if processes.ended() == "demo":
            del processes.running["demo"]
            return ""
        time.sleep(0.05)
    return ""


def _start(settings: Settings, processes: Processes) -> None:
    environ = {
        **os.environ,
        "TRACKER_HOME": str(settings.home),
        "TRACKER_OUTPUT": str(settings.output),
        "TRACKER_PORT": str(settings.port),
    }
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "wsgi:app"]
    processes.start("web", gunicorn, environ)
    processes.start("worker", [sys.executable, "-m", "tracker", "worker"], environ)
    url = f"http://{settings.host}:{settings.port}"
    _wait_for(f"{url}/health/ready", processes)
    _say(f"Live pages:  {url}/")
    _say(
        f"Static site: {settings.output / 'site' / 'index.html'}   (published after each new build)"
    )
    _say(f"Logs:        {processes.logs}")
    _say("Ctrl-C stops everything.")


def _wait_for(url: str, processes: Processes) -> None:
    for _ in range(300):
        if processes.ended():
            break
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
            return
        except OSError:  # not there yet, not ready yet, or slow to say so
            time.sleep(0.1)
    raise SettingsError(
        "The web server does not get ready.", f"{processes.logs / 'web.log'} says why."
    )


def _watch(settings: Settings, processes: Processes) -> int:
    """Tell how reading goes on until the site is published, then wait for the end."""
    told = 0.0
    published = False
    while True:
        ended = processes.ended()
        if ended:
            _say(f"The process {ended!r} ended by itself; {processes.logs / ended}.log says why.")
            return 70
        if not published:
            extent = about.extent()
            published = _is_published(settings, extent)
            if published or time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                _say_extent(settings, extent, published)
        time.sleep(0.5)


def _is_published(settings: Settings, extent: about.Extent) -> bool:
    """Whether everything that was read is in the static site."""
    waiting = {row.kind for row in figures.waiting(now_ms())}
    site = settings.output / "site" / "index.html"
    return extent.builds > 0 and "publish" not in waiting and site.is_file()


def _say_extent(settings: Settings, extent: about.Extent, published: bool) -> None:
    if extent.builds:
        _say(f"{extent.builds} builds of {extent.jobs} jobs are read, {extent.results} results")
    if published:
        _say(f"Published: {settings.output / 'site' / 'index.html'}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
