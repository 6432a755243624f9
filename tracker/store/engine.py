"""What a database must offer to be the store: SQLite and PostgreSQL are one folder each.

Statements are written once, in SQL that both understand; what is left to translate is how
parameters are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import peewee

from tracker.errors import StorageError

# A writer that gave no sign of life for so long (s) is not waited for.
SIGN_SECONDS = 2.0
# Which database it is, as the system knows it; None where nothing can take the place of one that is
# open, or where there is none.
Identity = tuple[int, int] | None


@dataclass(frozen=True)
class Met:
    """What a process that starts now would meet: reasons in words, empty where all is well.

    `applied` are the names of the migrations that the database has. It `is_busy` where a writer of
    the tracker has the lock for long, and gives signs of life: others get their turn after it. What
    `is_damaged` cannot be read whatever is done about owners and disks.
    """

    unreadable: str = ""
    unwritable: str = ""
    applied: frozenset[str] = frozenset()
    is_busy: bool = False
    is_damaged: bool = False

    @classmethod
    def taken(cls, applied: frozenset[str], *, goes_on: bool) -> Met:
        """What is met where another has the write lock: `goes_on` tells of a writer of ours."""
        words = "" if goes_on else "The write lock cannot be had: another process is writing."
        return cls(unwritable=words, applied=applied, is_busy=goes_on)


@dataclass(frozen=True)
class Space:
    """The size of the database and how much of it is free for what comes next, in bytes.

    `gives_back` tells that it gets smaller by itself; `words` what else becomes of free space.
    """

    file: int
    free: int
    gives_back: bool
    words: str = ""


@dataclass(frozen=True)
class Sizes:
    """The bytes of the database, and of its log of writes where that is a file of ours."""

    database: int
    log: int | None = None

    @property
    def all(self) -> int:
        """Both together."""
        return self.database + (self.log or 0)


class ReadTooLong(Exception):
    """A statement was ended, since it had read for longer than it may."""


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

    def ending(self, seconds: float, is_over: Callable[[], bool]) -> AbstractContextManager[object]:
        """Inside of `snapshot`: ReadTooLong out of a statement that runs beyond `seconds`.

        `is_over` tells, from any thread, whether that long has passed for this reader.
        """

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

    def explain(self, error: peewee.PeeweeException) -> StorageError | None:
        """The fault in words; None where it is one of the program."""

    def release(self) -> None:
        """Give up what `prepare` took, when the store is closed."""

    # What follows needs no open store, but for `space` and what gives it back; StorageError is all
    # that it raises.

    @property
    def is_file(self) -> bool:
        """Whether it is a file of ours, to be looked after as files are."""

    @property
    def is_made(self) -> bool:
        """Whether somebody made it, so that it is not for us to make."""

    def identity(self) -> Identity:
        """Which one it is now."""

    def meet(self, seconds: float) -> Met:
        """Look at it from outside; the write lock is waited for at most `seconds`."""

    def look_for_damage(self, is_over: Callable[[], bool], /, *, is_thorough: bool = False) -> str:
        """Look at every page; what is wrong, after which nobody writes until that is mended.

        One that `is_thorough` also holds what is on them against each other, which takes long and
        keeps nobody from writing. Empty where all is well, or `is_over` before the end.
        """

    def daily_look(self) -> Sequence[str]:
        """The command that looks at every page where that is due, and prints what it found.

        Empty where there is no file of ours to look at.
        """

    def copy(self, target: Path) -> None:
        """All rows as they are at one moment, in the new SQLite file `target` of this schema.

        StorageError where it is not there, cannot be read, or is of another version.
        """

    def sizes(self) -> Sizes:
        """What it takes on the disk."""

    def version(self) -> str:
        """Of the server; empty where there is none."""

    def space(self) -> Space:
        """How large it is."""

    def give_back(self) -> bool:
        """Give some free space back to the disk; whether more is left."""

    def check_compact(self) -> None:
        """UsageError where rewriting it is not for the tracker to do."""

    def compact(self) -> Space:
        """Rewrite it without free space; UsageError as `check_compact`."""

    def checkpoint(self) -> None:
        """Have it take its size after space was given back."""


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


def engine_of(where: Path | str) -> Engine:
    """The database at the path of a SQLite file, or at the address of one in PostgreSQL.

    Nothing is opened. StorageError where what PostgreSQL needs is not installed.
    """
    if isinstance(where, Path):
        from tracker.store.sqlite import Sqlite

        return Sqlite(where)
    try:
        from tracker.store.postgresql import Postgresql
    except ImportError as error:  # its driver is an extra
        raise StorageError(
            f"PostgreSQL cannot be used: {error}.",
            "Install the extra: pip install 'regression-tracker[postgres]'.",
        ) from error
    return Postgresql(where)
