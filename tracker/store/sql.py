"""SQL in the open: statements typed once, for each database, values always as parameters.

They are in what SQLite and PostgreSQL both understand: `ON CONFLICT`, `count(*) FILTER`, flags as
they are and never `= 1`, what is grouped named whole, `NULLS FIRST` where it matters. The functions
of SQLite's that statements use are in `postgresql/functions.sql`. SQLite knows nothing of how many
rows there are: where it would guess wrong, it is told by `CROSS JOIN` and `INDEXED BY`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import msgspec
import peewee

from tracker.store.engine import engine

Row = tuple[Any, ...]
M = TypeVar("M", bound=peewee.Model)


def run(statement: str, *parameters: Any) -> list[Row]:
    """Run a statement, its parameters marked by `?` or `?1`; the rows it answers, if any."""
    cursor = engine().run(statement, parameters)
    return list(cursor) if cursor.description else []


def change(statement: str, *parameters: Any) -> int:
    """Run a statement that changes rows; how many."""
    return int(engine().run(statement, parameters).rowcount)


def rows_of(model: type[M], condition: str, *parameters: Any) -> list[M]:
    """The rows of a table for which `condition` holds, as its model; parameters marked by `?`.

    For what each recorded build asks: Peewee's query builder writes the names of a table's columns
    anew each time, which takes six times as long as the rest of the question.
    """
    statement = f"{_selecting(model)} WHERE {condition}".replace("?", engine().database.param)
    return list(model.raw(statement, *parameters))


def save(row: peewee.Model) -> None:
    """Write a row with an `id`: all of a new one, which gets its id, else what changed of it.

    For what each recorded build asks, as `rows_of` is.
    """
    is_new = row.__data__.get("id") is None
    fields = tuple(row.__data__ if is_new else [field.name for field in row.dirty_fields])
    if not fields:
        return
    meta = row._meta
    values = [meta.fields[name].db_value(row.__data__[name]) for name in fields]
    if is_new:
        [(row.__data__["id"],)] = run(_inserting(type(row), fields), *values)
    else:
        run(_updating(type(row), fields), *values, row.__data__["id"])
    row._dirty.clear()  # type: ignore[attr-defined]


@functools.cache
def _inserting(model: type[peewee.Model], fields: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(fields))
    return (
        f"INSERT INTO {model._meta.table_name} ({', '.join(_columns(model, fields))})"
        f" VALUES ({marks}) RETURNING id"
    )


@functools.cache
def _updating(model: type[peewee.Model], fields: tuple[str, ...]) -> str:
    changes = ", ".join(f"{column} = ?" for column in _columns(model, fields))
    return f"UPDATE {model._meta.table_name} SET {changes} WHERE id = ?"


def _columns(model: type[peewee.Model], fields: Iterable[str]) -> list[str]:
    return [f'"{model._meta.fields[name].column_name}"' for name in fields]


@functools.cache
def _selecting(model: type[peewee.Model]) -> str:
    columns = ", ".join(_columns(model, [field.name for field in model._meta.sorted_fields]))
    return f"SELECT {columns} FROM {model._meta.table_name}"


# What `listed` numbers, or texts, are in a statement: `… WHERE id IN {IN}`.
IN = "(SELECT value FROM json_each(?))"
IN_TEXTS = "(SELECT atom FROM json_each(?))"


def listed(values: Iterable[Any]) -> str:
    """Many values as one parameter, for `IN` or `IN_TEXTS`."""
    return msgspec.json.encode(list(values)).decode()


def run_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run a statement once for each row, by the driver's own loop."""
    engine().run_many(statement, rows)
