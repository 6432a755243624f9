"""What a file would become if it were recorded: the same rows, made from reports, not tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.queries.build_rows import Totals
from tracker.queries.columns import seconds, suite_names
from tracker.queries.details import Details, details_of
from tracker.store.identity import key
from tracker.store.merge import Merged, merge, totals
from tracker.store.records import AttemptRow, ReadReport
from tracker.verdicts.outcomes import Status


@dataclass(frozen=True)
class TriedAttempt:
    """An earlier try inside the run; `duration` is in seconds."""

    n: int
    status: str
    duration: float | None
    type: str
    message: str
    trace: str


@dataclass(frozen=True)
class TriedResult:
    """One result as it would be recorded; `duration` is in seconds."""

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    status: str
    duration: float | None
    type: str
    message: str
    trace: str
    stdout: str
    stderr: str
    attempts: tuple[TriedAttempt, ...]
    details: Details


@dataclass(frozen=True)
class TriedReport:
    """One report of the file: itself, an archive, or an entry of one."""

    name: str
    format: str
    results: int
    recovered: bool
    failure: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What would be recorded of a file.

    `format` names the parsers, the one of most reports first; `recovered` tells of damage, or of a
    run that went wrong; `flaky` counts what passed after a try that had not.
    """

    format: str
    totals: Totals
    flaky: int
    recovered: bool
    warnings: tuple[str, ...]
    reports: tuple[TriedReport, ...]
    results: tuple[TriedResult, ...]


def trial(reports: Sequence[ReadReport]) -> Trial:
    """What the reports of one file come to, laid together as those of a build are."""
    merged = merge(reports)
    results = tuple(_Rows(reports, merged).in_order())
    formats = Counter(report.format for report in reports if report.contents.results)
    words = [word for word, _ in formats.most_common()] or [reports[0].format]
    return Trial(
        format=", ".join(words),
        totals=Totals(**totals(merged.results)),
        flaky=sum(bool(each.attempts) and each.status == "passed" for each in results),
        recovered=any(report.recovered or report.failure for report in reports),
        warnings=tuple(_warnings(reports, merged)),
        reports=tuple(
            TriedReport(
                report.name,
                report.format,
                len(report.contents.results),
                report.recovered,
                report.failure,
                report.warnings,
            )
            for report in reports
        ),
        results=results,
    )


def _warnings(reports: Sequence[ReadReport], merged: Merged) -> Iterator[str]:
    for report in reports:
        about = f"{report.name}: " if len(reports) > 1 else ""
        said = [*report.warnings, *filter(None, [report.failure, merged.overlaps.get(report.name)])]
        yield from (about + text for text in said)


class _Rows:
    """The rows of reports by what refers to them."""

    def __init__(self, reports: Sequence[ReadReport], merged: Merged) -> None:
        self.holders = {case: r for r in reports[::-1] for case in r.contents.cases}
        self.failures = {k: v for r in reports for k, v in r.contents.failures.items()}
        self.details = {k: v for r in reports for k, v in r.contents.details.items()}
        self.outputs = {case: texts for case, *texts in merged.outputs}
        self.tries: dict[int, list[AttemptRow]] = defaultdict(list)
        for attempt in sorted(merged.attempts):
            self.tries[attempt[0]].append(attempt)
        self.rows = {row[0]: row for row in merged.results}

    def in_order(self) -> Iterator[TriedResult]:
        """The results in the order of the file."""
        for case, report in sorted(
            self.holders.items(), key=lambda pair: (pair[1].name, pair[1].variant)
        ):
            if case in self.rows:
                yield self.result(case, report)

    def result(self, case: int, report: ReadReport) -> TriedResult:
        _, status, duration, failure, detail = self.rows[case]
        suite, name = report.contents.cases[case]
        kind, message, trace = self.texts(failure)
        stdout, stderr = self.outputs.get(case, ("", ""))
        return TriedResult(
            key=key(case),
            suite=suite_names(report.contents.suites[suite]),
            name=name,
            variant=report.contents.variant,
            status=Status(status).word,
            duration=seconds(duration),
            type=kind,
            message=message,
            trace=trace,
            stdout=stdout,
            stderr=stderr,
            attempts=tuple(
                TriedAttempt(n, Status(status).word, seconds(duration), *self.texts(failure))
                for _, n, status, duration, failure in self.tries[case]
            ),
            details=details_of(self.details.get(detail or 0)),
        )

    def texts(self, failure: int | None) -> tuple[str, str, str]:
        return self.failures[failure] if failure is not None else ("", "", "")
