"""The budget of false alarms: the odds at which a job's cases are regressions, so that it is kept.

The same odds are a handful of false alarms a build for one suite and one in 30 for another: it
depends on how many cases there are, and how many of them fail now and then. That *mix* is measured,
and the odds of a failure are taken under it (see `lanes`), so that of N cases about N times the
limit alarm by chance. Cases that fail now and then are few and need looser limits to be of use;
they have a share of the budget of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

# One false alarm a build at most, if nobody says otherwise.
BUDGET = 1.0

# The rates of failure that cases are taken to have.
RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
# The share of cases with each, before anything is known of a suite; worth that many cases. Most
# are stable, a few in a hundred are flaky.
_USUAL = (0.47, 0.3, 0.1, 0.06, 0.03, 0.02, 0.008, 0.006, 0.003, 0.0016, 0.0008, 0.0004, 0.0002)
_WEIGHT = 20
_ROUNDS = 20

# Failures before from which on a case is one that fails now and then.
OFTEN = 2
# The shares of the budget that go to the others and to these. Together they are more than all of
# it: what is likely by chance in one build is hardly ever seen by itself.
_SHARES = (0.7, 0.42)
# A case that fails often begins a new stretch with each failure, and so has more tries to look
# broken: 1 + 10 times its rate, measured on suites of one rate.
_TRIES = 10
# A younger job has less of it, since its mix is mostly a guess.
_GROWN_UP = 20
# Less sure than that nothing is called a regression.
_LOOSEST = 0.05


@dataclass(frozen=True)
class Limits:
    """The odds at which cases are regressions, and the `mix` under which odds are taken.

    `seldom` is for cases that failed less than twice in the 60 results before, `often` for the
    others. `mix` is the share of cases with each of RATES.
    """

    seldom: float
    often: float
    mix: tuple[float, ...]

    def of(self, failures_before: int) -> float:
        """The limit of a case that failed so often before."""
        return self.often if failures_before >= OFTEN else self.seldom


USUAL = Limits(_LOOSEST, _LOOSEST, _USUAL)


def limits(histogram: Mapping[int, int], runs: int, budget: float = BUDGET) -> Limits:
    """The limits that keep the budget.

    `histogram` says how many cases failed how many times in the last `runs` builds, those that are
    broken left out.
    """
    cases = sum(histogram.values())
    often = {failures: many for failures, many in histogram.items() if failures >= OFTEN}
    tries = sum(many * (1 + _TRIES * failures / runs) for failures, many in often.items())
    grown = min(1.0, (runs + 1) / _GROWN_UP) * budget
    return Limits(
        seldom=_limit(_SHARES[0] * grown, cases - sum(often.values())),
        often=_limit(_SHARES[1] * grown, tries),
        mix=mix(histogram, runs),
    )


def mix(histogram: Mapping[int, int], runs: int) -> tuple[float, ...]:
    """The share of cases with each of RATES: the mixture that explains the histogram best.

    Expectation-maximisation over fixed rates (A. Dempster and others, 1977), from the usual shares.
    """
    return _mixed(tuple(sorted(histogram.items())), runs)


@functools.lru_cache(maxsize=4096)  # builds of one job, and judging again, ask for the same often
def _mixed(histogram: tuple[tuple[int, int], ...], runs: int) -> tuple[float, ...]:
    shares = list(_USUAL)
    fits = {failures: _fits(failures, runs) for failures, _ in histogram}
    for _ in range(_ROUNDS):
        filled = [_WEIGHT * share for share in _USUAL]
        for failures, many in histogram:
            parts = [share * fit for share, fit in zip(shares, fits[failures], strict=True)]
            total = sum(parts)
            filled = [
                weight + many * part / total for weight, part in zip(filled, parts, strict=True)
            ]
        shares = [weight / sum(filled) for weight in filled]
    return tuple(float(f"{share:.3g}") for share in shares)


def _limit(budget: float, tries: float) -> float:
    return float(f"{min(_LOOSEST, budget / max(1.0, tries)):.2g}")


def _fits(failures: int, runs: int) -> list[float]:
    """How well each rate explains that many failures, the best of them by 1."""
    passes = max(0, runs - failures)
    logs = [failures * math.log(rate) + passes * math.log1p(-rate) for rate in RATES]
    return [math.exp(log - max(logs)) for log in logs]
