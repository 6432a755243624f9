"""The tables as plain rows: what is copied from one database to another.

A table is named by its columns in the order of the models, and its rows are tuples of numbers,
texts and None; flags are whole numbers, as SQLite has them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import AutoField, BooleanField, Field

from tracker.store.models import TABLES, Table


@dataclass(frozen=True)
class Shape:
    """One table: its columns in order, which are flags, its key, and what counts by itself."""

    name: str
    columns: tuple[str, ...]
    flags: frozenset[str]
    key: tuple[str, ...]
    counted: str

    @property
    def listed(self) -> str:
        """The columns, as a statement has them."""
        return ", ".join(f'"{column}"' for column in self.columns)


@functools.cache
def shapes() -> tuple[Shape, ...]:
    """All tables with data, those that others refer to first."""
    return tuple(map(_shape, TABLES))


def with_flags(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns of a row with flags as flags, which SQLite has as whole numbers.

    ValueError where one is something else.
    """
    shape = _by_name()[table]
    flags = {name: values[name] for name in sorted(shape.flags & values.keys())}
    if wrong := [name for name, value in flags.items() if value not in (0, 1)]:
        raise ValueError(f"{', '.join(wrong)} of a row of {table} is no flag")
    return {**values, **{name: bool(value) for name, value in flags.items()}}


@functools.cache
def _by_name() -> dict[str, Shape]:
    """Asked for each row that is exported or imported."""
    return {shape.name: shape for shape in shapes()}


def _shape(model: type[Table]) -> Shape:
    fields = model._meta.sorted_fields
    return Shape(
        name=model._meta.table_name,
        columns=tuple(field.column_name for field in fields),
        flags=frozenset(f.column_name for f in fields if isinstance(f, BooleanField)),
        key=tuple(field.column_name for field in _key(model)),
        counted=next((f.column_name for f in fields if isinstance(f, AutoField)), ""),
    )


def _key(model: type[Table]) -> tuple[Field, ...]:
    found: tuple[Field, ...] = model._meta.get_primary_keys()  # type: ignore[no-untyped-call]
    return found
