"""`tracker serve`: Gunicorn with the tracker's own settings, wherever the code is."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import environ_of, free_port
from tests.deploy.held import wait_until_live
from tracker.settings import Settings


def test_it_serves_as_gunicorn_is_set_up_everywhere(settings: Settings, tmp_path: Path) -> None:
    port, log, requests = free_port(), tmp_path / "said", tmp_path / "requests"
    environ = environ_of(settings, TRACKER_WEB_WORKERS="3", TRACKER_ACCESS_LOG=str(requests))
    command = [sys.executable, "-m", "tracker", "serve", "--port", str(port)]
    with log.open("wb") as said:
        process = subprocess.Popen(command, env=environ, cwd="/", stdout=said, stderr=said)
    try:
        wait_until_live(port, process, log)
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live?x=1", timeout=20).close()
    finally:
        process.terminate()
        process.wait(40)
    assert log.read_text().count("Booting worker") == 3
    assert "GET /health/live?x=1 HTTP/1.1" in requests.read_text()


def test_it_needs_no_file_beside_the_package(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel has none."""
    given: list[list[str]] = []
    monkeypatch.setattr(os, "execve", lambda _program, words, _environ: given.append(words))
    assert command("serve", "--port", "8001").code == 0
    [words] = given
    assert words[words.index("--config") + 1] == "python:tracker.gunicorn_conf"
    assert [word for word in words[1:] if "/" in word] == []
