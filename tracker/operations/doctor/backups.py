"""The backups: when the last was taken, whether it is there and clean, and on which disk."""

from __future__ import annotations

from datetime import timedelta

from tracker.operations.backup.manifest import LATE, TakenBackup, backups_of, last_backup
from tracker.operations.doctor.findings import Finding, Findings, Scene

LOST = timedelta(days=8)
TAKE = "tracker backup"


def look(scene: Scene) -> Findings:
    """How old the newest is and whether it is clean; a warning where one broken disk takes all."""
    newest = last_backup(scene.settings.home, scene.now)
    if newest is None:
        yield Finding("backup", "warn", "None was ever taken.", TAKE)
        return
    yield _newest(newest, scene)
    if newest.is_there and scene.settings.database.exists():
        yield from _place(newest, scene)


def _newest(newest: TakenBackup, scene: Scene) -> Finding:
    if not newest.is_there:
        words = f"The last one, {newest.path}, is not there or not as it was written."
        return Finding("backup", "fail", words, TAKE)
    words = f"The last one, {newest.path}, is of {newest.manifest.taken:%Y-%m-%d %H:%M} UTC."
    if newest.is_ahead(scene.now):
        words += " That is in the future: the clock was wrong then, or is now."
        return Finding("backup", "warn", words, f"Set the clock, then: {TAKE}")
    age = newest.age(scene.now)
    if age > LATE:
        return Finding("backup", "fail" if age > LOST else "warn", words, TAKE)
    if newest.manifest.findings:
        words += f" It has {newest.manifest.validity}. {_clean(scene)}"
        return Finding("backup", "warn", words, f"tracker validate --verbose, then: {TAKE}")
    return Finding("backup", "pass", words)


def _clean(scene: Scene) -> str:
    known = (each.path for each in backups_of(scene.settings.home) if each.manifest.is_clean)
    path = next(known, None)
    return f"The newest that is clean is {path}." if path else "None is known to be clean."


def _place(newest: TakenBackup, scene: Scene) -> Findings:
    if newest.path.stat().st_dev == scene.settings.database.stat().st_dev:
        yield Finding(
            "backup",
            "warn",
            "It is on the disk of the database: one that breaks takes both.",
            "tracker backup --to FOLDER-ON-ANOTHER-DISK, or copy the folder to another machine.",
        )
