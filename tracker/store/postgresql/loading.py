"""Filling an empty database in PostgreSQL with the rows of another one, in a transaction of others.

Rows come by COPY, as they are; ids that count by themselves go on after the highest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql

from tracker.errors import StorageError
from tracker.store.postgresql.addresses import ask
from tracker.store.rows import Shape, shapes


def load(connection: psycopg.Connection, shape: Shape, rows: Iterable[Sequence[Any]]) -> int:
    """Put rows into a table; how many. StorageError, naming the table, where one cannot be."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(shape.name), sql.SQL(", ").join(map(sql.Identifier, shape.columns))
    )
    try:
        with connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for row in _as_there(shape, rows):
                    copy.write_row(row)
            return cursor.rowcount
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise StorageError(
            f"A row of {shape.name} cannot be in PostgreSQL: {' '.join(str(error).split())}.",
            "`tracker validate` tells what is wrong in the database that it comes from.",
        ) from error


def go_on_counting(connection: psycopg.Connection, shape: Shape) -> None:
    """Have the next id of a table be one that none of its rows has."""
    if not shape.counted:
        return
    table, column = sql.Identifier(shape.name), sql.Identifier(shape.counted)
    connection.execute(
        sql.SQL(
            "SELECT setval(pg_get_serial_sequence({name}, {counted}),"
            " coalesce(max({column}), 0) + 1, false) FROM {table}"
        ).format(
            name=sql.Literal(shape.name),
            counted=sql.Literal(shape.counted),
            column=column,
            table=table,
        )
    )


def _as_there(shape: Shape, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Flags as flags; no text has a NUL there, as when it is recorded."""
    flags = [place for place, column in enumerate(shape.columns) if column in shape.flags]
    for row in rows:
        values = list(row)
        for place in flags:
            values[place] = None if values[place] is None else bool(values[place])
        yield [
            value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
            for value in values
        ]


def tables_of_others(address: str) -> list[str]:
    """The tables in the database at an address that are none of the tracker; StorageError."""
    ours = [shape.name for shape in shapes()]
    statement = (
        "SELECT coalesce(json_agg(tablename ORDER BY tablename), '[]') FROM pg_tables"
        " WHERE schemaname = current_schema()"
    )
    return [name for name in ask(address, statement) if name not in (*ours, "schema_migration")]
