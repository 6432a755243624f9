"""A deadline over everything that happens inside: connecting, headers, a body that drips."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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


def is_looked_up(host: str, seconds: float) -> bool:
    """Whether looking up a name ends within `seconds`, whatever it finds.

    Looking up waits inside the C library, where no timer of ours rings: it is tried in a thread
    that may be left behind.
    """
    thread = threading.Thread(target=_look_up, args=(host,), daemon=True, name=f"look up {host}")
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def _look_up(host: str) -> None:
    with suppress(OSError, UnicodeError):  # what is wrong with a name is told by who asks
        socket.getaddrinfo(host, None)
