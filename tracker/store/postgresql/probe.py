"""Looking at a database in PostgreSQL from outside, on a connection of its own.

The server is reached, the schema read, and the write lock taken as every writer does, and given
back. Nothing is written: not even a number of a transaction is used up.
"""

from __future__ import annotations

from contextlib import closing

import psycopg
from psycopg import errors

from tracker.store.engine import SIGN_SECONDS, Met
from tracker.store.postgresql.addresses import APPLICATION, OPTIONS, connect
from tracker.store.postgresql.words import REMEDIES
from tracker.store.remedies import words_of

# The least that libpq waits for a server that does not answer.
_CONNECT_SECONDS = 2
_STATEMENT_MS = 1_000
# A server that hangs does not even end its statements.
_ANSWER_SECONDS = 0.9
_GOES_ON = (
    "SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid AND a.datid = l.database"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = %s"
    " AND a.datname = current_database() AND a.application_name = %s AND a.state <> 'idle'"
    " AND a.state_change > clock_timestamp() - make_interval(secs => %s)"
)
_STATE = (
    "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',"
    " to_regclass('schema_migration') IS NOT NULL"
)


def probe_server(address: str, lock: int, seconds: float) -> Met:
    """What is met at the address; the advisory lock is waited for at most `seconds`."""
    waits = f"{OPTIONS} -c statement_timeout={_STATEMENT_MS} -c lock_timeout={_ms(seconds)}"
    try:
        with closing(
            connect(
                address,
                seconds=seconds + _ANSWER_SECONDS,
                connect_timeout=_CONNECT_SECONDS,
                options=waits,
            )
        ) as connection:
            return _met(connection, lock)
    except psycopg.Error as error:
        return Met(unreadable=_in_words(error))


def _met(connection: psycopg.Connection, lock: int) -> Met:
    [(is_standby, is_read_only, has_schema)] = connection.execute(_STATE).fetchall()
    names = connection.execute("SELECT name FROM schema_migration") if has_schema else ()
    applied = frozenset(str(name) for (name,) in names)
    if is_standby:
        return Met(
            unwritable="The server is a standby, which nobody can write to.", applied=applied
        )
    if is_read_only:
        return Met(unwritable="The database lets nobody write.", applied=applied)
    return _with_lock(connection, lock, applied)


def _with_lock(connection: psycopg.Connection, lock: int, applied: frozenset[str]) -> Met:
    """What is met where the write lock is tried, which ends with its statement."""
    try:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock,))
    except (errors.LockNotAvailable, errors.QueryCanceled):
        return Met.taken(applied, goes_on=_goes_on(connection, lock))
    return Met(applied=applied)


def _goes_on(connection: psycopg.Connection, lock: int) -> bool:
    """Whether a writer of ours has the lock, and began or ended a statement lately."""
    return bool(connection.execute(_GOES_ON, (lock, APPLICATION, SIGN_SECONDS)).fetchall())


def _in_words(error: psycopg.Error) -> str:
    """Without the address, which is not for everybody who may look at a probe."""
    what, _ = words_of(" ".join(str(error).split()), REMEDIES)
    return what or f"PostgreSQL refuses ({type(error).__name__})."


def _ms(seconds: float) -> int:
    return max(1, int(1000 * seconds))
