"""Export everything that was recorded, as JSON Lines: what it says is in `records`.

One build is read at a time, each as it is at one moment: memory is that of the largest build, and
no snapshot is held while a slow reader takes the lines.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

import tracker
from tracker.clock import SECOND
from tracker.operations.export import records
from tracker.operations.export.build import build_records
from tracker.operations.export.families import family_records
from tracker.operations.export.selection import ALL, Selection, importable_builds, selected_jobs
from tracker.operations.export.verdicts import verdict_records
from tracker.store.connection import reading
from tracker.store.models import table_called
from tracker.store.rows import with_flags
from tracker.store.sql import run

_ENCODER = msgspec.json.Encoder(order="deterministic")
# Tables of the catalogue, in the order in which they refer to one another.
CATALOGUE = ("release", "test_metadata", "known_issue", "known_issue_link")
# What a reference is called in an export, and where its name is found.
REFERENCES = {"issue_id": ("known_issue", "key")}


def lines(selection: Selection, *, now: int) -> Iterator[bytes]:
    """The lines of an export made at a time (ms), each with its end."""
    builds = results = 0
    yield from _section(_head(selection, now))
    jobs = selected_jobs(selection)
    if families := family_records(None if selection.jobs == ALL else [each for each, _ in jobs]):
        yield from _section(families)
    for job_id, name in jobs:
        yield from _section([_job(job_id)])
        for build in importable_builds(job_id, selection):
            found = build_records(name, build)
            builds, results = builds + 1, results + len(found.results)
            yield from _section([found.build, *found.reports, *found.suite_runs, *found.results])
        if selection.since is None and (verdicts := verdict_records(job_id, name)):
            yield from _section(verdicts)
    yield from _section([records.End(builds=builds, results=results)])


def _section(found: Iterable[records.Record]) -> Iterator[bytes]:
    crc = count = 0
    for record in found:
        line = _ENCODER.encode(record) + b"\n"
        crc, count = zlib.crc32(line, crc), count + 1
        yield line
    yield _ENCODER.encode(records.Sum(lines=count, crc=crc)) + b"\n"


def _head(selection: Selection, now: int) -> Iterator[records.Record]:
    yield records.Export(
        schema=records.SCHEMA,
        tracker=tracker.__version__,
        made=f"{datetime.fromtimestamp(now // SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}",
        jobs=selection.jobs,
        since=selection.since,
    )
    with reading():
        rules = run("SELECT kind, pattern, value FROM rule ORDER BY id")
        facts = [fact for table in CATALOGUE for fact in _facts(table)]
    yield from (records.Rule(of=row[0], pattern=row[1], value=row[2]) for row in rules)
    yield from facts


def _facts(table: str) -> Iterator[records.Fact]:
    """The rows of a table of the catalogue; what they refer to is called by its name."""
    names = columns_of(table)
    selected = ", ".join(_named(name) for name in names)
    for row in run(f"SELECT {selected} FROM {table} t ORDER BY 1, 2"):
        values = with_flags(table, dict(zip(names, row, strict=True)))
        yield records.Fact(table=table, values=values)


def columns_of(table: str) -> Sequence[str]:
    """The columns of a table that an export has: all but the number of a row."""
    names = [field.column_name for field in table_called(table)._meta.sorted_fields]
    return [name for name in names if name != "id"]


def _named(column: str) -> str:
    if column not in REFERENCES:
        return f"t.{column}"
    table, name = REFERENCES[column]
    return f"(SELECT {name} FROM {table} r WHERE r.id = t.{column})"


def _job(job_id: int) -> records.Job:
    with reading():
        [row] = run(
            "SELECT name, jenkins_name, url, kind, standing, standing_since, release, module,"
            " platform, branch, budget FROM job WHERE id = ?",
            job_id,
        )
        former = run("SELECT name, until FROM former WHERE job_id = ? ORDER BY name", job_id)
        given = run("SELECT release, module FROM given_parts WHERE job_id = ?", job_id)
    told: dict[str, Any] = dict(zip(_JOB, row, strict=True))
    return records.Job(**told, former=tuple(former), given=given[0] if given else None)


_JOB = (
    "name",
    "jenkins_name",
    "url",
    "type",
    "standing",
    "standing_since",
    "release",
    "module",
    "platform",
    "branch",
    "budget",
)
