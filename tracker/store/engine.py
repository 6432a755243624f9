"""What a database must offer to be the store: SQLite and PostgreSQL are one file each.

Statements are written once, in SQL that both understand; what is left to translate is how
parameters are marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import peewee

from tracker.errors import StorageError


class Engine(Protocol):
    """One database of this process. Its methods raise what the driver does, by Peewee's names."""

    @property
    def name(self) -> str:
        """As people know it."""

    @property
    def place(self) -> str:
        """Where it is, without a password."""

    @property
    def database(self) -> peewee.Database:
        """Peewee's."""

    def prepare(self) -> None:
        """Make and check what must be there before anything is read; StorageError where not."""

    def check_connection(self) -> None:
        """Have a connection that works in this thread, outside of any transaction."""

    def snapshot(self) -> AbstractContextManager[object]:
        """A transaction that sees one state of everything, and writes nothing."""

    def writing(self, deadline: float | None = None) -> AbstractContextManager[object]:
        """A transaction alone among writers; Busy where that is not so by `deadline`."""

    def try_publishing(self) -> bool:
        """Whether the transaction that is open alone publishes, of those on all machines."""

    def migrating(self) -> AbstractContextManager[object]:
        """Alone among those who migrate, with the oldest schema this program begins from."""

    def run(self, statement: str, parameters: Sequence[Any]) -> Any:
        """The cursor of one statement; its parameters are marked as `?` or `?1`, `?2`."""

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """The statement for each row, by the driver's own loop."""

    def explain(self, error: peewee.DatabaseError) -> StorageError | None:
        """The fault in words; None where it is one of the program."""

    def release(self) -> None:
        """Give up what `prepare` took, when the store is closed."""


_current: Engine | None = None


def engine() -> Engine:
    """The database that is open in this process; StorageError where none is."""
    if _current is None:
        raise StorageError("The database was never opened.", "Run `tracker init` first.")
    return _current


def use(found: Engine | None) -> None:
    """Have `found` as the database of this process, and give up the one before it."""
    global _current
    if _current is not None:
        _current.release()
    _current = found


def is_open() -> bool:
    """Whether there is one."""
    return _current is not None
