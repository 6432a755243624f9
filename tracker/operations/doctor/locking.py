"""Whether writers really exclude each other here: by the database, and by the lock file."""

from __future__ import annotations

import os
import time

from tracker.errors import Busy, StorageError
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.health import LOCK_SECONDS
from tracker.store.sqlite.locks import write_lock
from tracker.store.sqlite.selftest import check_exclusion


def look(scene: Scene) -> Findings:
    """Try both, on scratch files beside the database, so that nobody who writes is disturbed."""
    home = scene.settings.home
    if not home.is_dir():
        return
    try:
        check_exclusion(home)
        excludes = _lock_excludes(scene)
    except StorageError as error:
        yield Finding("locking", "fail", error.message, error.remedy)
        return
    except OSError as error:
        words = f"It could not be tried in {home}: {error.strerror}."
        yield Finding("locking", "fail", words, "Check the folder's owner and its disk.")
        return
    if excludes:
        yield Finding("locking", "pass", "Connections and lock files exclude each other here.")
    else:
        yield Finding(
            "locking",
            "fail",
            f"Lock files in {home} do not exclude each other.",
            "Put home on a local disk.",
        )


def _lock_excludes(scene: Scene) -> bool:
    """Whether a second holder is refused; a lock file of our own, which no writer waits for."""
    path = scene.settings.home / f".selftest-{os.getpid()}.db"
    try:
        with write_lock(path, time.monotonic() + LOCK_SECONDS):
            try:
                with write_lock(path, time.monotonic()):
                    return False
            except Busy:
                return True
    finally:
        path.with_suffix(".lock").unlink(missing_ok=True)
