"""Putting a backup in the place of the database, and proving that it could be.

Both prepare the same way, on a copy: the digest, every page, the references, the migrations of
this version. A restore then swaps the files by one rename; whenever it is cut off, either the old
database or the new one is there, whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tracker.clock import now_ms
from tracker.durable import own_as_folder, sync_folder
from tracker.errors import Busy, StorageError, UsageError
from tracker.operations.backup.copies import (
    Inside,
    copy_database,
    digest_of,
    look_inside,
    prove,
    sync_file,
    told,
)
from tracker.operations.backup.dumps import is_dump, make_file_of
from tracker.operations.backup.manifest import Manifest, manifest_of
from tracker.operations.backup.scratch import ALONE, BESIDE, clear_alone, clear_beside, scratch
from tracker.operations.backup.spool_copy import copy_spool
from tracker.operations.room import check_room, size_of
from tracker.store.connection import close_store, open_store, schema_state
from tracker.store.restored import mark_restored
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.locks import alone, use_file

MAGIC = b"SQLite format 3\0"
LOGS = ("-wal", "-shm")
# What migrations and the log of the copy may need besides, in bytes.
SPARE = 16 * 1024 * 1024
# Facts, which no migration may lose; the rest is derived, or may change its shape.
FACTS = ("server", "job", "build", "report", "suite", "test_case", "result", "failure", "token")
# How far the revision jumps where that of the former database cannot be read.
UNKNOWN = 1_000_000


@dataclass(frozen=True)
class Proof:
    """A backup that can be restored: what it holds, and the migrations that it took."""

    backup: str
    manifest: Manifest | None
    inside: Inside
    migrated: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What was done: `former` is the database of before, None where there was none.

    `revision` is that of the restored database from now on; `raw_reports` were copied back.
    """

    proof: Proof
    former: Path | None
    revision: int
    raw_reports: int


def verify(backup: Path, folder: Path | None) -> Proof:
    """Prove that a backup can be restored, on a copy that is thrown away.

    The copy is made in `folder`, or where temporary files are. Raises StorageError, saying what is
    wrong with it.
    """
    with prepared(backup, folder) as (_, proof):
        return proof


def restore(backup: Path, database: Path, *, spool: Path, now: datetime) -> Restored:
    """Put a backup in the place of `database`, and keep what was there beside it.

    Raw reports that lie beside the backup are copied back where they are missing. Raises Busy
    where any process uses the database, StorageError where the backup is not whole; then nothing
    has changed.
    """
    if is_dump(backup):
        raise UsageError(
            f"{backup.name} is a backup of a PostgreSQL database, and this tracker has a file.",
            "Set database_url to an empty database, and restore it into that.",
        )
    with told(database):
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(database):
            clear_alone(database.parent)
            with prepared(backup, database.parent, ALONE) as (copy, proof):
                above = _fold_log(database, proof.inside.revision)
                revision = _marked(copy, backup.name, above)
                former = _swap(copy, database, now)
            copied = copy_spool(backup.parent / "spool", spool)
    return Restored(proof, former, revision, copied)


@contextmanager
def prepared(
    backup: Path, folder: Path | None, prefix: str = BESIDE
) -> Iterator[tuple[Path, Proof]]:
    """A copy of the backup that was read from end to end and is of the present schema.

    Of a dump of PostgreSQL, too, the copy is a SQLite file. Its folder has a name with `prefix`;
    what others left in `folder` that proved a backup and were killed is removed.
    """
    manifest = manifest_of(backup)
    room = folder or Path(tempfile.gettempdir())
    with told(room), scratch(room, prefix) as at:
        if folder is not None:
            clear_beside(folder)
        copy = at / "tracker.db"
        copy_of(backup, copy, manifest)
        inside = prove(copy, backup)
        migrated = _migrated(copy)
        _check_facts(backup, inside, look_inside(copy))
        yield copy, Proof(backup.name, manifest, inside, migrated)


