"""A night after a mutation: what is missing of it and why, and what each mutation is made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tracker.verdicts.benchmark.nights import Night, case
from tracker.verdicts.missing import Cause
from tracker.verdicts.seen_test import SuiteKey, Test


@dataclass(frozen=True)
class Mutated:
    """A night after a mutation: the cases that are missing by it, and what was renamed to what.

    `open` are cases of which nobody could say which of two causes took them.
    """

    night: Night
    truth: Mapping[int, Cause]
    renames: Mapping[int, int] = field(default_factory=dict)
    open: frozenset[int] = frozenset()


def suites_of(night: Night, reports: Sequence[str]) -> dict[SuiteKey, list[Test]]:
    """The results of these reports by suite and variant."""
    found: dict[SuiteKey, list[Test]] = defaultdict(list)
    for test in night.tests:
        if test.report in reports:
            found[test.home].append(test)
    return found


def without(night: Night, away: Iterable[int], cause: Cause) -> Mutated:
    """The night without these cases, which are then missing for this cause."""
    gone = frozenset(away)
    kept = tuple(test for test in night.tests if test.id not in gone)
    return Mutated(_recounted(replace(night, tests=kept)), dict.fromkeys(sorted(gone), cause))


def renamed(night: Night, names: Mapping[int, tuple[tuple[str, ...], str]]) -> Mutated:
    """The tests of these ids under other suites and names; a name that is taken stays as it is."""
    taken, tests, renames = set(night.ids), [], {}
    for test in night.tests:
        suite, name = names.get(test.id, (test.suite, test.name))
        new = case(suite, name, test.variant)
        if test.id in names and new not in taken:
            taken.add(new)
            renames[test.id] = new
            test = replace(test, id=new, suite=suite, name=name)
        tests.append(test)
    return Mutated(
        replace(night, tests=tuple(tests)), dict.fromkeys(renames, Cause.RENAMED), renames
    )


def _recounted(night: Night) -> Night:
    """Reports with the number of cases, and cases with the places, that they have now."""
    counts = Counter(test.report for test in night.tests)
    seen: Counter[str] = Counter()
    tests = []
    for test in night.tests:
        place = seen[test.report]
        tests.append(test if test.place == place else replace(test, place=place))
        seen[test.report] += 1
    reports = tuple(replace(report, cases=counts[report.name]) for report in night.reports)
    return replace(night, tests=tuple(tests), reports=reports)
