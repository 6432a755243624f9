"""P7: readiness tells the truth within two seconds, when a fault comes and when it goes.

A real server, and real faults of its files. Every probe has a deadline of two seconds on its
socket, so one that would answer later fails the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.conftest import RunningServer, junit, running_gunicorn
from tests.counts import RecordCount
from tests.web.test_health import held
from tracker.operations.health import LEAST_FREE_MB
from tracker.settings import Settings
from tracker.web import shared_look

SECONDS = 2.0
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, Settings]]:
    """One server for all faults: what one leaves behind is seen by the next."""
    folder = tmp_path_factory.mktemp("served")
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    with running_gunicorn(settings) as server:
        yield server, settings


def ask(server: RunningServer, path: str) -> tuple[int, dict[str, object]]:
    """The status and the body of a probe, within two seconds."""
    try:
        with urllib.request.urlopen(server.url + path, timeout=SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def status(server: RunningServer, path: str, data: bytes | None = None) -> int:
    """What a page, or an upload, is answered with."""
    bearer = {"Authorization": f"Bearer {server.token}"}
    request = urllib.request.Request(server.url + path, data=data, headers=bearer)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def failing(server: RunningServer) -> dict[str, str]:
    """The checks that fail, with their reasons."""
    status, body = ask(server, "/health/ready")
    checks = body["checks"]
    assert isinstance(checks, dict)
    found = {name: each["reason"] for name, each in checks.items() if each["status"] == "fail"}
    assert (status == 503) == bool(found)
    return found


def all_say(server: RunningServer, is_so: Callable[[dict[str, str]], bool]) -> bool:
    """Whether two seconds from now at the latest every worker says so of what fails.

    A worker that is asked too seldom may tell of a look from before for as long as it is shared.
    """
    began = time.monotonic()
    deadline = began + SECONDS
    in_a_row = 0
    while in_a_row < 6 or time.monotonic() < began + shared_look.SECONDS:
        time.sleep(0.05)
        if is_so(failing(server)):
            in_a_row += 1
        elif time.monotonic() > deadline:
            return False
        else:
            in_a_row = 0
    return True


def told_of(server: RunningServer, check: str, reason: str) -> bool:
    """Whether all workers fail a check for a reason within two seconds."""
    return all_say(server, lambda found: reason in found.get(check, ""))


def well_again(server: RunningServer) -> bool:
    """Whether all workers are ready within two seconds."""
    return all_say(server, lambda found: not found)


@contextlib.contextmanager
def missing(settings: Settings) -> Iterator[None]:
    away = settings.database.with_name("away.db")
    settings.database.rename(away)
    yield
    away.rename(settings.database)


@contextlib.contextmanager
def zeroed(settings: Settings) -> Iterator[None]:
    """The file is overwritten where it lies, as a broken disk or a wrong `cp` does."""
    with contextlib.closing(sqlite3.connect(settings.database)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = settings.database.read_bytes()
    with settings.database.open("r+b") as file:
        file.write(bytes(len(whole)))
    yield
    with settings.database.open("r+b") as file:
        file.write(whole)


@contextlib.contextmanager
def replaced(settings: Settings) -> Iterator[None]:
    """Another file under the same name, as a copy of a backup is."""
    mine = settings.database.with_name("mine.db")
    settings.database.rename(mine)
    shutil.copy(mine, settings.database)
    yield
    mine.rename(settings.database)


@contextlib.contextmanager
def newer(settings: Settings) -> Iterator[None]:
    change(settings, "INSERT INTO schema_migration VALUES (NULL, '9999_future', 0)")
    yield
    change(settings, "DELETE FROM schema_migration WHERE name = '9999_future'")


@contextlib.contextmanager
def older(settings: Settings) -> Iterator[None]:
    change(settings, "UPDATE schema_migration SET name = '0000_x' WHERE name = '0001_initial'")
    yield
    change(settings, "UPDATE schema_migration SET name = '0001_initial' WHERE name = '0000_x'")


def change(settings: Settings, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(settings.database, timeout=10)) as store, store:
        store.execute(statement)


Fault = Callable[[Settings], AbstractContextManager[None]]
FAULTS: dict[str, tuple[Fault, str, str]] = {
    "lock file held": (lambda its: held(its, "file"), "write", "another process is writing"),
    "locked": (lambda its: held(its, "database"), "write", "locked by another program"),
    "missing": (missing, "database", "not there"),
    "corrupt": (zeroed, "database", "not a database"),
    "replaced": (replaced, "database", "replaced"),
    "newer schema": (newer, "database", "newer version (it has 9999_future)"),
    "older schema": (older, "database", "0000_x"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_readiness_tells_of_a_fault_and_of_its_end(
    served: tuple[RunningServer, Settings], fault: str, record_count: RecordCount
) -> None:
    server, settings = served
    make, check, reason = FAULTS[fault]
    assert well_again(server)
    with make(settings):
        told = told_of(server, check, reason)
        assert ask(server, "/health/live")[0] == 200
        assert ask(server, "/health")[0] == 503
    well = well_again(server)
    record_count("P7", faults=1, told_within_2_s=int(told), well_within_2_s=int(well))
    assert (told, well) == (True, True)


def mount(*arguments: str) -> None:
    """Mount something, or skip where that is not allowed."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Settings]:
    """A tracker on a disk of its own with a little more room than is needed."""
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={LEAST_FREE_MB + 60}m", "tmpfs", str(folder))
    try:
        yield Settings.load({}, home=folder / "home", output=folder / "output")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_readiness_tells_that_the_disk_is_full_and_that_there_is_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as settings, running_gunicorn(settings) as server:
        assert well_again(server)
        filler = settings.home.parent / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(MEGABYTE))
        assert told_of(server, "space", "MB are free")
        assert ask(server, "/health/live")[0] == 200
        with urllib.request.urlopen(f"{server.url}/api/v1/jobs", timeout=SECONDS) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=SECONDS) as answer:
            assert answer.status == 200
        filler.unlink()
        assert well_again(server)


def test_readiness_tells_that_the_disk_is_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as settings, running_gunicorn(settings) as server:
        assert well_again(server)
        mount("--bind", str(settings.home), str(settings.home))
        try:
            mount("-o", "remount,bind,ro", str(settings.home))
            assert all_say(server, lambda found: set(found) == {"write"})
            assert ask(server, "/health/live")[0] == 200
            assert status(server, "/") == 200
            assert status(server, "/api/v1/ingest?job=n&build=1", junit(a="P")) == 503
        finally:
            subprocess.run(["umount", "--lazy", str(settings.home)], check=True)
        assert well_again(server)
