"""Secrets never leave: a real run with canaries in every secret, and all it gave looked through."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import logging
import os
import secrets
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock
from urllib.parse import quote, quote_plus, urlencode

import pytest

from tests.commands import run_command
from tests.conftest import (
    DEMO_NOW,
    RunningServer,
    environ_of,
    free_port,
    junit,
    load_script,
    running_gunicorn,
)
from tests.counts import RecordCount
from tests.servers import PASSWORD, own_database, running_redis
from tracker import logs
from tracker.clock import now_ms
from tracker.pages import PAGES
from tracker.settings import Settings
from tracker.store import passwords, people, tokens
from tracker.store.connection import close_store, open_store
from tracker.store.jobs import add_server
from tracker.web import api, create_app
from tracker.worker.loop import Worker
from tracker.worker.tasks import TASKS

JOB = "team/smoke"
HOOK = "/api/v1/hooks/jenkins"
# What a process holds as it is: any code may put it into an exception.
HELD = {"hook secret", "Jenkins token", "password of PostgreSQL", "password of Redis"}


def spellings(secret: str) -> dict[str, bytes]:
    """A secret as it might be written: plain, in addresses, in base64 at any place, its SHA-256."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "address": quote(secret, safe="").encode(),
        "path": quote(secret).encode(),
        "form": quote_plus(secret).encode(),
        "hexadecimal": raw.hex().encode(),
    }
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw)
        kept = text[(0, 2, 3)[shift] : len(text) - (0, 3, 2)[(shift + len(raw)) % 3]]
        found[f"base64 at {shift}"] = kept
        found[f"urlsafe base64 at {shift}"] = kept.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def leaks(secret: str, data: bytes) -> list[str]:
    """The spellings in which a secret stands in the data."""
    return [name for name, text in spellings(secret).items() if text in data]


@pytest.mark.parametrize("before", range(7))
def test_a_secret_that_left_would_be_seen(before: int) -> None:
    secret = "s3cret w/th+signs?" + secrets.token_urlsafe(8)
    name = b"x" * before + b":"
    for told, way in (
        (b"before " + secret.encode() + b" after", "plain"),
        (urlencode({"a": secret}).encode(), "form"),
        (quote(f"/x/{secret}", safe="/").encode(), None),
        (base64.b64encode(name + secret.encode() + b"tail"), None),
        (base64.urlsafe_b64encode(name + secret.encode()), None),
    ):
        found = leaks(secret, told)
        assert found
        assert way is None or way in found
    assert not leaks(secret, b"nothing to be seen")


@dataclass
class Run:
    """What a run gave, by where it was seen."""

    home: Path
    output: Path
    kept: Path
    secrets: dict[str, str] = field(default_factory=dict)
    seen: dict[str, bytes] = field(default_factory=dict)

    def file(self, name: str, text: str) -> Path:
        """A file that holds a secret, as its owner keeps it."""
        path = self.kept / name
        path.write_text(text + "\n")
        path.chmod(0o400)
        return path


def person_password() -> str:
    """Words that look different in addresses and in base64."""
    return f"drei/Wörter+und ein Satz? {secrets.token_urlsafe(9)}"


def fill(run: Run, settings: Settings, jenkins: str) -> None:
    """Secrets of every kind, each known nowhere else."""
    open_store(settings.store)
    now = now_ms()
    for scope in ("hook", "ingest", "read", "admin"):
        run.secrets[f"token {scope}"] = tokens.create_token(scope, scope=scope, now=now)
    run.secrets["token before"] = tokens.create_token("turned", now=now)
    run.secrets["token after"] = tokens.rotate_token("turned", now=now)
    run.secrets["token revoked"] = tokens.create_token("gone", now=now)
    tokens.revoke_token("gone", now=now)
    run.secrets["password"] = person_password()
    people.add_person("anna", run.secrets["password"], now=now)
    run.secrets["PIN"] = str(10**15 + secrets.randbelow(10**15))
    digest = hashlib.sha256(run.secrets["PIN"].encode()).hexdigest()
    run.secrets["digest of the PIN"] = digest
    people.take_pin("carl", digest, now=now)
    token_file = str(run.file("jenkins-token", run.secrets["Jenkins token"]))
    add_server("main", jenkins, username="reader", token_file=token_file, patterns=[JOB])
    nobody = f"http://127.0.0.1:{free_port()}/"
    add_server(
        "away", nobody, prefix="away", username="reader", token_file=token_file, patterns=[JOB]
    )
    close_store()


