"""The database file: is it there, whole, of our schema, and opened as promised."""

from __future__ import annotations

import shlex

from tracker.operations.backup.copies import last_line
from tracker.operations.backup.manifest import last_backup
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.store.connection import reading
from tracker.store.models import INDEXES
from tracker.store.sql import run

# What every connection must have; the numbers as SQLite tells them.
PROMISED = {
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "busy_timeout": 10_000,
    "journal_size_limit": 64 * 1024 * 1024,
}


def look(scene: Scene) -> Findings:
    """What the probe met, and what to type; a finding for each thing that is wrong."""
    found, path = scene.probe, scene.settings.database
    if not path.is_file():
        had_one = last_backup(scene.settings.home, scene.now) is not None
        remedy = _restore(scene) if had_one else "tracker init"
        yield Finding("database", "fail", f"There is no database {path}.", remedy)
    elif found.unreadable:
        remedy = _restore(scene) if found.is_damaged else "Check its owner, and its disk."
        yield Finding("database", "fail", f"{path}: {found.unreadable}", remedy)
    elif found.newer:
        yield Finding(
            "database",
            "fail",
            f"It was made by a newer version: it has {', '.join(found.newer)}.",
            f"Install that version, or: {_restore(scene)}",
        )
    else:
        yield from _usable(scene)


def _usable(scene: Scene) -> Findings:
    found, path = scene.probe, scene.settings.database
    if found.unwritable:
        yield Finding(
            "database",
            "fail",
            f"{path} cannot be written: {found.unwritable}",
            "Find who holds it with `fuser -v` on the file; check its owner, and that its disk is"
            " neither full nor read-only.",
        )
    if found.pending:
        yield Finding(
            "database", "warn", f"Migrations wait: {', '.join(found.pending)}.", "tracker init"
        )
    if not (found.unwritable or found.pending):
        size = path.stat().st_size / 1e6
        yield Finding("database", "pass", f"{path} is of this version, and has {size:,.1f} MB.")


def look_at_pages(scene: Scene) -> Findings:
    """Whether each page can be read and is well formed; about a second for 1 GB."""
    with reading():
        [[said]] = run("PRAGMA quick_check(1)")
    if said == "ok":
        yield Finding("pages", "pass", "Every page of the database is well formed.")
    else:
        yield Finding(
            "pages", "fail", f"The database is damaged: {last_line(said)}.", _restore(scene)
        )


def look_at_indexes(scene: Scene) -> Findings:
    """Whether all that statements ask by name are there: one may be missing in a salvaged file."""
    with reading():
        here = {name for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'index'")}
    missing = {name: each for each in INDEXES if (name := each.split()[2]) not in here}
    if not missing:
        yield Finding("indexes", "pass", "Every index of the database is there.")
        return
    statements = "; ".join(missing.values())
    yield Finding(
        "indexes",
        "fail",
        f"The database lacks {', '.join(missing)}: what asks by that is refused.",
        f"With the services stopped: sqlite3 {scene.settings.database} {shlex.quote(statements)}",
    )


def look_at_pragmas(_scene: Scene) -> Findings:
    """What is really in effect on a connection of ours, inside a transaction."""
    with reading():
        found = {name: run(f"PRAGMA {name}")[0][0] for name in PROMISED}
    wrong = [f"{name} is {found[name]}" for name in PROMISED if found[name] != PROMISED[name]]
    if wrong:
        yield Finding(
            "pragmas",
            "fail",
            f"Not in effect on our connections: {', '.join(wrong)}.",
            "Install Peewee as the lock file has it: pip install --require-hashes -r"
            " requirements.lock",
        )
    else:
        words = ", ".join(f"{name} {value}" for name, value in found.items())
        yield Finding("pragmas", "pass", f"In effect: {words}.")


def _restore(scene: Scene) -> str:
    newest = last_backup(scene.settings.home, scene.now)
    if newest is None:
        return "No backup is known; `tracker restore FILE` puts one in its place."
    return f"tracker restore {newest.path}"
