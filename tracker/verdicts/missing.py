"""Missing cases: what is known of a build in which some are, and what is told of each."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from tracker.verdicts.renames import Pair
from tracker.verdicts.seen_test import SuiteKey, Test


class Cause(enum.StrEnum):
    """Why a case has no result of its own."""

    REPORT_CUT = "report cut"
    REPORT_MISSING = "report missing"
    SUITE_CRASHED = "suite crashed"
    RENAMED = "renamed"
    SKIPPED = "skipped"
    REMOVED = "removed"


# What speaks for itself: a report or a suite ended too early.
EXPLAINED = frozenset({Cause.REPORT_CUT, Cause.REPORT_MISSING, Cause.SUITE_CRASHED})


@dataclass(frozen=True)
class ReportSeen:
    """A report of a build: how many cases it gave, and what is wrong with it.

    cut         it is damaged from some place on
    unreadable  it is there, and nothing could be read
    troubled    it is whole, and says that its run went wrong
    read_to     the place that its last case had when last seen; None where not known
    """

    name: str
    variant: str = ""
    cases: int = 0
    cut: bool = False
    unreadable: bool = False
    troubled: bool = False
    read_to: int | None = None


@dataclass(frozen=True)
class Scene:
    """What is known of a judged build in which cases are missing.

    gone            expected cases without a result, as they were when last seen
    skipped         expected to run, and skipped now, as they are now
    come            cases that appeared since the cases in `gone` were last seen
    beside          results in this build of suites that `gone` cases belong to; their places are
                    those they had when last seen before, as those of `gone` are; of those that
                    passed one for each suite is enough, and the last where a suite has an error
    rest            how many results suites have that are not in `beside`
    reports         the build's reports
    reports_before  those of earlier builds, newest build first
    failed_before   cases that failed in one of the builds before
    expected        how many cases were expected
    """

    gone: tuple[Test, ...]
    skipped: tuple[Test, ...] = ()
    come: tuple[Test, ...] = ()
    beside: tuple[Test, ...] = ()
    rest: Mapping[SuiteKey, int] = field(default_factory=dict)
    reports: tuple[ReportSeen, ...] = ()
    reports_before: tuple[tuple[ReportSeen, ...], ...] = ()
    failed_before: Set[int] = frozenset()
    expected: int = 0


@dataclass(frozen=True, slots=True)
class Missing:
    """One missing case and its cause.

    about   the report, suite or move that it shares with others; "" where it stands alone
    rename  the case under which it goes on, sure or proposed
    """

    test: Test
    cause: Cause
    sentence: str
    about: str = ""
    rename: Pair | None = None

    @property
    def is_explained(self) -> bool:
        """Whether more than its absence speaks for it."""
        return self.cause in EXPLAINED or self.goes_on

    @property
    def goes_on(self) -> bool:
        """Whether it surely ran under another name."""
        return self.rename is not None and self.rename.certain


def suite_text(suite: tuple[str, ...]) -> str:
    """The names of a suite and of those around it as they are shown, outermost first."""
    return " / ".join(suite) or "without a name"