def fetch(
    run: Run, server: RunningServer, path: str, data: bytes | None = None, **headers: str
) -> int:
    """Ask, keep the whole answer with its headers, and say its status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(server.url + path, data=data, headers=named)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            status, told = answer.status, str(answer.headers).encode() + answer.read()
    except urllib.error.HTTPError as error:
        status, told = error.code, str(error.headers).encode() + error.read()
        error.close()
    run.seen[f"answer {len(run.seen)} to {path.split('?')[0][:60]}"] = told
    return status


def basic(name: str, password: str) -> str:
    """The field of Basic authentication."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def carry_all(run: Run, server: RunningServer) -> set[int]:
    """Send each secret in every place where one can stand, right and wrong; all statuses."""
    found = set()
    upload = "/api/v1/ingest?job=sent&build=1&name=a.xml"
    first = ("password", "PIN")  # before so many were wrong that none is tried any more
    for place, name in enumerate(sorted(run.secrets, key=lambda name: name not in first)):
        secret, client = run.secrets[name], {"X_Forwarded_For": f"198.51.100.{place}"}
        url = quote(secret, safe="")
        form = {"job": "sent", "budget": "0.5", "token": secret}
        change = {"name": "anna", "present": secret, "wanted": "short", "again": "short"}
        found |= {
            fetch(
                run,
                server,
                upload,
                junit(a="P"),
                **client,
                Authorization=f"Bearer {_latin(secret)}",
            ),
            fetch(run, server, upload, junit(a="P"), **client, Authorization=basic("anna", secret)),
            fetch(run, server, f"{HOOK}/{url}?job={JOB}", b""),
            fetch(run, server, f"{HOOK}/{url}/x", b""),
            fetch(run, server, HOOK, b"x", X_Hub_Signature_256=f"sha256={_latin(secret)}"),
            fetch(run, server, f"/api/v1/jobs?token={url}"),
            fetch(run, server, "/actions/budget", urlencode(form).encode(), Accept="text/html"),
        }
        if not name.startswith("token"):  # each is a guess, which takes long
            sent = urlencode(change).encode()
            found |= {
                fetch(run, server, upload, b"", **client, Authorization=basic("carl", secret)),
                fetch(run, server, "/actions/password", sent, **client),
            }
    return found


def _latin(text: str) -> str:
    """Text as it stands in a header field."""
    return text.encode().decode("latin-1")


def read_all(run: Run, server: RunningServer, settings: Settings) -> None:
    """Every page and twin, the API and all of health, as an administrator sees them."""
    bearer = {"Authorization": f"Bearer {run.secrets['token admin']}"}
    open_store(settings.store)
    paths = [
        "/" + "".join(f"{quote(part, safe='~')}/" for part in page.segments(params))
        for page in PAGES
        for params in [*page.every(5)][:3]
    ]
    close_store()
    for path in [*paths, "/settings/names/team/smoke/", "/settings/password/"]:
        assert fetch(run, server, path, **bearer) == 200
        fetch(run, server, f"{path}index.json", **bearer)
    for path in ("/health", "/health/live", "/health/ready", "/health/detailed", "/metrics"):
        assert fetch(run, server, path, **bearer) == 200
    for path in ("/api/v1/jobs", f"/api/v1/jobs/{JOB}/builds", "/nothing"):
        fetch(run, server, path, **bearer)


