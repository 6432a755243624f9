"""Peewee over psycopg, giving up on a server that says nothing where an answer has its time.

A server that hangs, or whose disk does, keeps its connections open, and the kernel of its machine
answers for it: nothing but a limit of the client ends the waiting.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peewee
import psycopg
from psycopg.abc import RV, PQGen
from psycopg.adapt import Loader

# How long a server may take for what takes it no time.
ANSWER_SECONDS = 10.0
# A statement may run for so much longer than is left when it begins, so that not each is told.
_BEHIND_SECONDS = 1.0
# How often a signal (Ctrl-C) is looked for, as psycopg does.
_LOOK_SECONDS = 0.1
_NEVER = float("inf")
NO_ANSWER = "no answer came in time, so that the connection was closed"


class Connection(psycopg.Connection[Any]):
    """One that is closed where its server says nothing until `deadline` (monotonic s)."""

    deadline = _NEVER
    # Until when the server itself is to end statements (monotonic s), and when it was last told.
    ends, told = _NEVER, 0.0
    # Whether the transaction that is open only reads, so that its end takes no time.
    is_snapshot = False

    def wait(
        self, gen: PQGen[RV], interval: float = _LOOK_SECONDS, timeout: float | None = None
    ) -> RV:
        """Raises OperationalError at the deadline: what the server is at is not known then."""
        if self.deadline == _NEVER:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, max(0.0, self.deadline - time.monotonic()))
        except psycopg.OperationalError as error:
            # What the server says of itself has a state.
            if error.sqlstate or time.monotonic() < self.deadline:
                raise
            self.close()
            raise psycopg.OperationalError(NO_ANSWER) from error

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Have all answers by then, or by the deadline there was, where that is earlier."""
        before = self.deadline
        self.deadline = min(before, time.monotonic() + seconds)
        try:
            yield
        finally:
            self.deadline = before


class _Number(Loader):
    """Sums are `numeric` there: whole ones are whole numbers here, others floats, as in SQLite."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


class _Adapter(peewee.Psycopg3Adapter):
    """Peewee's, but for the kind of connection."""

    def connect(self, db: peewee.Database, **params: Any) -> Connection:
        connection = Connection.connect(db.database, **params)
        connection.adapters.register_loader("numeric", _Number)
        return connection


class Database(peewee.PostgresqlDatabase):
    """Peewee's, with transactions begun in plain words, and limits of time."""

    psycopg3_adapter = _Adapter

    def execute_sql(self, sql: str, params: Any = None) -> Any:
        """No text there has a NUL: reports' are replaced at intake, and none is found by one."""
        self._tell_what_is_left()
        if isinstance(params, dict):
            params = {name: no_nul(value) for name, value in params.items()}
        elif params:
            params = [no_nul(value) for value in params]
        return super().execute_sql(sql, params)  # type: ignore[no-untyped-call]

    def begin(self, isolation_level: str | None = None) -> None:
        """Each statement sees what was committed before it, whatever the server's default is.

        A snapshot that is taken while a writer waits for its turn would be of before.
        """
        self._session().is_snapshot = isolation_level is not None
        with self.within(ANSWER_SECONDS):
            self.execute_sql(f"BEGIN ISOLATION LEVEL {isolation_level or 'READ COMMITTED'}")

    def commit(self) -> None:
        """Where a statement failed the server takes all back, and calls that no error."""
        with self.within(ANSWER_SECONDS if self._session().is_snapshot else _NEVER):
            found = self.execute_sql("COMMIT").statusmessage
        if found != "COMMIT":
            raise peewee.InternalError("a statement failed before, so nothing was committed")

    def rollback(self) -> None:
        """What a connection that is closed had begun the server takes back by itself."""
        if not self._session().closed:
            with self.within(ANSWER_SECONDS):
                super().rollback()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Wait for the answers of the server no longer than that, all in all."""
        with self._session().within(seconds):
            yield

    @contextmanager
    def ending(self, seconds: float) -> Iterator[None]:
        """Have the server end what a transaction still runs then; it is told once a second."""
        session = self._session()
        session.ends, session.told = time.monotonic() + seconds, 0.0
        try:
            with session.within(seconds + ANSWER_SECONDS):
                yield
        finally:
            session.ends = _NEVER

    def _tell_what_is_left(self) -> None:
        session, now = self._session(), time.monotonic()
        if session.ends == _NEVER or now < session.told + _BEHIND_SECONDS:
            return
        left = max(1, math.ceil(1000 * (session.ends - now)))
        super().execute_sql(f"SET LOCAL statement_timeout = {left}")  # type: ignore[no-untyped-call]
        session.told = now

    def _session(self) -> Connection:
        found: Connection = self.connection()  # type: ignore[no-untyped-call]
        return found


def no_nul(value: Any) -> Any:
    """A value as the server takes it: no text there has a NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
