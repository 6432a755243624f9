"""What a backup is taken of: the database file of a tracker, or its database in PostgreSQL."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tracker.errors import StorageError
from tracker.operations.backup.copies import Inside, copy_database, prove, sync_file
from tracker.operations.backup.dumps import count_rows
from tracker.operations.backup.manifest import DATABASE, DUMP
from tracker.operations.backup.programs import check_version, run_program
from tracker.operations.room import size_of
from tracker.settings import Settings
from tracker.store.engine import engine_of
from tracker.store.sqlite.locks import using


class Source(Protocol):
    """A database that can be backed up; `suffix` is that of its backups, `home` that of it."""

    @property
    def suffix(self) -> str: ...

    @property
    def home(self) -> Path: ...

    def check(self) -> None:
        """StorageError where it is not there, or what is needed is not installed."""

    def using(self) -> AbstractContextManager[object]:
        """Keep it from being replaced; Busy while one is restored."""

    def size(self) -> int:
        """The bytes that a backup takes at most."""

    def copy(self, part: Path) -> Inside:
        """Copy it to the new file `part`, its owner's alone; make that safe, and prove it whole.

        Writers go on meanwhile. StorageError where it cannot be read or the copy is not whole.
        """


@dataclass(frozen=True)
class FileSource:
    """The file `database`, by SQLite's own backup."""

    database: Path
    suffix: str = DATABASE

    @property
    def home(self) -> Path:
        return self.database.parent

    def check(self) -> None:
        if not self.database.is_file():
            raise StorageError(
                f"There is no database {self.database}.", "`tracker init` makes one."
            )

    def using(self) -> AbstractContextManager[object]:
        return using(self.database)

    def size(self) -> int:
        return size_of(self.database)

    def copy(self, part: Path) -> Inside:
        copy_database(self.database, part)
        return prove(part, self.database)


@dataclass(frozen=True)
class ServerSource:
    """The database at an address, by `pg_dump`, of the tracker with this home."""

    address: str
    home: Path
    suffix: str = DUMP

    def check(self) -> None:
        check_version("pg_dump", engine_of(self.address).version())
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    def using(self) -> AbstractContextManager[object]:
        """A restore is refused by the session of the backup, and waits for nothing."""
        return nullcontext()

    def size(self) -> int:
        return engine_of(self.address).sizes().all

    def copy(self, part: Path) -> Inside:
        from tracker.store.postgresql.sessions import snapshot_of

        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with snapshot_of(self.address) as snapshot:
            dump(self.address, part, snapshot.id)
        sync_file(part)
        _check_counts(count_rows(part), snapshot.counts)
        return Inside(snapshot.migrations, snapshot.revision, snapshot.counts)


def source_of(settings: Settings) -> Source:
    """The database that the settings name."""
    if settings.database_url:
        return ServerSource(settings.database_url, settings.home)
    return FileSource(settings.database)


def dump(address: str, target: Path, snapshot: str | None = None) -> None:
    """Write the database at an address to `target`, as of a snapshot or of now; StorageError."""
    from tracker.store.postgresql.addresses import environment

    of = [f"--snapshot={snapshot}"] if snapshot else []
    run_program(
        ["pg_dump", "--format=custom", "--no-password", f"--file={target}", *of],
        environment(address, "backup"),
    )


def _check_counts(found: dict[str, int], expected: dict[str, int]) -> None:
    """Whether each table is in the backup with all of its rows."""
    for table, count in expected.items():
        if found.get(table, 0) != count:
            raise StorageError(
                f"The backup has {found.get(table, 0)} rows of {table}, and not {count}.",
                "Check the disk it was written to, then take another one.",
            )
