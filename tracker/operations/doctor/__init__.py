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
    server,
    spool,
    tokens,
    worker,
)
from tracker.operations.doctor.findings import Ask, Check, Finding, Scene
from tracker.operations.health import LOCK_SECONDS
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.probe import probe

FILE, SERVER = "SQLite", "PostgreSQL"
CHECKS = (
    Check("versions", parts.look),
    Check("versions", server.look_at_version, reads_store=True, only=SERVER),
    Check("database", database.look, only=FILE),
    Check("pages", database.look_at_pages, reads_store=True, only=FILE),
    Check("indexes", database.look_at_indexes, reads_store=True, only=FILE),
    Check("pragmas", database.look_at_pragmas, reads_store=True, only=FILE),
    Check("locking", locking.look, only=FILE),
    Check("file system", disk.look_at_type, only=FILE),
    Check("database", server.look, only=SERVER),
    Check("safety", server.look_at_safety, reads_store=True, only=SERVER),
    Check("connections", server.look_at_connections, reads_store=True, only=SERVER),
    Check("locking", server.look_at_locking, reads_store=True, only=SERVER),
    Check("programs", server.look_at_programs, reads_store=True, only=SERVER),
    Check("space", disk.look_at_space),
    Check("permissions", permissions.look),
    Check("Jenkins tokens", permissions.look_at_servers, reads_store=True),
    Check("clock", clock.look, reads_store=True),
    Check("clock", server.look_at_clock, reads_store=True, only=SERVER),
    Check("address", address.look),
    Check("limits", counting.look),
    Check("tokens", tokens.look, reads_store=True),
    Check("backup", backups.look),
    Check("worker", worker.look, reads_store=True),
    Check("tasks", worker.look_at_tasks, reads_store=True),
    Check("leftovers", spool.look),
)


def checks_of(settings: Settings) -> list[Check]:
    """Those that are made of the database that the settings name."""
    kind = SERVER if settings.database_url else FILE
    return [check for check in CHECKS if check.only in ("", kind)]


def examine(settings: Settings, *, ask: Ask, now: int) -> Iterator[Finding]:
    """Look at everything, in the order of the table; nothing is changed."""
    scene = Scene(settings, probe(settings.store, LOCK_SECONDS), ask, now)
    refused = _open(scene)
    scene = replace(scene, is_open=refused is None)
    try:
        for check in checks_of(settings):
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
    is_refused, why = False, "it cannot be used as it is"
    remedy = "Mend what is said of the database first, then ask again."
    if not (found.unreadable or found.newer or found.pending):
        try:
            open_store(scene.settings.store)
        except TrackerError as error:
            is_refused, why = True, error.message.rstrip(".")
            remedy = error.remedy or remedy
        else:
            return None
    names = [check.name for check in checks_of(scene.settings) if check.reads_store]
    left_out = ", ".join(dict.fromkeys(names))
    return Finding(
        "database",
        "fail" if is_refused else "warn",
        f"Not looked at, for the database was not opened ({why}): {left_out}.",
        remedy,
    )
