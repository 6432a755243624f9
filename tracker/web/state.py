"""What the requests of one process share: settings, renderer, and the store once it is open."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from flask import Flask, current_app, request

from tracker.durable import make_private
from tracker.intake.ingest import Intake
from tracker.operations.health import refuse_replaced
from tracker.settings import Settings
from tracker.store.engine import Identity, engine
from tracker.store.serving import open_for_serving
from tracker.web.shared_look import SharedLook

_KEY = "tracker"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass
class State:
    """One application's settings, which process has opened its store, and which file that was."""

    settings: Settings
    intake: Intake
    opened_by: int = 0
    opened: Identity = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    look: SharedLook = field(default_factory=SharedLook)

    @classmethod
    def of(cls, settings: Settings) -> State:
        """The state of an application that has served nothing yet."""
        return cls(settings, Intake.of(settings))

    def open(self) -> None:
        """Open the store in this process, once; a worker that was forked opens its own."""
        if self.is_open:
            return
        with self.lock:
            if not self.is_open:
                make_private(self.settings.home)
                open_for_serving(self.settings.store)
                self.opened = engine().identity()
                self.opened_by = os.getpid()

    @property
    def is_open(self) -> bool:
        """Whether this very process has opened its store."""
        return self.opened_by == os.getpid()


def remember(app: Flask, state: State) -> None:
    """Give an application its state."""
    app.extensions[_KEY] = state


def state() -> State:
    """The state of the application that serves this request, its store open.

    StorageError for a request that writes where the open file is no longer the database: a page
    is then of before, but what was acknowledged would be lost.
    """
    found = untouched_state()
    found.open()
    if request and request.method not in _READING:
        refuse_replaced(found.settings.store, found.opened)
    return found


def untouched_state() -> State:
    """The same, whether or not its store is open."""
    found: State = current_app.extensions[_KEY]
    return found


def settings() -> Settings:
    """The settings, without touching the store."""
    return untouched_state().settings
