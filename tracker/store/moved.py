"""All rows of another database in the open one, which is empty and in PostgreSQL."""

from __future__ import annotations

from tracker.errors import StorageError
from tracker.store.audit import note
from tracker.store.engine import engine
from tracker.store.postgresql.loading import go_on_counting, load, tables_of_others
from tracker.store.rows import shapes
from tracker.store.sql import run
from tracker.store.sqlite.filling import Fill

_EMPTY_ONE = "Make an empty one by: createdb --template=template0 --encoding=UTF8 NAME."


def fill_store(tables: Fill) -> dict[str, int]:
    """Put the rows in, inside `writing`; how many of each table.

    StorageError where the open database has rows already, or a row cannot be there.
    """
    _check_empty()
    connection = engine().database.connection()  # type: ignore[no-untyped-call]
    counts = {shape.name: load(connection, shape, rows) for shape, rows in tables}
    for shape in shapes():
        go_on_counting(connection, shape)
    return counts


def note_moved(former: str) -> None:
    """Write down in the open database where its rows came from, inside `writing`."""
    note("move", former)


def check_own(address: str) -> None:
    """StorageError where the database at an address has tables of somebody else."""
    if found := tables_of_others(address):
        raise StorageError(
            f"The database has tables of something else: {', '.join(found[:5])}.", _EMPTY_ONE
        )


def _check_empty() -> None:
    full = [
        shape.name
        for shape in shapes()
        if run(f'SELECT EXISTS (SELECT 1 FROM "{shape.name}")')[0][0]
    ]
    if full:
        raise StorageError(
            f"The database is not empty: it has rows of {', '.join(full[:5])}.", _EMPTY_ONE
        )
