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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port, load_script

LINES_AT_MOST = 300


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
            "TRACKER_FIRST_BUILDS": "4",
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


def test_a_newcomer_gets_pages_and_a_site_and_everything_stops(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with started("--home", str(home), "--port", str(port)) as process:
        said = said_until(process, "Published:")
        assert f"Live pages:  http://127.0.0.1:{port}/" in said
        assert "Upload token: trk_" in said
        kept = home / "upload-token"
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.read_text().strip() in said
        assert b"team/nightly" in page_at(port, "/jobs/team/nightly/")
        assert (home / "output" / "site" / "index.html").is_file()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0

    token = kept.read_text()
    with started("--home", str(home), "--port", str(port), "--no-demo") as process:
        said = said_until(process, "Ctrl-C")
        assert "Upload token: as before" in said
        assert "Demo Jenkins" not in said
        assert b"team/nightly" in page_at(port, "/")
        assert b"#39" in page_at(port, "/jobs/team/nightly/")
    assert kept.read_text() == token


def page_at(port: int, route: str) -> bytes:
    """A live page."""
    answer: bytes = urllib.request.urlopen(f"http://127.0.0.1:{port}{route}").read()
    return answer


@contextmanager
def demo_controller(*arguments: str) -> Iterator[str]:
    """The address of a demo Jenkins that plays a real one."""
    demo = subprocess.Popen(
        [sys.executable, "scripts/demo_jenkins.py", "--builds", "20", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert demo.stdout is not None
        yield demo.stdout.readline().strip().partition("=")[2]
    finally:
        demo.terminate()
        demo.wait()
        assert demo.stdout is not None
        demo.stdout.close()


def test_a_real_jenkins_is_read_in_the_place_of_the_demo(tmp_path: Path) -> None:
    home, port = str(tmp_path / "home"), free_port()
    with started("--home", home, "--port", str(port)) as process:
        said = said_until(process, "Ctrl-C")
        assert "Demo Jenkins: http://" in said

    flags = ("--home", home, "--port", str(port))
    with demo_controller() as url, started(*flags, "--jenkins", url) as process:
        said = said_until(process, "Published:")
        assert "The demo Jenkins is no longer read" in said
        assert "Demo Jenkins:" not in said
        about = page_at(port, "/about/")
        assert url.encode() in about
        assert b"demo" not in about


def test_of_a_real_jenkins_only_the_jobs_that_match_are_known(tmp_path: Path) -> None:
    home, port = str(tmp_path / "home"), free_port()
    flags = ("--home", home, "--port", str(port), "--jobs", "team/*")
    with demo_controller() as url, started(*flags, "--jenkins", url) as process:
        said = said_until(process, "Published:")
        assert f"Asking {url} ..." in said
        assert "Jenkins answers and knows us as anonymous" in said
        assert "Demo Jenkins" not in said
        jobs = json.loads(page_at(port, "/api/v1/jobs"))["items"]
    assert [job["name"] for job in jobs] == ["team/nightly", "team/smoke"]


def test_no_demo_starts_none(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with started("--home", str(home), "--port", str(port), "--no-demo") as process:
        said = said_until(process, "Ctrl-C")
        assert "Demo Jenkins" not in said
        assert page_at(port, "/")
    assert stat.S_IMODE(home.stat().st_mode) == 0o700  # `tracker doctor` would find it else
    assert not (home / "log" / "demo.log").exists()
    assert not (home / "demo-truth.json").exists()


def refused(*arguments: str) -> tuple[int, str]:
    """The exit code and the one line of a start that does not come to be."""
    with started(*arguments) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        return process.wait(60), said


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = refused("--home", str(tmp_path), "--port", port)
    assert code == 2
    assert f"The port {port} of 127.0.0.1 cannot be used" in said
    assert len(said.splitlines()) == 1


def test_an_unreachable_jenkins_is_said_in_one_sentence(tmp_path: Path) -> None:
    jenkins = f"http://127.0.0.1:{free_port()}/"
    code, said = refused("--home", str(tmp_path), "--port", str(free_port()), "--jenkins", jenkins)
    assert code == 3
    assert "the connection is refused" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_a_wrong_token_is_said_in_one_sentence(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("mistaken-secret\n")
    token.chmod(0o400)
    with demo_controller("--user", "ci", "--token", "right") as url:
        code, said = refused(
            *("--home", str(tmp_path / "home"), "--port", str(free_port())),
            *("--jenkins", url, "--user", "ci", "--token-file", str(token)),
        )
    assert code == 3
    assert "refuses the user 'ci' (401)" in said.splitlines()[-1]
    assert "mistaken-secret" not in said


def test_a_missing_token_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    code, said = refused(
        *("--home", str(tmp_path), "--port", str(free_port())),
        *("--jenkins", "http://127.0.0.1:1/", "--token-file", str(tmp_path / "nothing")),
    )
    assert code == 2
    assert "The token file" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_said_in_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    code, said = refused("--home", str(tmp_path / "home"), "--port", str(free_port()))
    assert code == 3
    assert "cannot be" in said


def test_a_home_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    code, said = refused("--home", str(tmp_path / "home"), "--port", str(free_port()))
    assert code == 3
    assert "cannot be" in said.splitlines()[-1]
    assert "Traceback" not in said


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
