"""Whose turn it is to be read: small reports never queue behind big ones.

Small and big is told by the bytes that came; those that are packed count as what reports usually
unpack to. Whatever they turn out to be, the limits of the child bound it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tracker.errors import Busy
from tracker.intake.archives import kind_of
from tracker.intake.spool import SpooledReport

SMALL_BYTES = 1024 * 1024
PACKED_TO = 10
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Slots:
    """How many children of a kind run at once in each process, and how far they step back.

    Two of a kind: more would only wait for the processors. `nice` is added to the priority of
    the child: at 10 it gets a tenth of a processor that others want, enough for a big report to
    be read within its time, and little enough for pages and small reports not to notice.
    """

    free: threading.BoundedSemaphore
    nice: int


_SMALL = Slots(threading.BoundedSemaphore(2), nice=0)
_BIG = Slots(threading.BoundedSemaphore(2), nice=10)


@contextmanager
def slot(reports: Sequence[SpooledReport]) -> Iterator[int]:
    """Wait for a child's turn to read all of these; gives how nice that child is to be.

    Raises Busy when other reports keep the parsers busy for a minute.
    """
    slots = _SMALL if sum(map(_bytes, reports)) <= SMALL_BYTES else _BIG
    if not slots.free.acquire(timeout=_PATIENCE_SECONDS):
        raise Busy("All parsers are busy.", "Send the report again in a minute.")
    try:
        yield slots.nice
    finally:
        slots.free.release()


def _bytes(report: SpooledReport) -> int:
    """How much there is to read; of a file that is gone the child says so."""
    if not report.path.is_file():
        return report.size
    with report.path.open("rb") as stream:
        is_packed = kind_of(stream.read(8)) in ("zip", "gzip")
    return PACKED_TO * report.size if is_packed else report.size
