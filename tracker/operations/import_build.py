"""A build from an export, through the same door as any other build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import TypeVar

import msgspec

from tracker.clock import now_ms
from tracker.operations.export import records
from tracker.store.identity import SEPARATOR, number
from tracker.store.merge import Merged
from tracker.store.record import Laid, record_build
from tracker.store.records import (
    BuildFacts,
    Contents,
    FactSource,
    ReadReport,
    Recorded,
    SuiteRunRow,
    about_of,
    believable,
)
from tracker.store.state_words import is_from_jenkins
from tracker.verdicts.outcomes import Status

_STATUSES = {status.word: int(status) for status in Status}
R = TypeVar("R", bound=records.Record)


def record(section: Sequence[records.Record]) -> Recorded:
    """Record the build that a section tells of; nothing changes where it is here already.

    Conflict where it is here with other reports.
    """
    [build] = _of(section, records.Build)
    names = _Names()
    reports = [_report(each) for each in _of(section, records.Report)]
    merged = names.laid(_of(section, records.Result), _of(section, records.SuiteRun))
    return record_build(
        facts_of(build),
        reports,
        now=build.heard,
        laid=Laid(merged, names.contents()),
    )


def facts_of(build: records.Build) -> BuildFacts:
    """What the build's source said of it."""
    from_jenkins = is_from_jenkins(build.state)
    return BuildFacts(
        job=build.job,
        number=build.number,
        source=FactSource.RETOLD if from_jenkins else FactSource.UPLOAD,
        state=build.state if from_jenkins else None,
        result=build.result,
        complete=build.complete,
        started=believable(build.started, now_ms()),
        duration=build.duration,
        url=build.url,
        branch=build.branch,
        commit=build.commit,
        upstream_job=build.upstream_job,
        upstream_number=build.upstream_number,
        about=about_of(build.about) if from_jenkins else None,
    )


def _of(section: Iterable[records.Record], kind: type[R]) -> list[R]:
    return [each for each in section if isinstance(each, kind)]


def _report(told: records.Report) -> ReadReport:
    return ReadReport(
        name=told.name,
        sha256=told.sha256,
        size=told.bytes,
        variant=told.variant,
        format=told.format,
        parser_version=told.parser_version,
        recovered=told.recovered,
        failure=told.failure,
        stand_in=told.stand_in,
        decides=told.decides,
        archive=told.archive,
        warnings=tuple(msgspec.json.decode(told.warnings, type=list[str])),
        cases=told.cases,
    )


class _Names:
    """The names and texts of a build by their ids, which are their hashes."""

    def __init__(self) -> None:
        self.suites: dict[int, str] = {}
        self.cases: dict[int, tuple[int, str]] = {}
        self.variants: dict[int, str] = {}
        self.failures: dict[int, tuple[str, str, str]] = {}
        self.details: dict[int, str] = {}
        self.run: list[int] = []

    def laid(self, results: Sequence[records.Result], runs: Sequence[records.SuiteRun]) -> Merged:
        """The rows of a build, its tests laid together as they were."""
        rows = sorted(((self.case(each), each) for each in results), key=itemgetter(0))
        return Merged(
            results=[
                (
                    case,
                    _STATUSES[each.status],
                    each.duration,
                    self.failure(each.failure),
                    self.detail(each.details),
                )
                for case, each in rows
            ],
            sources=[each.report for _, each in rows],
            places=[each.place for _, each in rows],
            attempts=[
                (case, n, _STATUSES[tried.status], tried.duration, self.tried(tried))
                for case, each in rows
                for n, tried in enumerate(each.attempts, 1)
            ],
            outputs=[(case, *each.output) for case, each in rows if each.output],
            suite_runs=dict(map(self.suite_run, runs)),
            overlaps={},
        )

    def suite(self, path: str, given: str | None) -> int:
        suite = number(path) if given is None else int(given, 16)
        self.suites[suite] = path
        return suite

    def case(self, told: records.Result | records.Case) -> int:
        case = int(told.key, 16)
        self.cases[case] = (self.suite(told.suite, told.suite_key), told.name)
        self.variants[case] = told.variant
        return case

    def failure(self, texts: tuple[str, str, str] | None) -> int | None:
        if texts is None:
            return None
        failure = number(SEPARATOR.join(texts))
        self.failures[failure] = texts
        return failure

    def tried(self, told: records.Attempt) -> int | None:
        texts = (told.type, told.message, told.trace)
        return self.failure(texts) if any(texts) else None

    def detail(self, data: str | None) -> int | None:
        if data is None:
            return None
        self.details[number(data)] = data
        return number(data)

    def suite_run(self, told: records.SuiteRun) -> tuple[tuple[int, str], SuiteRunRow]:
        suite = self.suite(told.suite, told.suite_key)
        self.run.append(suite)
        return (suite, told.variant), (self.detail(told.details), told.stdout, told.stderr)

    def contents(self) -> list[Contents]:
        """The names and texts, the cases of each variant together."""
        found = [
            Contents(
                suites=self.suites,
                failures=self.failures,
                details=self.details,
                suite_runs=dict.fromkeys(self.run, (None, "", "")),
            )
        ]
        for variant in sorted(set(self.variants.values())):
            cases = {
                case: named for case, named in self.cases.items() if self.variants[case] == variant
            }
            found.append(Contents(suites=self.suites, cases=cases, variant=variant))
        return found
