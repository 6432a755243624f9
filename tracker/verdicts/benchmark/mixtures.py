"""Mixtures: several mutations of one night, and two that are easily taken for another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from tracker.verdicts.benchmark.mutated import Mutated, suites_of, without
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.benchmark.names import names_of_one_class
from tracker.verdicts.benchmark.nights import Night, case, results_of
from tracker.verdicts.missing import Cause
from tracker.verdicts.outcomes import Status


def mixed(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Two or three mutations, each of other reports."""
    names = list(reports)
    chance.shuffle(names)
    count = min(len(names), chance.randint(2, 3))
    kinds = list(MUTATIONS)
    done = Mutated(night, {})
    for at in range(count):
        mutation = MUTATIONS[chance.choice(kinds)]
        done = _then(done, mutation(done.night, names[at::count], chance))
    return done


def _then(first: Mutated, second: Mutated) -> Mutated:
    """Both mutations; what is renamed first and gone then is gone by the second one."""
    truth = {**second.truth, **first.truth}
    renames = {**first.renames, **second.renames}
    for old, new in first.renames.items():
        if new in second.truth:
            truth[old] = second.truth[new]
            renames.pop(old)
    return Mutated(second.night, truth, renames, first.open | second.open)


def replace_tests(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Tests are deleted, and as many others are added to the same suite: no renames."""
    suites = suites_of(night, reports)
    tests = suites[chance.choice(sorted(suites))]
    some = {test.id for test in chance.sample(tests, min(len(tests), chance.randint(1, 4)))}
    fresh = iter(names_of_one_class(chance) + names_of_one_class(chance))
    known = {test.name for test in tests}
    changed = []
    for test in night.tests:
        name = next(fresh, "") if test.id in some else ""
        if test.id in some and name and name not in known:
            took = int(chance.lognormvariate(4.0, 1.5))
            new = case(test.suite, name, test.variant)
            test = replace(
                test, id=new, name=name, status=Status.PASSED, trace="", duration_ms=took
            )
        changed.append(test)
    away = some - {test.id for test in changed}
    return Mutated(replace(night, tests=tuple(changed)), dict.fromkeys(sorted(away), Cause.REMOVED))


def drop_and_cut(night: Night, reports: Sequence[str], chance: random.Random) -> Mutated:
    """Tests are deleted, and the report that had them ends early on the same day."""
    name = chance.choice(reports)
    tests = results_of(night, name)
    read = chance.randint(len(tests) // 4, len(tests) - 1)
    dropped = {test.id for test in chance.sample(tests, min(len(tests), 3))}
    while read and tests[read - 1].id in dropped:
        read -= 1  # what was deleted right before the cut might have been cut off
    behind = {test.id for test in tests[read:]}
    first = without(night, dropped, Cause.REMOVED)
    cut = tuple(
        replace(report, cut=True) if report.name == name else report
        for report in first.night.reports
    )
    second = without(replace(first.night, reports=cut), behind - dropped, Cause.REPORT_CUT)
    truth = {**dict.fromkeys(dropped - behind, Cause.REMOVED), **second.truth}
    return Mutated(second.night, truth, open=frozenset(dropped & behind))
