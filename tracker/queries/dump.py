"""The canonical state: everything recorded and derived, as sorted lines of JSON.

No ids of the database, no arrival times, no revisions: two databases that were told the same, in
whatever order and however often, give the same bytes. A result has its report and its place there,
since the causes of missing cases are derived from them; both are null where they were not kept yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tracker.queries.catalogue_rows import catalogue_rows, named
from tracker.queries.select import select, snapshot
from tracker.store.identity import key
from tracker.store.models import LACK_COUNTS, RESULT_COUNTS, VERDICT_COUNTS
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
            for row in _episodes(job_id):
                yield _line("episode", job=job, **row)
            for row in _break_windows(job_id):
                yield _line("break window", job=job, **row)
            for row in _paces(job_id):
                yield _line("pace", job=job, **row)
        for kind, row in catalogue_rows():
            yield _line(kind, **row)


def _line(kind: str, **values: Any) -> str:
    return _ENCODER.encode({"kind": kind, **values}).decode()


# What of a build is derived, or counted from its results.
COUNTS = (*RESULT_COUNTS, *VERDICT_COUNTS, *LACK_COUNTS, "shortfall", "judging", "lifted")
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
    *COUNTS,
    "damaged",
)


def _builds(job_id: int) -> list[dict[str, Any]]:
    rows = select(
        f"SELECT {', '.join(_BUILD)} FROM build WHERE job_id = ? ORDER BY epoch, number",
        job_id,
    )
    return [named(_BUILD, row) for row in rows]


def _below(build_id: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind, rows in _BELOW:
        for row in rows(build_id):
            yield kind, row


_REPORT = (
    "name",
    "sha256",
    "bytes",
    "variant",
    "format",
    "parser_version",
    "cases",
    "recovered",
    "failure",
    "archive",
    "warnings",
)


def _reports(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        f"SELECT {', '.join(_REPORT)} FROM report WHERE build_id = ? ORDER BY name", build_id
    )
    for row in rows:
        yield named(_REPORT, row)


def _results(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT c.id, s.path, c.name, c.variant, r.status, r.duration, f.type, f.message, f.trace,"
        " d.data, p.name, r.place FROM result r JOIN test_case c ON c.id = r.case_id"
        " JOIN suite s ON s.id = c.suite_id"
        " LEFT JOIN report p ON p.build_id = r.build_id AND p.n = r.report"
        " LEFT JOIN failure f ON f.id = r.failure_id LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE r.build_id = ? ORDER BY r.case_id",
        build_id,
    )
    names = "key suite name variant status duration type message trace details report place"
    for row in rows:
        values = (key(row[0]), *row[1:4], Status(row[4]).word, *row[5:])
        yield dict(zip(names.split(), values, strict=True))


def _attempts(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT a.case_id, a.n, a.status, a.duration, f.message, f.trace FROM attempt a"
        " LEFT JOIN failure f ON f.id = a.failure_id WHERE a.build_id = ?"
        " ORDER BY a.case_id, a.n",
        build_id,
    )
    for case, n, status, duration, message, trace in rows:
        yield {
            "key": key(case),
            "n": n,
            "status": Status(status).word,
            "duration": duration,
            "message": message,
            "trace": trace,
        }


def _outputs(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT case_id, stdout, stderr FROM output WHERE build_id = ? ORDER BY case_id", build_id
    )
    for case, stdout, stderr in rows:
        yield {"key": key(case), "stdout": stdout, "stderr": stderr}


def _suite_runs(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT s.path, r.variant, d.data, r.stdout, r.stderr FROM suite_run r"
        " JOIN suite s ON s.id = r.suite_id LEFT JOIN detail d ON d.id = r.detail_id"
        " WHERE r.build_id = ? ORDER BY r.suite_id, r.variant",
        build_id,
    )
    for row in rows:
        yield dict(zip(("suite", "variant", "details", "stdout", "stderr"), row, strict=True))


def _losses(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT n, cause, about, sentence, cases FROM loss WHERE build_id = ? ORDER BY n", build_id
    )
    for row in rows:
        yield dict(zip(("n", "cause", "about", "sentence", "cases"), row, strict=True))


def _absences(build_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT a.case_id, l.cause, l.about, a.n, a.sentence, a.other_case, a.is_certain"
        " FROM absence a JOIN loss l ON l.build_id = a.build_id AND l.n = a.n"
        " WHERE a.build_id = ? ORDER BY a.case_id",
        build_id,
    )
    for case, cause, about, n, sentence, other, sure in rows:
        yield {
            "key": key(case),
            "cause": cause,
            "about": about,
            "loss": n,
            "sentence": sentence,
            "other": None if other is None else key(other),
            "is_certain": bool(sure),
        }


# What stands below a build, in the order in which it is told.
_BELOW: tuple[tuple[str, Callable[[int], Iterator[dict[str, Any]]]], ...] = (
    ("report", _reports),
    ("result", _results),
    ("attempt", _attempts),
    ("output", _outputs),
    ("suite_run", _suite_runs),
    ("loss", _losses),
    ("absence", _absences),
)


def _episodes(job_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT e.case_id, e.state, a.epoch, a.number, z.epoch, z.number, s.epoch, s.number,"
        " e.was_unsteady, e.evidence FROM episode e JOIN build a ON a.id = e.from_build"
        " LEFT JOIN build z ON z.id = e.until_build LEFT JOIN build s ON s.id = e.since_build"
        " WHERE e.job_id = ? ORDER BY e.case_id, a.epoch, a.number",
        job_id,
    )
    for case, state, from_epoch, began, until_epoch, ended, since_epoch, since, *rest in rows:
        flaky, why = rest
        yield {
            "key": key(case),
            "state": state,
            "from": [from_epoch, began],
            "until": None if ended is None else [until_epoch, ended],
            "since": None if since is None else [since_epoch, since],
            "was_unsteady": bool(flaky),
            "evidence": why,
        }


def _break_windows(job_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT w.case_id, b.epoch, b.number, s.epoch, s.number, w.found FROM break_window w"
        " JOIN build b ON b.id = w.build_id JOIN build s ON s.id = w.since_build"
        " WHERE w.job_id = ? ORDER BY w.case_id, b.epoch, b.number",
        job_id,
    )
    for case, epoch, number, since_epoch, since, found in rows:
        yield {
            "key": key(case),
            "build": [epoch, number],
            "since": [since_epoch, since],
            "found": found,
        }


def _paces(job_id: int) -> Iterator[dict[str, Any]]:
    rows = select(
        "SELECT p.case_id, p.pace, p.factor, a.epoch, a.number, z.epoch, z.number, p.evidence"
        " FROM pace p JOIN build a ON a.id = p.from_build"
        " LEFT JOIN build z ON z.id = p.until_build"
        " WHERE p.job_id = ? ORDER BY p.case_id, a.epoch, a.number",
        job_id,
    )
    for case, pace, factor, from_epoch, began, until_epoch, ended, why in rows:
        yield {
            "key": key(case),
            "pace": pace,
            "factor": factor,
            "from": [from_epoch, began],
            "until": None if ended is None else [until_epoch, ended],
            "evidence": why,
        }
