"""PostgreSQL as the store, for many web and worker nodes: one database, one writer at a time.

Writers queue for an advisory lock, as those of SQLite do for a file: what is derived from a history
in one transaction rests on nobody else's writing meanwhile. Readers have snapshots and never wait.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from psycopg import errors

from tracker.errors import Busy, StorageError, UsageError
from tracker.store.engine import Identity, Met, ReadTooLong, Sizes, Space
from tracker.store.postgresql.addresses import (
    PUBLISHING,
    SESSION,
    WRITING,
    ask,
    check_address,
    without_password,
)
from tracker.store.postgresql.copying import copy_to_file
from tracker.store.postgresql.driver import ANSWER_SECONDS, Database, no_nul
from tracker.store.postgresql.placeholders import marked
from tracker.store.postgresql.probe import probe_server
from tracker.store.postgresql.schema import begin_schema
from tracker.store.postgresql.sessions import keeps_sessions
from tracker.store.postgresql.words import in_words

_SNAPSHOT = "REPEATABLE READ READ ONLY"
# Functions of the schema take values of any types that go together, which came with it.
_OLDEST = 13
# What the server refuses whatever the program asks, beside what its driver calls operational.
_REFUSALS = (
    errors.DataCorrupted,
    errors.IdleInTransactionSessionTimeout,
    errors.IndexCorrupted,
    errors.InsufficientPrivilege,
    errors.InvalidSchemaName,
    errors.ReadOnlySqlTransaction,
)
REUSED = "PostgreSQL's autovacuum makes what was let go free for what is recorded next."


def _without_nul(row: Sequence[Any]) -> Sequence[Any]:
    """Hardly any row has one: most are given on as they are."""
    if any(type(value) is str and "\0" in value for value in row):
        return [no_nul(value) for value in row]
    return row


class Postgresql:
    """The database at an address: `postgresql://user:password@host/name`."""

    name = "PostgreSQL"
    is_file = False

    def __init__(self, address: str) -> None:
        check_address(address)
        self.address = address
        self.place = without_password(address)
        self.database = Database(address, prefer_psycopg3=True, **SESSION)

    def prepare(self) -> None:
        """Raises StorageError where the server is too old, does not hold every text, or is behind a
        pooler that lends sessions out: what one prepared another would run."""
        self.check_connection()
        with self.database.within(ANSWER_SECONDS):
            self._check_server()

    def _check_server(self) -> None:
        if not (self._is_direct() or keeps_sessions(self.address)):
            raise StorageError(
                f"A pooler lends the sessions of {self.place} out in turn.",
                "Give the address of the server itself, or have the pooler keep whole sessions.",
            )
        [(version,)] = self.run("SHOW server_version", ()).fetchall()
        if int(re.findall("[0-9]+", version)[0]) < _OLDEST:
            raise StorageError(
                f"The server of {self.place} is PostgreSQL {version}.",
                f"Version {_OLDEST} is the oldest that the tracker runs with.",
            )
        [(encoding,)] = self.run("SHOW server_encoding", ()).fetchall()
        if encoding != "UTF8":
            raise StorageError(
                f"The database {self.place} has the encoding {encoding}, not UTF8.",
                "Make one by: createdb --template=template0 --encoding=UTF8 NAME.",
            )

    def _is_direct(self) -> bool:
        """A pooler gives a number of its own to who connects, not that of a session."""
        connection = self.database.connection()  # type: ignore[no-untyped-call]
        [(session,)] = self.run("SELECT pg_backend_pid()", ()).fetchall()
        return bool(session == connection.info.backend_pid)

    def check_connection(self) -> None:
        """One that was cut (a restart there, a firewall between), or is silent, is replaced."""
        if not self.database.connect(reuse_if_open=True) and not self.database.in_transaction():
            try:
                with self.database.within(ANSWER_SECONDS):
                    self.run("SELECT 1", ())
            except (peewee.OperationalError, peewee.InterfaceError):
                self.database.close()
                self.database.connect()

    def snapshot(self) -> Any:
        return self.database.atomic(_SNAPSHOT)

    @contextmanager
    def ending(self, seconds: float, is_over: Callable[[], bool]) -> Iterator[None]:
        """The server ends the statement; the limit goes with the transaction.

        A server that does not is given up a little later: StorageError.
        """
        try:
            with self.database.ending(seconds):
                yield
        except peewee.DatabaseError as error:
            if is_over() and isinstance(error.__context__, errors.QueryCanceled):
                raise ReadTooLong from error
            raise

    @contextmanager
    def writing(self, deadline: float | None = None) -> Iterator[None]:
        with self.database.atomic():
            self._lock(deadline)
            yield

    def try_publishing(self) -> bool:
        """A lock file would do only where the shared folder's server keeps locks."""
        rows = self.run("SELECT pg_try_advisory_xact_lock(?)", (PUBLISHING,)).fetchall()
        return bool(rows[0][0])

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """All that is pending in one transaction: each migration is a savepoint of it."""
        with self.writing():
            begin_schema(self.database)
            yield

    def _lock(self, deadline: float | None) -> None:
        left = float("inf") if deadline is None else max(0.001, deadline - time.monotonic())
        try:
            with self.database.within(left + ANSWER_SECONDS):
                if deadline is not None:
                    self.run(f"SET LOCAL lock_timeout = {int(1000 * left)}", ())
                self.run("SELECT pg_advisory_xact_lock(?)", (WRITING,))
        except peewee.DatabaseError as error:
            if isinstance(error.__context__, errors.LockNotAvailable):
                raise Busy("Another process is writing.", "Try again shortly.") from error
            raise

    def run(self, statement: str, parameters: Sequence[Any]) -> Any:
        text, given = marked(statement, len(parameters))
        return self.database.execute_sql(text, given(parameters))

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        text, _ = marked(statement, 1)
        with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
            self.database.cursor().executemany(text, map(_without_nul, rows))  # type: ignore[no-untyped-call]

    def explain(self, error: peewee.PeeweeException) -> StorageError | None:
        is_fault = isinstance(error, (peewee.OperationalError, peewee.InterfaceError))
        if is_fault or isinstance(error.__context__, _REFUSALS):
            return in_words(error, self.place)
        return None

    def release(self) -> None:
        """Nothing: a session ends with its connection."""

    @property
    def is_made(self) -> bool:
        """A database there is made by createdb, never by us."""
        return True

    def identity(self) -> Identity:
        """Nothing takes the place of one that is in use: its connections end before."""
        return None

    def meet(self, seconds: float) -> Met:
        return probe_server(self.address, WRITING, seconds)

    def look_for_damage(self, _is_over: Callable[[], bool], *, is_thorough: bool = False) -> str:
        """The server looks at what it reads, and its checksums at the rest."""
        return ""

    def daily_look(self) -> Sequence[str]:
        return ()

    def copy(self, target: Path) -> None:
        copy_to_file(self.address, self.place, target)

    def sizes(self) -> Sizes:
        return Sizes(ask(self.address, "SELECT pg_database_size(current_database())"))

    def version(self) -> str:
        """As `15.18`, without what a distribution adds."""
        return str(ask(self.address, "SHOW server_version")).split()[0]

    def space(self) -> Space:
        return Space(self.sizes().database, 0, gives_back=False, words=REUSED)

    def give_back(self) -> bool:
        """The autovacuum does what is to be done."""
        return False

    def check_compact(self) -> None:
        raise UsageError(
            "PostgreSQL is not compacted by the tracker: its autovacuum makes room for what comes.",
            "To give space back to the disk, run VACUUM (FULL) in psql; everybody waits meanwhile.",
        )

    def compact(self) -> Space:
        self.check_compact()
        return self.space()

    def checkpoint(self) -> None:
        """Nothing: its size is what it is."""