def call(run: Run, environ: Mapping[str, str], *words: str, given: str | None = None) -> None:
    """Run a command and keep what it printed."""
    with mock.patch.dict(os.environ, environ, clear=True):
        said = run_command(*words, given=given)
    close_store()
    run.seen[f"tracker {' '.join(words)}"] = (said.out + said.err).encode()


COMMANDS = (
    ("worker", "--until-idle"),
    ("server", "check", "main"),
    ("server", "check", "away"),
    ("token", "list", "--json"),
    ("person", "list", "--json"),
    ("audit", "--json"),
    ("doctor",),
    ("validate", "--verbose"),
    ("publish", "--check"),
    ("dump",),
    ("backup", "--with-spool"),
    ("token", "revoke", "nobody"),
)


def arguments_of(process: int) -> bytes:
    """The arguments of a process and all its children, as everybody on the machine sees them."""
    told = b""
    with contextlib.suppress(OSError):
        told = Path(f"/proc/{process}/cmdline").read_bytes()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        told += b"".join(arguments_of(int(child)) for child in children)
    return told


@contextlib.contextmanager
def demo_jenkins(token: str) -> Iterator[str]:
    """A Jenkins that answers nobody without the token."""
    demo = load_script("demo_jenkins")
    server = demo.serve(demo.make_history(7, 20, DEMO_NOW), user="reader", token=token)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def keep_files(run: Run) -> None:
    """Everything that was written, the database and its log before all."""
    for folder in (run.home, run.output):
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                run.seen[str(path.relative_to(folder.parent))] = path.read_bytes()


@contextlib.contextmanager
def of_several_nodes(run: Run) -> Iterator[dict[str, str]]:
    """The settings of a tracker with PostgreSQL and Redis, each with a password of its own."""
    run.secrets["password of PostgreSQL"] = secrets.token_urlsafe(24)
    run.secrets["password of Redis"] = PASSWORD
    run.home.mkdir(mode=0o700)  # a database file would come with it
    with own_database() as address, running_redis() as redis:
        password = run.secrets["password of PostgreSQL"]  # which the server does not ask for
        database = address.replace("postgres@", f"postgres:{password}@", 1)
        yield {"database_url": database, "limits_url": redis.address}
        import psycopg

        with psycopg.connect(address) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            for (name,) in tables:
                rows = connection.execute(f"SELECT to_jsonb(t)::text FROM {name} t".encode())
                run.seen[f"table {name}"] = "\n".join(row for (row,) in rows).encode()


@pytest.fixture(
    scope="module", params=["one machine", pytest.param("nodes", marks=pytest.mark.nightly)]
)
def run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Run:
    """A tracker that read a Jenkins, was sent all its secrets, and did all it can do."""
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "kept").mkdir()
    found = Run(folder / "home", folder / "output", folder / "kept")
    with of_several_nodes(found) if request.param == "nodes" else contextlib.nullcontext({}) as its:
        fill_and_work(found, its)
    return found


def fill_and_work(found: Run, its: Mapping[str, str]) -> None:
    """Do all that `run` says, for these settings."""
    settings = Settings.load({}, home=found.home, output=found.output, **its)
    found.secrets["hook secret"] = secrets.token_urlsafe(32)
    found.secrets["Jenkins token"] = secrets.token_hex(17)
    more = {
        "TRACKER_HOOK_SECRET_FILE": str(found.file("hook", found.secrets["hook secret"])),
        "TRACKER_ACCESS_LOG": "-",
        "TRACKER_READING": "token",
        "TRACKER_TRUSTED_PROXIES": "127.0.0.1",
        # A few builds say what many would.
        "TRACKER_FIRST_BUILDS": "5",
        "TRACKER_PUBLISH_BUILDS": "5",
        **{f"TRACKER_{name.upper()}": text for name, text in its.items()},
    }
    with demo_jenkins(found.secrets["Jenkins token"]) as jenkins:
        with pytest.MonkeyPatch.context() as patch:  # a guess is to cost little here
            patch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
            fill(found, settings, jenkins)
        environ = environ_of(settings, **more)
        with running_gunicorn(settings, is_forked=False, **more) as server:
            found.secrets["token of the server"] = server.token
            work(found, server, settings, environ)
            found.seen["arguments"] = arguments_of(server.process.pid)
    keep_files(found)


