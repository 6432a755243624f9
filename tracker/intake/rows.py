"""From the records of a plugin to the rows of the store: identity, cut texts, numbered repeats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from tracker.intake.contract import Attempt, Damage, Note, Record, ReportError, Result, Suite
from tracker.intake.text import (
    MESSAGE_LIMIT,
    NAME_LIMIT,
    OUTPUT_LIMIT,
    TRACE_LIMIT,
    cut_end,
    cut_middle,
    storable,
)
from tracker.store import identity
from tracker.store.records import AttemptRow, ResultRow
from tracker.verdicts.outcomes import Status

CASES_LIMIT = 200_000
NOTES_LIMIT = 50
BATCH = 2000
_YEAR_SECONDS = 365 * 86_400

_PASSED = Status.PASSED


class Batch(msgspec.Struct, array_like=True, tag="batch"):
    """Some rows of a report, with the names and texts that they are the first to use."""

    suites: dict[int, str] = {}
    cases: dict[int, tuple[int, str]] = {}
    results: list[ResultRow] = []
    failures: dict[int, tuple[str, str, str]] = {}
    attempts: list[AttemptRow] = []
    outputs: dict[int, tuple[str, str]] = {}


class Tail(msgspec.Struct, array_like=True, tag="tail"):
    """What is known at the end of a report.

    `retries` are further tries of cases that had a row already, in order; each one decides, and
    what stood there becomes an attempt (see `apply_retries`).
    """

    notes: list[str] = []
    damage: str = ""
    retries: list[ResultRow] = []


def rows_of(records: Iterable[Record], variant: str) -> Iterator[Batch | Tail]:
    """The rows of one report, some at a time, and its tail last; ReportError over the limit."""
    return _Rows(variant).of(records)


def apply_retries(
    results: list[ResultRow], attempts: list[AttemptRow], retries: Iterable[ResultRow]
) -> tuple[list[ResultRow], list[AttemptRow]]:
    """Let each retry decide its case, and keep what it overrides as an attempt.

    Nobody retries what passed: where the report left out how an earlier try ended, so that it
    looks passed, the attempt is unknown.
    """
    rows = {row[0]: row for row in results}
    tries = list(attempts)
    counts: dict[int, int] = {}
    for case, n, *_ in attempts:
        counts[case] = max(counts.get(case, 0), n)
    for retry in retries:
        case, status, duration, failure = rows[retry[0]]
        counts[case] = counts.get(case, 0) + 1
        if status == _PASSED:
            status = int(Status.UNKNOWN)
        tries.append((case, counts[case], status, duration, failure))
        rows[case] = retry
    return list(rows.values()), tries


class _Rows:
    """One report on its way: which suite is open, which cases were seen, what waits to be sent."""

    def __init__(self, variant: str) -> None:
        self.variant = variant
        self.path: tuple[str, ...] = ()
        self.classname: str | None = None
        self.suite = 0
        self.suites_sent: set[int] = set()
        self.failures_sent: set[int] = set()
        self.seen: set[int] = set()
        self.repeats: dict[int, int] = {}
        self.batch = Batch()
        self.tail = Tail()

    def of(self, records: Iterable[Record]) -> Iterator[Batch | Tail]:
        for record in records:
            if type(record) is Result:
                self.result(record)
                if len(self.batch.results) >= BATCH:
                    yield self.batch
                    self.batch = Batch()
            elif type(record) is Suite:
                self.path, self.classname = record.path, None
            else:
                self.remark(record)
        yield self.batch
        yield self.tail

    def remark(self, record: Record) -> None:
        if isinstance(record, Damage):
            where = f" ({record.position[:100]})" if record.position else ""
            self.tail.damage = self.tail.damage or storable(record.reason[:500] + where)
        elif isinstance(record, Note) and len(self.tail.notes) < NOTES_LIMIT:
            self.tail.notes.append(storable(record.text)[:500])

    def result(self, result: Result) -> None:
        if result.classname != self.classname:
            self.enter(result.classname)
        name = identity.stable(storable(result.name))
        case = identity.case_id(self.suite, name, self.variant)
        row = self.row(case, result)
        if case in self.seen:
            if result.retry:
                self.tail.retries.append(row)
                self.keep_output(case, result)
                return
            case, name = self.repeat(case, name)
            row = (case, *row[1:])
        self.seen.add(case)
        if len(self.seen) > CASES_LIMIT:
            raise ReportError(f"it has more than {CASES_LIMIT:,} results")
        self.batch.cases[case] = (self.suite, cut_end(name, NAME_LIMIT))
        self.batch.results.append(row)
        if result.attempts:
            self.keep_attempts(case, result.attempts)
        if result.stdout or result.stderr:
            self.keep_output(case, result)

    def enter(self, classname: str) -> None:
        self.classname = classname
        names = (identity.stable(storable(name)) for name in self.path)
        path = identity.suite_path(names, identity.stable(storable(classname)))
        self.suite = identity.suite_id(path)
        if self.suite not in self.suites_sent:
            self.suites_sent.add(self.suite)
            shown = (cut_end(name, NAME_LIMIT) for name in path)
            self.batch.suites[self.suite] = identity.SUITE_SEPARATOR.join(shown)

    def repeat(self, first: int, name: str) -> tuple[int, str]:
        """The same name once more: the second of a report is `name #2`, and so on."""
        place = self.repeats.get(first, 1) + 1
        self.repeats[first] = place
        return identity.case_id(self.suite, name, self.variant, place), f"{name} #{place}"

    def row(self, case: int, result: Result | Attempt) -> ResultRow:
        failure = None
        if result.status is not _PASSED or result.message or result.trace:
            failure = self.failure(result)
        return (case, int(result.status), _milliseconds(result.duration), failure)

    def failure(self, result: Result | Attempt) -> int | None:
        if not (result.message or result.trace or result.type):
            return None
        texts = (
            cut_end(storable(result.type), 500),
            cut_middle(storable(result.message), MESSAGE_LIMIT),
            cut_middle(storable(result.trace), TRACE_LIMIT),
        )
        failure = identity.number(identity.SEPARATOR.join(texts))
        if failure not in self.failures_sent:
            self.failures_sent.add(failure)
            self.batch.failures[failure] = texts
        return failure

    def keep_attempts(self, case: int, attempts: Iterable[Attempt]) -> None:
        for n, attempt in enumerate(attempts, start=1):
            _, status, duration, failure = self.row(case, attempt)
            self.batch.attempts.append((case, n, status, duration, failure))

    def keep_output(self, case: int, result: Result) -> None:
        if result.status is _PASSED or not (result.stdout or result.stderr):
            return
        self.batch.outputs[case] = (
            cut_middle(storable(result.stdout), OUTPUT_LIMIT),
            cut_middle(storable(result.stderr), OUTPUT_LIMIT),
        )


def _milliseconds(seconds: float | None) -> int | None:
    """A duration as the store keeps it; None where it is no sensible number of seconds."""
    if seconds is None or not seconds >= 0:
        return None
    # `min` would take as long as all the rest of this.
    return int((seconds if seconds < _YEAR_SECONDS else _YEAR_SECONDS) * 1000 + 0.5)
