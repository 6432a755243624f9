"""The longest time that a request may read: an old snapshot keeps the log of writes from emptying.

SQLite starts its log anew only when nobody reads from it any more, so that one reader that never
ends lets it grow without bound.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tracker.errors import Busy
from tracker.store.connection import reading
from tracker.store.engine import ReadTooLong, engine

LONGEST_SECONDS = 60.0


class _Thread(threading.local):
    """Until when this thread may read, by the clock that is never set."""

    deadline = float("inf")


_this_thread = _Thread()


@contextmanager
def reading_at_most(seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """As `reading`; Busy from a statement that runs, or begins, after that time.

    It is for all statements together, and for having the connection.
    """
    deadline = time.monotonic() + seconds
    with reading():
        _this_thread.deadline = deadline
        try:
            with engine().ending(deadline - time.monotonic(), _is_over):
                yield
        except ReadTooLong as error:
            raise _too_long() from error
        finally:
            _this_thread.deadline = float("inf")


def refuse_late() -> None:
    """Busy where this thread has read for as long as it may."""
    if _is_over():
        raise _too_long()


def _is_over() -> bool:
    return time.monotonic() > _this_thread.deadline


def _too_long() -> Busy:
    return Busy(
        f"Reading this took longer than {LONGEST_SECONDS:.0f} s and was ended, so that it does not"
        " keep others from writing.",
        "Ask for less at a time, or try again when the machine is less busy.",
    )
