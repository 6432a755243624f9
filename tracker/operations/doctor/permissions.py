"""Who may read what: the data belongs to the one user that runs the tracker."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from tracker.operations.backup.manifest import DATABASE, DUMP, FOLDER
from tracker.operations.doctor.findings import Finding, Findings, Scene
from tracker.operations.health import Word
from tracker.queries.jobs import servers

OTHERS = 0o077
# What is handed to this process by its group, and is another user's: reading by the group is how.
NOT_FOR_HANDED = 0o037
CREDENTIAL = "credential:"


def look(scene: Scene) -> Findings:
    """Home and the private files in it: their modes, and that they are of one owner."""
    home = scene.settings.home
    if not home.is_dir():
        return
    if not os.access(home, os.R_OK | os.X_OK):
        yield Finding("permissions", "fail", *_stranger(home))
        return
    # What lies open in a closed folder is open to nobody, for now.
    verdict: Word = "fail" if _is_open(home) else "warn"
    wrong = [_mode(path, verdict) for path in _private(scene) if path.exists() and _is_open(path)]
    for path in _given():
        if path.exists() and path.stat().st_mode & _refused(path):
            handed = _refused(path) == NOT_FOR_HANDED
            wrong.append(_mode(path, verdict, mode="640" if handed else ""))
    yield from wrong
    yield from _owners(home)
    if not wrong:
        yield Finding("permissions", "pass", f"{home} is open to its owner alone.")


def look_at_servers(_scene: Scene) -> Findings:
    """The files with API tokens of Jenkins: their owner alone may read them."""
    for row in servers():
        path = Path(row.token_file)
        if not row.token_file or row.token_file.startswith(CREDENTIAL):
            continue
        if not path.is_file():
            yield Finding(
                "Jenkins tokens",
                "fail",
                f"The token file {path} of the server {row.name!r} is not there.",
                f"tracker server add {row.name} {row.url} --token-file FILE",
            )
        elif _is_open(path):
            yield _mode(path, "fail", check="Jenkins tokens", mode="400")
        else:
            yield Finding("Jenkins tokens", "pass", f"{path} is for its owner alone.")


def _private(scene: Scene) -> Iterator[Path]:
    home, database = scene.settings.home, scene.settings.database
    yield from (home, database, *home.glob(f"{database.name}?*"), home / "upload-token")
    yield from (home / FOLDER, scene.settings.spool)
    for suffix in (DATABASE, DUMP):
        yield from (home / FOLDER).glob(f"*{suffix}")
    for folder in (home, home / FOLDER):  # what a restore put aside
        yield from folder.glob(f"{database.stem}{DUMP}.*")


def _given() -> Iterator[Path]:
    """Files with a setting in them, which is a secret."""
    for name, value in os.environ.items():
        if name.startswith("TRACKER_") and name.endswith("_FILE"):
            yield Path(value)


def _refused(path: Path) -> int:
    """Modes that such a file may not have: a group reads it where this process is in that."""
    told = path.stat()
    is_handed = told.st_uid != os.geteuid() and told.st_gid in {os.getegid(), *os.getgroups()}
    return NOT_FOR_HANDED if is_handed else OTHERS


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def _mode(path: Path, verdict: Word, *, check: str = "permissions", mode: str = "") -> Finding:
    mode = mode or ("700" if path.is_dir() else "600")
    words = f"Others than its owner may read {path} (mode {path.stat().st_mode & 0o777:o})."
    return Finding(check, verdict, words, f"chmod {mode} {path}")


def _owners(home: Path) -> Findings:
    """Whether all in home is of its owner: a command run as root leaves what the service cannot."""
    owner = home.stat().st_uid
    strange = [path.name for path in sorted(home.iterdir()) if path.lstat().st_uid != owner]
    if strange:
        yield Finding(
            "permissions",
            "fail",
            f"In {home} others than {_name(owner)} own {', '.join(strange)}.",
            f"chown -R {_name(owner)} {home}; and run commands as that user.",
        )
    if os.geteuid() not in (owner, 0):
        yield Finding("permissions", "warn", *_stranger(home))


def _stranger(home: Path) -> tuple[str, str]:
    owner = _name(home.stat().st_uid)
    words = f"{home} belongs to {owner}, and this runs as {_name(os.geteuid())}."
    return words, f"Run it as {owner}."


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
