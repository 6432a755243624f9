"""What was derived from results that were let go: nobody can derive it again from an export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tracker.operations.export import records
from tracker.operations.export.build import suite_key
from tracker.queries.dump import COUNTS
from tracker.store.connection import reading
from tracker.store.identity import key
from tracker.store.judging import BEGINNING
from tracker.store.outcomes import Order
from tracker.store.retention import place_to_judge_from
from tracker.store.rows import with_flags
from tracker.store.sql import Row, run

# Tables of what was derived: their columns, and the one with the build that a row came with.
DERIVED = {
    "episode": (
        (
            "case_id",
            "from_build",
            "until_build",
            "state",
            "since_build",
            "was_unsteady",
            "evidence",
        ),
        "from_build",
    ),
    "break_window": (("case_id", "build_id", "since_build", "found"), "build_id"),
    "pace": (("case_id", "from_build", "until_build", "pace", "factor", "evidence"), "from_build"),
    "loss": (("build_id", "n", "cause", "about", "sentence", "cases"), "build_id"),
    "absence": (
        ("build_id", "case_id", "n", "sentence", "other_case", "is_certain"),
        "build_id",
    ),
    "last_pass": (("case_id", "build_id"), "build_id"),
}
BUILDS = frozenset({"build_id", "from_build", "until_build", "since_build"})
CASES = frozenset({"case_id", "other_case"})
_BEFORE = "(SELECT id FROM build WHERE job_id = ?1 AND (epoch, number) < (?2, ?3))"


def verdict_records(job_id: int, job: str) -> list[records.Record]:
    """What was said of the builds that are judged no more; empty where there are none."""
    with reading():
        places = run(
            "SELECT f.epoch, f.number FROM job j JOIN build f ON f.id = j.judged_from"
            " WHERE j.id = ?",
            job_id,
        )
        first = place_to_judge_from(job_id, BEGINNING).order
        builds = tuple(_builds(job_id, first))
        if not builds:
            return []
        derived = [row for table in DERIVED for row in _rows(job_id, first, table)]
        judged_from = places[0] if places else None
        head = records.Verdicts(job=job, judged_from=judged_from, builds=builds)
        return [head, *_cases(derived), *derived]


def _builds(job_id: int, first: Order) -> Iterator[tuple[int, int, dict[str, Any], int | None]]:
    rows = run(
        f"SELECT epoch, number, let_go, {', '.join(COUNTS)} FROM build"
        f" WHERE job_id = ?1 AND (id IN {_BEFORE} OR let_go IS NOT NULL) ORDER BY epoch, number",
        job_id,
        *first,
    )
    for epoch, number, let_go, *counts in rows:
        yield epoch, number, with_flags("build", dict(zip(COUNTS, counts, strict=True))), let_go


def _rows(job_id: int, first: Order, table: str) -> Iterator[records.Derived]:
    columns, with_build = DERIVED[table]
    selected = ", ".join(_spelt(name) for name in columns)
    # By the numbers of the key: a text is sorted as the server was set up, in which `_spelt` gives
    # numbers of builds, and an empty value is first in one database and last in the other.
    numbered = "case_id" if "case_id" in columns else "n"
    rows: list[Row] = run(
        f"SELECT {selected} FROM {table} t JOIN build came ON came.id = t.{with_build}"
        f" WHERE t.{with_build} IN {_BEFORE} ORDER BY came.epoch, came.number, t.{numbered}",
        job_id,
        *first,
    )
    for row in rows:
        told = {name: _told(name, value) for name, value in zip(columns, row, strict=True)}
        yield records.Derived(table=table, values=with_flags(table, told))


def _spelt(name: str) -> str:
    if name in BUILDS:
        return (
            f"(SELECT json_array(b.epoch, b.number) FROM build b WHERE b.id = t.{name}) AS {name}"
        )
    return f"t.{name} AS {name}"


def _told(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in BUILDS:
        return msgspec.json.decode(value)
    return key(value) if name in CASES else value


def _cases(derived: list[records.Derived]) -> list[records.Case]:
    told = (row.values[name] for row in derived for name in CASES & row.values.keys())
    ids = sorted({int(str(each), 16) for each in told if each is not None})
    found = []
    for at in range(0, len(ids), 10_000):
        some = ",".join(map(str, ids[at : at + 10_000]))
        found += run(
            "SELECT c.id, s.id, s.path, c.name, c.variant FROM json_each(?) v"
            " JOIN test_case c ON c.id = v.value JOIN suite s ON s.id = c.suite_id ORDER BY c.id",
            f"[{some}]",
        )
    return [
        records.Case(
            key=key(case), suite=path, suite_key=suite_key(suite, path), name=name, variant=variant
        )
        for case, suite, path, name, variant in found
    ]
