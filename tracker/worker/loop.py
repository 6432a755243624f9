"""The worker's loop: claim a task, do it, say so; end between two tasks when asked to."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterable
from types import FrameType

from tracker import logs, metrics
from tracker.clock import SECOND, now_ms
from tracker.durable import make_private
from tracker.errors import Busy, JenkinsError, StorageError, TrackerError
from tracker.operations.health import refuse_replaced
from tracker.settings import Settings
from tracker.store import heartbeats, work
from tracker.store.engine import Identity, engine
from tracker.store.serving import open_for_serving
from tracker.store.work import Task
from tracker.worker.context import Context
from tracker.worker.heartbeat import Heartbeat
from tracker.worker.leases import FarLeases, FarTasks
from tracker.worker.looks import DailyLook
from tracker.worker.tasks import TASKS, NotYet, schedule

log = logging.getLogger("tracker.worker")

# What goes wrong with reading a Jenkins is told beside it and its jobs, and ends when it answers
# again: no such task is given up for that.
READING = ("watch", "poll", "backfill")
IDLE_SECONDS = 0.25
SCHEDULE_SECONDS = 10


class Stopped(Exception):
    """The worker is asked to end, or lost its lease; another does the task that it is at."""


class Worker:
    """One worker process; any number of them may run."""

    def __init__(self, settings: Settings, kinds: Iterable[str] = TASKS) -> None:
        """`kinds` are the tasks this worker does; others wait for another worker."""
        self.kinds = tuple(kinds)
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.context = Context.of(settings)
        self.context.beat = self._step
        self.lease_ms = settings.lease_seconds * SECOND
        self.heartbeat = Heartbeat(self.name, self.kinds, self.lease_ms)
        self.stopping = False
        self.far_leases = FarLeases(self.lease_ms)
        self.far_tasks = FarTasks(settings.poll_seconds)
        self.scheduled_at = float("-inf")
        self.opened: Identity = None
        self.look = DailyLook(())

    def run(self, *, until_idle: bool = False) -> None:
        """Work until a signal says stop or, with `until_idle`, until nothing is due.

        StorageError where the store cannot be opened; with `until_idle` also where it cannot be
        used any more, which is waited for otherwise.
        """
        make_private(self.context.settings.home)
        open_for_serving(self.context.settings.store)
        self.opened = engine().identity()
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        log.info("worker %s starts", self.name)
        self.heartbeat.start()
        if not until_idle and self._does_tasks():
            self.look = DailyLook(engine().daily_look())
        try:
            self._work(until_idle=until_idle)
        finally:
            self.look.end()
            self.heartbeat.stop()
        heartbeats.retire(self.name)
        log.info("worker %s ends", self.name)

    def _work(self, *, until_idle: bool) -> None:
        while not self.stopping:
            self.look.step()
            try:
                if self._turn():
                    continue
            except StorageError as error:
                if until_idle:
                    raise
                log.warning("%s", error)
                time.sleep(1)
            if until_idle:
                break
            time.sleep(IDLE_SECONDS)

    def _does_tasks(self) -> bool:
        """Whether it does more than to publish."""
        return any(kind != "publish" for kind in self.kinds)

    def _turn(self) -> bool:
        """Do one task; False when none was due. StorageError: the store cannot be used now."""
        refuse_replaced(self.context.settings.store, self.opened)
        self._schedule()
        task = work.claim(self.kinds, now=now_ms(), lease_ms=self.lease_ms)
        if task is not None:
            self._do(task)
        return task is not None

    def _do(self, task: Task) -> None:
        """One task; what goes wrong in it is written down and tried again later."""
        began = time.monotonic()
        self.heartbeat.task = task
        try:
            with logs.about(task=task.kind, key=task.key, **_about(task)):
                outcome = self._outcome(task)
        finally:
            self.heartbeat.task, self.heartbeat.doing = None, ""
        metrics.count_task(task.kind, outcome, time.monotonic() - began)

    def _outcome(self, task: Task) -> str:
        """Do the task and end its claim; how it went, as it is counted."""
        try:
            done = TASKS[task.kind](self.context, task)
        except Stopped:
            work.release(task)
            return "given_back"
        except NotYet as error:
            work.fail(task, now=now_ms(), error=str(error), pause=error.pause)
            return "not_yet"
        except TrackerError as error:
            self._note(task, error)
            return "failed"
        except Exception as error:
            # A bug: push the task ahead before anything else, so that it is no crash loop.
            fault = f"A fault of the tracker, its log has more ({type(error).__name__}: {error})."
            work.fail(task, now=now_ms(), error=fault)
            log.exception("%s %s", task.kind, task.key)
            return "failed"
        work.finish(task, now=now_ms(), again_at=done.again_at, outcome=done.outcome)
        return "done"

    def _note(self, task: Task, error: TrackerError) -> None:
        """Trouble that people may act on: say so, and try again when that makes sense."""
        log.warning("%s %s: %s", task.kind, task.key, error)
        pause = None
        if isinstance(error, JenkinsError):
            pause = error.pause
            metrics.count_poll_error(type(error).__name__)
        work.fail(
            task,
            now=now_ms(),
            error=str(error),
            forgive=_is_passing(error),
            endless=task.kind in READING,
            pause=pause,
        )

    def _schedule(self) -> None:
        # By a clock that nobody sets.
        if time.monotonic() - self.scheduled_at > SCHEDULE_SECONDS:
            metrics.begin(self.context.settings.home)
            self.far_leases.look(now_ms())
            self.far_tasks.look(now_ms())
            schedule(self.context)
            self.scheduled_at = time.monotonic()

    def _step(self, doing: str) -> None:
        """Between two steps of a long task: tell what is going on, or stop."""
        if self.stopping or self._has_lost_its_lease():
            raise Stopped
        self.heartbeat.doing = doing

    def _has_lost_its_lease(self) -> bool:
        task = self.heartbeat.task
        return task is not None and self.heartbeat.lost is task

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _about(task: Task) -> dict[str, object]:
    """The build that a task is for and the request that asked for it, where it tells of them."""
    facts = task.payload.get("facts", task.payload)
    build = {"job": facts.get("job"), "build": facts.get("number")} if type(facts) is dict else {}
    return {**build, "request_id": task.payload.get("request_id")}


def _is_passing(error: TrackerError) -> bool:
    """Whether the trouble is the disk's or the load's, and says nothing against the task."""
    return isinstance(error, StorageError | Busy)
