"""A deadline over everything that happens inside: connecting, headers, a body that drips."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class DeadlinePassed(Exception):
    """The time is up. No OSError, so that no library takes it for a network error to retry."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise DeadlinePassed inside once `seconds` are over.

    A timeout of the HTTP library counts from byte to byte, so a server that drips holds it for
    ever. The kernel's timer does not; it needs the main thread, which worker and command line
    are, and the web never asks Jenkins.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("Jenkins is only asked from the main thread of a process")

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise DeadlinePassed

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
