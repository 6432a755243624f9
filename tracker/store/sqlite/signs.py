"""Signs of life of one who writes for long, so that who waits can tell that from one that hangs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# A writer shows after so long (s) that it goes on, and again after as long.
BETWEEN = 0.3


class Writer:
    """The writer in this thread; `show` is what its signs are, from one statement to the next."""

    def __init__(self, show: Callable[[], None]) -> None:
        self._show = show
        self._thread = threading.get_ident()
        self._next = time.monotonic() + BETWEEN

    def goes_on(self) -> None:
        """Called at each statement of any thread: those of others say nothing of this one."""
        if threading.get_ident() == self._thread and time.monotonic() >= self._next:
            self._show()
            self._next = time.monotonic() + BETWEEN
