"""Validating a backup: whether what it holds agrees, not only whether it can be read.

Its pages and references were proved when it was taken. It has its name by then, and keeps it: a
backup with findings, or one whose validation was cut off, is better than none.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tracker.operations.backup.copies import told
from tracker.operations.backup.manifest import Manifest
from tracker.operations.backup.restore import copy_of
from tracker.operations.backup.scratch import BESIDE, clear_beside, scratch
from tracker.operations.backup.taking import SPARE, note_findings
from tracker.operations.room import check_room
from tracker.operations.validation.copying import room_for
from tracker.operations.validation.findings import Severity
from tracker.operations.validation.validate import validate_copy
from tracker.settings import Settings
from tracker.store.engine import engine_of


def validated(made: Manifest, folder: Path, settings: Settings, *, now: int) -> Manifest:
    """Validate the backup of a manifest in `folder`, and note there what was found; at `now` (ms).

    Everything is judged again for that, in a copy that is thrown away: in home, which is on a local
    disk with room for a database, or for a server where temporary files are. What is only worth a
    warning leaves a backup clean. Raises StorageError where there is no room, where it is of an
    older version, or is not what was written; Busy while another backup is being taken there.
    """
    room = Path(tempfile.gettempdir()) if settings.database_url else settings.home
    with told(room), scratch(room, BESIDE) as at:
        if not settings.database_url:
            clear_beside(room)
        check_room(
            room,
            room_for(engine_of(settings.store)) + SPARE,
            what="A copy of the backup to look at",
            remedy="Make room, or take backups with --no-validate.",
        )
        copy = at / "tracker.db"
        copy_of(folder / made.file, copy, made)
        report = validate_copy(copy, settings, now=now)
    errors = [each.check for each in report.findings if each.severity is Severity.ERROR]
    return note_findings(folder, made, errors)
