"""The canonical state: everything recorded and derived, as sorted lines of JSON.

No ids of the database, no arrival times, no revisions: two databases that were told the same, in
whatever order and however often, give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tracker.queries.rows import select, snapshot
from tracker.store.identity import key
from tracker.verdicts.outcomes import Status

_ENCODER = msgspec.json.Encoder(order="deterministic")


def lines() -> Iterator[str]:
    """One JSON object a line: builds in order, each followed by its reports and results."""
    with snapshot():
        jobs = select("SELECT id, name FROM job ORDER BY name")
        for job_id, job in jobs:
            yield _line("job", name=job)
            for build in _builds(job_id):
                yield _line("build", job=job, **{k: v for k, v in build.items() if k != "id"})
                where = {"job": job, "build": build["number"], "epoch": build["epoch"]}
                for kind, row in _below(build["id"]):
                    yield _line(kind, **where, **row)
            for row in _streaks(job_id):
                yield _line("streak", job=job, **row)


def _line(kind: str, **values: Any) -> str:
    return _ENCODER.encode({"kind": kind, **values}).decode()


_BUILD = (
    "id",
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
    "total",
    "passed",
    "failed",
    "error",
    "skipped",
    "unknown",
    "regressions",
    "new_failures",
    "fixed",
    "damaged",
)


def _builds(job_id: int) -> list[dict[str, Any]]:
    rows = select(
        f"SELECT {', '.join(_BUILD)} FROM build WHERE job_id = ? ORDER BY epoch, number",
        job_id,
    )
    return [dict(zip(_BUILD, row, strict=True)) for row in rows]


def _below(build_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    reports = select(
        "SELECT name, sha256, bytes, variant, format, parser_version, cases, recovered, failure,"
        " archive, warnings FROM report WHERE build_id = ? ORDER BY name",
        build_id,
    )
    names = (
        "name sha256 bytes variant format parser_version cases recovered failure archive warnings"
    )
    for row in reports:
        yield "report", dict(zip(names.split(), row, strict=True))
    results = select(
        "SELECT c.id, s.path, c.name, c.variant, r.status, r.duration, f.type, f.message, f.trace,"
        " d.data FROM result r JOIN test_case c ON c.id = r.case_id"
        " JOIN suite s ON s.id = c.suite_id"
        " LEFT JOIN failure f ON f.id = r.failure_id LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE r.build_id = ? ORDER BY r.case_id",
        build_id,
    )
    names = "key suite name variant status duration type message trace details"
    for row in results:
        values = (key(row[0]), *row[1:4], Status(row[4]).word, *row[5:])
        yield "result", dict(zip(names.split(), values, strict=True))
    attempts = select(
        "SELECT a.case_id, a.n, a.status, a.duration, f.message, f.trace FROM attempt a"
        " LEFT JOIN failure f ON f.id = a.failure_id WHERE a.build_id = ?"
        " ORDER BY a.case_id, a.n",
        build_id,
    )
    for case, n, status, duration, message, trace in attempts:
        yield (
            "attempt",
            {
                "key": key(case),
                "n": n,
                "status": Status(status).word,
                "duration": duration,
                "message": message,
                "trace": trace,
            },
        )
    outputs = select(
        "SELECT case_id, stdout, stderr FROM output WHERE build_id = ? ORDER BY case_id", build_id
    )
    for case, stdout, stderr in outputs:
        yield "output", {"key": key(case), "stdout": stdout, "stderr": stderr}
    runs = select(
        "SELECT s.path, r.variant, d.data, r.stdout, r.stderr FROM suite_run r"
        " JOIN suite s ON s.id = r.suite_id LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE r.build_id = ? ORDER BY r.suite_id, r.variant",
        build_id,
    )
    for row in runs:
        yield (
            "suite_run",
            dict(zip(("suite", "variant", "details", "stdout", "stderr"), row, strict=True)),
        )


def _streaks(job_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT k.case_id, a.epoch, a.number, z.epoch, z.number, k.regression FROM streak k"
        " JOIN build a ON a.id = k.first_build LEFT JOIN build z ON z.id = k.fixed_build"
        " WHERE k.job_id = ? ORDER BY k.case_id, a.epoch, a.number",
        job_id,
    )
    for case, first_epoch, first, fixed_epoch, fixed, regression in rows:
        yield {
            "key": key(case),
            "first": [first_epoch, first],
            "fixed": None if fixed is None else [fixed_epoch, fixed],
            "regression": bool(regression),
        }
