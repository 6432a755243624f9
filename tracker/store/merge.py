"""The results of a build as a function of its reports: each test once, the worse reading kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tracker.store.records import AttemptRow, ReadReport, ResultRow, SuiteRunRow
from tracker.store.twins import twins
from tracker.verdicts.outcomes import WORST_FIRST, Status

_BADNESS = {int(status): place for place, status in enumerate(WORST_FIRST)}


@dataclass(frozen=True)
class Merged:
    """One row for each case; `sources` and `places` have, in the same order, the name of the report
    that it is of and its place there, from 0: that of its first record.

    `overlaps` says for each report, in words, what it shares with others.
    """

    results: list[ResultRow]
    sources: list[str]
    places: Sequence[int | None]
    attempts: list[AttemptRow]
    outputs: list[tuple[int, str, str]]
    suite_runs: dict[tuple[int, str], SuiteRunRow]
    overlaps: dict[str, str]


def merge(reports: Sequence[ReadReport]) -> Merged:
    """Lay the reports of one build together, in the order of their names.

    The same case in two reports is the same test read twice, and so is a test of two reports that
    tell of the same run (see `twins`): the worse status is kept (an error before a failure before
    unknown, passed and skipped), and of two equal ones that of the report whose name comes first.
    A report that `decides` comes first, and its statuses stay whatever others say. One that reran
    tests of others comes after them: it decides, and what it overrides becomes an attempt.
    """
    ordered = sorted(
        reports, key=lambda report: (report.rerun, not report.decides, report.name, report.variant)
    )
    if len(ordered) == 1:
        return _alone(ordered[0])
    return _Laying(ordered).done()


class LaidAhead:
    """Lays reports together once, however often it is asked for the same ones in a row."""

    def __init__(self) -> None:
        self._reports: Sequence[ReadReport] = ()
        self._merged = merge(())

    def of(self, reports: Sequence[ReadReport]) -> Merged:
        """These reports laid together."""
        if list(map(id, reports)) != list(map(id, self._reports)):
            self._reports, self._merged = reports, merge(reports)
        return self._merged


def totals(results: Iterable[ResultRow]) -> dict[str, int]:
    """How many results there are of each status, and `total`."""
    counts = Counter(row[1] for row in results)
    named = {status.word: counts[status] for status in Status}
    return {"total": sum(counts.values()), **named}


def _alone(report: ReadReport) -> Merged:
    contents = report.contents
    rows = contents.results
    order = sorted(range(len(rows)), key=rows.__getitem__)
    return Merged(
        results=[rows[at] for at in order],
        sources=[report.name] * len(rows),
        places=order,
        attempts=list(contents.attempts),
        outputs=[(case, *texts) for case, texts in contents.outputs.items()],
        suite_runs={(suite, contents.variant): run for suite, run in contents.suite_runs.items()},
        overlaps={},
    )


@dataclass
class _Shared:
    """How many results of a report an earlier one had too, by its name."""

    equal: Counter[str] = field(default_factory=Counter)
    twins: Counter[str] = field(default_factory=Counter)
    rerun: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        said = (
            ("Tests read twice and counted once, the worse status kept", "also in", self.equal),
            (
                "It tells of a run that another report tells of too; these tests are counted once,"
                " the worse status kept",
                "as in",
                self.twins,
            ),
            ("Tests run again, the last try decides", "first told in", self.rerun),
        )
        return " ".join(
            f"{what}: {', '.join(f'{n} {where} {name}' for name, n in sorted(names.items()))}."
            for what, where, names in said
            if names
        )


class _Laying:
    """The reports in order, and for each case the row that is kept and where it is from: the place
    of its report among these, and its own place in it.
    """

    def __init__(self, ordered: Sequence[ReadReport]) -> None:
        self.reports = ordered
        found = twins(ordered)
        self.same, self.not_counted = found.same, found.tries
        # Where a rerun finds what another report's test was counted as.
        self.counted_as = {case: kept for (_, case), kept in found.same.items()}
        self.tries: dict[int, dict[int, list[AttemptRow]]] = defaultdict(dict)
        for place, report in enumerate(ordered):
            for attempt in report.contents.attempts:
                if (place, attempt[0]) not in self.not_counted:
                    case = self.same.get((place, attempt[0]), attempt[0])
                    self.tries[case].setdefault(place, []).append(attempt)
        self.outcomes: dict[tuple[int, int], int] = {}
        self.kept: dict[int, tuple[ResultRow, int, int]] = {}
        self.overridden: dict[int, list[AttemptRow]] = defaultdict(list)
        self.shared: dict[str, _Shared] = defaultdict(_Shared)

    def done(self) -> Merged:
        for place, report in enumerate(self.reports):
            for at, row in enumerate(report.contents.results):
                if (place, row[0]) not in self.not_counted:
                    self.take(place, at, row)
        kept = sorted(self.kept.values())
        return Merged(
            results=[row for row, _, _ in kept],
            sources=[self.reports[place].name for _, place, _ in kept],
            places=[at for _, _, at in kept],
            attempts=self.attempts(),
            outputs=self.outputs(),
            suite_runs=self.suite_runs(),
            overlaps={name: str(shared) for name, shared in self.shared.items()},
        )

    def take(self, place: int, at: int, row: ResultRow) -> None:
        report, told = self.reports[place], row[0]
        case = self.same.get((place, told), told)
        if report.rerun:
            case = self.counted_as.get(told, told)
        row = (case, *row[1:])
        if case in self.tries:
            self.outcomes[place, case] = row[1]
        before = self.kept.get(case)
        if before is None:
            self.kept[case] = (row, place, at)
            return
        shared = self.shared[report.name]
        earlier = self.reports[before[1]].name
        if report.rerun:
            shared.rerun[earlier] += 1
            self.override(case, *before[:2])
            self.kept[case] = (row, place, at)
            return
        (shared.equal if case == told else shared.twins)[earlier] += 1
        is_settled = self.reports[before[1]].decides and not report.decides
        if _BADNESS[row[1]] < _BADNESS[before[0][1]] and not is_settled:
            self.kept[case] = (row, place, at)

    def override(self, case: int, row: ResultRow, place: int) -> None:
        """Keep what a rerun takes the place of: its attempts, and itself as the next one."""
        _, status, duration, failure, _ = row
        told = [(case, 0, status, duration, failure)]
        self.overridden[case] += [*self.tries[case].get(place, ()), *told]

    def attempts(self) -> list[AttemptRow]:
        """The earlier tries of each case: of the report that is kept or, where that tells of
        none, of another one that says the same of the case.
        """
        found = self.overridden
        for case, told in self.tries.items():
            row, place, _ = self.kept[case]
            if case in found:
                found[case] = [*found[case], *told.get(place, ())]
                continue
            agreeing = [at for at in told if self.outcomes[at, case] == row[1]]
            if told_by := [place] if place in told else agreeing:
                found[case] = told[min(told_by)]
        return [
            (case, n, status, duration, failure)
            for case, tries in found.items()
            for n, (_, _, status, duration, failure) in enumerate(tries, start=1)
        ]

    def suite_runs(self) -> dict[tuple[int, str], SuiteRunRow]:
        """What suites said of themselves by (suite, variant), of two reports the first one's."""
        found: dict[tuple[int, str], SuiteRunRow] = {}
        for report in self.reports:
            for suite, run in report.contents.suite_runs.items():
                found.setdefault((suite, report.contents.variant), run)
        return found

    def outputs(self) -> list[tuple[int, str, str]]:
        return [
            (case, *texts)
            for place, report in enumerate(self.reports)
            for told, texts in report.contents.outputs.items()
            for case in [self.same.get((place, told), told)]
            if (place, told) not in self.not_counted and self.kept[case][1] == place
        ]