def work(run: Run, server: RunningServer, settings: Settings, environ: dict[str, str]) -> None:
    """What a day of a tracker is, with everything that goes wrong in it."""
    call(run, environ, "worker", "--until-idle")
    run.secrets["password that was entered"] = person_password()
    call(
        run,
        environ,
        *("person", "add", "dora", "--password-file", "-"),
        given=run.secrets["password that was entered"],
    )
    call(run, environ, "person", "take-pin", "emil", "--from", "-", given="0" * 63)
    statuses = carry_all(run, server)
    assert {201, 202, 400, 401, 403} <= statuses
    body = f"job={JOB}&number=1".encode()
    signature = hmac.new(run.secrets["hook secret"].encode(), body, hashlib.sha256).hexdigest()
    assert fetch(run, server, HOOK, body, X_Hub_Signature_256=f"sha256={signature}") == 202
    read_all(run, server, settings)
    for words in COMMANDS:
        call(run, environ, *words)
    fail(run, environ)


def fail(run: Run, environ: Mapping[str, str]) -> None:
    """A request, a task and a command that end with an exception in whose text secrets stand."""
    held = [text for name, text in run.secrets.items() if name in HELD or name.startswith("token")]
    bug = mock.Mock(side_effect=RuntimeError(f"lost in the middle: {held}"))
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logs.formatter("json", log))
    bearer = {"Authorization": f"Bearer {run.secrets['token admin']}"}
    logger = logging.getLogger("tracker.web")
    logger.addHandler(handler)
    try:
        with mock.patch.object(api.jobs, "jobs_after", bug):
            client = create_app(Settings.load(environ)).test_client()
            run.seen["a failing request"] = client.get("/api/v1/jobs", headers=bearer).data
    finally:
        logger.removeHandler(handler)
        close_store()
    run.seen["the log of a failing request"] = log.getvalue().encode()
    with mock.patch.dict(TASKS, {"tidy": bug}):
        Worker(Settings.load(environ), ["tidy"]).run(until_idle=True)
    close_store()
    with mock.patch("tracker.store.judging.rebuild", bug):
        call(run, environ, "rebuild")


def test_the_run_did_what_it_was_to_do(run: Run) -> None:
    assert b'"recorded"' not in run.seen["tracker token revoke nobody"]
    assert b"No token named 'nobody'" in run.seen["tracker token revoke nobody"]
    assert JOB.encode() in run.seen["tracker dump"]
    assert b"anna" in run.seen["tracker person list --json"]
    assert b"gunicorn" in run.seen["arguments"]
    assert any(name.startswith("output/") and name.endswith(".html") for name in run.seen)
    assert any("backups/" in name for name in run.seen)
    assert b"/api/v1/hooks/jenkins/***" in run.seen["home/gunicorn.log"]
    for crash in ("the log of a failing request", "tracker rebuild"):
        assert b"lost in the middle" in run.seen[crash]
    assert b'"status":500' in run.seen["a failing request"]
    assert sum(name.startswith("answer") for name in run.seen) > 100


def test_no_secret_left(run: Run, record_count: RecordCount) -> None:
    found = {
        (secret, where): ways
        for secret, text in run.secrets.items()
        for where, told in run.seen.items()
        if (ways := leaks(text, told))
    }
    record_count("P13", secrets=len(run.secrets), places=len(run.seen), left=len(found))
    assert found == {}


def test_what_is_written_is_its_owners_alone(run: Run) -> None:
    assert run.home.stat().st_mode & 0o077 == 0
    for path in (*run.home.glob("tracker.db*"), *run.home.glob("limits.db")):
        assert path.stat().st_mode & 0o077 == 0, path
