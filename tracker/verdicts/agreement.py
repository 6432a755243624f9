"""Agreement: what speaks for it that a test which is gone goes on as another one."""

from __future__ import annotations

import re
from functools import lru_cache

from tracker.verdicts.homes import Homes
from tracker.verdicts.names import likeness, name_likeness
from tracker.verdicts.seen_test import Test

# Weights are natural logarithms of odds.
_SAME_NAME = 7.0
_SAME_WORDS = 1.5
_OTHER_WORDS = -2.0  # names are changed beyond recognition, too
_ONLY_NUMBERS_DIFFER = -3.0

_NUMBER = re.compile(r"\d+")


def agreement(gone: Test, come: Test, homes: Homes) -> float:
    """How much speaks for a test being another one now, as a natural logarithm of odds."""
    weight = _name_weight(gone.name, come.name) + homes.weight(gone.home, come.home)
    weight += _duration_weight(gone.duration_ms, come.duration_ms)
    if gone.suite == come.suite or gone.report == come.report:
        weight += _place_weight(gone.place, come.place)
    if gone.file and come.file:
        weight += 1.0 if gone.file == come.file else -0.5
    if gone.trace and come.trace:
        weight += 4.0 * (likeness(gone.trace[:2000], come.trace[:2000]) - 0.25)
    return weight


@lru_cache(maxsize=65536)
def _name_weight(gone: str, come: str) -> float:
    if gone == come:
        return _SAME_NAME
    alike = name_likeness(gone, come)
    weight = max(_OTHER_WORDS, 10.0 * (alike - 0.5))
    if alike == 1.0:
        weight += _SAME_WORDS
    if _NUMBER.sub("0", gone) == _NUMBER.sub("0", come):
        weight += _ONLY_NUMBERS_DIFFER
    return weight


def _place_weight(gone: int | None, come: int | None) -> float:
    if gone is None or come is None:
        return 0.0
    distance = abs(gone - come)
    return 3.0 if distance == 0 else 1.0 if distance <= 2 else 0.0 if distance <= 20 else -1.0


def _duration_weight(gone: int | None, come: int | None) -> float:
    """Tests that take about as long; below 20 ms it is the clock that is measured."""
    if gone is None or come is None or max(gone, come) < 20:
        return 0.0
    ratio = (max(gone, come) + 5) / (min(gone, come) + 5)
    return 1.0 if ratio < 1.5 else 0.0 if ratio < 3 else -1.5
