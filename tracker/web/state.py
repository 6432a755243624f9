"""What the requests of one process share: settings, renderer, and the store once it is open."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field

from flask import Flask, current_app

from tracker.intake.ingest import Intake
from tracker.settings import Settings
from tracker.store.connection import open_store

_KEY = "tracker"


@dataclass
class State:
    """One application's settings, and which process has opened its store."""

    settings: Settings
    intake: Intake
    opened_by: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, settings: Settings) -> State:
        """The state of an application that has served nothing yet."""
        return cls(settings, Intake.of(settings))

    def open(self) -> None:
        """Open the store in this process, once; a worker that was forked opens its own."""
        if self.opened_by == os.getpid():
            return
        with self.lock:
            if self.opened_by != os.getpid():
                open_store(self.settings.database)
                self.opened_by = os.getpid()


def remember(app: Flask, state: State) -> None:
    """Give an application its state."""
    app.extensions[_KEY] = state


def state() -> State:
    """The state of the application that serves this request, its store open."""
    found: State = current_app.extensions[_KEY]
    found.open()
    return found


def settings() -> Settings:
    """The settings, without touching the store."""
    found: State = current_app.extensions[_KEY]
    return found.settings
