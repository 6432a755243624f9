"""The simple rule: the last counted result passed and this one failed, so this is a regression.

A *streak* is a row of failures of one case in one job: it begins with the first failure after a
pass (a regression) or with the first result at all (a new failure), and ends with the next pass
(the case is fixed). Skipped, unknown and missing results neither begin nor end one.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

from tracker.verdicts.outcomes import COUNTED, Status

K = TypeVar("K")


@dataclass(frozen=True)
class Step(Generic[K]):
    """What one more build changes: cases that began to fail, cases that were fixed."""

    opened: frozenset[K]
    fixed: frozenset[K]


@dataclass(frozen=True)
class Streak:
    """Places in a history: `first` failure, the pass that `fixed` it (None: not yet)."""

    first: int
    fixed: int | None
    regression: bool


def step(failing: Set[K], failed: Set[K], passed: Set[K]) -> Step[K]:
    """One build further: `failing` before it, what `failed` and what `passed` in it."""
    return Step(opened=frozenset(failed - failing), fixed=frozenset(failing & passed))


def streaks(history: Iterable[Status | None]) -> list[Streak]:
    """The streaks of one case, whose statuses come oldest first; None where it did not run."""
    found: list[Streak] = []
    counted_before = False
    for place, status in enumerate(history):
        if status is None or status not in COUNTED:
            continue
        is_open = bool(found) and found[-1].fixed is None
        if status.is_failure and not is_open:
            found.append(Streak(place, None, regression=counted_before))
        elif status is Status.PASSED and is_open:
            found[-1] = Streak(found[-1].first, place, found[-1].regression)
        counted_before = True
    return found
