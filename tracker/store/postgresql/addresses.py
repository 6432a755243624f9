"""The address of a database in PostgreSQL: how it is shown, and a connection of one's own to it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

import psycopg

from tracker.errors import StorageError
from tracker.store.postgresql.driver import Connection
from tracker.store.postgresql.words import in_words

# What sessions of the tracker are called there.
APPLICATION = "regression-tracker"
# The names of the advisory locks: arbitrary, but the same in every process.
WRITING, PUBLISHING = 7_247_001, 7_247_004
_CONNECT_SECONDS = 10
# How long the size of a large database may take to be told.
_ASK_SECONDS = 60.0
# Who is cut off without a word, by a machine that lost its power or a network, is missed after 25
# seconds on both sides, not after two hours: until then nobody else could have the lock it had.
_MISSED = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
# Compiling statements costs more than ours take.
OPTIONS = " ".join(("-c jit=off", *(f"-c tcp_{name}={value}" for name, value in _MISSED.items())))
SESSION: dict[str, Any] = {
    "application_name": APPLICATION,
    "connect_timeout": _CONNECT_SECONDS,
    "options": OPTIONS,
    "tcp_user_timeout": 25_000,
    **_MISSED,
}


def connect(address: str, *, seconds: float = float("inf"), **other: Any) -> Connection:
    """A connection beside those of the store, each statement a transaction of its own.

    It is like theirs but for what is said otherwise, and prepares nothing: so much can be done in
    a session that a pooler lends. A server that has not answered all after `seconds` is given up.
    Raises what psycopg does.
    """
    told = {**SESSION, **other}
    connection = Connection.connect(address, autocommit=True, prepare_threshold=None, **told)
    connection.deadline = time.monotonic() + seconds
    return connection


def ask(address: str, question: str) -> Any:
    """The one value that a statement answers, on a connection of its own; StorageError."""
    try:
        with closing(connect(address, seconds=_ASK_SECONDS)) as connection:
            [(value,)] = connection.execute(question.encode()).fetchall()
    except psycopg.Error as error:
        raise refused(error, address) from error
    return value


def environment(address: str, purpose: str) -> dict[str, str]:
    """The address as variables that PostgreSQL's programs read, so that no password is an argument.

    What has no variable is left to their defaults; `purpose` is how their sessions are called.
    """
    told = psycopg.pq.Conninfo.parse(address.encode())
    given = {
        option.envvar.decode(): option.val.decode()
        for option in told
        if option.envvar and option.val is not None
    }
    return {
        "PGCONNECT_TIMEOUT": str(_CONNECT_SECONDS),
        **given,
        "PGAPPNAME": f"{APPLICATION} {purpose}",
    }


def refused(error: Exception, address: str) -> StorageError:
    """What a connection met, in words people can act on."""
    return in_words(error, without_password(address))


def check_address(address: str) -> None:
    """StorageError where it cannot be understood, or is read otherwise than it was meant.

    What it says is not shown: a part of the password may have ended up anywhere in it.
    """
    try:
        found = psycopg.conninfo.conninfo_to_dict(address)
    except psycopg.Error:
        raise _no_address() from None
    host, name = str(found.get("host", "")), str(found.get("dbname", ""))
    ports = str(found.get("port", "")).split(",")
    if "@" in host[1:] or {"@", "/"} & set(name) or not all(p.isdecimal() or not p for p in ports):
        raise _no_address()


def _no_address() -> StorageError:
    return StorageError(
        "database_url is no address of a database in PostgreSQL.",
        "It is postgresql://user:password@host:port/name; in the password `/` is %2F,"
        " `@` %40, `%` %25.",
    )


def without_password(address: str) -> str:
    """An address that was checked, as people may see it."""
    scheme, _, rest = address.partition("://")
    who, at, where = rest.partition("@")
    if not at or "/" in who:
        who, at, where = "", "", rest
    return f"{scheme}://{who.partition(':')[0]}{at}{where.partition('?')[0]}"
