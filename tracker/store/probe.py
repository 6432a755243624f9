"""A probe of the database from outside: what a process that starts now would meet.

The connections that serve requests keep what they once read, so a file that was damaged, moved
or put on a read-only mount looks well through them, and a server that lets nobody in any more does,
too. The probe opens a connection of its own, reads the schema, takes the write lock as every writer
does, and gives it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker.errors import StorageError
from tracker.store.engine import engine_of
from tracker.store.versions import migrations


@dataclass(frozen=True)
class Probe:
    """What was met: each reason in words, empty where all is well.

    It `is_busy` and `is_damaged` as `Met` tells; `pending` and `newer` are names of migrations:
    that wait, and that this program does not know.
    """

    unreadable: str = ""
    unwritable: str = ""
    pending: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    is_busy: bool = False
    is_damaged: bool = False


def probe(where: Path | str, seconds: float) -> Probe:
    """Look at the database at a path or an address; the lock is waited for at most `seconds`.

    Changes nothing.
    """
    try:
        met = engine_of(where).meet(seconds)
    except StorageError as error:
        return Probe(unreadable=error.message)
    if met.unreadable:
        return Probe(unreadable=met.unreadable, is_damaged=met.is_damaged)
    known = migrations()
    return Probe(
        unwritable=met.unwritable,
        pending=tuple(name for name in known if name not in met.applied),
        newer=tuple(sorted(met.applied - set(known))),
        is_busy=met.is_busy,
    )
