"""Space in the database file: what was deleted goes back to the disk.

SQLite keeps free pages for what is recorded next. A file made with `auto_vacuum = incremental` can
give them back a few at a time; one made before is rewritten once, which locks writers out for as
long as that takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee

from tracker.errors import StorageError
from tracker.store.engine import Space
from tracker.store.sqlite.locks import write_lock

_INCREMENTAL = 2
# Pages in one transaction: 4 MB, some hundredths of a second.
STEP = 1_000


@dataclass(frozen=True)
class FileSpace:
    """The space of the file `path`, by a connection of this thread."""

    path: Path
    database: peewee.SqliteDatabase

    def space(self) -> Space:
        """How large the file is."""
        with self.database.atomic("DEFERRED"):
            page, pages, free, mode = map(
                self._number, ("page_size", "page_count", "freelist_count", "auto_vacuum")
            )
        return Space(page * pages, page * free, mode == _INCREMENTAL)

    def give_back(self) -> bool:
        """Give some free pages back to the disk, where the file can; whether more are left.

        The file gets smaller with the next checkpoint.
        """
        before = self.space()
        if not before.gives_back or not before.free:
            return False
        with write_lock(self.path):
            # `execute` would take one step, and so free one page.
            connection = self.database.connection()  # type: ignore[no-untyped-call]
            connection.executescript(f"PRAGMA incremental_vacuum({STEP})")
        after = self.space()
        return 0 < after.free < before.free

    def compact(self) -> Space:
        """Rewrite the file without its free pages, so that it gives space back by itself then.

        Writers wait: about a second for each 50 MB that are in use. StorageError where the disk
        has no room for a copy.
        """
        with write_lock(self.path):
            self._alone("PRAGMA auto_vacuum = incremental")
            self._alone("VACUUM")
            self.checkpoint()
        return self.space()

    def checkpoint(self) -> None:
        """Move what was written into the file, which then has its size."""
        self._run("PRAGMA wal_checkpoint(TRUNCATE)")

    def _alone(self, statement: str) -> None:
        """A statement outside of any transaction."""
        try:
            self._run(statement)
        except peewee.OperationalError as error:
            raise StorageError(
                f"The database cannot be compacted: {error}.",
                "It is as it was. Make room for a second copy of it, then try again.",
            ) from error

    def _number(self, pragma: str) -> int:
        [(value,)] = self._run(f"PRAGMA {pragma}")
        return int(value)

    def _run(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self.database.execute_sql(statement)  # type: ignore[no-untyped-call]
        return cursor.fetchall() if cursor.description else []
