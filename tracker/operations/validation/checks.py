"""A check: one row that says what is looked for, how, and what to do about what it finds.

Checks read a copy of the database (see `copying`), so that one may take its time, and may judge
everything again in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.operations.validation.findings import EXAMPLES, Kind, Severity
from tracker.operations.validation.naming import named
from tracker.operations.validation.site import Site
from tracker.store.sql import Row, run

_AT_ONCE = 2_000  # texts in memory at a time


@dataclass(frozen=True)
class Scene:
    """What the checks look at beside the copy, which is the open store.

    `now` is in ms; `counts` are the rows of each table. The bytes of reports of builds that began
    before `kept_since` (ms) may have been let go; `is_thorough` asks for reading all others, and
    the site, instead of a sample. `own` is how names of the team's own code begin.
    """

    now: int
    spool: Path
    site: Site | None
    counts: Mapping[str, int]
    kept_since: int = 0
    is_thorough: bool = False
    own: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """What a check saw: so many rows, so many of them wrong, some as examples in words."""

    looked: int
    found: int = 0
    examples: tuple[str, ...] = ()


Looking = Callable[[Scene], Look]


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong.

    `id` begins with its kind; `sentence` names what is looked for, as `Results of no build`. What
    `is_ground` is read when everything is judged again: where it is broken that is left out.
    What `is_derived` can be looked for only after that. One that looks `beside` the copy sees what
    others changed since the copy was made.
    """

    id: str
    sentence: str
    remedy: str
    look: Looking
    severity: Severity = Severity.ERROR
    is_ground: bool = False
    is_derived: bool = False
    beside: bool = False

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return Kind(self.id.partition(".")[0])


def seen(looked: int, examples: Iterable[str]) -> Look:
    """What was looked at, and what is wrong with it, each in words."""
    wrong = list(examples)
    return Look(looked, len(wrong), tuple(wrong[:EXAMPLES]))


def rows_where(table: str, condition: str, *, tell: str = "''") -> Looking:
    """Look for rows `t` of a table that a condition in SQL holds for; `?1` in it is now.

    `tell` is SQL for what to say of such a row beside its name.
    """

    def look(scene: Scene) -> Look:
        wrong = f"FROM {table} t WHERE {condition}"
        return counted(scene, scene.counts[table], f"{named(table)} || {tell}", wrong)

    return look


def rows_of(of: str, statement: str) -> Looking:
    """Look for the rows that a statement gives, whose first column is said of them.

    They are counted among those of the table `of`.
    """

    def look(scene: Scene) -> Look:
        return counted(scene, scene.counts[of], "*", f"FROM ({statement})")

    return look


def rows_by_id(table: str, columns: str) -> Iterator[Row]:
    """Name and columns of all rows `t` of a table with numbers for ids, some at a time."""
    statement = (
        f"SELECT t.id, {named(table)}, {columns} FROM {table} t WHERE t.id > ?"
        f" ORDER BY t.id LIMIT {_AT_ONCE}"
    )
    last = -(2**63)
    while rows := run(statement, last):
        yield from (row[1:] for row in rows)
        last = rows[-1][0]


def counted(scene: Scene, looked: int, what: str, wrong: str) -> Look:
    """The first rows of `wrong`, and how many there are: where nothing is wrong it is read once."""
    now: tuple[Any, ...] = (scene.now,) if "?1" in wrong else ()
    rows = run(f"SELECT {what} {wrong} LIMIT {EXAMPLES}", *now)
    if not rows:
        return Look(looked)
    [(found,)] = run(f"SELECT count(*) {wrong}", *now)
    return Look(looked, found, tuple(str(row[0]) for row in rows))
