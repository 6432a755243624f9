"""The arithmetic of chance: how likely a row of failures is, intervals, and tests of two periods.

Probabilities are between 0 and 1, logarithms natural, counts whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

# What a test is taken to do before it was ever seen: Beta(failures, passes), as LUCI Analysis
# (analysis/internal/changepoints/bayesian) has it: most tests pass, and some never do.
FAILURES_BEFORE = 0.3
PASSES_BEFORE = 0.5

_95_PERCENT = 1.959963984540054


@lru_cache(maxsize=65536)
def by_chance(failures: int, runs: int, failures_before: int, passes_before: int) -> float:
    """How likely at least `failures` in `runs` are, after this many failures and passes before.

    The upper tail of the beta-binomial distribution with the prior above.
    """
    if failures <= 0:
        return 1.0
    a, b = FAILURES_BEFORE + failures_before, PASSES_BEFORE + passes_before
    total = log_beta(a, b)
    return min(
        1.0,
        math.fsum(
            math.comb(runs, k) * math.exp(log_beta(a + k, b + runs - k) - total)
            for k in range(failures, runs + 1)
        ),
    )


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@lru_cache(maxsize=65536)
def log_likelihood(failures: int, runs: int) -> float:
    """How well one rate, whatever it is, explains this many failures in a row of runs.

    The marginal likelihood of a Beta-Bernoulli segment; for a given order of the outcomes.
    """
    return log_beta(FAILURES_BEFORE + failures, PASSES_BEFORE + runs - failures) - log_beta(
        FAILURES_BEFORE, PASSES_BEFORE
    )


def interval(failures: int, runs: int) -> tuple[float, float]:
    """Between which rates the true one is with 95 %: Wilson's score interval; (0, 1) without runs.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if not runs:
        return (0.0, 1.0)
    z2 = _95_PERCENT**2
    rate = failures / runs
    middle = (rate + z2 / (2 * runs)) / (1 + z2 / runs)
    half = math.sqrt(rate * (1 - rate) / runs + z2 / (4 * runs * runs)) * (
        _95_PERCENT / (1 + z2 / runs)
    )
    return (max(0.0, middle - half), min(1.0, middle + half))


def worse_than(failures: int, passes: int, failures_before: int, passes_before: int) -> float:
    """The one-sided p-value that the rate of failures rose: Fisher's exact test.

    R. A. Fisher, On the interpretation of chi-squared from contingency tables (1922).
    """
    runs, runs_before = failures + passes, failures_before + passes_before
    total, failed = runs + runs_before, failures + failures_before
    if not runs or not runs_before or not failures:
        return 1.0
    whole = _log_choose(total, failed)
    return min(
        1.0,
        math.fsum(
            math.exp(_log_choose(runs, k) + _log_choose(runs_before, failed - k) - whole)
            for k in range(failures, min(runs, failed) + 1)
            if failed - k <= runs_before
        ),
    )


def discoveries(p_values: Sequence[float], share: float = 0.05) -> frozenset[int]:
    """Which of the tests to believe so that on average at most `share` of them are wrong.

    Their places in `p_values`. Y. Benjamini and Y. Hochberg, Controlling the false discovery rate
    (1995): all up to the last that lies below its line.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    believed = 0
    for rank, place in enumerate(order, 1):
        if p_values[place] <= share * rank / len(order):
            believed = rank
    return frozenset(order[:believed])


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
