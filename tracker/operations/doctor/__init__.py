"""The doctor: everything that running the tracker for years depends on, one check a row.

It works where nothing else does: the database may be missing, damaged, locked, read-only or of a
newer version. Checks that read the store are then left out, and it says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tracker.errors import TrackerError
from tracker.operations.doctor import (
    address,
    backups,
    clock,
    counting,
    database,
    disk,
    locking,
    parts,
    permissions,
    spool,
    tokens,
    worker,
)
from tracker.operations.doctor.findings import Ask, Check, Finding, Scene
from tracker.operations.health import LOCK_SECONDS
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.probe import probe

CHECKS = (
    Check("versions", parts.look),
    Check("database", database.look),
    Check("pages", database.look_at_pages, reads_store=True),
    Check("pragmas", database.look_at_pragmas, reads_store=True),
    Check("locking", locking.look),
    Check("file system", disk.look_at_type),
    Check("space", disk.look_at_space),
    Check("permissions", permissions.look),
    Check("Jenkins tokens", permissions.look_at_servers, reads_store=True),
    Check("clock", clock.look, reads_store=True),
    Check("address", address.look),
    Check("limits", counting.look),
    Check("tokens", tokens.look, reads_store=True),
    Check("backup", backups.look),
    Check("worker", worker.look, reads_store=True),
    Check("tasks", worker.look_at_tasks, reads_store=True),
    Check("leftovers", spool.look),
)


def examine(settings: Settings, *, ask: Ask, now: int) -> Iterator[Finding]:
    """Look at everything, in the order of the table; nothing is changed."""
    scene = Scene(settings, probe(settings.database, LOCK_SECONDS), ask, now)
    refused = _open(scene)
    scene = replace(scene, is_open=refused is None)
    try:
        for check in CHECKS:
            if scene.is_open or not check.reads_store:
                yield from _looked(check, scene)
        if refused is not None:
            yield refused
    finally:
        close_store()


def _looked(check: Check, scene: Scene) -> list[Finding]:
    """What a check found; what it could not read in a damaged database is a finding, too."""
    try:
        return list(check.look(scene))
    except TrackerError as error:
        return [
            Finding(check.name, "fail", f"Could not be looked at: {error.message}", error.remedy)
        ]
    except OSError as error:
        words = f"Could not be looked at: {error.filename}: {error.strerror}."
        return [Finding(check.name, "fail", words, "Run it as the owner of home.")]


def _open(scene: Scene) -> Finding | None:
    """Open the store where that changes nothing of it; else what was not looked at, and why."""
    found = scene.probe
    why = "it cannot be used as it is"
    if not (found.unreadable or found.newer or found.pending):
        try:
            open_store(scene.settings.store)
        except TrackerError as error:
            close_store()
            why = error.message.rstrip(".")
        else:
            return None
    left_out = ", ".join(check.name for check in CHECKS if check.reads_store)
    return Finding(
        "database",
        "warn",
        f"Not looked at, for the database was not opened ({why}): {left_out}.",
        "Mend what is said of the database first, then ask again.",
    )
