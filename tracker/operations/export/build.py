"""One build as records of an export: itself, its reports, its suites and its results."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from tracker.operations.export import records
from tracker.store.connection import reading
from tracker.store.identity import key, number
from tracker.store.sql import Row, run
from tracker.verdicts.outcomes import Status

_WORDS: dict[int, Any] = {int(status): status.word for status in Status}


@dataclass(frozen=True)
class BuildRecords:
    """The records of one build."""

    build: records.Build
    reports: tuple[records.Report, ...]
    suite_runs: tuple[records.SuiteRun, ...]
    results: tuple[records.Result, ...]


def build_records(job: str, build_id: int) -> BuildRecords:
    """A build of a job, as it is at one moment."""
    with reading():
        return BuildRecords(
            _build(job, build_id),
            tuple(_reports(build_id)),
            tuple(_suite_runs(build_id)),
            tuple(_results(build_id)),
        )


def suite_key(suite: int, path: str) -> str | None:
    """The key of a suite whose path does not tell it, since it was too long."""
    return None if number(path) == suite else key(suite)


def _build(job: str, build_id: int) -> records.Build:
    [row] = run(f"SELECT {', '.join(_BUILD)} FROM build WHERE id = ?", build_id)
    told: dict[str, Any] = dict(zip(_BUILD, row, strict=True))
    told["commit"] = told.pop("commit_id")
    for name in ("complete", "gone", "kept"):
        told[name] = bool(told[name])
    return records.Build(job=job, **told)


_BUILD = (
    "number",
    "epoch",
    "state",
    "result",
    "complete",
    "started",
    "duration",
    "url",
    "branch",
    "commit_id",
    "upstream_job",
    "upstream_number",
    "about",
    "gone",
    "heard",
    "kept",
)


def _reports(build_id: int) -> list[records.Report]:
    names = records.Report.__struct_fields__
    rows = run(f"SELECT {', '.join(names)} FROM report WHERE build_id = ? ORDER BY name", build_id)
    return [_report(dict(zip(names, row, strict=True))) for row in rows]


def _report(told: dict[str, Any]) -> records.Report:
    flags = {name: bool(told[name]) for name in ("recovered", "stand_in", "decides")}
    return records.Report(**{**told, **flags})


def _suite_runs(build_id: int) -> list[records.SuiteRun]:
    rows = run(
        "SELECT s.id, s.path, r.variant, d.data, r.stdout, r.stderr FROM suite_run r"
        " JOIN suite s ON s.id = r.suite_id LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE r.build_id = ? ORDER BY r.suite_id, r.variant",
        build_id,
    )
    return [
        records.SuiteRun(
            suite=path,
            suite_key=suite_key(suite, path),
            variant=variant,
            details=details,
            stdout=stdout,
            stderr=stderr,
        )
        for suite, path, variant, details, stdout, stderr in rows
    ]


def _results(build_id: int) -> list[records.Result]:
    names = {suite: (path, suite_key(suite, path)) for suite, path in _suites(build_id)}
    reports: dict[int | None, str] = dict(
        run("SELECT n, name FROM report WHERE build_id = ?", build_id)
    )
    failures = {row[0]: row[1:] for row in run(_FAILURES, build_id, build_id)}
    outputs = {row[0]: row[1:] for row in run(_OUTPUTS, build_id)}
    attempts = _attempts(build_id, failures)
    rows = run(
        "SELECT r.case_id, c.suite_id, c.name, c.variant, r.status, r.duration, r.report, r.place,"
        " r.failure_id, d.data FROM result r JOIN test_case c ON c.id = r.case_id"
        " LEFT JOIN detail d ON d.id = r.detail_id WHERE r.build_id = ? ORDER BY r.case_id",
        build_id,
    )
    return [
        records.Result(
            key=key(case),
            suite=names[suite][0],
            suite_key=names[suite][1],
            name=name,
            variant=variant,
            status=_WORDS[status],
            duration=duration,
            report=reports.get(report, ""),
            place=place,
            failure=failures.get(failure),
            details=details,
            output=outputs.get(case),
            attempts=attempts.get(case, ()),
        )
        for case, suite, name, variant, status, duration, report, place, failure, details in rows
    ]


def _suites(build_id: int) -> list[Row]:
    return run(
        "SELECT id, path FROM suite WHERE id IN (SELECT c.suite_id FROM result r"
        " JOIN test_case c ON c.id = r.case_id WHERE r.build_id = ?)",
        build_id,
    )


_FAILURES = (
    "SELECT id, type, message, trace FROM failure WHERE id IN"
    " (SELECT failure_id FROM result WHERE build_id = ?"
    " UNION SELECT failure_id FROM attempt WHERE build_id = ?)"
)
_OUTPUTS = "SELECT case_id, stdout, stderr FROM output WHERE build_id = ?"


def _attempts(
    build_id: int, failures: dict[int, tuple[Any, ...]]
) -> dict[int, tuple[records.Attempt, ...]]:
    found: dict[int, list[records.Attempt]] = defaultdict(list)
    rows = run(
        "SELECT case_id, status, duration, failure_id FROM attempt WHERE build_id = ?"
        " ORDER BY case_id, n",
        build_id,
    )
    for case, status, duration, failure in rows:
        texts = failures.get(failure, ("", "", ""))
        found[case].append(records.Attempt(_WORDS[status], duration, *texts))
    return {case: tuple(tries) for case, tries in found.items()}
