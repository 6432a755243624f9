"""One made-up run: 20 cases a suite, three per cent of them failed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CASES_A_SUITE = 20
SUITES_A_PACKAGE = 10
FAILED_IN_100 = 3
TRACE_LINES = 20
START = 1_790_000_000
WHEN = "2026-09-21T13:33:20.000000"
KIND = "org.opentest4j.AssertionFailedError"
STEPS = (
    ("Given ", "a card that has expired"),
    ("When ", "an order comes in"),
    ("Then ", "it is refused"),
)


@dataclass(frozen=True)
class Case:
    """One case as it ended; only one that failed has a message and a trace."""

    place: int
    name: str
    seconds: float
    message: str = ""
    trace: str = ""

    @property
    def ms(self) -> int:
        """Its duration in whole milliseconds."""
        return int(self.seconds * 1000)


@dataclass(frozen=True)
class Group:
    """A class or file with its cases."""

    name: str
    package: str
    cases: list[Case]

    @property
    def path(self) -> str:
        """Its name with the package's."""
        return f"{self.package}.{self.name}"


@dataclass(frozen=True)
class Package:
    """Groups that lie together, where a tool nests suites."""

    name: str
    groups: list[Group]


Run = list[Package]
Writer = Callable[[Run], Iterator[str | bytes]]


def made_up(cases: int) -> Run:
    """The same run for the same number of cases."""
    rng = random.Random(cases)
    packages: Run = []
    for first in range(0, cases, CASES_A_SUITE):
        place = first // CASES_A_SUITE
        if place % SUITES_A_PACKAGE == 0:
            packages.append(Package(f"com.example.shop.module{place // SUITES_A_PACKAGE:03}", []))
        names = range(first, min(first + CASES_A_SUITE, cases))
        group = Group(
            f"OrderService{place:04}Test", packages[-1].name, [_case(each, rng) for each in names]
        )
        packages[-1].groups.append(group)
    return packages


def _case(place: int, rng: random.Random) -> Case:
    name = f"refuses_an_order_whose_card_has_expired_{place:06}"
    seconds = round(min(rng.lognormvariate(-4, 1.5), 90), 3)
    if place % 100 >= FAILED_IN_100:
        return Case(place, name, seconds)
    trace = "".join(
        f"\tat com.example.shop.layer{depth:02}.Handler.call(Handler.java:{place + depth})\n"
        for depth in range(TRACE_LINES)
    )
    return Case(place, name, seconds, f"expected: <200> but was: <{place}>", trace)


def groups_of(run: Run) -> Iterator[Group]:
    """All groups, in their order."""
    return (group for package in run for group in package.groups)


def cases_of(run: Run) -> Iterator[tuple[Group, Case]]:
    """All cases with their groups."""
    return ((group, case) for group in groups_of(run) for case in group.cases)


def size_of(run: Run) -> int:
    """How many cases there are."""
    return sum(len(group.cases) for group in groups_of(run))


def failed_in(run: Run) -> int:
    """How many failed."""
    return sum(bool(case.message) for _, case in cases_of(run))


def word_of(case: Case) -> str:
    """How it ended, in a word that many tools use."""
    return "failed" if case.message else "passed"


def nodeid_of(group: Group, case: Case) -> str:
    """What pytest calls a case."""
    return f"tests/{group.package}/test_orders.py::{group.name}::test_{case.name}"


def guid_of(number: int) -> str:
    """A number as .NET writes names."""
    digits = f"{number % 2**128:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
