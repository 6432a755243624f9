"""Raw reports that the policy no longer keeps: older than it says, and needed by no upload.

A report that comes again makes its file new, so the age of the file is that of its last arrival.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.clock import DAY, SECOND
from tracker.intake.queued import waiting_uploads
from tracker.operations.retention.rules import Policy

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ASIDE = ".going"


@dataclass(frozen=True)
class Raw:
    """The bytes of a report in the spool."""

    path: Path
    size: int


def find(spool: Path, policy: Policy, *, now: int) -> list[Raw]:
    """The raw reports that the policy lets go at a time (ms).

    StorageError where nobody can tell which of them an upload needs that waits to be read.
    """
    if not policy.spool_days:
        return []
    waiting = {sha256 for upload in waiting_uploads() for sha256 in upload.digests}
    found = []
    for path in _files(spool):
        with contextlib.suppress(FileNotFoundError):  # another run removed it
            if path.name not in waiting and not _is_younger(path, oldest_kept(policy, now)):
                found.append(Raw(path, path.stat().st_size))
    return found


def remove(raw: Raw, policy: Policy, *, now: int) -> bool:
    """Remove a raw report; False where it came again meanwhile, and stays."""
    return remove_older(raw.path, than=oldest_kept(policy, now))


def remove_older(path: Path, *, than: int) -> bool:
    """Remove a raw report that came last before a time (ms); whether it is gone now by this."""
    aside = path.with_name(path.name + _ASIDE)
    try:
        path.rename(aside)
        if _is_younger(aside, than):  # it came again between the look and the removal
            aside.rename(path)
            return False
        aside.unlink()
    except FileNotFoundError:  # another run removed it
        return False
    return True


def oldest_kept(policy: Policy, now: int) -> int:
    """The time (ms) before which came what goes."""
    return now - policy.spool_days * DAY


def _files(spool: Path) -> Iterator[Path]:
    """The files of the spool; what an earlier run was about to remove is put back first.

    One that runs now, beside this one, may be faster: its file is gone then.
    """
    for folder in sorted(spool.glob("[0-9a-f][0-9a-f]")):
        for left in folder.glob(f"*{_ASIDE}"):
            with contextlib.suppress(FileNotFoundError):
                _put_back(left)
        yield from (path for path in sorted(folder.iterdir()) if _DIGEST.fullmatch(path.name))


def _put_back(left: Path) -> None:
    kept = left.with_suffix("")
    if kept.exists():
        left.unlink()
    else:
        left.rename(kept)


def _is_younger(path: Path, at: int) -> bool:
    return path.stat().st_mtime * SECOND > at
