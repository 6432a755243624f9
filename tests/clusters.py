"""PostgreSQL from Debian's packages: servers that begin for tests and end with them."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest


@functools.cache
def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@functools.cache
def cluster() -> Path:
    """The folder with the socket of a server that ends with this process."""
    folder = new_folder()
    _lay_out(folder)
    atexit.register(_end, _start(folder), folder)
    return folder


@contextlib.contextmanager
def own_cluster(
    files: Mapping[str, str] = MappingProxyType({}), folder: Path | None = None, **settings: object
) -> Iterator[Path]:
    """The folder of a server of its own, with files beside its data that its settings name."""
    folder = folder or new_folder()
    _lay_out(folder)
    for name, text in files.items():
        path = folder / name
        path.write_text(text)
        path.chmod(0o600)
        _give(path)
    process = _start(folder, settings)
    try:
        yield folder
    finally:
        _end(process, folder)


@contextlib.contextmanager
def standby_of(primary: Path) -> Iterator[Path]:
    """The folder of a server that follows another one."""
    folder = new_folder()
    there = ["-h", primary, "-U", "postgres", "-D", folder / "data"]
    program = _folder_of_programs() / "pg_basebackup"
    command = [*ids(), program, *there, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    subprocess.run(command, check=True, cwd=folder)
    process = _start(folder)
    try:
        yield folder
    finally:
        _end(process, folder)


def _folder_of_programs() -> Path:
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    return found


def new_folder() -> Path:
    """For a server, in memory where the machine has that."""
    _folder_of_programs()
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=memory if memory.is_dir() else None))
    _give(folder)
    return folder


def _lay_out(folder: Path) -> None:
    initdb = [_folder_of_programs() / "initdb", "-D", folder / "data", "-U", "postgres"]
    small = ["-A", "trust", "--encoding=UTF8", "--no-sync", "--wal-segsize=1"]
    command = [*ids(), *initdb, *small]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def _start(
    folder: Path, settings: Mapping[str, object] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """Begin the server, which ends where the tests are ended without being asked."""
    told = {"listen_addresses": "", "unix_socket_directories": folder, **_QUICK, **settings}
    words = [word for name, value in told.items() for word in ("-c", f"{name}={value}")]
    program = _folder_of_programs() / "postgres"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*ids(), "--pdeathsig=QUIT", program, "-D", folder / "data", *words],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _wait_until_ready(process, folder, int(str(told.get("port", 5432))))
    return process


# What it holds is worth nothing when the machine stops.
_QUICK = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_wal_size": "64MB",
    "min_wal_size": "8MB",
}


def _give(path: Path) -> None:
    """To whom the server runs as, which is never root."""
    if not os.getuid():
        shutil.chown(path, "postgres", "postgres")


def ids() -> list[str]:
    """How a program is started that does not run as root."""
    if os.getuid():
        return ["setpriv"]
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _wait_until_ready(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    import psycopg

    for _ in range(1200):
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host={folder} port={port} user=postgres dbname=postgres").close()
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start: {(folder / 'log').read_text()}")


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.send_signal(signal.SIGQUIT)
    process.wait(20)
    shutil.rmtree(folder, ignore_errors=True)
