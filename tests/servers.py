"""Real servers beside the tracker, from Debian's packages: a PostgreSQL of our own on a socket."""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tracker.store.connection import close_store, open_store

# What `pytest --store` says.
chosen = "sqlite"
_numbers = itertools.count(1)


def chosen_address() -> str:
    """A new database, empty and migrated; "" where the tests' stores are files."""
    return new_database() if chosen == "postgresql" else ""


@functools.cache
def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def new_database(template: str | None = None) -> str:
    """The address of a new database: a copy of the migrated one, or of `template`."""
    template = template or _migrated()
    name = f"t{next(_numbers)}"
    _say(f"CREATE DATABASE {name} TEMPLATE {template}")
    return _address(name)


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


@functools.cache
def cluster() -> Path:
    """The folder with the socket of a server that ends with this process."""
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=memory if memory.is_dir() else None))
    who = _user(folder)
    atexit.register(_end, [*who, found / "pg_ctl", "-D", folder / "data"], folder)
    for command in (
        [found / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"],
        [
            *(found / "pg_ctl", "-D", folder / "data", "-l", folder / "log"),
            *("-w", "-t", "600", "start"),
            *("-o", f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"),
        ],
    ):
        subprocess.run([*who, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    return folder


def _user(folder: Path) -> list[str]:
    """It does not run as root."""
    if os.getuid():
        return []
    shutil.chown(folder, "postgres", "postgres")
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _end(control: list[object], folder: Path) -> None:
    subprocess.run(
        [*map(str, control), "-m", "immediate", "stop"], check=False, capture_output=True
    )
    shutil.rmtree(folder, ignore_errors=True)
