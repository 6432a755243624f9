"""Of what is taken from the newest builds of a demo history the cause is found."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime

import pytest

from scripts.demo_files import duration_ms, failure_trace, report_path
from scripts.demo_history import Build, Case, Job, suites
from scripts.demo_making import make_history
from tracker.verdicts.benchmark.missing import Tally
from tracker.verdicts.benchmark.mixtures import drop_and_cut, mixed
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.benchmark.nights import Night, case, judged
from tracker.verdicts.causes import settled
from tracker.verdicts.expected import WINDOW
from tracker.verdicts.missing import Cause, ReportSeen
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATUS = {"P": Status.PASSED, "F": Status.FAILED, "E": Status.ERROR, "S": Status.SKIPPED}
WITHOUT_ORDER = {Cause.REMOVED: 0.75, Cause.RENAMED: 0.95, Cause.SUITE_CRASHED: 0.95}


@pytest.mark.parametrize("ordered", [True, False])
def test_causes_are_right_when_a_demo_history_is_mutated(ordered):
    found, chance = Tally(), random.Random(7)
    for seed in range(3):
        for job in make_history(seed, 30, NOW).jobs:
            nights = nights_of(job)
            for _ in range(3):
                mutate(nights, found, chance, ordered=ordered)
    assert found.right.total() > 2_500
    for cause in Cause:
        right = found.right[cause]
        # Without order a name changed beyond recognition looks removed, and what was deleted by
        # a test that ends with an error for the first time looks as if that had ended the suite.
        least = 0.98 if ordered else WITHOUT_ORDER.get(cause, 0.98)
        assert right >= least * (right + found.wrong[cause]), (cause, found)
        assert right >= least * (right + found.overlooked[cause]), (cause, found)


def mutate(nights: list[Night], found: Tally, chance: random.Random, *, ordered: bool) -> None:
    """Every mutation of the newest night that lacks nothing itself."""
    newest, *before = nights
    steady = frozenset.intersection(*(night.ids for night in nights))
    names = [report.name for report in newest.reports]
    untouched = {each.test.id for each in judged(before, newest, ordered=ordered)}
    # What was deleted from a report that is cut on the same day looks cut off, where the order of
    # its cases is not known.
    others = (mixed, drop_and_cut) if ordered else (mixed,)
    for mutation in (*MUTATIONS.values(), *others):
        chance.shuffle(names)
        mutated = mutation(newest, tuple(names), chance)
        told = settled(judged(before, mutated.night, ordered=ordered), rows_of(before))
        found.add(mutated, [each for each in told if each.test.id not in untouched], steady)


def rows_of(nights: list[Night]) -> dict[int, tuple[bool, ...]]:
    every = frozenset().union(*(night.ids for night in nights))
    return {one: tuple(one in night.ran for night in nights) for one in every}


def nights_of(job: Job) -> list[Night]:
    """The newest judged builds of a job with all their reports, newest first."""
    whole = [build for build in job.builds if build.judged and build.tested and not build.older]
    return [night_of(job, build) for build in reversed(whole[-WINDOW - 1 :])]


def night_of(job: Job, build: Build) -> Night:
    tests: list[Test] = []
    reports: Counter[tuple[str, str]] = Counter()
    for variant in job.variants or ("",):
        for suite, cases in suites(job, build.number, variant).items():
            name = f"{variant}/{report_path(suite)}".strip("/")
            reports[name, variant] += len(cases)
            tests += (shown(each, build, name, place) for place, each in enumerate(cases))
    seen = (ReportSeen(name, variant, count) for (name, variant), count in reports.items())
    return Night(tuple(tests), tuple(seen))


def shown(each: Case, build: Build, report: str, place: int) -> Test:
    status = STATUS[each.outcome(build.number)]
    return Test(
        case((each.suite,), each.name, each.variant),
        (each.suite,),
        each.name,
        each.variant,
        "",
        report,
        place,
        status,
        duration_ms(each, build.number),
        failure_trace(each, build.number) if status.is_failure else each.skip_reason,
    )
