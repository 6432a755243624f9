"""The rules that other tools have, written anew from their descriptions, to be held against ours.

Each says of a case's outcomes, oldest first and one a night, whether it calls it broken now.
"""

from __future__ import annotations

from collections.abc import Callable

from tracker.verdicts.odds import worse_than

Rule = Callable[[str], bool]


def last_flip(outcomes: str) -> bool:
    """The last run passed and this one failed: Jenkins, Allure, SQUAD."""
    return outcomes[-2:] == "PF"


def in_a_row(times: int) -> Rule:
    """So many failures in a row: TestGrid has three in its example."""
    return lambda outcomes: outcomes[-times:] == "F" * times


def all_history(outcomes: str) -> bool:
    """At least two failures at the end, and never a pass after the first failure."""
    return outcomes[-2:] == "FF" and "P" not in outcomes.lstrip("P")


def fisher(outcomes: str) -> bool:
    """The last 7 nights against the 30 before, at 95 %, 5 points and 3 failures: Sippy."""
    now, before = outcomes[-7:], outcomes[-37:-7]
    failures, failures_before = now.count("F"), before.count("F")
    if failures < 3 or failures / len(now) - failures_before / max(1, len(before)) <= 0.05:
        return False
    counts = (failures, len(now) - failures, failures_before, len(before) - failures_before)
    return worse_than(*counts) < 0.05


RULES: dict[str, Rule] = {
    "last run flipped": last_flip,
    "2 in a row": in_a_row(2),
    "3 in a row": in_a_row(3),
    "all history": all_history,
    "Fisher 7 v 30": fisher,
}
