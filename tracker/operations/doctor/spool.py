"""What interrupted work left behind: uploads that broke off, copies, databases of before."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tracker.clock import DAY
from tracker.operations.backup.manifest import FOLDER
from tracker.operations.backup.scratch import ALONE, BESIDE
from tracker.operations.doctor.findings import Finding, Findings, Scene

OLD_MS = DAY


def look(scene: Scene) -> Findings:
    """Each kind of thing that lies about for longer than its work can take."""
    found = list(_found(scene))
    yield from found
    if not found:
        yield Finding("leftovers", "pass", "Nothing lies about in home.")


def _found(scene: Scene) -> Iterator[Finding]:
    home, database = scene.settings.home, scene.settings.database
    if broken := _old(scene.settings.spool / "incoming", "*", scene.now):
        yield Finding(
            "leftovers",
            "warn",
            f"{_counted(broken)} of uploads that broke off are in the spool.",
            "tracker worker clears them away each hour.",
        )
    if scratch := list(_scratch(home, scene.now)):
        names = " ".join(str(path) for path in scratch)
        yield Finding(
            "leftovers", "warn", "Commands that were killed left folders.", f"rm -r {names}"
        )
    if former := [
        path
        for folder in (home, home / FOLDER)
        for path in _old(folder, f"{database.stem}.*.before-*", scene.now)
    ]:
        yield Finding(
            "leftovers",
            "warn",
            f"{_counted(former)} of databases that backups took the place of are kept.",
            f"rm {' '.join(str(path) for path in former)}",
        )


def _scratch(home: Path, now: int) -> Iterator[Path]:
    """Copies of the database among them, and so what should be nowhere else."""
    for pattern in (f"{ALONE}*", f"{BESIDE}*", ".selftest-*"):
        yield from _old(home, pattern, now)
    for pattern in (f"{ALONE}*", f"{BESIDE}*", "tracker-validate-*"):
        yield from _old(Path(tempfile.gettempdir()), pattern, now)


def _old(folder: Path, pattern: str, now: int) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if _is_old(path, now))


def _is_old(path: Path, now: int) -> bool:
    try:
        return now - path.stat().st_mtime * 1000 > OLD_MS
    except FileNotFoundError:  # it went meanwhile
        return False


def _counted(paths: list[Path]) -> str:
    size = sum(path.stat().st_size for path in paths) / 1e6
    return f"{len(paths)} files ({size:,.1f} MB)"
