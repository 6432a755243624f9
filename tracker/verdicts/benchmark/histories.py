"""Made-up jobs: the tests of each, which of them come and go, and the nights they ran in."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tracker.verdicts.benchmark.names import WORDS, names_of_one_class
from tracker.verdicts.benchmark.nights import Night, case, judged
from tracker.verdicts.causes import settled
from tracker.verdicts.expected import WINDOW
from tracker.verdicts.missing import Missing, ReportSeen
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test


@dataclass(frozen=True)
class Planned:
    """A test of a made-up job and when it is there.

    `kind`: steady, weekdays, rotating, random, young, skipped (always), moody (skips at random).
    """

    test: Test
    kind: str
    turn: int
    fails: float

    @cached_property
    def skipped(self) -> Test:
        """Its result in a night in which it does not run."""
        return replace(self.test, status=Status.SKIPPED, duration_ms=0, trace="not today")


def planned(seed: int) -> list[Planned]:
    """The tests of a job in the order of its reports: files, shards on two platforms, or stages."""
    chance = random.Random(seed)  # noqa: S311 (made-up data)
    variants = chance.choice(((""), ("",), ("platform=linux", "platform=windows"), ("stage=a", "")))
    variants = variants or ("",)
    layout = [
        (f"{package}-{shard}.xml", package)
        for shard, package in enumerate(chance.sample(WORDS, chance.randint(3, 6)))
    ]
    rows: list[Planned] = []
    for report, package in layout:
        classes = [_class_of(package, chance) for _ in range(chance.randint(1, 6))]
        for suite, kind in classes:
            for name in names_of_one_class(chance):
                rows.extend(
                    _row(suite, name, kind, report, variant, chance) for variant in variants
                )
    return sorted(rows, key=lambda row: (row.test.report, row.test.variant))


def _class_of(package: str, chance: random.Random) -> tuple[tuple[str, ...], str]:
    words = [word.capitalize() for word in chance.sample(WORDS, 2)]
    kinds = ("weekdays", "rotating", "random", "young", "skipped", "moody")
    kind = "steady" if chance.random() < 0.8 else chance.choice(kinds)
    inner = f".{chance.choice(WORDS)}" if chance.random() < 0.5 else ""
    return (f"com.shop.{package}{inner}.{''.join(words)}Test",), kind


def _row(
    suite: tuple[str, ...],
    name: str,
    kind: str,
    report: str,
    variant: str,
    chance: random.Random,
) -> Planned:
    named = f"{variant.replace('=', '-')}/{report}".strip("/")
    test = Test(
        case(suite, name, variant),
        suite,
        name,
        variant,
        report=named,
        duration_ms=int(chance.lognormvariate(4.0, 1.5)),
    )
    if chance.random() < 0.01:
        kind = chance.choice(("skipped", "moody", "young"))
    return Planned(test, kind, chance.randrange(3), chance.choice((0.0, 0.0, 0.0, 0.001, 0.1)))


def night_of(
    plan: Sequence[Planned], day: int, chance: random.Random, odds: float, *, recent: bool
) -> Night:
    """One night of a job; day 0 is a Monday. Of suites with random selection `odds` are run.

    Of nights that are not `recent` nothing is asked but what ran and what was skipped.
    """
    places: Counter[str] = Counter()
    tests = []
    for row in plan:
        if _is_there(row, day, chance, odds):
            report = row.test.report
            is_skipped = _is_skipped(row, chance)
            bare = row.skipped if is_skipped else row.test
            tests.append(_result(row, places[report], is_skipped, chance) if recent else bare)
            places[report] += 1
    names = dict.fromkeys((test.report, test.variant) for test in tests)
    reports = tuple(ReportSeen(name, variant, places[name]) for name, variant in names)
    return Night(tuple(tests), reports)


def _is_there(row: Planned, day: int, chance: random.Random, odds: float) -> bool:
    if row.kind == "weekdays":
        return day % 7 < 5
    if row.kind == "rotating":
        return day % 3 == row.turn
    if row.kind == "random":
        return chance.random() < odds
    return row.kind != "young" or day >= 20 + row.turn


def _is_skipped(row: Planned, chance: random.Random) -> bool:
    return row.kind == "skipped" or (row.kind == "moody" and chance.random() < 0.3)


def _result(row: Planned, place: int, is_skipped: bool, chance: random.Random) -> Test:
    took = int((row.test.duration_ms or 0) * (0.8 + 0.5 * chance.random()))
    status, trace = Status.PASSED, ""
    if is_skipped:
        status, trace, took = Status.SKIPPED, "not today", 0
    elif chance.random() < row.fails:
        status = chance.choice((Status.FAILED, Status.FAILED, Status.FAILED, Status.ERROR))
        trace = f"AssertionError: {row.test.name}\n at {row.test.suite[-1]}.{row.test.name}(1)"
    test = row.test  # `replace` would take most of the time of the benchmark
    return Test(
        test.id,
        test.suite,
        test.name,
        test.variant,
        "",
        test.report,
        place,
        status,
        took,
        trace,
    )


@dataclass(frozen=True)
class Job:
    """A made-up job: its nights, the newest first and yet unjudged, and its steady cases.

    `rows`: of cases that come and go, in which of the last 60 nights each was there and ran.
    """

    nights: tuple[Night, ...]
    steady: frozenset[int]
    rows: Mapping[int, tuple[bool, ...]] = field(default_factory=dict)

    def judged(self, night: Night, *, ordered: bool = True) -> tuple[Missing, ...]:
        """What is missing of the newest night, or of a mutation of it."""
        return settled(judged(self.nights[1:], night, ordered=ordered), self.rows)


def job(seed: int) -> Job:
    """Ten nights of history and the one to judge, with some tests that are new in it."""
    chance = random.Random(seed + 1)  # noqa: S311 (made-up data)
    plan = planned(seed)
    last = 20 + chance.randrange(7)
    odds = chance.choice((0.5, 0.8, 0.95))
    days = range(last - WINDOW, last)
    nights = [night_of(plan, day, chance, odds, recent=day >= last - 1) for day in days]
    grown = _grown(plan, chance)
    nights.append(night_of(grown, last, chance, odds, recent=True))
    steady = {row.test.id for row in plan if row.kind in ("steady", "skipped")}
    newest = tuple(reversed(nights))
    return Job(newest, frozenset(steady), _rows(plan, newest[1:], last, odds, chance))


def _rows(
    plan: Sequence[Planned], nights: Sequence[Night], last: int, odds: float, chance: random.Random
) -> dict[int, tuple[bool, ...]]:
    """The last 60 nights of cases that come and go, the newest of them as they were."""
    return {
        row.test.id: (
            *(row.test.id in night.ran for night in nights),
            *(
                _is_there(row, day, chance, odds) and not _is_skipped(row, chance)
                for day in range(last - len(nights) - 1, last - 60, -1)
            ),
        )
        for row in plan
        if row.kind not in ("steady", "skipped")
    }


def _grown(plan: Sequence[Planned], chance: random.Random) -> list[Planned]:
    """Somebody adds tests to some suites, on the day on which others may be renamed."""
    rows = list(plan)
    known = {row.test.id for row in plan}
    for _ in range(chance.randrange(6)):
        at = chance.randrange(len(rows))
        beside = rows[at]
        name = names_of_one_class(chance)[0]
        test = beside.test
        new = _row(test.suite, name, "steady", "", test.variant, chance)
        if new.test.id not in known:
            known.add(new.test.id)
            rows.insert(at, replace(new, test=replace(new.test, report=test.report)))
    return rows
