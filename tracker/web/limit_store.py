"""Counters of requests that hold over all processes of this machine: one small SQLite file.

It is a back end of the library `limits`. Nothing in the file is worth keeping: it is not synced,
and made anew where it is damaged or gone.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from limits.storage import Storage

from tracker.store.sqlite.driver import sqlite3

T = TypeVar("T")
# A request waits at most so long for others that count at the same moment.
PATIENCE_SECONDS = 0.25
TIDY_SECONDS = 60
_MAKING = threading.Lock()
_BEGINNING = (
    "PRAGMA synchronous = OFF",
    "PRAGMA journal_mode = MEMORY",
    "CREATE TABLE IF NOT EXISTS hits (key TEXT PRIMARY KEY, number INTEGER NOT NULL,"
    " until REAL NOT NULL) WITHOUT ROWID",
)
# Whoever counts read the clock before it was its turn, so another may have begun a window a little
# later; one that ends a whole window after a new one is of a clock that was wrong.
_IS_OVER = "(hits.until <= :now OR hits.until > :wrong)"
_COUNT = (
    "INSERT INTO hits (key, number, until) VALUES (:key, max(0, :amount), :until)"
    " ON CONFLICT (key) DO UPDATE SET"
    f" number = max(0, CASE WHEN {_IS_OVER} THEN 0 ELSE hits.number END + :amount),"
    f" until = CASE WHEN {_IS_OVER} THEN :until ELSE hits.until END RETURNING number"
)


class SqliteStorage(Storage):
    """Fixed windows in the file `path`, which is opened in each thread after any fork."""

    STORAGE_SCHEME = ["tracker+sqlite"]  # noqa: RUF012 - as the library has it

    def __init__(self, path: Path) -> None:
        super().__init__(wrap_exceptions=True)
        self._path = path
        self._mine = threading.local()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error, OSError)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        ends = {"until": now + expiry, "wrong": now + 2 * expiry}
        values = {"key": key, "amount": amount, "now": now, **ends}
        return self._try_twice(lambda file: int(file.execute(_COUNT, values).fetchall()[0][0]))

    def get(self, key: str) -> int:
        found = self._row(key)
        return int(found[0]) if found else 0

    def get_expiry(self, key: str) -> float:
        found = self._row(key)
        return float(found[1]) if found else time.time()

    def check(self) -> bool:
        return self._row("") is None

    def reset(self) -> int | None:
        return self._try_twice(lambda file: file.execute("DELETE FROM hits").rowcount)

    def clear(self, key: str) -> None:
        self._try_twice(lambda file: file.execute("DELETE FROM hits WHERE key = ?", (key,)))

    def _row(self, key: str) -> tuple[int, float] | None:
        query = "SELECT number, until FROM hits WHERE key = ? AND until > ?"
        values = (key, time.time())
        rows = self._try_twice(lambda file: file.execute(query, values).fetchall())
        return rows[0] if rows else None

    def _try_twice(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it, a second time in a new file where the one that is there cannot be used."""
        try:
            return work(self._file())
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise
            self._give_up()
        except sqlite3.DatabaseError:
            self._give_up()
        return work(self._file())

    def _file(self) -> sqlite3.Connection:
        """This thread's connection, opened by this very process on the file that is there now."""
        if getattr(self._mine, "process", None) != os.getpid():
            self._open()
        elif time.monotonic() >= self._mine.tidy_at:
            if self._is_gone():
                self._mine.file.close()
                self._open()
            self._mine.file.execute("DELETE FROM hits WHERE until <= ?", (time.time(),))
            self._mine.tidy_at = time.monotonic() + TIDY_SECONDS
        connection: sqlite3.Connection = self._mine.file
        return connection

    def _open(self) -> None:
        self._mine.process = None
        with _MAKING:  # closing a descriptor of what is there would drop this process's locks
            if not self._path.exists():
                self._path.touch(0o600)
        self._mine.inode = self._path.stat().st_ino
        file = sqlite3.connect(self._path, timeout=PATIENCE_SECONDS, isolation_level=None)
        try:
            for statement in _BEGINNING:
                file.execute(statement)
        except sqlite3.Error:
            file.close()
            raise
        self._mine.file, self._mine.process = file, os.getpid()
        self._mine.tidy_at = time.monotonic() + TIDY_SECONDS

    def _give_up(self) -> None:
        """Forget the file; another process may have done so before, and made a new one."""
        if not self._is_gone():
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
        if getattr(self._mine, "process", None) == os.getpid():
            self._mine.file.close()
        self._mine.process = None

    def _is_gone(self) -> bool:
        try:
            return self._path.stat().st_ino != getattr(self._mine, "inode", None)
        except FileNotFoundError:
            return True
