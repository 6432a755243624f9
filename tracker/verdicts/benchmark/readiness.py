"""Releases with nothing wrong and with planted regressions: what is called red, and rightly."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.discoveries import Comparison, Counts, adjusted
from tracker.verdicts.odds import discoveries
from tracker.verdicts.readiness import FALSE_SHARE, WORSE, Period, Standing, readiness

TESTS = 100_000
RUNS_BEFORE = 30
RUNS_AFTER = range(7, 15)

_SEED = 40


@dataclass(frozen=True)
class Kind:
    """So many tests with a rate of failures before and one after."""

    tests: int
    before: float
    after: float

    @property
    def is_worse(self) -> bool:
        """Whether it is a planted regression."""
        return self.after > self.before


MIX = tuple(
    Kind(round(TESTS * part), rate, rate)
    for part, rate in ((0.97, 0.001), (0.02, 0.02), (0.008, 0.1), (0.002, 0.3))
)
# A hundred regressions: most of stable tests, to rates from now and then to always.
PLANTED = (
    Kind(30, 0.001, 0.3),
    Kind(30, 0.001, 0.6),
    Kind(20, 0.001, 1.0),
    Kind(10, 0.02, 0.5),
    Kind(10, 0.1, 0.6),
)


def figures(quick: bool) -> Iterator[Figure]:
    """False reds where nothing is wrong, false discoveries and recall where something is."""
    rng = random.Random(_SEED)  # noqa: S311 (a simulation, nothing secret)
    yield from _nothing_wrong(rng, 20 if quick else 1000)
    yield from _something_wrong(rng, 2 if quick else 40)
    yield from _whole_releases(rng, 1 if quick else 3, 10 if quick else 1)


def _nothing_wrong(rng: random.Random, releases: int) -> Iterator[Figure]:
    reds = [sum(_believed(release(rng, MIX)).values()) for _ in range(releases)]
    with_any, mean = share(sum(red > 0 for red in reds), releases), sum(reds) / releases
    yield Figure("readiness, nothing wrong, releases with a false red", with_any, most=0.05)
    yield Figure("readiness, nothing wrong, false reds", mean, "tests a release")
    yield Figure("readiness, nothing wrong, share of false reds", mean / TESTS, most=0.05)


def _something_wrong(rng: random.Random, releases: int) -> Iterator[Figure]:
    """Ours beside Benjamini and Hochberg's procedure as it is, and Fisher's test by itself."""
    rules = {"ours": _believed, "plain Benjamini-Hochberg": _plain, "Fisher alone": _alone}
    false_shares: dict[str, float] = dict.fromkeys(rules, 0.0)
    found: dict[str, int] = dict.fromkeys(rules, 0)
    for _ in range(releases):
        tests = release(rng, (*MIX, *PLANTED))
        for name, rule in rules.items():
            reds = rule(tests)
            right = sum(number for test, number in reds.items() if test.is_worse)
            false_shares[name] += 1 - share(right, reds.total())
            found[name] += right
    planted = sum(kind.tests for kind in PLANTED) * releases
    for name in rules:
        most = FALSE_SHARE if name == "ours" else None
        yield Figure(f"readiness, planted, {name}, false", false_shares[name] / releases, most=most)
        yield Figure(f"readiness, planted, {name}, recall", share(found[name], planted))


def _whole_releases(rng: random.Random, releases: int, part: int) -> Iterator[Figure]:
    """Nothing wrong, and three bases to choose the luckiest of; and how long that takes."""
    with_any, seconds = 0, 0.0
    for _ in range(releases):
        *bases, sample = _periods(rng, 3, part)
        begun = time.perf_counter()
        found = readiness(bases, sample)
        seconds = max(seconds, time.perf_counter() - begun)
        with_any += bool(found.those(Standing.REGRESSED))
    name = f"readiness, {TESTS // part:,} tests, three bases"
    yield Figure(f"{name}, nothing wrong, releases with a false red", with_any / releases)
    yield Figure(f"{name}, slowest", seconds, "s", most=5.0)


class Test(NamedTuple):
    """What was seen of a test, and the truth."""

    seen: Comparison
    is_worse: bool


def release(rng: random.Random, kinds: Iterable[Kind]) -> Counter[Test]:
    """The tests of a release that failed at all; those that never did decide nothing."""
    tests: Counter[Test] = Counter()
    for kind in kinds:
        seen, weights = _cells(kind.before, kind.after)
        number = _binomial(rng, kind.tests, math.fsum(weights))
        tests.update(Test(each, kind.is_worse) for each in rng.choices(seen, weights, k=number))
    return tests


def _believed(tests: Counter[Test]) -> Counter[Test]:
    together: Counter[Comparison] = Counter()
    for test, number in tests.items():
        together[test.seen] += number
    q = adjusted(together)
    return Counter({t: number for t, number in tests.items() if q[t.seen] <= FALSE_SHARE})


def _alone(tests: Counter[Test]) -> Counter[Test]:
    return Counter({test: number for test, number in tests.items() if test.seen.p <= WORSE})


def _plain(tests: Counter[Test]) -> Counter[Test]:
    every = list(tests.elements())
    p_values = [test.seen.p for test in every] + [1.0] * (TESTS - len(every))
    return Counter(every[place] for place in discoveries(p_values, FALSE_SHARE))


@lru_cache
def _cells(before: float, after: float) -> tuple[list[Comparison], list[float]]:
    """All that can be seen of a test that fails at least once, and how likely it is."""
    cells = {
        Comparison(
            Counts(runs - failed, failed), Counts(RUNS_BEFORE - failed_before, failed_before)
        ): chance * chance_before / len(RUNS_AFTER)
        for runs in RUNS_AFTER
        for failed, chance in enumerate(_chances(runs, after))
        for failed_before, chance_before in enumerate(_chances(RUNS_BEFORE, before))
        if failed or failed_before
    }
    return list(cells), list(cells.values())


@lru_cache
def _chances(runs: int, rate: float) -> list[float]:
    return [
        math.comb(runs, failed) * rate**failed * (1 - rate) ** (runs - failed)
        for failed in range(runs + 1)
    ]


def _binomial(rng: random.Random, number: int, chance: float) -> int:
    """How many of a number happen, by leaping from one to the next."""
    if chance >= 1 - 1e-12:
        return number
    happened, place, scale = 0, 0, math.log1p(-chance)
    while (place := place + 1 + int(math.log(1 - rng.random()) / scale)) <= number:
        happened += 1
    return happened


def _periods(rng: random.Random, bases: int, part: int) -> list[Period[int]]:
    """Whole periods of one in `part` of the mix: the bases, then the sample."""
    rates = [kind.before for kind in MIX for _ in range(kind.tests // part)]
    runs = [RUNS_BEFORE] * bases + [rng.choice(RUNS_AFTER)]
    return [Period(f"1.{n}", _counts(rng, rates, each)) for n, each in enumerate(runs)]


def _counts(rng: random.Random, rates: list[float], runs: int) -> dict[int, Counts]:
    """Each run of a test is counted; which test is which is the same in all periods."""
    counted: dict[int, Counts] = {}
    for rate, number in Counter(rates).items():
        for failed in rng.choices(range(runs + 1), _chances(runs, rate), k=number):
            counted[len(counted)] = Counts(runs - failed, failed)
    return counted
