"""A real controller (Hudson 1.395, the release Jenkins was forked from), and trackers beside it.

What is not here (Java, Maven, Maven Central) skips these tests with one line; where the
environment variable CI is set they must run, and it fails them.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
import requests

from tests.commands import Said, run_command
from tests.conftest import ROOT, environ_of, free_port
from tests.store.fresh import lay_out
from tracker.cli.exits import BUG
from tracker.queries.build_rows import BuildRow
from tracker.queries.builds import builds
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store

SCRIPT = ROOT / "scripts" / "real_jenkins"
USER, PASSWORD = "ci", "right"
NOT_HERE = 3


def until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait for something to become true; a failure says what did not."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not in {seconds:g} s")
        time.sleep(0.05)


@dataclass
class Controller:
    """The controller at one address: it may be killed and started again, its jobs stay."""

    home: Path
    port: int
    flags: tuple[str, ...] = ()
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    # The process.

    def start(self) -> None:
        """Start it, or skip where this machine cannot."""
        done = _script("start", "--home", str(self.home), "--port", str(self.port), *self.flags)
        if done.returncode == NOT_HERE:
            reason = done.stderr.strip().splitlines()[-1]
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """End it in order."""
        assert _script("stop", "--home", str(self.home)).returncode == 0

    def kill(self) -> None:
        """End it as a crash would."""
        assert _script("kill", "--home", str(self.home)).returncode == 0

    # Its jobs.

    def create(self, job: str, config: str) -> None:
        """Make a job of a config.xml."""
        self._post("createItem", {"name": job}, config.encode(), {"Content-Type": "text/xml"})

    def delete(self, job: str) -> None:
        self._post(f"{_path(job)}doDelete")

    def rename(self, job: str, to: str) -> None:
        self._post(f"{_path(job)}doRename", {"newName": to})

    def disable(self, job: str) -> None:
        self._post(f"{_path(job)}disable")

    # Its builds.

    def run(self, job: str, times: int = 1, **parameters: str) -> int:
        """Build a job, one build after the other, to the end; the number of the last one."""
        number = 0
        for _ in range(times):
            number = self.begin(job, **parameters)
            self.wait(job, number)
        return number

    def begin(self, job: str, **parameters: str) -> int:
        """Ask for a build; its number."""
        number = int(self.json(_path(job), "nextBuildNumber")["nextBuildNumber"])
        how = "buildWithParameters" if parameters else "build"
        self._post(f"{_path(job)}{how}", parameters)
        return number

    def wait(self, job: str, number: int) -> str:
        """Wait until a build is over; its result."""
        until(lambda: self._state(job, number) == (False, True), f"{job} #{number} ends")
        return str(self.json(f"{_path(job)}{number}/", "result")["result"])

    def wait_for_step(self, job: str, number: int, line: str) -> None:
        """Wait until a build runs and its log says something."""
        path = f"{self.url}{_path(job)}{number}/consoleText"
        # While the build has no log yet the answer is an error that says it is packed and is not.
        plain = {"Accept-Encoding": "identity"}
        until(
            lambda: line in self.session.get(path, headers=plain, timeout=60).text,
            f"{job} says {line!r}",
        )

    def go(self, job: str) -> None:
        """Let a build go on that waits for it."""
        (self.home / "jobs" / job / "workspace" / "go").touch()

    def abort(self, job: str, number: int) -> None:
        self._post(f"{_path(job)}{number}/stop")
        self.wait(job, number)

    def delete_build(self, job: str, number: int) -> None:
        self._post(f"{_path(job)}{number}/doDelete")

    # Its API.

    def json(self, path: str, tree: str) -> Any:
        """What the API says at a path."""
        answer = self.session.get(f"{self.url}{path}api/json", params={"tree": tree}, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def _state(self, job: str, number: int) -> tuple[bool, bool] | None:
        path = f"{self.url}{_path(job)}{number}/api/json"
        answer = self.session.get(path, params={"tree": "building,result"}, timeout=60)
        if answer.status_code != 200:
            return None
        build = answer.json()
        return build["building"], build["result"] is not None

    def _post(
        self,
        path: str,
        params: dict[str, str] | None = None,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> None:
        answer = self.session.post(
            self.url + path,
            params=params,
            data=data,
            headers={**(headers or {}), **self._crumb()},
            timeout=60,
            allow_redirects=False,
        )
        assert answer.status_code in (200, 201, 302), (path, answer.status_code, answer.text[:500])

    def _crumb(self) -> dict[str, str]:
        if "--crumbs" not in self.flags:
            return {}
        issued = self.session.get(f"{self.url}crumbIssuer/api/json", timeout=60).json()
        return {issued["crumbRequestField"]: issued["crumb"]}


def _path(job: str) -> str:
    return f"job/{quote(job)}/"


def _script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@contextlib.contextmanager
def _running(home: Path, *flags: str) -> Iterator[Controller]:
    controller = Controller(home, free_port(), flags)
    try:
        controller.start()
        yield controller
    finally:
        controller.session.close()
        controller.stop()
        shutil.rmtree(home / "war", ignore_errors=True)  # 60 MB that tell nothing


@pytest.fixture(scope="session")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """A controller that lets everybody do everything."""
    with _running(tmp_path_factory.mktemp("controller"), "--executors", "4") as running:
        yield running


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    """A controller that wants a user, and a crumb for each POST."""
    home = tmp_path_factory.mktemp("secured")
    with _running(home, "--user", f"{USER}:{PASSWORD}", "--crumbs") as running:
        running.session.auth = (USER, PASSWORD)
        yield running


@dataclass
class Tracker:
    """A tracker of its own; commands and queries run here, and a worker that goes on does not."""

    settings: Settings

    def run(self, *arguments: object) -> Said:
        """Run a `tracker` command."""
        with mock.patch.dict(os.environ, self.environ(), clear=True):
            said = run_command(*arguments)
        assert said.code != BUG, said.err
        return said

    def done(self, *arguments: object) -> str:
        """Run a `tracker` command that must end well; what it printed."""
        said = self.run(*arguments)
        assert said.code == 0, said
        return said.out

    def knows(self, controller: Controller, *flags: object) -> None:
        """Read this controller; a high rate, since nobody else needs it."""
        self.done("server", "add", "main", controller.url, "--rate", "1000", *flags)

    def look(self, controller: Controller) -> None:
        """Look at all jobs now, and do all there is to do."""
        self.knows(controller)
        self.done("worker", "--until-idle")

    @contextlib.contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that goes on until this is left."""
        log = self.settings.home / "worker.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "tracker", "worker"],
                cwd=ROOT,
                env=self.environ(),
                stderr=out,
            )
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(30) == 0, log.read_text()

    def environ(self) -> dict[str, str]:
        """Nothing is looked at but when a test wants it."""
        return environ_of(self.settings, TRACKER_POLL_SECONDS="3600")


@pytest.fixture
def make_tracker(tmp_path: Path) -> Iterator[Callable[[str], Tracker]]:
    """Make trackers, each with a store of its own; queries ask the one that was made last."""

    def make(name: str) -> Tracker:
        settings = Settings.load({}, home=tmp_path / name, output=tmp_path / name / "output")
        open_store(lay_out(settings.store))
        return Tracker(settings)

    yield make
    close_store()


@pytest.fixture
def tracker(make_tracker: Callable[[str], Tracker]) -> Tracker:
    """A tracker that knows nothing yet."""
    return make_tracker("tracker")


def totals(row: BuildRow) -> dict[str, int]:
    """The totals of a build that are not zero."""
    counted = {name: getattr(row.totals, name) for name in ("passed", "failed", "error", "skipped")}
    assert row.totals.total == sum(counted.values())
    return {name: count for name, count in counted.items() if count}


def labels(job: str) -> list[str]:
    """The labels of a job's builds, newest first."""
    return [row.label for row in builds(job, limit=100)]
