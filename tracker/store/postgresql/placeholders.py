"""Statements as psycopg has them: `?` becomes `%s`, `?1` `%(p1)s`, and `%` stands for itself.

`CROSS JOIN … ON` and `INDEXED BY …`, by which SQLite is told the order of tables and their index,
say nothing to PostgreSQL: it knows how many rows there are.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

_PART = re.compile(r"'(?:[^']|'')*'|\?(\d*)|%|CROSS (?=JOIN \w+ \w+ ON\b)| INDEXED BY \w+")
Given = Callable[[Sequence[Any]], Any]


@functools.lru_cache(maxsize=2048)
def marked(statement: str, number: int) -> tuple[str, Given]:
    """The statement with its marks, and what its `number` parameters are given as."""
    text = _PART.sub(_mark, statement)
    return (text, _by_name if number and "%(p" in text else tuple)


def _mark(found: re.Match[str]) -> str:
    part = found[0]
    if part[0] in "C ":
        return ""
    if part[0] != "?":
        return part.replace("%", "%%")
    return f"%(p{found[1]})s" if found[1] else "%s"


def _by_name(parameters: Sequence[Any]) -> dict[str, Any]:
    return {f"p{place}": value for place, value in enumerate(parameters, 1)}
