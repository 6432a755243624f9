"""`scripts/start`: everything comes up, tells where it is, and goes down without a trace."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.commands import signals_kept
from tests.conftest import ROOT, free_port, load_script, running_demo
from tracker.store.connection import close_store

LINES_AT_MOST = 300
Refused = Callable[..., tuple[int, str]]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The processes of a start; ended, if the test did not, when it is over."""
    environ = {name: value for name, value in os.environ.items() if "TRACKER" not in name}
    process = subprocess.Popen(
        [sys.executable, "scripts/start_processes.py", *arguments],
        cwd=ROOT,
        env={
            **environ,
            "PYTHONPATH": str(ROOT),
            # A few builds say what many would.
            "TRACKER_FIRST_BUILDS": "2",
            "TRACKER_PUBLISH_BUILDS": "1",
            "TRACKER_WEB_WORKERS": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    guard = threading.Timer(180, kill_all, [process])
    guard.start()
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    finally:
        guard.cancel()
        if process.poll() is None:
            kill_all(process)
        assert process.stdout is not None
        process.stdout.close()


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill a start and the processes that it started, each of which leads a group of its own."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.wait()
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(int(child), signal.SIGKILL)


def said_until(process: subprocess.Popen[str], sign: str) -> str:
    """What the process says, up to the line with `sign`."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if sign in line or len(lines) > LINES_AT_MOST:
            break
    return "".join(lines)


def page_at(port: int, route: str) -> bytes:
    """A live page."""
    answer: bytes = urllib.request.urlopen(f"http://127.0.0.1:{port}{route}").read()
    return answer


def jobs_at(port: int) -> set[str]:
    """The names of the jobs that are known."""
    return {job["name"] for job in json.loads(page_at(port, "/api/v1/jobs"))["items"]}


@dataclass
class Place:
    """A home, the port of its web server, what a start said of them, and the Jenkins it read."""

    home: Path
    port: int
    said: str = ""
    jenkins: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """As a start is told of it."""
        return ("--home", str(self.home), "--port", str(self.port))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Where a start read and published the whole demo, and was interrupted; others start again."""
    place = Place(tmp_path_factory.mktemp("newcomer") / "home", free_port())
    with started(*place.flags) as process:
        place.said = said_until(process, "Published:")
        assert b"team/nightly" in page_at(place.port, "/jobs/team/nightly/")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    return place


def test_a_newcomer_gets_pages_and_a_site_and_everything_stops(newcomer: Place) -> None:
    assert f"Live pages:  http://127.0.0.1:{newcomer.port}/" in newcomer.said
    assert "Demo Jenkins: http://" in newcomer.said
    assert (newcomer.home / "output" / "site" / "index.html").is_file()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", newcomer.port)) != 0


def test_the_home_and_the_token_are_for_their_owner_alone(newcomer: Place) -> None:
    assert (
        stat.S_IMODE(newcomer.home.stat().st_mode) == 0o700
    )  # `tracker doctor` would find it else
    kept = newcomer.home / "upload-token"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert f"Upload token: {kept.read_text().strip()} " in newcomer.said
    assert kept.read_text().startswith("trk_")


def test_a_second_start_has_what_was_there_and_with_no_demo_starts_none(newcomer: Place) -> None:
    token = (newcomer.home / "upload-token").read_text()
    of_the_demo = (newcomer.home / "log" / "demo.log", newcomer.home / "demo-truth.json")
    for path in of_the_demo:
        path.unlink()
    with started(*newcomer.flags, "--no-demo") as process:
        said = said_until(process, "Ctrl-C")
        assert "Upload token: as before" in said
        assert "Demo Jenkins" not in said
        assert b"team/nightly" in page_at(newcomer.port, "/")
        assert b"#39" in page_at(newcomer.port, "/jobs/team/nightly/")
    assert (newcomer.home / "upload-token").read_text() == token
    assert [path for path in of_the_demo if path.exists()] == []


@pytest.fixture(scope="module")
def moved(newcomer: Place) -> Iterator[Place]:
    """A start there that reads another Jenkins, and only some jobs of it."""
    with running_demo(20, copies=2) as demo:
        flags = (*newcomer.flags, "--jenkins", demo.url, "--jobs", "team-001/*")
        with started(*flags) as process:
            said = said_until(process, "Ctrl-C")
            yield Place(newcomer.home, newcomer.port, said, demo.url)


def test_a_real_jenkins_is_read_in_the_place_of_the_demo(moved: Place) -> None:
    assert f"Asking {moved.jenkins} ..." in moved.said
    assert "Jenkins answers and knows us as anonymous" in moved.said
    assert "The demo Jenkins is no longer read" in moved.said
    assert "Demo Jenkins:" not in moved.said
    about = page_at(moved.port, "/about/")
    assert moved.jenkins.encode() in about
    assert b"demo" not in about


def test_of_a_real_jenkins_only_the_jobs_that_match_are_known(moved: Place) -> None:
    known = {"team/nightly", "team/smoke", "platforms"}  # from the demo
    while not (new := jobs_at(moved.port) - known):
        time.sleep(0.1)
    assert new == {"team-001/nightly", "team-001/smoke", "team-001/platforms"}


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with started("--home", str(tmp_path), "--port", port) as process:
            assert process.stdout is not None
            said = process.stdout.read()
            assert process.wait(60) == 2
    assert f"The port {port} of 127.0.0.1 cannot be used" in said
    assert len(said.splitlines()) == 1


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """The exit code of a start in this process that does not come to be, and what it said."""
    for name in [name for name in os.environ if "TRACKER" in name]:
        monkeypatch.delenv(name)
    start = load_script("start_processes")

    def ended(*arguments: str) -> tuple[int, str]:
        with signals_kept():
            code = start.main([*arguments, "--port", str(free_port())])
        close_store()
        said = capsys.readouterr()
        return code, said.out + said.err

    return ended


def test_an_unreachable_jenkins_is_said_in_one_sentence(tmp_path: Path, refused: Refused) -> None:
    jenkins = f"http://127.0.0.1:{free_port()}/"
    code, said = refused("--home", str(tmp_path), "--jenkins", jenkins)
    assert code == 3
    assert "the connection is refused" in said.splitlines()[-1]


def test_a_wrong_token_is_said_in_one_sentence(tmp_path: Path, refused: Refused) -> None:
    token = tmp_path / "token"
    token.write_text("mistaken-secret\n")
    token.chmod(0o400)
    with running_demo(20, user="ci", token="right") as demo:
        code, said = refused(
            *("--home", str(tmp_path / "home"), "--jenkins", demo.url),
            *("--user", "ci", "--token-file", str(token)),
        )
    assert code == 3
    assert "refuses the user 'ci' (401)" in said.splitlines()[-1]
    assert "mistaken-secret" not in said


def test_a_missing_token_file_is_said_in_one_sentence(tmp_path: Path, refused: Refused) -> None:
    code, said = refused(
        *("--home", str(tmp_path), "--jenkins", "http://127.0.0.1:1/"),
        *("--token-file", str(tmp_path / "nothing")),
    )
    assert code == 2
    assert "The token file" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_one_sentence(
    tmp_path: Path, refused: Refused
) -> None:
    tmp_path.chmod(0o500)
    code, said = refused("--home", str(tmp_path / "home"))
    assert code == 3
    assert "cannot be" in said


def test_a_home_that_is_a_file_is_said_in_one_sentence(tmp_path: Path, refused: Refused) -> None:
    (tmp_path / "home").write_text("no folder")
    code, said = refused("--home", str(tmp_path / "home"))
    assert code == 3
    assert "cannot be" in said.splitlines()[-1]


def test_a_server_that_is_slow_to_answer_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = load_script("start_processes")
    asked: list[str] = []

    def slow_at_first(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        if len(asked) == 1:
            raise TimeoutError("timed out")
        return io.BytesIO()

    monkeypatch.setattr(start.urllib.request, "urlopen", slow_at_first)
    start._wait_for("http://127.0.0.1:1/health/ready", start.Processes(tmp_path))
    assert len(asked) == 2
