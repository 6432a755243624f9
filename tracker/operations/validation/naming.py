"""What a row is called in a finding: by its job, build and case, where it has these."""

from __future__ import annotations

from typing import Any

from tracker.store.models import TABLES, Table

# How a column of a row `t` is told, in SQL; others by their own names.
_BUILD = (
    "coalesce((SELECT j.name || ' #' || b.number || CASE b.epoch WHEN 0 THEN '' ELSE '~' || b.epoch"
    " END FROM build b JOIN job j ON j.id = b.job_id WHERE b.id = {0}), 'build ' || {0})"
)
_JOB = "coalesce((SELECT 'job ' || j.name FROM job j WHERE j.id = {0}), 'job ' || {0})"
_CASE = "printf('case %016x', {0})"
_REFERENCES = {"build_id": _BUILD, "from_build": _BUILD, "job_id": _JOB, "case_id": _CASE}
_OWN_ID = {"build": _BUILD, "job": _JOB, "test_case": _CASE}


def key_of(table: str) -> tuple[str, ...]:
    """The columns that tell the rows of a table apart."""
    return _KEYS[table]


def named(table: str) -> str:
    """SQL for the name of a row `t` of a table."""
    return " || ', ' || ".join(_in_words(table, column) for column in _KEYS[table])


def _in_words(table: str, column: str) -> str:
    own = f"'{table} ' || {{0}}" if column == "id" else f"'{column} ' || {{0}}"
    words = _OWN_ID.get(table, own) if column == "id" else _REFERENCES.get(column, own)
    return words.format(f"t.{column}")


def _keys(model: type[Table]) -> tuple[str, ...]:
    key: Any = model._meta.primary_key
    names = getattr(key, "field_names", None) or (key.name,)  # of one column, or of several
    return tuple(model._meta.fields[name].column_name for name in names)


_KEYS = {model._meta.table_name: _keys(model) for model in TABLES}
