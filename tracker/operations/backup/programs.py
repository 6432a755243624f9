"""PostgreSQL's own programs: finding them, and running them without a password as an argument."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracker.errors import StorageError

# Where Debian has them beside those in the path.
_FOLDERS = Path("/usr/lib/postgresql")


def program(name: str) -> str:
    """The path of a program; StorageError where it is not installed."""
    found = shutil.which(name) or max(map(str, _FOLDERS.glob(f"*/bin/{name}")), default="")
    if not found:
        raise StorageError(
            f"The program {name} is not installed.",
            "Install PostgreSQL's client programs: apt-get install postgresql-client.",
        )
    return found


def check_version(name: str, server: str) -> None:
    """StorageError where a program is of an older major version than the server, as `15.18`."""
    said = subprocess.run([program(name), "--version"], capture_output=True, text=True, check=True)
    found = re.findall(r"\d+", said.stdout)
    wanted = int(server.split(".")[0])
    if int(found[0]) < wanted:
        raise StorageError(
            f"{name} is of version {found[0]}, and the server of {wanted}.",
            f"Install the programs of that version: apt-get install postgresql-client-{wanted}.",
        )


def run_program(arguments: list[str], environ: Mapping[str, str] | None = None) -> None:
    """Run a program to its end; StorageError with what it says where it fails."""
    done = subprocess.run(
        _found(arguments),
        env=_environ(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    _check(arguments[0], done.returncode, done.stderr)


@contextmanager
def output_of(arguments: list[str]) -> Iterator[IO[bytes]]:
    """What a program writes, read as it comes; StorageError where it fails.

    Who reads no further ends it.
    """
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            _found(arguments),
            env=_environ(None),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        assert running.stdout is not None
        with running:
            try:
                yield running.stdout
                is_read = not running.stdout.read(1)
            except BaseException:
                running.kill()
                raise
            if not is_read:
                running.kill()
                return
        said.seek(0)
        _check(arguments[0], running.returncode, said.read())


@contextmanager
def input_of(arguments: list[str], environ: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """What a program reads, written as it takes it; StorageError where it fails."""
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            _found(arguments),
            env=_environ(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        assert running.stdin is not None
        with running:
            try:
                yield running.stdin
            except BrokenPipeError:
                pass  # it has ended, and says why
            except BaseException:
                running.kill()
                raise
            finally:
                _close(running.stdin)
        said.seek(0)
        _check(arguments[0], running.returncode, said.read())


def _close(stream: IO[bytes]) -> None:
    try:
        stream.close()
    except BrokenPipeError:  # its reader has ended
        return


def _found(arguments: list[str]) -> list[str]:
    return [program(arguments[0]), *arguments[1:]]


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    """What they say is read here, so they say it in English."""
    return {**os.environ, **(more or {}), "LC_ALL": "C"}


def _check(name: str, code: int, said: bytes) -> None:
    if code:
        lines = said.decode(errors="replace").strip().splitlines()
        words = "; ".join(lines[-3:]) or f"it ended with {code}"
        raise StorageError(f"{name} failed: {words}.", "Mend what it complains of, then try again.")
