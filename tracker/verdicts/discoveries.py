"""Which of very many comparisons of counts are more than chance, in Fisher's exact test.

Each comparison has a p-value by itself, and one adjusted for all of them: of those called worse at
most a given share is chance.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

# Fewer failures than this are no regression.
LEAST_FAILURES = 3


class Counts(NamedTuple):
    """How often a test passed and failed in a period; skipped runs count as neither."""

    passes: int
    failures: int

    @property
    def runs(self) -> int:
        return self.passes + self.failures

    @property
    def failure_rate(self) -> float:
        return self.failures / self.runs if self.runs else 0.0


class Comparison(NamedTuple):
    """Two periods of one test; `others` are those that might have been taken for `before`."""

    after: Counts
    before: Counts
    others: tuple[Counts, ...] = ()

    @property
    def p(self) -> float:
        """How likely chance makes it as bad or worse after: Fisher's exact test, one-sided."""
        after, before = self.after, self.before
        return _tails(after.runs, before.runs, after.failures + before.failures)[after.failures]


def adjusted(comparisons: Mapping[Comparison, int]) -> dict[Comparison, float]:
    """For each comparison, made so many times, the share by chance of those at least as bad.

    That is how many are expected to have as low a p-value, given the failures each has, over how
    many have one. A test that hardly ever failed cannot have a low one, and costs the others
    nothing. J. Heyse, A false discovery rate procedure for categorical data (2011); where a p-value
    can have any size it is the procedure of Benjamini and Hochberg.
    """
    shares: list[tuple[float, float]] = []
    expected, seen = 0.0, 0
    for p, number, by_chance in sorted(_steps(comparisons)):
        expected, seen = expected + by_chance, seen + number
        if number:
            shares.append((p, expected / seen))
    least, q_values = 1.0, {}
    for p, share in reversed(shares):
        least = min(least, share)
        q_values[p] = least
    return {each: q_values[each.p] if _may_count(each) else 1.0 for each in comparisons}


def _may_count(comparison: Comparison) -> bool:
    return comparison.after.failures >= LEAST_FAILURES


def _steps(comparisons: Mapping[Comparison, int]) -> Iterator[tuple[float, int, float]]:
    """P-values: how many comparisons have it, or how many more chance would have down to it.

    At one p-value what is seen comes after what is expected.
    """
    margins: Counter[tuple[int, int, int]] = Counter()
    for each, number in comparisons.items():
        if _may_count(each):
            yield each.p, number, 0.0
        for before in (each.before, *each.others):
            margins[each.after.runs, before.runs, each.after.failures + before.failures] += number
    for margin, number in margins.items():
        lower = 0.0
        for p in reversed(_tails(*margin)[LEAST_FAILURES:]):
            yield p, 0, number * (p - lower)
            lower = p


@lru_cache(maxsize=65536)
def _tails(runs: int, runs_before: int, failed: int) -> tuple[float, ...]:
    """Of all failures in both periods, how likely 0, 1, 2 and so on or more fall into the later.

    All p-values of Fisher's exact test with these margins, in one pass from the likeliest outwards.
    """
    low, high = max(0, failed - runs_before), min(failed, runs)
    middle = min(high, max(low, (runs + 1) * (failed + 1) // (runs + runs_before + 2)))
    chances = [0.0] * (high + 1)
    chances[middle] = (
        math.comb(runs, middle)
        * math.comb(runs_before, failed - middle)
        / math.comb(runs + runs_before, failed)
    )
    for k in range(middle, high):
        more = (runs - k) * (failed - k) / ((k + 1) * (runs_before - failed + k + 1))
        chances[k + 1] = chances[k] * more
    for k in range(middle, low, -1):
        fewer = k * (runs_before - failed + k) / ((runs - k + 1) * (failed - k + 1))
        chances[k - 1] = chances[k] * fewer
    return tuple(min(1.0, tail) for tail in accumulate(reversed(chances)))[::-1]
