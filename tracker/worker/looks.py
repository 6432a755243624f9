"""The daily look at every page of the database, in a process beside the worker's tasks."""

from __future__ import annotations

import logging
import subprocess
import time
from collections.abc import Sequence

from tracker.clock import HOUR, SECOND

log = logging.getLogger("tracker.worker")


class DailyLook:
    """Begins the look, and tells what it found, whenever the worker comes by between two tasks."""

    def __init__(self, command: Sequence[str]) -> None:
        """The command prints what it finds, and knows itself whether it is time; () for none."""
        self._command = command
        self._began = float("-inf")
        self._process: subprocess.Popen[str] | None = None

    def step(self) -> None:
        """Ask once an hour whether it is time for a look, or see whether one has ended."""
        if self._process is not None:
            if self._process.poll() is not None:
                self._tell(self._process)
                self._process = None
        elif self._command and SECOND * (time.monotonic() - self._began) > HOUR:
            self._began = time.monotonic()
            try:
                self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
            except OSError as error:  # no memory, or too many processes: in an hour, then
                log.warning("No look at the database can begin: %s", error)

    def end(self) -> None:
        """Give up a look that goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _tell(self, process: subprocess.Popen[str]) -> None:
        found, _ = process.communicate()
        if found:
            log.error("The database is damaged (%s); `tracker doctor` says what to do.", found)
        elif process.returncode:
            log.warning("Not every page of the database could be looked at.")
