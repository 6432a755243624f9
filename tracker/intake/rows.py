"""From the records of a plugin to the rows of the store: identity, cut texts, numbered repeats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tracker.intake.contract import (
    Attempt,
    Damage,
    Facets,
    Note,
    Record,
    ReportError,
    Rerun,
    Result,
    Suite,
    Trouble,
)
from tracker.intake.text import (
    MESSAGE_LIMIT,
    NAME_LIMIT,
    OUTPUT_LIMIT,
    TRACE_LIMIT,
    cut_end,
    cut_middle,
    storable,
)
from tracker.intake.times import YEAR
from tracker.store import identity
from tracker.store.records import AttemptRow, ResultRow, SuiteRunRow
from tracker.verdicts.outcomes import Status

CASES_LIMIT = 200_000
NOTES_LIMIT = 50
BATCH = 2000
# Of properties and attachments, so many for each result; each at most so long.
MOST_TOLD = 100
TOLD_LIMIT = 1000
# What suites print waits for their results, up to this much in all.
OUTPUTS_HELD = 16 * 1024 * 1024

_PASSED = Status.PASSED


class Batch(msgspec.Struct, array_like=True, tag="batch"):
    """Some rows of a report, with the names and texts that they are the first to use."""

    suites: dict[int, str] = {}
    cases: dict[int, tuple[int, str]] = {}
    results: list[ResultRow] = []
    failures: dict[int, tuple[str, str, str]] = {}
    attempts: list[AttemptRow] = []
    outputs: dict[int, tuple[str, str]] = {}
    details: dict[int, str] = {}
    suite_runs: dict[int, SuiteRunRow] = {}


class Tail(msgspec.Struct, array_like=True, tag="tail"):
    """What is known at the end of a report.

    `retries` are further tries of cases that had a row already, in order; each one decides, and
    what stood there becomes an attempt (see `apply_retries`). `variant` is what all cases have:
    what the sender said, and the report's own facets.
    """

    notes: list[str] = []
    damage: str = ""
    trouble: list[str] = []
    rerun: bool = False
    variant: str = ""
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
        case, status, duration, failure, _ = rows[retry[0]]
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
        self.broken: set[tuple[str, ...]] = set()
        self.path: tuple[str, ...] = ()
        self.classname: str | None = None
        self.suite = 0
        self.suites_sent: set[int] = set()
        self.failures_sent: set[int] = set()
        self.details_sent: set[int] = set()
        self.suite_runs: dict[int, SuiteRunRow] = {}
        self.suite_paths: dict[int, tuple[str, ...]] = {}
        self.outputs_held = 0
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
                if record.path and (record.properties or record.stdout or record.stderr):
                    self.suite_run(record)
            else:
                self.remark(record)
        self.tail.variant = self.variant
        self.batch.suite_runs = self.told_of_suites()
        yield self.batch
        yield self.tail

    def remark(self, record: Record) -> None:
        match record:
            case Damage():
                where = f" ({record.position[:100]})" if record.position else ""
                self.tail.damage = self.tail.damage or storable(record.reason[:500] + where)
            case Trouble():
                _keep(self.tail.trouble, record.text)
            case Note():
                _keep(self.tail.notes, record.text)
            case Rerun():
                self.tail.rerun = True
            case Facets() if not self.seen:
                self.variant = identity.with_facets(self.variant, record.facets)

    def suite_run(self, suite: Suite) -> None:
        """Hold what a suite says of itself until it is known whether something in it failed."""
        path = identity.suite_path(identity.stable(storable(name)) for name in suite.path)
        number = self.name_suite(path)
        detail, stdout, stderr = self.suite_runs.get(number, (None, "", ""))
        if suite.path in self.broken or self.outputs_held < OUTPUTS_HELD:
            stdout = stdout or cut_middle(storable(suite.stdout), OUTPUT_LIMIT)
            stderr = stderr or cut_middle(storable(suite.stderr), OUTPUT_LIMIT)
            self.outputs_held += len(suite.stdout) + len(suite.stderr)
        detail = self.detail({"properties": _told_pairs(suite.properties)}) or detail
        self.suite_paths[number] = suite.path
        self.suite_runs[number] = (detail, stdout, stderr)

    def told_of_suites(self) -> dict[int, SuiteRunRow]:
        """What suites said; output only of those in which a test did not pass."""
        told = {
            number: run if self.suite_paths[number] in self.broken else (run[0], "", "")
            for number, run in self.suite_runs.items()
        }
        return {number: run for number, run in told.items() if any(run)}

    def result(self, result: Result) -> None:
        if result.classname != self.classname:
            self.enter(result.classname)
        name = identity.stable(storable(result.name))
        case = identity.case_id(self.suite, name, self.variant)
        row = self.row(case, result)
        # Asked one by one, since nearly every result has none of them.
        if (
            result.file
            or result.properties
            or result.attachments
            or result.raw_status
            or result.expected_failure
            or result.line
        ):
            row = (*row[:4], self.detail_of(result))
        if row[1]:
            self.broken.update(self.path[:depth] for depth in range(1, len(self.path) + 1))
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
        self.suite = self.name_suite(
            identity.suite_path(names, identity.stable(storable(classname)))
        )

    def name_suite(self, path: tuple[str, ...]) -> int:
        """The id of a suite, whose name is sent with its first use."""
        suite = identity.suite_id(path)
        if suite not in self.suites_sent:
            self.suites_sent.add(suite)
            shown = (cut_end(name, NAME_LIMIT) for name in path)
            self.batch.suites[suite] = identity.SUITE_SEPARATOR.join(shown)
        return suite

    def repeat(self, first: int, name: str) -> tuple[int, str]:
        """The same name once more: the second of a report is `name #2`, and so on."""
        place = self.repeats.get(first, 1) + 1
        self.repeats[first] = place
        return identity.case_id(self.suite, name, self.variant, place), f"{name} #{place}"

    def row(self, case: int, result: Result | Attempt) -> ResultRow:
        failure = None
        if result.status is not _PASSED or result.message or result.trace:
            failure = self.failure(result)
        return (case, int(result.status), _milliseconds(result.duration), failure, None)

    def detail_of(self, result: Result) -> int | None:
        """What a result tells beyond its outcome, as the id of a text."""
        return self.detail(
            {
                "file": cut_end(storable(result.file), TOLD_LIMIT),
                "line": result.line,
                "raw_status": cut_end(storable(result.raw_status), TOLD_LIMIT),
                "expected_failure": result.expected_failure,
                "properties": _told_pairs(result.properties),
                "attachments": _told_names(result.attachments),
            }
        )

    def detail(self, told: dict[str, object]) -> int | None:
        """The id of what was told, without what was not; None where that is nothing."""
        told = {name: value for name, value in told.items() if value}
        if not told:
            return None
        data = msgspec.json.encode(told).decode()
        number = identity.number(data)
        if number not in self.details_sent:
            self.details_sent.add(number)
            self.batch.details[number] = data
        return number

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
            _, status, duration, failure, _ = self.row(case, attempt)
            self.batch.attempts.append((case, n, status, duration, failure))

    def keep_output(self, case: int, result: Result) -> None:
        if result.status is _PASSED or not (result.stdout or result.stderr):
            return
        self.batch.outputs[case] = (
            cut_middle(storable(result.stdout), OUTPUT_LIMIT),
            cut_middle(storable(result.stderr), OUTPUT_LIMIT),
        )


def _keep(texts: list[str], text: str) -> None:
    """Keep a remark, which is one line; a trace behind it belongs to a result."""
    if len(texts) < NOTES_LIMIT:
        line = text.strip().partition("\n")[0]
        texts.append(storable(line.rstrip())[:500])


def _told_pairs(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (cut_end(storable(name), TOLD_LIMIT), cut_end(storable(value), TOLD_LIMIT))
        for name, value in pairs[:MOST_TOLD]
    ]


def _told_names(names: Sequence[str]) -> list[str]:
    return [cut_end(storable(name), TOLD_LIMIT) for name in names[:MOST_TOLD]]


def _milliseconds(seconds: float | None) -> int | None:
    """A duration as the store keeps it; None where it is no sensible number of seconds."""
    if seconds is None or not seconds >= 0:
        return None
    # `min` would take as long as all the rest of this.
    return int((seconds if seconds < YEAR else YEAR) * 1000 + 0.5)
