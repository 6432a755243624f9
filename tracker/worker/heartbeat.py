"""The worker's heartbeat: a thread that says, while a task is done, that the worker still lives.

A thread of its own, because a long step (a large report, a publish that reads one snapshot) must
not lose the lease; it has its own connection and does nothing else.
"""

from __future__ import annotations

import logging
import threading

from tracker.clock import now_ms
from tracker.errors import Busy, StorageError
from tracker.store import heartbeats, work
from tracker.store.connection import close_connection
from tracker.store.work import Task

log = logging.getLogger("tracker.worker")


class Heartbeat:
    """Beats for one worker from `start` to `stop`; `doing` and `task` are what it tells.

    `lost` is the last task whose lease was lost: another worker may be at it.
    """

    def __init__(self, worker: str, kinds: tuple[str, ...], lease_ms: int) -> None:
        self.worker = worker
        self.kinds = kinds
        self.lease_ms = lease_ms
        self.doing = ""
        self.task: Task | None = None
        self.lost: Task | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """Stop beating; returns when the last beat is over."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        seconds = min(5.0, self.lease_ms / 4000)
        while not self._ended.is_set():
            try:
                self._beat()
            except (StorageError, Busy) as error:
                log.warning("no heartbeat: %s", error)
            except Exception:
                # Whatever it is: a worker that works on without its heartbeat loses each lease, and
                # others do its tasks beside it.
                log.exception("no heartbeat")
            self._ended.wait(seconds)
        close_connection()

    def _beat(self) -> None:
        task = self.task
        heartbeats.beat(self.worker, now=now_ms(), doing=self.doing, kinds=self.kinds)
        if task is not None and not work.extend(task, now=now_ms(), lease_ms=self.lease_ms):
            self.lost = task
