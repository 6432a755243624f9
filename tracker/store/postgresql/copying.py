"""All rows of a database in PostgreSQL as they are at one moment, while others go on writing.

They come by cursors of the server, some 10,000 at a time, in the order of their keys, in which a
SQLite file takes them best.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tracker.errors import StorageError
from tracker.store.postgresql.addresses import connect, refused
from tracker.store.rows import Shape, shapes
from tracker.store.sqlite.filling import Fill, fill_file, make_file
from tracker.store.versions import migrations

BATCH = 10_000


def copy_to_file(address: str, place: str, target: Path) -> None:
    """Copy the database at an address into the new SQLite file `target`.

    Raises StorageError where it cannot be read, is none of the tracker, or of another version.
    """
    try:
        with closing(connect(address)) as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _check_version(connection, place)
            make_file(target)
            fill_file(target, _tables(connection))
    except psycopg.Error as error:
        raise refused(error, address) from error


def _tables(connection: psycopg.Connection) -> Fill:
    for shape in shapes():
        yield shape, _rows(connection, shape)


def _rows(connection: psycopg.Connection, shape: Shape) -> Iterator[tuple[Any, ...]]:
    columns = sql.SQL(", ").join(
        sql.SQL("{}::int").format(sql.Identifier(column))
        if column in shape.flags
        else sql.Identifier(column)
        for column in shape.columns
    )
    order = sql.SQL(", ").join(map(sql.Identifier, shape.key))
    with connection.cursor(f"all_{shape.name}", binary=True) as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
                columns, sql.Identifier(shape.name), order
            )
        )
        yield from cursor


def _check_version(connection: psycopg.Connection, place: str) -> None:
    [(has_schema,)] = connection.execute("SELECT to_regclass('schema_migration') IS NOT NULL")
    if not has_schema:
        raise StorageError(
            f"{place} is no database of the tracker.", "`tracker init` makes its tables."
        )
    applied = {name for (name,) in connection.execute("SELECT name FROM schema_migration")}
    known = set(migrations())
    if lacks := sorted(known - applied):
        raise StorageError(
            f"The database was made by an older version (it lacks {', '.join(lacks)}).",
            "`tracker init` brings it up to date; then validate it again.",
        )
    if newer := sorted(applied - known):
        raise StorageError(
            f"The database was made by a newer version (it has {', '.join(newer)}).",
            "Install that version, or restore a backup made before the upgrade.",
        )