def copy_of(backup: Path, copy: Path, manifest: Manifest | None) -> None:
    """Make the new SQLite file `copy` of a backup; StorageError where that is not what it was."""
    if is_dump(backup):
        _check_digest(backup, backup, manifest)
        make_file_of(backup, copy)
    else:
        _copy_file(backup, copy)
        _check_digest(copy, backup, manifest)


def _check_digest(path: Path, backup: Path, manifest: Manifest | None) -> None:
    if manifest is not None and digest_of(path) != manifest.sha256:
        raise StorageError(
            f"{backup} is not what was backed up: its SHA-256 is another than its manifest's.",
            "Use another backup.",
        )


def _copy_file(backup: Path, copy: Path) -> None:
    """Copy a backup, or a database with the log beside it that has a part of what it says."""
    with told(backup):
        needed = size_of(backup) + SPARE
        check_room(copy.parent, needed, what="A copy of the backup", remedy="Make room.")
        log = Path(f"{backup}-wal")
        if log.exists() and log.stat().st_size:
            copy_database(backup, copy)
        else:
            shutil.copyfile(backup, copy)
            copy.chmod(0o600)


def _migrated(copy: Path) -> tuple[str, ...]:
    """Bring the copy up to date; the migrations that were applied."""
    before = set(look_inside(copy).migrations)
    try:
        open_store(copy)
        applied, _ = schema_state()
    finally:
        close_store()
    return tuple(name for name in applied if name not in before)


def _check_facts(backup: Path, before: Inside, after: Inside) -> None:
    for table in FACTS:
        had, has = before.counts.get(table, 0), after.counts.get(table)
        if has is not None and has != had:
            raise StorageError(
                f"After its migrations, {backup} has {has} rows of {table} and not {had}.",
                "Restore it with the version that took it, as its manifest names it.",
            )


def _marked(copy: Path, backup: str, above: int) -> int:
    try:
        open_store(copy)
        return mark_restored(backup, above=above, now=now_ms())
    finally:
        close_store()


def _fold_log(database: Path, revision: int) -> int:
    """Make the former database one file; the highest revision that anybody can have seen.

    One that is damaged is left as it is, and moved away with its log: to open it would empty that.
    """
    if not _is_sqlite(database):
        return revision + UNKNOWN
    try:
        with closing(sqlite3.connect(database, timeout=1)) as file:
            # Refused while anybody else has the file open, be it no process of the tracker.
            file.execute("PRAGMA journal_mode = delete")
        return max(revision, look_inside(database).revision)
    except sqlite3.Error as error:
        if "locked" in str(error):
            raise Busy("Another program has the database open.", "Close it there.") from error
        return revision + UNKNOWN
    except StorageError:
        return revision + UNKNOWN


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False


def _swap(copy: Path, database: Path, now: datetime) -> Path | None:
    """Keep the former database under another name, and rename the copy to its own."""
    sync_file(copy)
    former = free_name(database, now)
    was_there = database.exists()
    if was_there:
        os.link(database, former)
    for log in LOGS:
        left = Path(f"{database}{log}")
        if left.exists():
            left.rename(f"{former}{log}")
    copy.replace(database)
    own_as_folder(database)
    sync_folder(database.parent)
    return former if was_there else None


def free_name(database: Path, now: datetime) -> Path:
    """A name for the former database, by the time or the next second that none is named by."""
    while True:
        former = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
        if not former.exists():
            return former
        now += timedelta(seconds=1)


@contextmanager
def _alone(database: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(alone(database))
        except Busy as error:
            users = ", ".join(map(str, users_of(database))) or "of another container"
            raise Busy(
                f"The database is in use by the processes {users}.",
                "Stop the server and all workers, then restore; nothing was changed.",
            ) from error
        yield


def users_of(database: Path) -> list[int]:
    """The ids of the processes that use a database, as far as this machine tells them."""
    lock = use_file(database)
    if not lock.exists():
        return []
    inode = str(lock.stat().st_ino)
    rows = (line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines())
    return sorted(
        int(row[4])
        for row in rows
        if row[1] == "FLOCK" and row[5].rpartition(":")[2] == inode and int(row[4]) > 0
    )
