"""Real servers beside the tracker, from Debian's packages: databases in PostgreSQL, a Redis."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clusters import cluster as cluster
from tests.clusters import ids
from tests.clusters import programs as programs
from tracker.store.connection import close_store, open_store

# What `pytest --store` says.
chosen = "sqlite"
_numbers = itertools.count(1)


@contextlib.contextmanager
def chosen_address() -> Iterator[str]:
    """A new database, empty and migrated; "" where the tests' stores are files."""
    if chosen != "postgresql":
        yield ""
        return
    with own_database() as address:
        yield address


@contextlib.contextmanager
def own_database(template: str | None = None) -> Iterator[str]:
    """A new database that is forgotten afterwards: each takes some megabytes of memory."""
    address = new_database(template)
    try:
        yield address
    finally:
        name = address.partition("?")[0].rpartition("/")[2]
        _say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextlib.contextmanager
def stores_in(kind: str) -> Iterator[None]:
    """Have the stores that are made in the block be of another kind than the option says."""
    global chosen
    before, chosen = chosen, kind
    try:
        yield
    finally:
        chosen = before


def new_database(template: str | None = None) -> str:
    """The address of a new database: a copy of the migrated one, or of `template`."""
    template = template or _migrated()
    name = f"t{next(_numbers)}"
    _say(f"CREATE DATABASE {name} TEMPLATE {template}")
    return _address(name)


def end_sessions(address: str) -> None:
    """Cut off whoever uses a database, as a network does that breaks."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def copied(address: str) -> str:
    """The address of a new database that has what another one has, which nobody has open."""
    return new_database(address.partition("?")[0].rpartition("/")[2])


@functools.cache
def _migrated() -> str:
    _say("CREATE DATABASE migrated")
    open_store(_address("migrated"))
    close_store()
    return "migrated"


def _address(name: str) -> str:
    return f"postgresql://postgres@/{name}?host={cluster()}"


def _say(statement: str) -> None:
    import psycopg

    with psycopg.connect(_address("postgres"), autocommit=True) as connection:
        connection.execute(statement)


@contextlib.contextmanager
def pooled(address: str, mode: str) -> Iterator[str]:
    """The address of the same database behind a PgBouncer with this pool mode."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("pgbouncer is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pooler-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "users").write_text('"postgres" ""\n')
        (folder / "ini").write_text(
            f"[databases]\n* = host={cluster()}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {port}\nunix_socket_dir =\nauth_type = trust\npool_mode = {mode}\n"
            f"auth_file = {folder}/users\nignore_startup_parameters = options\n"
        )
        process = subprocess.Popen(
            [*ids(), program, "--quiet", folder / "ini"],
            cwd="/",
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for_port(port, process)
            database = address.partition("?")[0].rpartition("/")[2]
            yield f"postgresql://postgres@127.0.0.1:{port}/{database}"
        finally:
            process.terminate()
            process.wait(20)


@dataclass
class RunningRedis:
    """A Redis on loopback, with a password, that keeps nothing."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """As `limits_url` has it."""
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}"

    def end(self) -> None:
        """End it, and wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(20)


PASSWORD = "canary-of-redis"


@contextlib.contextmanager
def running_redis(port: int = 0) -> Iterator[RunningRedis]:
    """A new Redis on `port`, or on one that is free."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    port = port or free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "requirepass": PASSWORD}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([program, *words], cwd=folder, stdout=subprocess.DEVNULL)
        running = RunningRedis(port, process)
        try:
            _wait_for_port(port, process)
            yield running
        finally:
            running.end()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not start")
