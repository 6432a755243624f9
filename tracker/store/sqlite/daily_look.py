"""The look at every page that is taken once a day, by a process of its own: it takes minutes.

One a machine, however many workers begin one, and however often they are started anew: the file
that it locks has the number of the database file that was looked at last, and the time as its own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from tracker.clock import DAY, SECOND
from tracker.errors import StorageError, TrackerError
from tracker.store.sqlite.damage import look_for_damage, mark_of, number_of
from tracker.store.sqlite.locks import look_lock, using

_NICE = 10
_PR_SET_PDEATHSIG = 1


def look_if_due(path: Path) -> str:
    """What is wrong with the database; empty where nothing is, or it is not time to look."""
    with using(path), look_lock(path) as note:
        if note is None or not _is_due(path, note):
            return ""
        # Who is ended in the middle looks again tomorrow: restarts are not to read all of it.
        os.ftruncate(note, 0)
        os.pwrite(note, b"%d" % number_of(path), 0)
        try:
            return look_for_damage(path, lambda: False)
        except StorageError:
            os.ftruncate(note, 0)  # nobody knows: it is due again
            raise


def _is_due(path: Path, note: int) -> bool:
    """At once where damage is known: nothing else goes on, and it may be mended."""
    last = os.pread(note, 32, 0)
    age = SECOND * (time.time() - os.fstat(note).st_mtime)
    is_known = last == b"%d" % number_of(path) and 0 <= age < DAY
    return not is_known or mark_of(path).exists()


def main() -> None:
    """Look at the database that the argument names, behind all that others do."""
    os.nice(_NICE)
    # It ends with the worker, also with one that is killed, and without words.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        sys.stdout.write(look_if_due(Path(sys.argv[1])))
    except (TrackerError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
