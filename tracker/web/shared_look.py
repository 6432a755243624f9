"""One look at the store for all who ask at about the same time: probes need no token, and no limit.

A look opens a connection and takes the writers' lock, so that a flood of probes that each looked
would keep those waiting who have something to write.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tracker.operations.health import Checks

# Readiness is told within two seconds: the age of a look, and the time that the next one takes.
SECONDS = 0.5


class SharedLook:
    """What the last look of a process found. Of several who ask at once one looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Checks = {}
        self._until = 0.0

    def found(self, look: Callable[[], Checks]) -> Checks:
        """What was found less than half a second ago, else what `look` finds now."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = look()
                self._until = time.monotonic() + SECONDS
            return self._found
