"""Whether a case broke: two lanes over its outcomes, a fast and a slow one.

Outcomes are a string, oldest first, one letter for each counted result: `P` passed, `F` failed,
`R` passed after a failed attempt in the same build, which counts as passed here. Only the newest
`KEPT` of them matter.

The fast lane asks of each stretch of at most 14 results up to now: how likely are so many failures
by chance, for a case that did as this one in the 60 results before it? A case of few results is
judged as the others of its suite are: the rates that it may have are those of the suite's mix. The
slow lane asks whether two rates explain the whole better than one. Neither ever grows more
suspicious by one more pass at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from tracker.verdicts.budget import RATES, Limits
from tracker.verdicts.odds import log_likelihood

BEFORE = 60
STRETCH = 14
# The longest stretch with all that is looked at before it, and the passes that may follow.
KEPT = BEFORE + 2 * STRETCH


@dataclass(frozen=True)
class Suspicion:
    """The newest results that look least like chance, and the results before them.

    `odds` is how likely at least as many failures are; from `limit` on the case is broken. `start`
    is a place in the outcomes.
    """

    odds: float
    limit: float
    start: int
    failures: int
    runs: int
    failures_before: int
    runs_before: int

    @property
    def is_break(self) -> bool:
        """Whether chance is no explanation any more."""
        return self.odds <= self.limit


def suspicion(outcomes: str, limits: Limits) -> Suspicion | None:
    """What the lane says that speaks more clearly; None without a failure in it."""
    fast, slow = stretch(outcomes, limits), split(outcomes, limits)
    if fast is None or slow is None:
        return fast or slow
    return slow if slow.is_break and not fast.is_break else fast


def stretch(outcomes: str, limits: Limits) -> Suspicion | None:
    """The stretch up to now that is furthest beyond chance; None without a failure in it."""
    best: Suspicion | None = None
    for start in range(len(outcomes) - 1, max(-1, len(outcomes) - 1 - STRETCH), -1):
        if outcomes[start] == "F":
            found = _suspicion(outcomes, start, limits)
            if best is None or found.odds / found.limit <= best.odds / best.limit:
                best = found
    return best


def split(outcomes: str, limits: Limits) -> Suspicion | None:
    """Where a higher rate of failures best begins; None where no place has a higher one.

    Its odds are how much less likely the outcomes are with one rate than with two. Passes at the
    end say nothing new. As the change points of LUCI Analysis
    (analysis/internal/changepoints/bayesian): only a place where the outcome flips can win.
    """
    last = outcomes.rfind("F") + 1
    first = max(0, last - BEFORE - STRETCH)
    seen = outcomes[first:last]
    failures, runs = seen.count("F"), len(seen)
    best, gain, failed = 0, 0.0, 0
    for start, outcome in enumerate(seen):
        if outcome == "F":
            is_flip = start and seen[start - 1] != "F"
            if is_flip and (failures - failed) * start > failed * (runs - start):
                two = log_likelihood(failed, start)
                two += log_likelihood(failures - failed, runs - start)
                if two - log_likelihood(failures, runs) > gain:
                    best, gain = start, two - log_likelihood(failures, runs)
            failed += 1
    if not gain:
        return None
    before = seen[:best].count("F")
    counts = (failures - before, runs - best, before, best)
    # The place was chosen so that little failed before it: that says nothing of the case.
    strict = min(limits.seldom, limits.often)
    return Suspicion(math.exp(-gain), strict, first + best, *counts)


def _suspicion(outcomes: str, start: int, limits: Limits) -> Suspicion:
    later, before = outcomes[start:], outcomes[max(0, start - BEFORE) : start]
    counts = (later.count("F"), len(later), before.count("F"), len(before))
    return Suspicion(by_chance(*counts, limits.mix), limits.of(counts[2]), start, *counts)


@lru_cache(maxsize=65536)
def by_chance(
    failures: int, runs: int, failures_before: int, runs_before: int, mix: tuple[float, ...]
) -> float:
    """How likely at least `failures` in `runs` are for a case that did so before.

    The posterior predictive of a binomial rate, its prior the mix of the suite (empirical Bayes:
    H. Robbins, 1956): over a whole suite it is right as often as it says, however young that is.
    """
    fits = [
        share * rate**failures_before * (1 - rate) ** (runs_before - failures_before)
        for share, rate in zip(mix, RATES, strict=True)
    ]
    tails = [_tail(failures, runs, rate) for rate in RATES]
    return math.fsum(fit * tail for fit, tail in zip(fits, tails, strict=True)) / math.fsum(fits)


@lru_cache(maxsize=8192)
def _tail(failures: int, runs: int, rate: float) -> float:
    return math.fsum(
        math.comb(runs, k) * rate**k * (1 - rate) ** (runs - k) for k in range(failures, runs + 1)
    )
