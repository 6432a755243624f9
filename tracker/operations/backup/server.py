"""Putting a backup in the place of what a database in PostgreSQL has.

It is proved first, as any backup, in a SQLite file in home that is thrown away. What was there is
kept in the usual folder of backups: home is a node's own, and lost with it. Then one transaction
drops all tables and makes those of the backup: whenever it is cut off, either the old ones or the
new ones are there, whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from tracker.clock import now_ms
from tracker.durable import own_as_folder
from tracker.errors import StorageError, UsageError
from tracker.operations.backup.copies import sync_file, told
from tracker.operations.backup.dumps import is_dump
from tracker.operations.backup.manifest import DUMP, FOLDER
from tracker.operations.backup.programs import check_version, input_of, output_of
from tracker.operations.backup.restore import Proof, Restored, free_name, prepared
from tracker.operations.backup.sources import dump
from tracker.operations.backup.spool_copy import copy_spool
from tracker.store.connection import close_store, open_store
from tracker.store.engine import engine_of
from tracker.store.postgresql.addresses import environment
from tracker.store.postgresql.sessions import alone_at, revision_at, tables_there
from tracker.store.restored import mark_restored

NAME = f"tracker{DUMP}"


def restore_server(
    backup: Path, address: str, home: Path, *, spool: Path, now: datetime
) -> Restored:
    """Put a backup in the place of what the database at `address` has, and keep that.

    It is kept in the folder `backups` of `home`.

    Raises Busy where other sessions of the tracker are there, UsageError for a backup of a file,
    StorageError where it is not whole or the server refuses; then nothing has changed.
    """
    if not is_dump(backup):
        raise UsageError(
            f"{backup.name} is no backup of a PostgreSQL database, and this tracker has one.",
            "Restore it for a tracker with a file (without database_url); then `tracker move`.",
        )
    for name in ("pg_dump", "pg_restore", "psql"):
        check_version(name, engine_of(address).version())
    with told(home):
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with alone_at(address), prepared(backup, home) as (_, proof):
            former, above = _kept(address, home, proof, now)
            _replace(backup, address, above)
        revision = _marked(address, proof, above)
        copied = copy_spool(backup.parent / "spool", spool)
    return Restored(proof, former, revision, copied)


def _kept(address: str, home: Path, proof: Proof, now: datetime) -> tuple[Path | None, int]:
    """A backup of what is there, and the highest revision that anybody can have seen."""
    above = revision_at(address)
    if above is None:
        _check_empty(address)
        return None, proof.inside.revision
    former = free_name(home / FOLDER / NAME, now)
    try:
        former.parent.mkdir(exist_ok=True, mode=0o700)
        dump(address, former)
        sync_file(former)
    except StorageError as error:
        former.unlink(missing_ok=True)
        raise StorageError(
            f"What the database has cannot be kept: {error.message}",
            "Nothing was changed. Restore into a new, empty database, and set database_url to it.",
        ) from error
    former.chmod(0o600)
    own_as_folder(former)
    return former, max(above, proof.inside.revision)


def _check_empty(address: str) -> None:
    """All tables make room for those of the backup, and none of them may be somebody else's."""
    if found := tables_there(address):
        raise StorageError(
            f"The database has tables of something else: {', '.join(found[:5])}.",
            "Nothing was changed. Restore into a new, empty database, and set database_url to it.",
        )


def _replace(backup: Path, address: str, above: int) -> None:
    """The end is only written once the whole backup was: without it all is taken back."""
    tables = tables_there(address)
    with input_of(
        ["psql", "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"],
        environment(address, "restore"),
    ) as script:
        script.write(b"BEGIN;\n")
        if tables:
            script.write(f"DROP TABLE {', '.join(tables)} CASCADE;\n".encode())
        with output_of([*_SCRIPT_OF, str(backup)]) as made:
            script.writelines(_settings(made))
            shutil.copyfileobj(made, script)
        script.write(
            "RESET search_path;\nUPDATE counter SET value ="
            f" {above} WHERE name = 'revision' AND value < {above};\nCOMMIT;\n".encode()
        )


_SCRIPT_OF = [
    "pg_restore",
    "--clean",
    "--if-exists",
    "--no-owner",
    "--no-privileges",
    "--exit-on-error",
    "--file=-",
]


def _settings(made: IO[bytes]) -> Iterator[bytes]:
    """The first lines, without what PostgreSQL 17 says and older servers do not understand."""
    for line in made:
        if not line.startswith(b"SET transaction_timeout"):
            yield line
        if line.startswith(b"SELECT pg_catalog.set_config"):
            return


def _marked(address: str, proof: Proof, above: int) -> int:
    """Brought up to date by opening it, and marked; its revision."""
    try:
        open_store(address)
        return mark_restored(proof.backup, above=above, now=now_ms())
    finally:
        close_store()
