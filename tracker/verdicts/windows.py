"""The break window: between which builds a case broke, with 99 %.

A Bayes split of one case's outcomes at every place where it may have broken: Beta-Bernoulli
segments before and after, as in LUCI Analysis (analysis/internal/changepoints/bayesian), with three
changes. The window is the narrowest range that holds 99 % instead of the one with equal tails; only
a rise of the rate is a break; and "hardly ever failed" before and "always fails" after have a share
of their own in the prior, so that the window of a hard break closes on one build. It does so with
every further failure: after two in a row an unlucky row of passes since the break is still likely
enough to count, after some twenty it is not. One that never failed before the row of failures it
is in broke with the first of them at the latest: nothing says that it fails by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from tracker.verdicts.odds import FAILURES_BEFORE, PASSES_BEFORE, log_beta, log_likelihood

CERTAINTY = 0.99

# Of the cases that break, this share is taken to fail always from then on; of the rest any rate
# is as likely as another. Not the prior of `odds`, whose half near 0 cannot be a break.
_ALWAYS_FAILS = 0.25
# Of the cases that break, this share hardly ever failed before (once in 1,000 runs on average);
# the others had any rate, by the prior of `odds`.
_HARDLY_EVER_FAILED = 0.2
_RUNS_PER_FAILURE = 1000.0
# How likely, at each recovery, an earlier trouble was over there and the case another one since.
_MENDED = 0.001


@dataclass(frozen=True)
class Window:
    """The case broke after the build in place `after` (-1: none is known good) and by `by`.

    `likely` is the most likely first bad build, and where builds in which the case did not run
    share its chance, the one in which it ran. `chances` are those of places after + 1 to `by`.
    """

    after: int
    by: int
    likely: int
    chances: tuple[float, ...]

    @property
    def builds(self) -> int:
        """How many builds the break may have been in."""
        return self.by - self.after


@dataclass(frozen=True)
class _Split:
    """The case broke in one of `builds` builds without a run between them, the last `place`."""

    place: int
    builds: int
    log_chance: float


@lru_cache(maxsize=65536)
def window(outcomes: str) -> Window | None:
    """Where the case broke, given that it did; None if it never failed.

    One letter a build, oldest first: P passed, F failed, R passed after a failed attempt; any
    other: it did not run, or its result does not count. A break by which the case fails more
    often than before is meant; the one a case was mended of before is told from it.
    """
    places = [place for place, letter in enumerate(outcomes) if letter in "PFR"]
    failed = [outcomes[place] == "F" for place in places]
    if not any(failed):
        return None
    return _narrowest(_splits(places, failed))


def narrowest(chances: Sequence[float], widths: Sequence[int]) -> tuple[int, int]:
    """First and last of the neighbours that together hold 99 %, in the fewest builds.

    `chances` sum to 1; each is that of so many builds as `widths` says. Of ranges as narrow as
    one another the likeliest counts, then the earliest.
    """
    mass = [0.0, *accumulate(chances)]
    size = [0, *accumulate(widths)]
    best = (size[-1] + 1, 0.0, 0, 0)
    end = 1
    for start in range(len(chances)):
        while end < len(chances) and (end <= start or mass[end] - mass[start] < CERTAINTY):
            end += 1
        held = mass[end] - mass[start]
        if held < CERTAINTY and start:
            break
        best = min(best, (size[end] - size[start], -held, start, end - 1))
    return best[2], best[3]


def _narrowest(splits: Sequence[_Split]) -> Window:
    top = max(split.log_chance for split in splits)
    weights = [math.exp(split.log_chance - top) for split in splits]
    chances = [weight / math.fsum(weights) for weight in weights]
    first, last = narrowest(chances, [split.builds for split in splits])
    likely = max(range(first, last + 1), key=lambda which: chances[which])
    return Window(
        after=splits[first].place - splits[first].builds,
        by=splits[last].place,
        likely=splits[likely].place,
        chances=tuple(
            chances[which] / splits[which].builds
            for which in range(first, last + 1)
            for _ in range(splits[which].builds)
        ),
    )


def _splits(places: Sequence[int], failed: Sequence[bool]) -> list[_Split]:
    """Every place of the break, as it must have shown by then."""
    failures = [0, *accumulate(failed)]
    runs = len(places)
    recoveries = [k for k in range(1, runs) if failed[k - 1] and not failed[k]]
    splits = []
    for first_bad in range(_latest(failed) + 1):
        bad, bad_runs = failures[-1] - failures[first_bad], runs - first_bad
        # A case that ran for the first time was no better in the builds it did not run in.
        builds = places[first_bad] - places[first_bad - 1] if first_bad else places[0] + 1
        known_builds = builds if first_bad else 1
        log_chance = (
            _before(failures, first_bad, recoveries)
            + _after(bad, bad_runs)
            + _log_chance_worse(bad, bad_runs, failures[first_bad], first_bad)
        )
        splits.append(_Split(places[first_bad], builds, log_chance + math.log(known_builds)))
    return splits


def _latest(failed: Sequence[bool]) -> int:
    """The last place of a break: the last failure, or the first where no pass came since.

    Of a case that failed before, the first of a row may be one more of those chance failures.
    """
    first = failed.index(True)
    if all(failed[first:]):
        return first
    return max(place for place, is_bad in enumerate(failed) if is_bad)


@lru_cache(maxsize=65536)
def _after(failures: int, runs: int) -> float:
    any_rate = (1 - _ALWAYS_FAILS) * math.exp(log_beta(1 + failures, 1 + runs - failures))
    if failures == runs:
        return math.log(any_rate + _ALWAYS_FAILS)
    return math.log(1 - _ALWAYS_FAILS) + log_beta(1 + failures, 1 + runs - failures)


@lru_cache(maxsize=65536)
def _log_chance_worse(failures: int, runs: int, failures_before: int, runs_before: int) -> float:
    """How likely the rate is above that of before, the posteriors taken for normal."""
    mean, variance = _posterior(failures, runs)
    mean_before, variance_before = _posterior(failures_before, runs_before)
    z = (mean - mean_before) / math.sqrt(variance + variance_before)
    return math.log(0.5 * math.erfc(-z / math.sqrt(2)))


def _posterior(failures: int, runs: int) -> tuple[float, float]:
    """Mean and variance of the rate under the prior of `odds`."""
    a, b = FAILURES_BEFORE + failures, PASSES_BEFORE + runs - failures
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1))


def _before(failures: Sequence[int], runs: int, recoveries: Sequence[int]) -> float:
    """How likely the runs before the break are: one rate, or two where a trouble was mended."""
    one = _healthy(failures[runs], runs)
    for mended in recoveries:
        if mended >= runs:
            break
        troubled, since = failures[mended], failures[runs] - failures[mended]
        if since * mended < troubled * (runs - mended):
            two = log_likelihood(troubled, mended) + _healthy(since, runs - mended)
            one = _sum_of_logs(one, two + math.log(_MENDED))
    return one


@lru_cache(maxsize=65536)
def _healthy(failures: int, runs: int) -> float:
    passes = runs - failures
    rare = log_beta(1 + failures, _RUNS_PER_FAILURE - 1 + passes) - log_beta(
        1, _RUNS_PER_FAILURE - 1
    )
    return _sum_of_logs(
        math.log(_HARDLY_EVER_FAILED) + rare,
        math.log(1 - _HARDLY_EVER_FAILED) + log_likelihood(failures, runs),
    )


def _sum_of_logs(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high))
