"""Which results stay: a table of rules, each of which keeps builds of a job for a reason.

Only what no rule keeps is let go, and only where the policy names an age or a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracker.clock import DAY
from tracker.operations.retention.horizon import PastBuild, read_by_judging
from tracker.queries.periods import BASIS_DAYS, MOST_DAYS, SAMPLE_DAYS

# So many newest judged builds of each job can always be judged again.
LEAST = 60
RELEASE_DAYS = BASIS_DAYS + MOST_DAYS
# A job is over no sooner, whatever the policy says: readiness of all jobs reads as many.
OVER_DAYS = BASIS_DAYS + SAMPLE_DAYS


@dataclass(frozen=True)
class Policy:
    """What is kept: results for so many days, or of so many builds of each job; raw reports.

    0 sets no limit: results, or raw reports, are kept for ever.
    """

    results_days: int = 0
    builds: int = 0
    spool_days: int = 0

    @property
    def lets_go(self) -> bool:
        """Whether anything is to go at all."""
        return self.lets_results_go or bool(self.spool_days)

    @property
    def lets_results_go(self) -> bool:
        """Whether any results are to go at all."""
        return bool(self.results_days or self.builds)


@dataclass(frozen=True)
class History:
    """A job with its builds, oldest first.

    `open` are the builds in which verdicts began that still stand, of tests that still run;
    `is_settled` is False while builds of it wait to be judged again, `is_built` where it is
    deleted, disabled, or fell asleep; `is_read_by_readiness` tells that its release is judged, or
    that another one is held against it.
    """

    job_id: int
    name: str
    revision: int
    release: str
    is_settled: bool
    is_built: bool
    is_read_by_readiness: bool
    builds: tuple[PastBuild, ...]
    open: frozenset[int]

    @property
    def judged(self) -> tuple[PastBuild, ...]:
        """The judged builds."""
        return tuple(build for build in self.builds if build.is_judged)

    def is_over(self, policy: Policy, now: int) -> bool:
        """Whether no build will be judged by these: nobody builds it, for longer than the age."""
        last = max((build.at for build in self.builds), default=now)
        return not self.is_built and last < now - max(policy.results_days, OVER_DAYS) * DAY


@dataclass(frozen=True)
class Rule:
    """Why builds are kept; `builds` gives their ids, at a time (ms)."""

    name: str
    sentence: str
    builds: Callable[[History, Policy, int], set[int]]


def _kept(history: History, _policy: Policy, _now: int) -> set[int]:
    return {build.id for build in history.builds if build.is_kept}


def _young(history: History, policy: Policy, now: int) -> set[int]:
    return _since(history, now - policy.results_days * DAY) if policy.results_days else set()


def _newest(history: History, policy: Policy, _now: int) -> set[int]:
    with_results = [build.id for build in history.builds if build.total]
    return set(with_results[-policy.builds :]) if policy.builds else set()


def _read(history: History, policy: Policy, now: int) -> set[int]:
    if history.is_over(policy, now):
        return set()
    judged = history.judged
    newest = {build.id for build in history.builds[-LEAST:]}
    return newest | read_by_judging(judged, max(0, len(judged) - LEAST))


def _open(history: History, policy: Policy, now: int) -> set[int]:
    return set() if history.is_over(policy, now) else set(history.open)


def _of_release(history: History, policy: Policy, now: int) -> set[int]:
    if not history.release or not history.builds:
        return set()
    if history.is_over(policy, now) and not history.is_read_by_readiness:
        return set()
    return _since(history, max(build.at for build in history.builds) - RELEASE_DAYS * DAY)


def _unfinished(history: History, _policy: Policy, _now: int) -> set[int]:
    undone = {build.id for build in history.builds if not build.is_done}
    return undone if history.is_settled else {build.id for build in history.builds}


def _since(history: History, at: int) -> set[int]:
    return {build.id for build in history.builds if build.at >= at}


# A build that several rules keep is counted for the first of them.
RULES: Sequence[Rule] = (
    Rule("kept", "somebody asked to keep them", _kept),
    Rule("young", "they are younger than the age that is set", _young),
    Rule("newest", "they are among the newest of their job, as is set", _newest),
    Rule(
        "judging", f"they are the newest {LEAST} of their job, or these are judged by them", _read
    ),
    Rule("open", "a verdict that stands began in them", _open),
    Rule("release", f"they ran in the last {RELEASE_DAYS} days of a job of a release", _of_release),
    Rule("unfinished", "they run, or are still to be judged or put into families", _unfinished),
)


def kept_by(history: History, policy: Policy, now: int) -> dict[str, set[int]]:
    """The builds that have results and stay, by the name of the rule that keeps them."""
    left = {build.id for build in history.builds if build.total and not build.is_let_go}
    found: dict[str, set[int]] = {}
    for rule in RULES:
        found[rule.name] = left & rule.builds(history, policy, now)
        left -= found[rule.name]
    return found
