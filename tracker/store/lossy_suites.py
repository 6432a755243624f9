"""Suites that lost some of their cases: what a build still has of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property

from tracker.store.identity import SUITE_SEPARATOR
from tracker.store.outcomes import FAILED
from tracker.store.seen_tests import last_places, seen_in
from tracker.store.sql import IN, listed, run
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import SuiteKey, Test

# A suite by its id, in a variant.
Home = tuple[int, str]


@dataclass(frozen=True)
class LossySuites:
    """The suites of a build that lost some, after the builds `before`, newest first.

    of      the suite of each of their cases that the builds do not all have alike
    steady  of the cases besides: how many each suite has by report, and one of these
    """

    build: int
    before: Sequence[int]
    of: Mapping[int, Home]
    steady: Mapping[Home, Mapping[int | None, tuple[int, int]]]

    @classmethod
    def find(
        cls,
        build: int,
        before: Sequence[int],
        here: Set[int],
        away: Set[int],
        lost: Iterable[int],
    ) -> LossySuites:
        """The suites of the cases `lost`, some of those `here` and `away` that not all the builds
        have alike.
        """
        sql = f"SELECT id, suite_id, variant FROM test_case WHERE id IN {IN}"
        every = {case: (suite, variant) for case, suite, variant in run(sql, listed(here | away))}
        suites = {every[case][0] for case in lost}
        of = {case: home for case, home in every.items() if home[0] in suites}
        return cls(build, before, of, _steady(build, of.keys() & here, suites))

    @cached_property
    def sizes(self) -> dict[Home, int]:
        """How many cases each suite has that all the builds have."""
        return {
            home: sum(count for count, _ in reports.values())
            for home, reports in self.steady.items()
        }

    def beside(
        self, gone: Iterable[int], come: Set[int], here: Set[int]
    ) -> tuple[tuple[Test, ...], dict[SuiteKey, int]]:
        """Results of the suites of cases that are `gone`, and how many more each suite has.

        Told are all that failed, one or more that did not, and of suites with an error the last
        one of each report, which may have ended it. All stand in the places that they had before.
        None is of `come`, the cases that appeared since; `here` are those of `of` that there are.
        """
        suites = {self.of[case] for case in gone}
        changing: dict[Home, list[int]] = defaultdict(list)
        for case in sorted(here & self.of.keys() - come):
            if self.of[case] in suites:
                changing[self.of[case]].append(case)
        told = self._told(suites, changing) - come
        tests = tuple(seen_in(self.build, told, places=last_places(self.before, told)))
        count = Counter({home: self.sizes.get(home, 0) for home in suites})
        count.update({home: len(cases) for home, cases in changing.items()})
        return tests, _rest(count, tests)

    def _told(self, suites: Set[Home], changing: Mapping[Home, Sequence[int]]) -> set[int]:
        failed = _failed(self.build, suites)
        errors = {home for home, status in failed.values() if status == Status.ERROR}
        told = failed.keys() | self._last(errors)
        told.update(one for home in suites for _, one in self.steady.get(home, {}).values())
        for home, cases in changing.items():
            told.update(cases if home in errors else cases[:1])
        return told

    def _last(self, suites: Set[Home]) -> set[int]:
        """Of cases that all builds have the last of each suite and report, as it was before."""
        if not suites:
            return set()
        rows = run(
            "SELECT case_id FROM (SELECT r.case_id, row_number() OVER (PARTITION BY c.suite_id,"
            " c.variant, r.report ORDER BY b.place DESC, r.case_id DESC) AS back FROM result r"
            " JOIN result b ON b.build_id = ? AND b.case_id = r.case_id"
            " JOIN test_case c ON c.id = r.case_id"
            f" WHERE r.build_id = ? AND c.suite_id IN {IN} AND r.case_id NOT IN {IN}"
            " AND b.place IS NOT NULL) AS last WHERE back = 1",
            self.before[0],
            self.build,
            listed({suite for suite, _ in suites}),
            listed(self.of),
        )
        return {case for (case,) in rows}


def _steady(
    build: int, others: Iterable[int], suites: Iterable[int]
) -> dict[Home, dict[int | None, tuple[int, int]]]:
    """The cases of suites without some others: for each report how many, and the first one."""
    rows = run(
        "SELECT c.suite_id, c.variant, r.report, count(*), min(r.case_id) FROM result r"
        " JOIN test_case c ON c.id = r.case_id"
        f" WHERE r.build_id = ? AND c.suite_id IN {IN} AND r.case_id NOT IN {IN}"
        " GROUP BY c.suite_id, c.variant, r.report",
        build,
        listed(suites),
        listed(others),
    )
    found: dict[Home, dict[int | None, tuple[int, int]]] = defaultdict(dict)
    for suite, variant, report, count, first in rows:
        found[suite, variant][report] = (count, first)
    return found


def _failed(build: int, suites: Set[Home]) -> dict[int, tuple[Home, int]]:
    """The cases of suites that failed, each with its suite and status."""
    rows = run(
        "SELECT r.case_id, c.suite_id, c.variant, r.status FROM result r"
        " JOIN test_case c ON c.id = r.case_id"
        f" WHERE r.build_id = ? AND {FAILED} AND c.suite_id IN {IN}",
        build,
        listed({suite for suite, _ in suites}),
    )
    return {
        case: ((suite, variant), status)
        for case, suite, variant, status in rows
        if (suite, variant) in suites
    }


def _rest(count: Mapping[Home, int], tests: Iterable[Test]) -> dict[SuiteKey, int]:
    """How many results suites have besides these tests, by the names of the suites."""
    told = Counter(test.home for test in tests)
    rows = run(
        f"SELECT id, path FROM suite WHERE id IN {IN}", listed({suite for suite, _ in count})
    )
    paths = {suite: tuple(path.split(SUITE_SEPARATOR)) if path else () for suite, path in rows}
    homes = {home: (paths[home[0]], home[1]) for home in count}
    return {homes[home]: n - told[homes[home]] for home, n in count.items()}
