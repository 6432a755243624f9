"""A backup of a database that is a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tracker.operations.backup.manifest import Manifest, note_backup
from tracker.operations.backup.sources import FileSource
from tracker.operations.backup.taking import take


def backup(database: Path, folder: Path, *, now: datetime, spool: Path | None = None) -> Manifest:
    """Take a backup of the file `database` into `folder`, and note it in its home; as `take`."""
    source = FileSource(database)
    made = take(source, folder, now=now, spool=spool)
    note_backup(source.home, folder, made)
    return made
