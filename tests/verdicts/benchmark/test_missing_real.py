"""Of what mutations took from real reports the cause is found."""

from __future__ import annotations

import random

import pytest

from tests.plugins.corpus import Entry, entries
from tests.plugins.reading import parser_of, placed, read
from tracker.store.identity import suite_path
from tracker.verdicts.benchmark.missing import Tally
from tracker.verdicts.benchmark.mixtures import drop_and_cut, mixed, replace_tests
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.benchmark.nights import Night, case, judged
from tracker.verdicts.missing import Cause, ReportSeen
from tracker.verdicts.seen_test import Test

FORMATS = ("junit", "nunit2", "nunit3", "trx", "robot", "testng", "ctrf", "tap", "gotest_json")


def test_causes_are_right_when_real_reports_are_mutated():
    nights = real_nights()
    if not nights:
        pytest.skip("the corpus of real reports is not beside the repository")
    found, chance = Tally(), random.Random(11)
    for night in nights:
        assert judged([night] * 10, night) == []
        names = [report.name for report in night.reports]
        for mutation in (*MUTATIONS.values(), mixed, drop_and_cut, replace_tests):
            chance.shuffle(names)
            mutated = mutation(night, tuple(names), chance)
            told = judged([night] * 10, mutated.night)
            found.add(mutated, told, night.ids)
            found.add_renames(mutated, told, night.ids, night)
    assert found.right.total() > 5_000
    for cause in Cause:
        right = found.right[cause]
        # A name changed beyond recognition and a test that was replaced look alike.
        least = 0.95 if cause in (Cause.REMOVED, Cause.RENAMED) else 0.98
        assert right >= least * (right + found.wrong[cause]), cause
        assert right >= least * (right + found.overlooked[cause]), cause
    assert found.joined_rightly >= 0.99 * found.joined


def real_nights() -> list[Night]:
    """Builds of a few reports of one format each, as they are in the corpus."""
    files = [found for name in FORMATS if (found := usable(name))]
    return [night_of(some[at : at + 4]) for some in files for at in range(0, len(some), 4)]


def usable(parser: str) -> list[Entry]:
    """The files that hold enough cases to mutate, and not so many that it takes long."""
    return [
        entry
        for entry in entries(parser)
        if entry.expected and 8 <= entry.expected["total"] <= 700 and entry.figures
    ]


def night_of(files: list[Entry]) -> Night:
    """The results of some files as one build; a case that another file has too is left out."""
    tests: dict[int, Test] = {}
    reports = []
    for entry in files:
        kept = placed(read(parser_of(entry.parser), entry.data, entry.file))
        before = len(tests)
        for each in kept:
            result = each.result
            path = suite_path(each.path, result.classname)
            number = case(path, result.name)
            took = None if result.duration is None else int(result.duration * 1000)
            test = Test(
                number,
                path,
                result.name,
                "",
                result.file,
                entry.file,
                len(tests) - before,
                result.status,
                took,
                f"{result.message}\n{result.trace}".strip(),
            )
            tests.setdefault(number, test)
        if len(tests) > before:
            reports.append(ReportSeen(entry.file, cases=len(tests) - before))
    return Night(tuple(tests.values()), tuple(reports))
