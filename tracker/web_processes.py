"""How many processes and threads serve pages on this machine: for Gunicorn, and for the doctor."""

from __future__ import annotations

import multiprocessing
import os

# Threads of a process, because requests wait: for the disk at a commit, for the parsing child, for
# the lock. With PostgreSQL each has a connection.
THREADS = 4
MOST = 8


def web_processes() -> int:
    """What TRACKER_WEB_WORKERS says, else two for each processor.

    More than MOST would only queue for the one writer of SQLite.
    """
    told = os.environ.get("TRACKER_WEB_WORKERS")
    return int(told) if told else min(MOST, 2 * multiprocessing.cpu_count())
