"""A verdict: what is said of a case at a build, with all that it rests on.

It is a function of where the case stood, its outcomes and the limits of the job; these are kept
with it, so that it can be replayed to the same bytes later, whatever arrived meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from tracker.verdicts.budget import Limits
from tracker.verdicts.lanes import BEFORE, Suspicion, suspicion
from tracker.verdicts.odds import interval
from tracker.verdicts.states import (
    BROKEN,
    OPENED,
    Standing,
    State,
    history_of,
    passes_to_recover,
    since,
    step,
)

_NONE = Suspicion(1.0, 0.0, 0, 0, 0, 0, 0)
# Rises whenever the same inputs may give another state, number or sentence.
RULE = 2


@dataclass(frozen=True)
class Verdict:
    """The inputs (`before`, `outcomes`, `limits`), the numbers made of them, and the sentence.

    odds      how likely the failures of the best stretch are by chance, or of the split; from
              `limit` on that is a break
    failures  in that stretch of `runs` results, after `failures_before` in `runs_before`
    bad       failures and retried passes in the newest `counted` results, with the interval of
              their rate from `low` to `high`
    """

    rule: int
    before: Standing
    outcomes: str
    limits: Limits
    state: State
    span: int
    was_unsteady: bool
    odds: float | None
    limit: float
    failures: int
    runs: int
    failures_before: int
    runs_before: int
    bad: int
    retried: int
    counted: int
    low: float
    high: float
    sentence: str


@lru_cache(maxsize=4096)  # cases that broke together are alike
def verdict(before: Standing, outcomes: str, limits: Limits) -> Verdict:
    """The verdict on a case that stood so, after the newest of the outcomes."""
    now = step(before, outcomes, limits)
    found = suspicion(history_of(before, outcomes), limits) or _NONE
    newest = outcomes[-BEFORE:]
    bad = newest.count("F") + newest.count("R")
    low, high = interval(bad, len(newest))
    numbers = Verdict(
        rule=RULE,
        before=before,
        outcomes=outcomes,
        limits=limits,
        state=now.state,
        span=now.span,
        was_unsteady=now.was_unsteady,
        odds=float(f"{found.odds:.3g}") if found.failures else None,
        limit=found.limit,
        failures=found.failures,
        runs=found.runs,
        failures_before=found.failures_before,
        runs_before=found.runs_before,
        bad=bad,
        retried=newest.count("R"),
        counted=len(newest),
        low=round(low, 4),
        high=round(high, 4),
        sentence="",
    )
    return replace(numbers, sentence=_sentence(numbers))


def replay(said: Verdict) -> Verdict:
    """What the rule of today says of the same inputs; equal where the rule is the same."""
    return verdict(said.before, said.outcomes, said.limits)


def _sentence(v: Verdict) -> str:
    """The verdict in words, with its denominators."""
    if v.state is State.NEW_FAILURE:
        return "Failed in its first result here."
    if v.state is State.REGRESSION and v.before.state is State.FIXED:
        return f"It was fixed, and failed again after {_times(v.before.span, 'pass', 'passes')}."
    if v.state in OPENED or v.state is State.SUSPECT:
        return _unlikely(v)
    if v.state in BROKEN:
        return _broken(v)
    if v.state is State.FIXED:
        return _fixed(v)
    return _rate(v)


def _unlikely(v: Verdict) -> str:
    odds = v.odds or 1.0
    said = (
        f"{_failures(v.failures, v.runs)}; by chance {once_in(odds)} for this test"
        f" ({v.failures_before} of {v.runs_before} before)"
    )
    if v.state is State.SUSPECT:
        return f"{said}. It counts as a regression from {once_in(v.limit)} on."
    return f"{said}."


def _broken(v: Verdict) -> str:
    broken = since(v.outcomes, v.span)
    failures = broken.count("F")
    if v.state is State.FAILING:
        return (
            f"Failed in {failures:,} of {_times(len(broken), 'result', 'results')} since it broke."
        )
    passes = len(broken) - broken.rfind("F") - 1
    more = passes_to_recover(broken) - passes
    return f"{_passed(passes, failures)}; fixed after {more:,} more in a row."


def _fixed(v: Verdict) -> str:
    if v.before.state not in BROKEN:
        return f"Passed {v.span:,} times in a row since it was fixed."
    broken = since(v.outcomes, v.before.span + 1)
    return f"{_passed(len(broken) - broken.rfind('F') - 1, broken.count('F'))}."


def _passed(passes: int, failures: int) -> str:
    often = "once" if passes == 1 else f"{passes:,} times in a row"
    return f"Passed {often} after {_times(failures, 'failure', 'failures')}"


def _rate(v: Verdict) -> str:
    if not v.counted:
        return "No result of it counts yet."
    if not v.bad:
        return f"Passed in each of the newest {_times(v.counted, 'result', 'results')}."
    said = (
        f"Failed in {v.bad:,} of the newest {_times(v.counted, 'result', 'results')},"
        f" {percent(v.bad / v.counted)} (with 95 %: {percent(v.low)} to {percent(v.high)})"
    )
    if v.retried:
        said += f"; in {v.retried:,} of them it passed when it was tried again"
    return f"{said}."


def _failures(failures: int, runs: int) -> str:
    if failures == runs:
        return "1 failure" if runs == 1 else f"{runs} failures in a row"
    return f"{_times(failures, 'failure', 'failures')} in {runs} results"


def _times(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def once_in(odds: float) -> str:
    """Odds in words: `once in 10,000 builds`."""
    if odds > 0.4:
        return "every other build or more often"
    builds = 1 / max(odds, 1e-12)
    digits = max(0, len(str(int(builds))) - 2)
    return f"once in {round(builds / 10**digits) * 10**digits:,} builds"


def percent(rate: float) -> str:
    """A rate as `12 %`, or `0.4 %` below ten."""
    return f"{rate:.0%}".replace("%", " %") if rate >= 0.1 else f"{rate:.1%}".replace("%", " %")
