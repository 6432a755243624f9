"""What a schema promises to programs that were written for it, and what another one breaks of that.

While the nodes of a tracker are replaced one by one, those of the old version read and write the
schema of the new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.store.engine import Engine

Ask = Callable[[str], Iterable[tuple[Any, ...]]]


@dataclass(frozen=True)
class Column:
    """Its type with all that belongs to it, and what stands there where nothing is given."""

    type: str
    is_null: bool
    default: str | None

    @property
    def may_be_left_out(self) -> bool:
        """Whether a row can be written by somebody who does not know of it."""
        return self.is_null or self.default is not None

    @property
    def is_empty_then(self) -> bool:
        """Whether it is NULL there, which no unique index ever finds twice."""
        return self.is_null and self.default is None


@dataclass(frozen=True)
class Shape:
    """A table: columns by name, its key, unique indexes and other rules with their columns."""

    columns: Mapping[str, Column]
    key: tuple[str, ...]
    unique: frozenset[tuple[tuple[str, ...], str]]
    rules: frozenset[tuple[frozenset[str], str]]


Schema = Mapping[str, Shape]


def schema_of(engine: Engine) -> Schema:
    """The schema of a database, as the database tells it."""

    def ask(question: str) -> list[tuple[Any, ...]]:
        return list(engine.run(question, ()))

    return dict(_of_sqlite(ask) if engine.is_file else _of_postgresql(ask))


def broken(before: Schema, after: Schema) -> list[str]:
    """What a program written for the schema `before` cannot rely on any more, in words."""
    gone = [f"{table} is gone" for table in before if table not in after]
    kept = [table for table in before if table in after]
    return gone + [what for table in kept for what in _broken(table, before[table], after[table])]


def _broken(table: str, before: Shape, after: Shape) -> Iterator[str]:
    if before.key != after.key:
        yield f"{table} has another key"
    for name, column in before.columns.items():
        if name not in after.columns:
            yield f"{table}.{name} is gone"
        elif column != after.columns[name]:
            yield f"{table}.{name} is another"
    new = {name: each for name, each in after.columns.items() if name not in before.columns}
    yield from (f"{table}.{name} must be given" for name in new if not new[name].may_be_left_out)
    for columns, _ in sorted(before.unique - after.unique):
        yield f"{table} is not unique by {', '.join(columns)} any more"
    for columns, _ in sorted(after.unique - before.unique):
        if not any(new[name].is_empty_then for name in columns if name in new):
            yield f"{table} is unique by {', '.join(columns)}"
    for names, text in after.rules - before.rules:
        if names & before.columns.keys():
            yield f"{table} has the rule {text}"


def _of_sqlite(ask: Ask) -> Iterator[tuple[str, Shape]]:
    for table, text in ask("SELECT name, sql FROM sqlite_schema WHERE type = 'table'"):
        if table.startswith("sqlite_"):
            continue
        told = list(ask(f"PRAGMA table_info({table})"))
        columns = {name: Column(kind, not given, value) for _, name, kind, given, value, _ in told}
        key = tuple(row[1] for row in sorted(told, key=lambda row: row[5]) if row[5])
        foreign = {
            (frozenset((row[3],)), f"{row[3]} is in {row[2]}")
            for row in ask(f"PRAGMA foreign_key_list({table})")
        }
        checks = {(_words(check, columns), check) for check in _checks(text)}
        unique = frozenset(_unique_of_sqlite(ask, table))
        yield table, Shape(columns, key, unique, frozenset(foreign | checks))


def _unique_of_sqlite(ask: Ask, table: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for _, name, is_unique, origin, _ in list(ask(f"PRAGMA index_list({table})")):
        if is_unique and origin != "pk":
            columns = tuple(str(row[2]) for row in ask(f"PRAGMA index_info('{name}')"))
            texts = ask(f"SELECT sql FROM sqlite_schema WHERE name = '{name}'")
            yield columns, next((str(text).partition(" WHERE ")[2] for (text,) in texts), "")


def _checks(text: str) -> Iterator[str]:
    """The CHECKs of a statement that makes a table, up to the parenthesis that closes each."""
    for found in re.finditer(r"\bCHECK\s*\(", text, re.IGNORECASE):
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        yield text[found.start() : end]


def _words(text: str, columns: Iterable[str]) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text)) & frozenset(columns)


_OURS = "c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
_COLUMNS = (
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) || ' '"
    " || coalesce((SELECT collname FROM pg_collation o WHERE o.oid = a.attcollation), ''),"
    " NOT a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity::text, ''))"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
    " AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    f" WHERE {_OURS} ORDER BY 1, a.attnum"
)
_INDEXES = (
    "SELECT c.relname, x.indisprimary, ARRAY(SELECT coalesce(a.attname, '') FROM"
    " unnest(x.indkey) WITH ORDINALITY AS k (n, place) LEFT JOIN pg_attribute a"
    " ON a.attrelid = c.oid AND a.attnum = k.n ORDER BY place)::text[],"
    " coalesce(pg_get_expr(x.indpred, c.oid), '')"
    f" FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid AND x.indisunique WHERE {_OURS}"
)
_RULES = (
    "SELECT c.relname, ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid"
    " AND a.attnum = ANY(r.conkey))::text[], pg_get_constraintdef(r.oid)"
    " FROM pg_class c JOIN pg_constraint r ON r.conrelid = c.oid AND r.contype IN ('c', 'f', 'x')"
    f" WHERE {_OURS}"
)


def _of_postgresql(ask: Ask) -> Iterator[tuple[str, Shape]]:
    columns, indexes, rules = (list(ask(each)) for each in (_COLUMNS, _INDEXES, _RULES))
    for table in dict.fromkeys(row[0] for row in columns):
        yield (
            table,
            Shape(
                {row[1]: Column(*row[2:]) for row in columns if row[0] == table},
                next((tuple(row[2]) for row in indexes if row[0] == table and row[1]), ()),
                frozenset(
                    (tuple(names), where)
                    for name, is_key, names, where in indexes
                    if name == table and not is_key
                ),
                frozenset((frozenset(row[1]), row[2]) for row in rules if row[0] == table),
            ),
        )
