"""Gunicorn's settings: what may be told from outside, and what a server with them refuses."""

from __future__ import annotations

import http.client
import runpy
import subprocess
import sys
from typing import Any

import pytest

from tests.conftest import ROOT, RunningServer
from tracker import gunicorn_conf


def values() -> dict[str, Any]:
    return runpy.run_path(gunicorn_conf.__file__)


def test_the_file_that_is_shipped_has_the_values_of_the_package() -> None:
    shipped = runpy.run_path(str(ROOT / "deploy" / "gunicorn.conf.py"))
    names = {name for name in vars(gunicorn_conf) if not name.startswith("_")}
    assert {name: shipped[name] for name in names} == {
        name: getattr(gunicorn_conf, name) for name in names
    }


def test_the_number_of_workers_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_WEB_WORKERS", "3")
    assert values()["workers"] == 3


def test_there_are_two_workers_a_processor_and_at_most_eight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRACKER_WEB_WORKERS", raising=False)
    found = {}
    for processors in (1, 2, 32):
        monkeypatch.setattr("multiprocessing.cpu_count", lambda number=processors: number)
        found[processors] = values()["workers"]
    assert found == {1: 2, 2: 4, 32: 8}


def test_only_a_proxy_on_this_machine_is_believed_unless_another_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    assert values()["forwarded_allow_ips"] == "127.0.0.1,::1"
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.1")
    assert values()["forwarded_allow_ips"] == "10.0.0.1"


def test_no_connection_is_carried_over_the_fork() -> None:
    assert values()["preload_app"] is False


def test_reading_them_imports_nothing_of_the_application() -> None:
    """The process that starts the workers reads them, and looks up the class of the log."""
    read = "import runpy, sys, gunicorn.config\nconfig = gunicorn.config.Config()\n"
    read += "for name, value in runpy.run_path(sys.argv[1]).items():\n"
    read += "    if name in config.settings: config.set(name, value)\n"
    read += "assert config.logger_class.__module__ == 'tracker.gunicorn_log'\n"
    read += "print(*sorted({'flask', 'peewee', 'tracker.web'} & set(sys.modules)))"
    shipped = ROOT / "deploy" / "gunicorn.conf.py"
    done = subprocess.run(
        [sys.executable, "-c", read, shipped], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_a_request_line_that_is_too_long_is_refused(gunicorn: RunningServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gunicorn.port, timeout=20)
    connection.request("GET", "/jobs/" + "x" * 9000)
    assert connection.getresponse().status == 414
    connection.close()
