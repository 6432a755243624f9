"""A backup of a database that is a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tracker.operations.backup.manifest import Manifest
from tracker.operations.backup.sources import FileSource
from tracker.operations.backup.taking import take


def backup(database: Path, folder: Path, *, now: datetime, spool: Path | None = None) -> Manifest:
    """Take a backup of the file `database` into `folder`; as `take`."""
    return take(FileSource(database), folder, now=now, spool=spool)
