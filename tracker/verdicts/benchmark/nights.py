"""Nights: the results and reports of a build, made up or real, and what is missing of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tracker.verdicts.causes import causes
from tracker.verdicts.expected import appeared, expected, lost
from tracker.verdicts.lost_reports import read_to
from tracker.verdicts.missing import Missing, ReportSeen, Scene
from tracker.verdicts.outcomes import Status
from tracker.verdicts.seen_test import Test


@dataclass(frozen=True)
class Night:
    """The results and reports of one build."""

    tests: tuple[Test, ...]
    reports: tuple[ReportSeen, ...]

    @cached_property
    def ids(self) -> frozenset[int]:
        """The cases it has results of."""
        return frozenset(test.id for test in self.tests)

    @cached_property
    def ran(self) -> frozenset[int]:
        """The cases that were not skipped."""
        return frozenset(test.id for test in self.tests if test.status is not Status.SKIPPED)


def case(suite: tuple[str, ...], name: str, variant: str = "") -> int:
    """An id that depends on nothing but the names."""
    text = "\x1f".join((*suite, name, variant))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")


def results_of(night: Night, report: str) -> list[Test]:
    """The results that came from this report, in its order."""
    return [test for test in night.tests if test.report == report]


def judged(history: Sequence[Night], night: Night, *, ordered: bool = True) -> list[Missing]:
    """The missing cases of a night after earlier ones, newest first.

    Not `ordered`: without the places of results in their reports, which the store has of all that
    was recorded, or read again, since it keeps them.
    """
    runs = [earlier.ids for earlier in history]
    known = {test.id: test for earlier in reversed(history) for test in earlier.tests}
    suites = {test.id: test.home for test in (*known.values(), *night.tests)}
    gone = lost(runs, night.ids, suites)
    ran = lost([earlier.ran for earlier in history], night.ran, suites)
    here = {test.id: test for test in night.tests}
    come = appeared(runs, night.ids, gone) if gone else frozenset()
    homes = {suites[one] for one in gone}
    shown: Callable[[Test], Test] = (lambda test: test) if ordered else _without_place
    scene = Scene(
        gone=tuple(shown(known[one]) for one in sorted(gone)),
        skipped=tuple(shown(here[one]) for one in sorted(ran & here.keys())),
        come=tuple(shown(here[one]) for one in sorted(come)),
        beside=tuple(
            shown(replace(test, place=known[test.id].place if test.id in known else None))
            for test in night.tests
            if test.home in homes and test.id not in come
        ),
        reports=tuple(_read_to(night, history)) if ordered else night.reports,
        reports_before=tuple(earlier.reports for earlier in history),
        failed_before={
            test.id for earlier in history for test in earlier.tests if test.status.is_failure
        },
        expected=len(expected(runs)),
    )
    return list(causes(scene))


def _read_to(night: Night, history: Sequence[Night]) -> Iterator[ReportSeen]:
    """The reports; of those that end early, where the newest night before had their last case."""
    for report in night.reports:
        if report.cut:
            here = [test.id for test in results_of(night, report.name)]
            earlier = (results_of(each, report.name) for each in history)
            before = [test.id for test in next(filter(None, earlier), [])]
            report = replace(report, read_to=read_to(before, here) if before else None)
        yield report


def _without_place(test: Test) -> Test:
    return replace(test, place=None)
