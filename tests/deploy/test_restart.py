"""Restart and upgrade under load: a socket that stays open, servers that come and go."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.conftest import ROOT, environ_of
from tests.counts import RecordCount
from tests.deploy.held import Held, Load, held
from tests.examples import examples
from tracker.queries.builds import count_builds
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.tokens import create_token

FAST, RELOADS = examples(1, 5), examples(1, 3)
# Each imports the application for itself, and nobody answers while the only one is exchanged.
WORKERS = examples(1, 2)


@pytest.fixture
def holder(settings: Settings) -> Iterator[Held]:
    with held(settings, workers=WORKERS) as running:
        yield running


@pytest.fixture
def load(settings: Settings, holder: Held) -> Iterator[Load]:
    open_store(settings.store)
    clients = Load(holder.port, create_token("load", now=0))
    close_store()
    clients.start()
    yield clients
    clients.stop()


def restart(holder: Held, load: Load, times: int) -> None:
    for _ in range(times):
        load.wait_for(10)
        holder.stop()
        holder.start()
    load.wait_for(10)
    load.stop()


def recorded(settings: Settings) -> int:
    open_store(settings.store)
    try:
        return count_builds("nightly")
    finally:
        close_store()


def test_no_client_sees_that_the_server_is_restarted(
    holder: Held, load: Load, settings: Settings, record_count: RecordCount
) -> None:
    restart(holder, load, FAST)
    record_count("P8", restarts=FAST, answers=len(load.answered), errors=len(load.errors))
    assert load.errors == []
    assert recorded(settings) == len(load.uploaded)


def test_no_client_sees_that_the_server_takes_new_workers(holder: Held, load: Load) -> None:
    for _ in range(RELOADS):
        load.wait_for(10)
        holder.reload()
    load.wait_for(10)
    load.stop()
    assert load.errors == []


# It takes a moment, in which the old version and the new one are asked.
MIGRATION = """import time

def up(_migrator, db):
    db.execute_sql("ALTER TABLE job ADD COLUMN later TEXT NOT NULL DEFAULT ''")
    time.sleep(1)
"""


def newer_version(folder: Path) -> Path:
    """The code of a version that has one migration more."""
    shutil.copytree(
        ROOT / "tracker", folder / "tracker", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("deploy", "plugins", "site_templates", "wsgi.py"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "tracker" / "store" / "migrations" / "9999_later.py").write_text(MIGRATION)
    return folder


def is_ready(holder: Held) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{holder.port}/health/ready", timeout=60) as answer:
            return bool(answer.status == 200)
    except HTTPError:
        return False


@pytest.mark.sqlite
@pytest.mark.nightly
@pytest.mark.parametrize("first", ["web server", "worker"])
def test_no_client_sees_an_upgrade_that_migrates(
    holder: Held,
    load: Load,
    settings: Settings,
    tmp_path: Path,
    record_count: RecordCount,
    first: str,
) -> None:
    """The old web server answers pages and uploads on the new schema; only its probe says 503."""
    newer = newer_version(tmp_path / "newer")
    load.wait_for(10)
    if first == "worker":
        environ = environ_of(settings) | {"PYTHONPATH": str(newer)}
        init = [sys.executable, "-m", "tracker", "init"]
        subprocess.run(init, cwd=newer, env=environ, check=True, capture_output=True)
        load.wait_for(20)
        assert not is_ready(holder)
    holder.stop()
    holder.code = newer
    holder.start()
    load.wait_for(20)
    load.stop()
    assert is_ready(holder)
    record_count("P8", upgrades=1, answers=len(load.answered), errors=len(load.errors))
    assert load.errors == []
    with closing(sqlite3.connect(settings.database)) as database:
        applied = "SELECT count(*) FROM schema_migration WHERE name = '9999_later'"
        assert database.execute(applied).fetchone() == (1,)
        assert database.execute("SELECT count(*) FROM build").fetchone() == (len(load.uploaded),)


def test_the_server_works_without_a_network_of_its_own(settings: Settings) -> None:
    """As with PrivateNetwork: nothing but what comes through the socket, and reports are read."""
    before = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*before, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine gives no network namespace")
    with held(settings, before, workers=1) as cut_off:
        open_store(settings.store)
        load = Load(cut_off.port, create_token("load", now=0))
        close_store()
        load.start(readers=1)
        load.wait_for(6)
        load.stop()
    assert load.errors == []
    assert load.uploaded


@pytest.mark.nightly
def test_fifty_restarts_lose_no_request(
    holder: Held, load: Load, settings: Settings, record_count: RecordCount
) -> None:
    restart(holder, load, 50)
    record_count(
        "P8",
        restarts=50,
        answers=len(load.answered),
        errors=len(load.errors),
        seconds_at_most=load.longest,
    )
    assert load.errors == []
    assert recorded(settings) == len(load.uploaded)
