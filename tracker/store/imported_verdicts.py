"""Verdicts from an export that nobody can derive again, since results they rest on were let go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import DataError, IntegrityError

from tracker.store.connection import writing
from tracker.store.identity import twin
from tracker.store.judging import BEGINNING
from tracker.store.models import Job, table_called
from tracker.store.outcomes import Order
from tracker.store.rejudging import wait_from
from tracker.store.retention import place_to_judge_from
from tracker.store.revisions import raise_revision
from tracker.store.rows import with_flags
from tracker.store.sql import IN, listed, run, run_many
from tracker.store.work import ask_judging

_BUILDS = frozenset({"build_id", "from_build", "until_build", "since_build"})


@dataclass(frozen=True)
class NamedCase:
    """A case with its suite's id and path."""

    id: int
    suite: int
    path: str
    name: str
    variant: str


@dataclass(frozen=True)
class FinalVerdicts:
    """What was said of the builds of a job before `judged_from`, and of those that were let go.

    Where that is None, all builds can be judged again.

    counts   columns of these builds
    let_go   when the results of some of them were (ms)
    cases    the cases that the rows are about
    rows     for each table its rows by column; builds in them are (epoch, number)
    came     for each table the column with the build that a row came with
    """

    job: str
    judged_from: Order | None
    counts: Mapping[Order, Mapping[str, Any]]
    let_go: Mapping[Order, int]
    cases: Sequence[NamedCase]
    rows: Mapping[str, Sequence[Mapping[str, Any]]]
    came: Mapping[str, str]


def put_verdicts(told: FinalVerdicts, *, now: int) -> bool:
    """Put them in the place of what the builds without their results seem to say.

    The later builds are judged again by the worker. False, and nothing is changed, where the job
    has results here of a build that was let go there, or let go of its own. ValueError for rows
    that a table cannot have.
    """
    with writing():
        job = Job.get(Job.name == told.job)
        places: dict[Order, int] = {
            (epoch, number): build
            for build, epoch, number in run(
                "SELECT id, epoch, number FROM build WHERE job_id = ?", job.id
            )
        }
        if job.judged_from is not None or not _fits(told, places):
            return False
        _put_names(told.cases)
        _put_counts(told, places)
        if told.judged_from is not None:
            run("UPDATE job SET judged_from = ? WHERE id = ?", places[told.judged_from], job.id)
            first = place_to_judge_from(job.id, BEGINNING).order
            for table, column in told.came.items():
                _put_rows(job.id, table, column, told, places, first)
            wait_from(job.id, first)
            ask_judging(job.name, now=now)
        raise_revision(job.id)
        return True


def _fits(told: FinalVerdicts, places: Mapping[Order, int]) -> bool:
    """Whether all builds are here, and no results of those that were let go."""
    if not {*filter(None, [told.judged_from]), *told.counts} <= places.keys():
        return False
    without = listed(places[where] for where in told.let_go)
    return not run(
        f"SELECT 1 FROM build WHERE total > 0 AND id IN {IN} LIMIT 1",
        without,
    )


def _put_names(cases: Sequence[NamedCase]) -> None:
    run_many(
        "INSERT INTO suite (id, path) VALUES (?, ?) ON CONFLICT DO NOTHING",
        sorted({(each.suite, each.path) for each in cases}),
    )
    run_many(
        "INSERT INTO test_case (id, suite_id, name, variant, twin) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(each.id, each.suite, each.name, each.variant, twin(each.name)) for each in cases],
    )


def _put_counts(told: FinalVerdicts, places: Mapping[Order, int]) -> None:
    for where, counts in told.counts.items():
        sets = ", ".join(f"{name} = ?" for name in counts)
        given = with_flags("build", counts)
        run(f"UPDATE build SET {sets} WHERE id = ?", *given.values(), places[where])
    run_many(
        "UPDATE build SET let_go = ?, clustered = CASE WHEN failed + error > 0"
        " THEN coalesce(changed, 0) ELSE -1 END WHERE id = ?",
        [(at, places[where]) for where, at in told.let_go.items()],
    )


def _put_rows(
    job_id: int,
    table: str,
    column: str,
    told: FinalVerdicts,
    places: Mapping[Order, int],
    first: Order,
) -> None:
    before = [build for where, build in places.items() if where < first]
    run(
        f"DELETE FROM {table} WHERE {column} IN {IN}",
        listed(before),
    )
    own = {name: value for name, value in (("job_id", job_id), ("said", 0)) if _has(table, name)}
    for row in told.rows.get(table, ()):
        values = {
            name: places.get(value) if name in _BUILDS and value is not None else value
            for name, value in row.items()
        }
        values = with_flags(table, values | own)
        names, marks = ", ".join(values), ", ".join("?" for _ in values)
        try:
            run(f"INSERT INTO {table} ({names}) VALUES ({marks})", *values.values())
        except (IntegrityError, DataError) as error:
            raise ValueError(f"a row of {table} cannot be kept: {error}") from error


def _has(table: str, column: str) -> bool:
    return any(field.column_name == column for field in table_called(table)._meta.sorted_fields)
