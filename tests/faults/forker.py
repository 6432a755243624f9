"""A process that opens databases in children and kills them: `FOLDER DATABASE SECONDS` a line.

A child of a process that has imported everything is at the migration at once, and says so; it is
killed so many seconds after that, unless it has ended. `FOLDER` holds the migrations that the child
knows; `DATABASE` is the path of a file, or an address. The answer is how long it went on, and
whether it ended by itself.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

from playhouse.migrations import Runner

from tracker.store import connection
from tracker.store.models import database


def open_in_child(folder: str, path: str) -> tuple[int, int]:
    """A child that opens the database, and a pipe that tells when it begins to migrate."""
    heard, said = os.pipe()
    child = os.fork()
    if child:
        os.close(said)
        return child, heard

    class Told(Runner):
        def up(self, *more: object) -> list[str]:
            os.write(said, b".")
            return super().up(*more)  # type: ignore[no-any-return]

    connection._runner = lambda: Told(database, folder)
    connection.open_store(path if "://" in path else Path(path))
    os._exit(0)


def kill_after(child: int, heard: int, seconds: float) -> tuple[float, bool]:
    """How long it migrated until it ended or was killed, and whether it ended well."""
    os.read(heard, 1)
    began = time.monotonic()
    # The other end is closed when it ends.
    select.select([heard], [], [], seconds)
    took = time.monotonic() - began
    os.kill(child, signal.SIGKILL)
    os.close(heard)
    _, status = os.waitpid(child, 0)
    return took, os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0


def main() -> None:
    """Serve one line after another."""
    for line in sys.stdin:
        folder, path, seconds = line.rstrip("\n").split("\t")
        took, is_done = kill_after(*open_in_child(folder, path), float(seconds))
        print(f"{took:.6f}\t{'done' if is_done else 'killed'}", flush=True)


if __name__ == "__main__":
    main()
