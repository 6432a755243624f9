"""Mutations: one thing that goes wrong with a night, or that people change, and what it takes.

Every mutation works on a `Night` and says what is then missing and why, so that nights read from
real reports can be mutated in the same way as made-up ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tracker.verdicts.benchmark.mutated import Mutated, renamed, suites_of, without
from tracker.verdicts.benchmark.names import WORDS, other_name
from tracker.verdicts.benchmark.nights import Night, case, results_of
from tracker.verdicts.missing import Cause
from tracker.verdicts.outcomes import Status

Mutation = Callable[[Night, Sequence[str], random.Random], Mutated]


def drop_tests(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Some tests, or a whole suite of a report that has others, are deleted."""
    suites = suites_of(night, reports)
    home = chance.choice(sorted(suites))
    tests = suites[home]
    alone = {test.report for test in night.tests if test.home != home}
    if chance.random() < 0.3 and all(test.report in alone for test in tests):
        return without(night, {test.id for test in tests}, Cause.REMOVED)
    some = chance.sample(tests, min(len(tests) - 1, chance.randint(1, 5)) or 1)
    if len(tests) == 1 and tests[0].report not in alone:
        return Mutated(night, {})
    return without(night, {test.id for test in some}, Cause.REMOVED)


def drop_report(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """A report is not there, or cannot be read."""
    name = chance.choice(reports)
    kept = tuple(report for report in night.reports if report.name != name)
    if chance.random() < 0.25:
        [broken] = [report for report in night.reports if report.name == name]
        kept = (*kept, replace(broken, cases=0, unreadable=True))
    away = {test.id for test in night.tests if test.report == name}
    return without(replace(night, reports=kept), away, Cause.REPORT_MISSING)


def drop_shard(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """All reports of a variant are not there."""
    [first] = [report for report in night.reports if report.name == reports[0]]
    mine = {report.name for report in night.reports if report.variant == first.variant}
    if len(mine) == len(night.reports) or not mine <= set(reports):
        return Mutated(night, {})
    kept = tuple(report for report in night.reports if report.name not in mine)
    away = {test.id for test in night.tests if test.report in mine}
    return without(replace(night, reports=kept), away, Cause.REPORT_MISSING)


def cut_report(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """A report ends somewhere in its middle."""
    name = chance.choice(reports)
    tests = results_of(night, name)
    read = chance.randint(0, len(tests) - 1)
    away = {test.id for test in tests[read:]}
    kept = tuple(
        replace(report, cut=True) if report.name == name else report for report in night.reports
    )
    return without(replace(night, reports=kept), away, Cause.REPORT_CUT)


def crash_suite(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """A suite cannot be set up, or its process dies in its middle."""
    suites = {
        home: tests
        for home, tests in suites_of(night, reports).items()
        if home[0] and len(tests) > 1 and len({test.report for test in tests}) == 1
    }
    if not suites:
        return Mutated(night, {})
    tests = suites[chance.choice(sorted(suites))]
    first = tests[0]
    kind = chance.randrange(4)
    if kind < 2:
        suite, name = (
            (first.suite, "initializationError")
            if kind
            else (("unittest.suite._ErrorHolder",), f"setUpClass ({first.suite[-1]})")
        )
        mark = replace(
            first,
            id=case(suite, name, first.variant),
            suite=suite,
            name=name,
            status=Status.ERROR,
            trace="java.lang.IllegalStateException: no context",
            file="",
        )
        away = {test.id for test in tests}
        return without(replace(night, tests=(*night.tests, mark)), away, Cause.SUITE_CRASHED)
    at = chance.randint(1, len(tests) - 1)
    trace = "The forked VM terminated without saying properly goodbye" if kind == 2 else "Error"
    last = replace(tests[at - 1], status=Status.ERROR, trace=trace)
    changed = tuple(last if test.id == last.id else test for test in night.tests)
    away = {test.id for test in tests[at:]}
    return without(replace(night, tests=changed), away, Cause.SUITE_CRASHED)


def skip(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Some tests or a whole suite are skipped by a new condition."""
    suites = suites_of(night, reports)
    tests = suites[chance.choice(sorted(suites))]
    if chance.random() < 0.5:
        tests = chance.sample(tests, min(len(tests), chance.randint(1, 4)))
    away = {test.id for test in tests if test.status is not Status.SKIPPED}
    skipped = tuple(
        replace(test, status=Status.SKIPPED, trace="needs a licence") if test.id in away else test
        for test in night.tests
    )
    return Mutated(replace(night, tests=skipped), dict.fromkeys(away, Cause.SKIPPED))


def rename_tests(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Some tests of a suite get another name or other parameters."""
    suites = suites_of(night, reports)
    tests = suites[chance.choice(sorted(suites))]
    some = chance.sample(tests, min(len(tests), chance.randint(1, 6)))
    return renamed(night, {test.id: (test.suite, other_name(test.name, chance)) for test in some})


def move_suites(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """A class gets another name or package, or all that is below a package moves with it."""
    suites = {home: tests for home, tests in suites_of(night, reports).items() if home[0]}
    if not suites:
        return Mutated(night, {})
    suite, _ = chance.choice(sorted(suites))
    before, _, last = suite[-1].rpartition(".")
    kind = chance.randrange(3)
    if kind == 0:
        old, new = suite[-1], f"{before}.{other_name(last, chance)}".strip(".")
    else:
        old = suite[-1] if kind == 1 else before
        part = chance.choice(WORDS)
        new = f"{before}.{part}.{last}".strip(".") if kind == 1 else f"{before}.{part}".strip(".")
    moved: dict[int, tuple[tuple[str, ...], str]] = {}
    for (path, _), tests in suites.items():
        if path[-1] == old or (kind == 2 and old and path[-1].startswith(f"{old}.")):
            home = (*path[:-1], new + path[-1][len(old) :])
            moved.update({test.id: (home, test.name) for test in tests})
    return renamed(night, moved)


MUTATIONS: Mapping[str, Mutation] = {
    "tests dropped": drop_tests,
    "report dropped": drop_report,
    "shard dropped": drop_shard,
    "report cut": cut_report,
    "suite crashed": crash_suite,
    "new skips": skip,
    "tests renamed": rename_tests,
    "suites moved": move_suites,
}
