"""Numbers and times that no row may have: out of range, in another unit, of another type."""

from __future__ import annotations

from tracker.clock import DAY
from tracker.operations.validation.checks import Check, rows_where
from tracker.operations.validation.findings import Severity
from tracker.operations.validation.remedies import remedy_of
from tracker.store.judging import LEAST_BUDGET, MOST_BUDGET
from tracker.store.models import LACK_COUNTS, RESULT_COUNTS, VERDICT_COUNTS
from tracker.verdicts.outcomes import Status

# 2000 to 2100, in ms: a time in seconds, or in microseconds, is outside of it.
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000
_LONGEST = 366 * DAY


def _number(
    id: str, sentence: str, table: str, condition: str, column: str, *, is_ground: bool = False
) -> Check:
    return Check(
        f"integrity.values.{id}",
        sentence,
        remedy_of(table),
        rows_where(table, condition, tell=f"': ' || coalesce(t.{column}, 'nothing')"),
        is_ground=is_ground,
    )


def _no_number(column: str, low: int, high: int) -> str:
    return (
        f"(t.{column} IS NOT NULL"
        f" AND (typeof(t.{column}) <> 'integer' OR t.{column} NOT BETWEEN {low} AND {high}))"
    )


_STATUS = _no_number("status", 0, max(Status))
_DURATION = _no_number("duration", 0, _LONGEST)
_COUNTS = (*(*RESULT_COUNTS, "damaged", *VERDICT_COUNTS, *LACK_COUNTS),)
_LEAST = "min({})".format(", ".join(f"t.{name}" for name in _COUNTS))
_FLAGS = " OR ".join(f"t.{name} NOT IN (0, 1)" for name in ("complete", "gone", "lifted", "kept"))

NUMBERS = (
    _number(
        "result.status",
        "Results whose status is none",
        "result",
        f"t.status <> 0 AND {_STATUS}",  # by the index of what did not pass
        "status",
        is_ground=True,
    ),
    _number(
        "result.duration",
        "Results with a duration below 0 or over a year",
        "result",
        _DURATION,
        "duration",
        is_ground=True,
    ),
    _number(
        "result.place",
        "Results with a place below 0 in their report",
        "result",
        "t.place < 0",
        "place",
    ),
    _number(
        "attempt.status",
        "Attempts whose status is none",
        "attempt",
        f"t.status IS NULL OR {_STATUS}",
        "status",
        is_ground=True,
    ),
    _number(
        "attempt.duration",
        "Attempts with a duration below 0 or over a year",
        "attempt",
        _DURATION,
        "duration",
    ),
    _number(
        "attempt.n",
        "Attempts whose number is not the next one of their case in their build",
        "attempt",
        "t.n < 1 OR t.n > (SELECT count(*) FROM attempt o WHERE o.build_id = t.build_id"
        " AND o.case_id = t.case_id)",
        "n",
    ),
    _number("build.number", "Builds with a number below 1", "build", "t.number < 1", "number"),
    _number(
        "build.epoch",
        "Builds in an epoch that cannot be",
        "build",
        "t.epoch < 0 OR t.epoch > 0"
        " AND t.epoch > (SELECT count(*) FROM build o WHERE o.job_id = t.job_id)",
        "epoch",
        is_ground=True,
    ),
    _number("build.counts", "Builds with a count below 0", "build", f"{_LEAST} < 0", "total"),
    _number("build.flags", "Builds with a flag that says neither", "build", _FLAGS, "complete"),
    _number(
        "build.duration",
        "Builds with a duration below 0 or over a year",
        "build",
        _DURATION,
        "duration",
    ),
    _number(
        "build.started",
        "Builds that started before 2000 or after 2100: the time is not in ms",
        "build",
        _no_number("started", _EARLIEST, _LATEST),
        "started",
    ),
    _number(
        "build.heard",
        "Builds heard of before 1970 or after 2100",
        "build",
        f"t.heard IS NULL OR {_no_number('heard', 0, _LATEST)}",
        "heard",
    ),
    _number(
        "build.let_go",
        "Builds whose results were let go at no time, or though they are kept",
        "build",
        f"t.let_go IS NOT NULL AND (t.kept OR {_no_number('let_go', 0, _LATEST)})",
        "let_go",
    ),
    _number(
        "job.budget",
        "Jobs with a budget of false alarms that is none",
        "job",
        f"typeof(t.budget) NOT IN ('real', 'integer')"
        f" OR t.budget NOT BETWEEN {LEAST_BUDGET} AND {MOST_BUDGET}",
        "budget",
        is_ground=True,
    ),
    _number(
        "report.sha256",
        "Reports with a digest that is no SHA-256",
        "report",
        "t.sha256 <> '' AND (length(t.sha256) <> 64 OR t.sha256 GLOB '*[^0-9a-f]*')"
        " OR t.archive <> '' AND (length(t.archive) <> 64 OR t.archive GLOB '*[^0-9a-f]*')",
        "sha256",
    ),
    _number(
        "report.bytes",
        "Reports with a size, a place or a count of cases below 0",
        "report",
        "min(t.bytes, t.cases, t.n, t.parser_version) < 0",
        "bytes",
    ),
    _number(
        "pace.factor",
        "Cases slower or faster by no factor",
        "pace",
        "t.factor IS NULL OR t.factor <= 0",
        "factor",
    ),
    _number(
        "token.digest",
        "Tokens whose digest is no SHA-256",
        "token",
        "length(t.digest) <> 64 OR t.digest GLOB '*[^0-9a-f]*'",
        "name",
    ),
    _number(
        "token.revoked",
        "Tokens that were revoked before they were made",
        "token",
        "t.revoked < t.created",
        "name",
    ),
    _number("counter", "Counters below 0", "counter", "t.value IS NULL OR t.value < 0", "value"),
    Check(
        "integrity.values.work",
        "Tasks with tries, requests or claims that cannot be",
        "Nothing is lost: the worker asks for what is missing when it starts.",
        rows_where("work", "t.tries < 0 OR t.asked < 1 OR t.fence < 0 OR t.due < 0"),
        Severity.WARNING,
    ),
)
