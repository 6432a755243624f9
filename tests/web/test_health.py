"""Probes: live looks at nothing, ready tells the truth about the store, details need a token."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import environ_of, junit
from tests.faults.out_of_reach import refuse_looks
from tests.faults.random_bytes import spoil_page
from tests.operations.test_health import writer_of_ours
from tracker import resources
from tracker.operations import health
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.connection import close_store
from tracker.store.engine import engine
from tracker.store.tokens import create_token
from tracker.web import create_app, shared_look

HOLD = """
import sqlite3, sys
from tracker.operations import health
from tracker.settings import Settings
settings = Settings.load()
if sys.argv[1] == "file":
    import fcntl
    lock = settings.database.with_suffix(".lock").open("ab")
    fcntl.flock(lock, fcntl.LOCK_EX)
else:
    store = sqlite3.connect(settings.database, isolation_level=None)
    store.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(settings, how):
    """Another process holds the write lock: our lock file's, or the database's own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, how],
        env=environ_of(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(autouse=True)
def each_probe_looks(monkeypatch):
    """What is found is not shared with the next probe, but where a test says so."""
    monkeypatch.setattr(shared_look, "SECONDS", 0)


@pytest.fixture
def looks(monkeypatch):
    """How often a probe looked at the store; each time takes a moment."""
    seen = []
    probe = health.probe

    def noted(*arguments):
        seen.append(arguments)
        time.sleep(0.05)
        return probe(*arguments)

    monkeypatch.setattr(health, "probe", noted)
    return seen


def test_probes_at_about_the_same_time_share_one_look(client, settings, looks, monkeypatch):
    monkeypatch.setattr(shared_look, "SECONDS", 60)
    assert client.get("/health/ready").status_code == 200
    first = len(looks)
    with held(settings, "file"):
        for path in ("/health/ready", "/health", "/health/startup"):
            assert client.get(path).status_code == 200
    assert len(looks) == first


def test_a_fault_is_shared_too_until_it_is_time_to_look_again(client, settings, monkeypatch):
    with held(settings, "file"):
        assert client.get("/health/ready").status_code == 503
        monkeypatch.setattr(shared_look, "SECONDS", 60)
        assert client.get("/health/ready").status_code == 503
    assert client.get("/health/ready").status_code == 503
    client.application.extensions["tracker"].look = shared_look.SharedLook()
    assert client.get("/health/ready").status_code == 200


def test_of_probes_that_come_at_once_one_looks(client, looks, monkeypatch):
    client.get("/health/ready")
    monkeypatch.setattr(shared_look, "SECONDS", 60)
    looks.clear()
    application = client.application
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(application.test_client().get, "/health/ready") for _ in range(8)]
        assert {each.result().status_code for each in asked} == {200}
    assert len(looks) == 1


@pytest.fixture
def fresh(settings):
    """A client of an application that has not opened its store yet."""
    yield create_app(settings).test_client()
    close_store()


def checks(response):
    return {name: check["status"] for name, check in response.json["checks"].items()}


def test_live_works_without_a_home(tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings = Settings.load({}, home=tmp_path / "file" / "home", output=tmp_path)
    response = create_app(settings).test_client().get("/health/live")
    assert (response.status_code, response.json) == (200, {"status": "pass"})


def test_live_makes_nothing(fresh, settings):
    fresh.get("/health/live")
    assert not settings.home.exists()


def test_ready_says_what_it_checked(client):
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert checks(response) == dict.fromkeys(("database", "migrations", "write", "space"), "pass")


@pytest.mark.parametrize("how", ["file", "database"])
def test_ready_tells_that_another_process_holds_the_lock_and_recovers(client, settings, how):
    assert client.get("/health/ready").status_code == 200
    with held(settings, how):
        response = client.get("/health/ready")
        assert response.status_code == 503
        assert checks(response)["write"] == "fail"
        assert client.get("/health/live").status_code == 200
        assert client.get("/api/v1/jobs").status_code == 200
    assert client.get("/health/ready").status_code == 200


@pytest.mark.parametrize("size", [100, 4096, 40_960])
def test_ready_tells_that_the_file_is_no_database(fresh, settings, size):
    settings.home.mkdir()
    settings.database.write_bytes(b"\xff" * size)
    assert fresh.get("/health/ready").status_code == 503


def test_ready_tells_that_the_open_file_was_damaged(client, upload, settings):
    upload(junit(**{f"c{n}": "F" for n in range(200)}), job="n", build=1)
    assert client.get("/health/ready").status_code == 200
    close_store()  # everything is in the one file now
    whole = settings.database.read_bytes()
    settings.database.write_bytes(b"\0" * len(whole))
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/v1/jobs").status_code == 503
    close_store()
    settings.database.write_bytes(whole)
    assert client.get("/health/ready").status_code == 200


def test_ready_tells_of_a_spoilt_page_that_a_look_found(client, upload, settings):
    upload(junit(a="P"), job="n", build=1)
    close_store()
    spoil_page(settings.database, "result")
    connection.open_store(settings.store)
    assert engine().look_for_damage(lambda: False)
    assert checks(client.get("/health/ready"))["database"] == "fail"
    assert client.get("/health/live").status_code == 200
    assert client.get("/api/v1/jobs").status_code == 200
    refused = upload(junit(a="F"), job="n", build=2)
    assert refused.status_code == 503
    assert "The database is damaged" in refused.text


def test_ready_tells_that_the_home_is_gone(fresh, settings):
    assert fresh.get("/health/ready").status_code == 200
    close_store()
    settings.home.rename(settings.home.with_name("elsewhere"))
    assert fresh.get("/health/ready").status_code == 503


def test_a_process_that_starts_without_the_database_makes_no_empty_one(fresh, settings):
    fresh.get("/health/ready")
    close_store()
    settings.database.unlink()
    other = create_app(settings).test_client()
    for _ in range(2):
        response = other.get("/health/ready")
        assert response.status_code == 503
        assert "is not there" in response.json["checks"]["database"]["reason"]
        assert other.get("/api/v1/jobs").status_code == 503
    assert not settings.database.exists()


def test_ready_makes_the_database_of_a_new_home(fresh, settings):
    assert fresh.get("/health/ready").status_code == 200
    assert settings.database.is_file()


def test_the_start_is_over_once_the_database_is_open(fresh, settings):
    assert not settings.home.exists()
    assert fresh.get("/health/startup").status_code == 200
    assert settings.database.is_file()


def test_the_start_is_not_over_where_the_database_cannot_be_opened(fresh, settings):
    settings.home.mkdir()
    settings.database.write_bytes(b"\xff" * 4096)
    response = fresh.get("/health/startup")
    assert response.status_code == 503
    assert response.json["checks"]["database"]["status"] == "fail"


def test_what_goes_wrong_later_is_not_for_the_start_to_tell(client, settings):
    client.get("/health/ready")
    with held(settings, "file"):
        assert client.get("/health/startup").status_code == 200


@pytest.mark.parametrize(
    ("alias", "of"),
    [
        ("/healthz", "/health"),
        ("/livez", "/health/live"),
        ("/-/healthy", "/health/live"),
        ("/readyz", "/health/ready"),
        ("/-/ready", "/health/ready"),
    ],
)
def test_an_alias_says_the_same(client, alias, of):
    there, here = client.get(of), client.get(alias)
    assert here.status_code == there.status_code
    assert {**here.json, "time": None} == {**there.json, "time": None}


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/health/ready", "/health/startup", "/health/detailed"]
)
def test_a_probe_is_never_kept(client, path):
    token = create_token("t", now=0, scope="read")
    response = client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert response.mimetype == "application/health+json"
    assert "no-store" in response.headers["Cache-Control"]


def test_nothing_is_told_but_words_where_the_database_is_damaged(fresh, settings):
    settings.home.mkdir()
    settings.database.write_bytes(b"\xff" * 4096)
    for path in ("/health", "/health/ready", "/health/startup", "/health/detailed"):
        response = fresh.get(path)
        assert response.status_code == 503
        assert "Traceback" not in response.text


def test_where_the_home_is_out_of_reach_every_probe_answers(fresh, settings, monkeypatch):
    refuse_looks(monkeypatch, settings.home)
    assert fresh.get("/health/live").status_code == 200
    response = fresh.get("/health/ready")
    assert response.status_code == 503
    assert "Stale file handle" in response.json["checks"]["space"]["reason"]
    assert fresh.get("/metrics").status_code == 200


def test_ready_tells_that_there_is_no_room(client, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_MB", 10**9)
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert checks(response)["space"] == "fail"


def test_ready_leaves_the_store_as_it_was(client, upload):
    upload(junit(one="P"), job="n", build=1)
    before = client.get("/api/v1/jobs").json
    for _ in range(20):
        assert client.get("/health/ready").status_code == 200
    assert client.get("/api/v1/jobs").json == before


def test_health_says_name_and_version(client):
    body = client.get("/health").json
    assert body["name"] == "regression-tracker"
    assert body["status"] == "pass"
    assert body["version"]
    assert body["time"]


@pytest.mark.parametrize("scope", [None, "ingest"])
def test_details_need_a_token_that_may_read(client, scope):
    headers = {}
    if scope:
        headers["Authorization"] = f"Bearer {create_token('t', now=0, scope=scope)}"
    response = client.get("/health/detailed", headers=headers)
    assert response.status_code == 401
    assert "checks" not in response.json


def test_details_warn_of_what_does_not_keep_from_serving(client):
    token = create_token("t", now=0, scope="read")
    response = client.get("/health/detailed", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json["status"]) == (200, "warn")
    assert checks(response)["workers"] == "warn"
    assert "no backup" in response.json["checks"]["backup"]["reason"]


@pytest.mark.parametrize("scope", ["read", "admin"])
def test_details_are_told_to_who_may_read(client, scope):
    token = create_token("t", now=0, scope=scope)
    response = client.get("/health/detailed", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 200
    assert response.json["parsers"]["network"] in ("namespace", "audit hook")
    loaded = response.json["parsers"]["loaded"]
    [junit] = [each for each in loaded if each["name"] == "junit"]
    file = resources.folder("plugins") / "junit.py"
    assert junit["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert all(each["version"] > 0 for each in loaded)
    assert token not in response.text


def test_a_fresh_process_looks_once_where_a_writer_of_ours_takes_long(settings, store, looks):
    with writer_of_ours():
        response = create_app(settings).test_client().get("/health/ready")
    assert (response.status_code, response.json["status"], len(looks)) == (200, "warn", 1)
