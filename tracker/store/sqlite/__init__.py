"""SQLite as the store: a file, its pragmas, and one writer at a time through a lock file.

Rules, all measured under load and power cuts: WAL, `synchronous=FULL`, IMMEDIATE transactions,
writers that queue for the lock file instead of sleeping at random.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import peewee

from tracker.errors import StorageError
from tracker.store.engine import Identity, Met, ReadTooLong, Sizes, Space
from tracker.store.sqlite.copying import copy_file
from tracker.store.sqlite.damage import look_for_damage, mark_of, refuse_damaged
from tracker.store.sqlite.locks import take_use, write_lock
from tracker.store.sqlite.probe import probe_file
from tracker.store.sqlite.selftest import check_exclusion
from tracker.store.sqlite.signs import Writer
from tracker.store.sqlite.space import FileSpace
from tracker.store.sqlite.words import in_words, names_in_words

BUSY_MS = 10_000
# A thirtieth of a second: each look takes Python's lock, which other threads want too.
STEPS_BETWEEN_LOOKS = 1_000_000
PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("foreign_keys", 1),
    ("busy_timeout", BUSY_MS),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -32 * 1024),
)

# The file systems, by their devices, on which connections exclude each other: asked once a process.
_EXCLUSIVE: set[int] = set()


class Sqlite:
    """The database in the file `path`."""

    name = "SQLite"
    is_file = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        # IMMEDIATE: a transaction that reads before it writes is otherwise refused at once when
        # another process wrote in between, whatever the busy timeout: without it 298 of 320
        # recordings by 8 processes failed.
        self.database = peewee.SqliteDatabase(
            str(path), pragmas=PRAGMAS, timeout=BUSY_MS // 1000, lock_type="IMMEDIATE"
        )
        self._use: BinaryIO | None = None
        self._writer: Writer | None = None

    def prepare(self) -> None:
        """Raises Busy while a backup is being restored, StorageError where two connections do not
        exclude each other, the folder cannot be written or the file is not a database."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._use = take_use(self.path)
            if not _size(self.path):
                self._begin()
        except OSError as error:
            raise StorageError(
                f"The folder {folder} cannot be made: {error.strerror}.",
                "Name another one with --home or TRACKER_HOME.",
            ) from error
        self.check_connection()
        device = folder.stat().st_dev
        if device not in _EXCLUSIVE and check_exclusion(folder):
            _EXCLUSIVE.add(device)

    def _begin(self) -> None:
        """Make the file, unless another process did, or died before it came to the first page."""
        with write_lock(self.path):
            if not _size(self.path):
                # Only its owner may read it: there are names of users and digests of tokens in it.
                self.path.touch(mode=0o600)
                # It may have the number that a damaged one had.
                mark_of(self.path).unlink(missing_ok=True)
                self._lay_out()

    def _lay_out(self) -> None:
        """Have a new file give its free pages back, which its first page settles for good.

        Not by a pragma of each connection: there it is a write each time, and waits for others.
        """
        pragmas = (("auto_vacuum", "incremental"), ("journal_mode", "wal"))
        new = peewee.SqliteDatabase(str(self.path), pragmas=pragmas, timeout=BUSY_MS // 1000)
        with closing(new):
            new.connect()

    def check_connection(self) -> None:
        with names_in_words():
            self.database.connect(reuse_if_open=True)

    def snapshot(self) -> Any:
        return self.database.atomic("DEFERRED")

    @contextmanager
    def ending(self, seconds: float, is_over: Callable[[], bool]) -> Iterator[None]:
        connection = self.database.connection()  # type: ignore[no-untyped-call]
        connection.set_progress_handler(is_over, STEPS_BETWEEN_LOOKS)
        try:
            yield
        except peewee.OperationalError as error:
            if is_over() and "interrupted" in str(error):
                raise ReadTooLong from error
            raise
        finally:
            connection.set_progress_handler(None, 0)

    @contextmanager
    def writing(self, deadline: float | None = None) -> Iterator[None]:
        refuse_damaged(self.path)
        with (
            write_lock(self.path, deadline) as show,
            self._patience(deadline),
            self.database.atomic("IMMEDIATE"),
        ):
            self._writer = Writer(show)
            try:
                yield
            finally:
                self._writer = None

    @contextmanager
    def _patience(self, deadline: float | None) -> Iterator[None]:
        """Wait no longer for those who write past the lock file, either."""
        if deadline is None:
            yield
            return
        self._set_patience(max(0, int(1000 * (deadline - time.monotonic()))))
        try:
            yield
        finally:
            self._set_patience(BUSY_MS)

    def _set_patience(self, milliseconds: int) -> None:
        self.run(f"PRAGMA busy_timeout = {milliseconds}", ())

    def try_publishing(self) -> bool:
        """There are no other machines: the publisher's lock file is enough."""
        return True

    @contextmanager
    def migrating(self) -> Iterator[None]:
        refuse_damaged(self.path)
        with write_lock(self.path):
            yield

    def run(self, statement: str, parameters: Sequence[Any]) -> Any:
        if writer := self._writer:  # another thread may end its writing meanwhile
            writer.goes_on()
        return self.database.execute_sql(statement, parameters)  # type: ignore[no-untyped-call]

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Ten times as fast as the query builder's inserts: 646,000 rows a second to 62,000."""
        if writer := self._writer:  # another thread may end its writing meanwhile
            writer.goes_on()
        self.database.connection().executemany(statement, rows)  # type: ignore[no-untyped-call]

    def explain(self, error: peewee.PeeweeException) -> StorageError | None:
        return in_words(error)

    def release(self) -> None:
        if self._use is not None:
            self._use.close()  # never unlocked: a parent that was forked from goes on using it
            self._use = None

    @property
    def is_made(self) -> bool:
        return self.path.exists()

    def identity(self) -> Identity:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def meet(self, seconds: float) -> Met:
        return probe_file(self.path, seconds)

    def look_for_damage(self, is_over: Callable[[], bool], *, is_thorough: bool = False) -> str:
        return look_for_damage(self.path, is_over, is_thorough=is_thorough)

    def daily_look(self) -> Sequence[str]:
        return (sys.executable, "-m", "tracker.store.sqlite.daily_look", str(self.path))

    def copy(self, target: Path) -> None:
        copy_file(self.path, target)

    def sizes(self) -> Sizes:
        log = self.path.with_name(f"{self.path.name}-wal")
        return Sizes(_size(self.path), _size(log))

    def version(self) -> str:
        return ""

    def space(self) -> Space:
        return self._space.space()

    def give_back(self) -> bool:
        return self._space.give_back()

    def check_compact(self) -> None:
        """Any file can be rewritten."""

    def compact(self) -> Space:
        return self._space.compact()

    def checkpoint(self) -> None:
        self._space.checkpoint()

    @property
    def _space(self) -> FileSpace:
        return FileSpace(self.path, self.database)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
