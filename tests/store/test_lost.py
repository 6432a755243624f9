"""What the store tells of missing cases is what the plain reading of the same nights tells.

The store reads only what differs between builds, and counts the rest; the reading held against it
has all results of all nights before it.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest

from tests.factories import record
from tests.store.fresh import fresh_store
from tracker.store import identity
from tracker.store.records import BuildFacts, Contents, ReadReport
from tracker.store.sql import run
from tracker.verdicts.benchmark.histories import night_of, planned
from tracker.verdicts.benchmark.mixtures import drop_and_cut, mixed, replace_tests
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.benchmark.nights import Night, judged
from tracker.verdicts.causes import settled
from tracker.verdicts.missing import Cause, Missing, ReportSeen
from tracker.verdicts.seen_test import Test

WEEK = range(20, 31)


@pytest.mark.parametrize("seed", [3, 14, 15, 92])
def test_the_store_tells_what_the_plain_reading_tells(seed: int) -> None:
    chance = random.Random(seed)
    plan = planned(seed)
    *history, newest = (night_of(plan, day, chance, 0.8, recent=True) for day in WEEK)
    history.reverse()
    names = [report.name for report in newest.reports]
    told = 0
    with fresh_store():
        for number, night in enumerate(reversed(history), 1):
            record_night(night, number)
        for mutation in (*MUTATIONS.values(), mixed, mixed, drop_and_cut, replace_tests):
            chance.shuffle(names)
            night = mutation(newest, tuple(names), chance).night
            expected = plain(history, night)
            assert stored(night, len(history) + 1) == expected, mutation.__name__
            told += len(expected)
    assert told > 20


def plain(history: Sequence[Night], night: Night) -> list[tuple[object, ...]]:
    found = judged(history, night)
    rows = {
        each.test.id: [
            each.test.id in (earlier.ran if each.cause is Cause.SKIPPED else earlier.ids)
            for earlier in history
        ]
        for each in found
    }
    return [row_of(each) for each in settled(found, rows)]


def row_of(each: Missing) -> tuple[object, ...]:
    pair = each.rename
    return each.test.id, str(each.cause), pair and pair.come.id, bool(pair and pair.certain)


def stored(night: Night, number: int) -> list[tuple[object, ...]]:
    """What the store tells of a night, which it then forgets."""
    build = record_night(night, number)
    rows = run(
        "SELECT a.case_id, l.cause, a.other_case, a.is_certain FROM absence a"
        " JOIN loss l ON l.build_id = a.build_id AND l.n = a.n WHERE a.build_id = ?"
        " ORDER BY a.case_id",
        build,
    )
    for table in ("result", "report", "loss", "absence"):
        run(f"DELETE FROM {table} WHERE build_id = ?", build)
    run("DELETE FROM build WHERE id = ?", build)
    return [(*row[:3], bool(row[3])) for row in rows]


def record_night(night: Night, number: int) -> int:
    tests: dict[str, list[Test]] = defaultdict(list)
    for test in night.tests:
        tests[test.report].append(test)
    reports = [report_of(seen, tests[seen.name]) for seen in night.reports]
    facts = BuildFacts("nightly", number, complete=True)
    return record(facts, *reports).build_id


def report_of(seen: ReportSeen, tests: Iterable[Test]) -> ReadReport:
    contents = Contents(
        suites={identity.suite_id(test.suite): test.suite[-1] for test in tests},
        cases={test.id: (identity.suite_id(test.suite), test.name) for test in tests},
        results=[
            (test.id, int(test.status), test.duration_ms, text_of(test), None) for test in tests
        ],
        failures={text: ("", "", test.trace) for test in tests if (text := text_of(test))},
        variant=seen.variant,
    )
    return ReadReport(
        seen.name,
        sha256=seen.name,
        size=1,
        variant=seen.variant,
        recovered=seen.cut,
        failure="not readable" if seen.unreadable else "",
        contents=contents,
    )


def text_of(test: Test) -> int | None:
    return identity.number(test.trace) if test.trace else None
