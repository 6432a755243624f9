"""What backups and restores ask of a server beside its own tools, which stand in `operations`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from tracker.errors import Busy, StorageError
from tracker.store.postgresql.addresses import (
    APPLICATION,
    WRITING,
    connect,
    refused,
    without_password,
)
from tracker.store.postgresql.driver import ANSWER_SECONDS

HISTORY = "schema_migration"
# Ours are all called by the application's name, or by it and what they are for.
_OTHERS = (
    "SELECT pid, application_name, coalesce(client_addr::text, 'this machine')"
    " FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE %s"
    " AND pid <> pg_backend_pid() ORDER BY pid"
)


@dataclass(frozen=True)
class Snapshot:
    """One moment of a database that another program may read, too, by its `id`.

    The migrations in order, the revision, the rows of each table.
    """

    id: str
    migrations: tuple[str, ...]
    revision: int
    counts: dict[str, int]


@contextmanager
def snapshot_of(address: str) -> Iterator[Snapshot]:
    """The moment of now, for as long as the block; StorageError where it is none of ours."""
    try:
        with closing(connect(address, application_name=f"{APPLICATION} backup")) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = _snapshot(connection, address)
            yield found
    except psycopg.Error as error:
        raise refused(error, address) from error


def revision_at(address: str) -> int | None:
    """The revision of the database at an address; None where the tracker was never set up."""
    try:
        with closing(connect(address)) as connection:
            return _revision(connection) if _has_history(connection) else None
    except psycopg.Error as error:
        raise refused(error, address) from error


def tables_there(address: str) -> list[str]:
    """The tables of the schema that is used, by their full names as statements have them."""
    statement = (
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname = current_schema() ORDER BY tablename"
    )
    try:
        with closing(connect(address)) as connection:
            return [name for (name,) in connection.execute(statement)]
    except psycopg.Error as error:
        raise refused(error, address) from error


@contextmanager
def alone_at(address: str) -> Iterator[None]:
    """Keep all others of the tracker from writing; Busy where any has a session there."""
    try:
        with closing(connect(address, application_name=f"{APPLICATION} restore")) as connection:
            # Every transaction that writes takes it, and waits for as long as this one has it.
            connection.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
            _refuse(connection.execute(_OTHERS, (f"{APPLICATION}%",)).fetchall())
            yield
    except psycopg.Error as error:
        raise refused(error, address) from error


def _refuse(others: list[tuple[int, str, str]]) -> None:
    if others:
        shown = "; ".join(f"{name} {pid} of {where}" for pid, name, where in others[:10])
        raise Busy(
            f"The database is in use by the sessions {shown}.",
            "Stop the servers and all workers, then restore; nothing was changed.",
        )


def _snapshot(connection: psycopg.Connection, address: str) -> Snapshot:
    if not _has_history(connection):
        raise StorageError(
            f"{without_password(address)} is no database of the tracker.",
            "`tracker init` makes its tables.",
        )
    [(id,)] = connection.execute("SELECT pg_export_snapshot()").fetchall()
    names = connection.execute("SELECT name FROM schema_migration ORDER BY name").fetchall()
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
    ).fetchall()
    counts = {name: _count(connection, name) for (name,) in tables}
    migrations = tuple(name for (name,) in names)
    return Snapshot(id, migrations, _revision(connection), counts)


def _has_history(connection: psycopg.Connection) -> bool:
    [(name,)] = connection.execute("SELECT to_regclass(%s)::text", (HISTORY,)).fetchall()
    return name is not None


def _revision(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT value FROM counter WHERE name = 'revision'").fetchone()
    return int(found[0]) if found else 0


def _count(connection: psycopg.Connection, table: str) -> int:
    question = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    [(count,)] = connection.execute(question).fetchall()
    return int(count)


def keeps_sessions(address: str) -> bool:
    """Whether a connection has one session for itself for as long as it lasts; StorageError.

    A pooler that lends sessions out for a transaction has two connections meet in one.
    """
    try:
        with (
            closing(connect(address, seconds=ANSWER_SECONDS)) as one,
            closing(connect(address, seconds=ANSWER_SECONDS)) as other,
        ):
            # Twice in a row: one that takes them round shows here.
            ours, theirs = {_session(one) for _ in range(3)}, set[int]()
            for _ in range(3):
                with other.transaction():
                    theirs.add(_session(other))
                    ours.add(_session(one))
                ours.add(_session(one))
    except psycopg.Error as error:
        raise refused(error, address) from error
    return len(ours) == len(theirs) == 1 and ours != theirs


def _session(connection: psycopg.Connection) -> int:
    [(number,)] = connection.execute("SELECT pg_backend_pid()").fetchall()
    return int(number)
