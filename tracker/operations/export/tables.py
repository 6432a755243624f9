"""What was recorded as flat tables, for spreadsheets and data frames: TABLES has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tracker.operations.export.selection import Selection, selected_builds, selected_jobs
from tracker.queries.build_labels import label_of
from tracker.queries.columns import at
from tracker.store.connection import reading
from tracker.store.episodes import sentence_of
from tracker.store.identity import SUITE_JOINT, SUITE_SEPARATOR, key
from tracker.store.models import LACK_COUNTS, RESULT_COUNTS, VERDICT_COUNTS
from tracker.store.sql import Row, run
from tracker.verdicts.outcomes import Status

_WORDS = {int(status): status.word for status in Status}


@dataclass(frozen=True)
class Table:
    """A table: its columns with their types, and the rows of one job's builds that are selected.

    Types are `text`, `integer`, `seconds` (a number), `time` (RFC 3339 in UTC) and `flag`.
    """

    columns: tuple[tuple[str, str], ...]
    rows: Callable[[int, str, list[int]], Iterator[tuple[Any, ...]]]


def rows(table: Table, selection: Selection) -> Iterator[tuple[Any, ...]]:
    """All rows of a table, by job and build."""
    for job_id, job in selected_jobs(selection):
        yield from table.rows(job_id, job, selected_builds(job_id, selection))


def _results(_job_id: int, job: str, builds: list[int]) -> Iterator[tuple[Any, ...]]:
    for build in builds:
        for row in _read(_RESULTS, build):
            label, started, case, suite, name, variant, status, duration, kind, message = row
            yield (
                *(job, label, _time(started), key(case), _suite(suite), name, variant),
                *(_WORDS[status], _seconds(duration), kind, message),
            )


_RESULTS = (
    f"SELECT {label_of('b')}, b.started, c.id, s.path, c.name, c.variant, r.status, r.duration,"
    " coalesce(f.type, ''), coalesce(f.message, '') FROM build b"
    " JOIN result r ON r.build_id = b.id JOIN test_case c ON c.id = r.case_id"
    " JOIN suite s ON s.id = c.suite_id LEFT JOIN failure f ON f.id = r.failure_id"
    " WHERE b.id = ? ORDER BY r.case_id"
)


def _builds(_job_id: int, job: str, builds: list[int]) -> Iterator[tuple[Any, ...]]:
    for build in builds:
        for row in _read(_BUILDS, build):
            label, state, result, complete, started, duration, let_go, *rest = row
            yield (
                *(job, label, state, result, bool(complete), _time(started), _seconds(duration)),
                *(_time(let_go), *rest),
            )


_COUNTS = (*RESULT_COUNTS, *VERDICT_COUNTS, *LACK_COUNTS)
_BUILDS = (
    f"SELECT {label_of('b')}, state, coalesce(result, ''), complete, started, duration, let_go,"
    f" branch, commit_id, upstream_job, upstream_number, {', '.join(_COUNTS)}"
    " FROM build b WHERE id = ?"
)


def _verdicts(job_id: int, job: str, builds: list[int]) -> Iterator[tuple[Any, ...]]:
    wanted = set(builds)
    for row in _read(_VERDICTS, job_id):
        began, case, suite, name, variant, state, since, first, until, evidence = row
        if began in wanted:
            yield (
                *(job, key(case), _suite(suite), name, variant, state),
                *(first, since, until, sentence_of(evidence)),
            )


_VERDICTS = (
    "SELECT e.from_build, c.id, s.path, c.name, c.variant, e.state,"
    f" {label_of('n')}, {label_of('a')}, CASE WHEN z.id IS NULL THEN NULL ELSE {label_of('z')} END,"
    " e.evidence FROM episode e JOIN test_case c ON c.id = e.case_id"
    " JOIN suite s ON s.id = c.suite_id JOIN build a ON a.id = e.from_build"
    " LEFT JOIN build z ON z.id = e.until_build LEFT JOIN build n ON n.id = e.since_build"
    " WHERE e.job_id = ? ORDER BY a.epoch, a.number, c.id"
)

TABLES: dict[str, Table] = {
    "results": Table(
        (
            *(("job", "text"), ("build", "text"), ("started", "time"), ("key", "text")),
            *(("suite", "text"), ("name", "text"), ("variant", "text"), ("status", "text")),
            *(("duration", "seconds"), ("type", "text"), ("message", "text")),
        ),
        _results,
    ),
    "builds": Table(
        (
            *(("job", "text"), ("build", "text"), ("state", "text"), ("result", "text")),
            *(("complete", "flag"), ("started", "time"), ("duration", "seconds")),
            *(("let_go", "time"), ("branch", "text"), ("commit", "text")),
            *(("upstream_job", "text"), ("upstream_number", "integer")),
            *((name, "integer") for name in _COUNTS),
        ),
        _builds,
    ),
    "verdicts": Table(
        (
            *(("job", "text"), ("key", "text"), ("suite", "text"), ("name", "text")),
            *(("variant", "text"), ("state", "text"), ("from", "text"), ("since", "text")),
            *(("until", "text"), ("sentence", "text")),
        ),
        _verdicts,
    ),
}


def _read(statement: str, number: int) -> list[Row]:
    with reading():
        return run(statement, number)


def _suite(path: str) -> str:
    return path.replace(SUITE_SEPARATOR, SUITE_JOINT)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _time(milliseconds: int | None) -> str | None:
    found = at(milliseconds)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}Z" if found else None
