"""Two sides of results beside each other: two builds, branches, releases or platforms.

Only what both sides ran is compared; the rest is listed as what it is. Every case that either side
has is in exactly one of the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low
from typing import Generic, TypeVar

from tracker.verdicts.outcomes import COUNTED, Status

K = TypeVar("K", int, str)

# Slower is to take this many times as long, and this much longer; faster is the same turned round.
SLOWER_RATIO = 1.5
SLOWER_MS = 1000

_BEST_FIRST = (Status.PASSED, Status.FAILED, Status.ERROR, Status.UNKNOWN, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case on one side: its status, whether it is known as flaky, how long it took if known."""

    status: Status
    flaky: bool = False
    duration_ms: int | None = None


class Difference(StrEnum):
    """What a case is in b beside a; the words are those of the lists."""

    FAILS_ONLY_IN_B = "fails only in b"
    FIXED = "fixed"
    STILL_FAILING = "still failing"
    STILL_PASSING = "still passing"
    FLAKY = "differs but is flaky"
    SKIPPED_IN_A = "skipped in a"
    SKIPPED_IN_B = "skipped in b"
    SKIPPED_IN_BOTH = "skipped in both"
    MISSING = "only in a"
    ADDED = "only in b"


_RAN_IN_BOTH = (
    Difference.FAILS_ONLY_IN_B,
    Difference.FIXED,
    Difference.STILL_FAILING,
    Difference.STILL_PASSING,
    Difference.FLAKY,
)


@dataclass(frozen=True)
class Comparison(Generic[K]):
    """Every case of either side in one of the lists, each sorted; `slower` and `faster` are extra.

    Skipped is what has no outcome that counts: skipped or unknown. `unlisted` more passed in both.
    """

    lists: Mapping[Difference, tuple[K, ...]]
    slower: tuple[K, ...]
    faster: tuple[K, ...]
    unlisted: int = 0

    @property
    def ran_in_both(self) -> int:
        """How many cases have a result that counts on both sides."""
        return self.count(*_RAN_IN_BOTH) + self.unlisted

    def of(self, difference: Difference) -> tuple[K, ...]:
        """The cases of one list, sorted."""
        return self.lists.get(difference, ())

    def count(self, *differences: Difference) -> int:
        """How many cases are in these lists."""
        return sum(len(self.of(each)) for each in differences)

    def sentence(self, a: str, b: str) -> str:
        """The comparison in one sentence, the sides by their names."""
        return "; ".join(_parts(self, a, b))


def compare(a: Mapping[K, Outcome], b: Mapping[K, Outcome], unlisted: int = 0) -> Comparison[K]:
    """What is different in `b`, the side in question, from `a`, the side it is held against.

    So many more cases as are `unlisted` passed in both and need not be given: most of a suite do.
    """
    lists: dict[Difference, list[K]] = {}
    slower: list[K] = []
    faster: list[K] = []
    for case in sorted(a.keys() | b.keys()):
        before, after = a.get(case), b.get(case)
        lists.setdefault(_difference(before, after), []).append(case)
        if _took_longer(before, after):
            slower.append(case)
        elif _took_longer(after, before):
            faster.append(case)
    return Comparison(
        {difference: tuple(cases) for difference, cases in lists.items()},
        tuple(slower),
        tuple(faster),
        unlisted,
    )


def best_of(builds: Iterable[Mapping[K, Outcome]]) -> dict[K, Outcome]:
    """Per case its best outcome in several builds: a pass, if it passed in any of them.

    With the middle duration of the results that are as good, since the shortest would make every
    other look slow; and flaky if it is known as flaky in any.
    """
    outcomes: dict[K, list[Outcome]] = {}
    for build in builds:
        for case, outcome in build.items():
            outcomes.setdefault(case, []).append(outcome)
    return {case: _best(outcomes[case]) for case in sorted(outcomes)}


def _best(outcomes: list[Outcome]) -> Outcome:
    status = min((each.status for each in outcomes), key=_BEST_FIRST.index)
    durations = [
        each.duration_ms
        for each in outcomes
        if each.status is status and each.duration_ms is not None
    ]
    flaky = any(each.flaky for each in outcomes)
    return Outcome(status, flaky, median_low(durations) if durations else None)


def _difference(before: Outcome | None, after: Outcome | None) -> Difference:
    if before is None:
        return Difference.ADDED
    if after is None:
        return Difference.MISSING
    if before.status in COUNTED and after.status in COUNTED:
        return _change(before, after)
    if before.status in COUNTED:
        return Difference.SKIPPED_IN_B
    return Difference.SKIPPED_IN_A if after.status in COUNTED else Difference.SKIPPED_IN_BOTH


def _change(before: Outcome, after: Outcome) -> Difference:
    """Of two results that count; a flaky case differs for no reason, but may well fail in both."""
    if before.status.is_failure and after.status.is_failure:
        return Difference.STILL_FAILING
    if not before.status.is_failure and not after.status.is_failure:
        return Difference.STILL_PASSING
    if before.flaky or after.flaky:
        return Difference.FLAKY
    return Difference.FAILS_ONLY_IN_B if after.status.is_failure else Difference.FIXED


def _took_longer(one: Outcome | None, other: Outcome | None) -> bool:
    """Whether the other took longer; a failure stops early or waits, and says nothing of speed."""
    if one is None or other is None or one.duration_ms is None or other.duration_ms is None:
        return False
    if one.status is not Status.PASSED or other.status is not Status.PASSED:
        return False
    return (
        other.duration_ms >= SLOWER_RATIO * one.duration_ms
        and other.duration_ms - one.duration_ms >= SLOWER_MS
    )


def _parts(found: Comparison[K], a: str, b: str) -> Iterator[str]:
    """What both ran first, in full; of the rest what there is."""
    changes = [
        _fail_only(found.count(Difference.FAILS_ONLY_IN_B), b),
        f"{found.count(Difference.FIXED):,} fixed",
        f"{found.count(Difference.STILL_FAILING):,} still failing",
    ]
    if flaky := found.count(Difference.FLAKY):
        changes.append(f"{flaky:,} {'differs but is' if flaky == 1 else 'differ but are'} flaky")
    yield f"of {_number(found.ran_in_both, 'test')} that both ran: {', '.join(changes)}"
    sides = [
        (Difference.MISSING, f"only in {a}"),
        (Difference.ADDED, f"only in {b}"),
        (Difference.SKIPPED_IN_A, f"skipped in {a}"),
        (Difference.SKIPPED_IN_B, f"skipped in {b}"),
        (Difference.SKIPPED_IN_BOTH, "skipped in both"),
    ]
    if rest := [f"{found.count(each):,} {what}" for each, what in sides if found.count(each)]:
        yield ", ".join(rest)
    if found.slower or found.faster:
        yield f"{len(found.slower):,} slower, {len(found.faster):,} faster"


def _fail_only(count: int, b: str) -> str:
    return f"{count:,} {'fails' if count == 1 else 'fail'} only in {b}"


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
