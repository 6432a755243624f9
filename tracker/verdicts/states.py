"""The state of a case in a job, one build further: what it takes to enter it, and to leave it.

    healthy ──F──> suspect ──P──> healthy           F alone could be chance
       │              └──F…──> regression            the odds are at most the limit of the job
       └──F──> regression ──F──> failing ──P──> recovering ──P…──> fixed ──P…──> healthy
    (no result before) ──F──> new failure ──F──> failing
    flaky: failed now and then, by itself or in a retry, at a rate whose interval clears 1 %;
    until it falls below 0.5 %. A rate that rises is a regression all the same.

A state is a function of the one before and of the outcomes, see `lanes`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import lru_cache

from tracker.verdicts.budget import Limits
from tracker.verdicts.lanes import BEFORE, KEPT, suspicion
from tracker.verdicts.odds import by_chance, interval

# The lower end of the interval of a rate at which a case is called flaky, and no more.
FLAKY_FROM, FLAKY_UNTIL = 0.01, 0.005
# A case this broken would pass so often in a row by chance at most that often.
RECOVERED_BY_CHANCE = 0.1
# Results after a fix in which a failure means that it came back.
WATCHED = 5
# Results after which a case that fails and passes is no break any more, but so.
SETTLED_AFTER = 20
# Results after which a case is known, as stable or not.
KNOWN_AFTER = 20
# Failures in a row after which a case was broken, and not unlucky: a known one, and any other.
BROKEN_AFTER, BROKEN_FOR_SURE = 3, 8


class State(enum.StrEnum):
    """What the history says of a case; the words are those of pages, JSON and messages."""

    HEALTHY = "healthy"
    SUSPECT = "suspect"
    NEW_FAILURE = "new failure"
    REGRESSION = "regression"
    FAILING = "failing"
    RECOVERING = "recovering"
    FIXED = "fixed"
    FLAKY = "flaky"


OPENED = frozenset({State.NEW_FAILURE, State.REGRESSION})
BROKEN = OPENED | {State.FAILING, State.RECOVERING}


@dataclass(frozen=True)
class Standing:
    """A case after a build.

    `span` is the number of counted results since the one in which it broke, that one included,
    or since it was fixed; 0 where neither was. `was_unsteady` tells that it was not known as stable
    before it broke: flaky, or of few results. Of one that was fixed it tells that the break may
    have been chance, so that its failures still count; of a flaky one that it is so since it broke.
    """

    state: State
    span: int = 0
    was_unsteady: bool = False


@dataclass(frozen=True)
class Course:
    """A case up to a build: where it stands, and its outcomes but for breaks that were fixed."""

    standing: Standing
    outcomes: str


UNKNOWN = Standing(State.HEALTHY)
BEGINNING = Course(UNKNOWN, "")


def advance(course: Course, outcome: str, limits: Limits) -> Course:
    """The case one counted result further, see `step`."""
    outcomes = course.outcomes + outcome
    now = step(course.standing, outcomes, limits)
    if course.standing.state in BROKEN and now.state is State.FIXED and not now.was_unsteady:
        broke = max(0, len(outcomes) - course.standing.span - 1)
        outcomes = outcomes[:broke] + outcomes[broke:].lstrip("F")
    return Course(now, outcomes[-KEPT:])


@lru_cache(maxsize=4096)  # cases that broke together are alike
def step(before: Standing, outcomes: str, limits: Limits) -> Standing:
    """The state after the newest of the outcomes; `limits` are the odds of a regression.

    The failures of a break that was fixed are left out of the outcomes, unless it was unsteady.
    """
    if not outcomes:
        return before
    if before.state in BROKEN:
        return _broken(before, outcomes)
    if outcomes[-1] == "F":
        return _failed(before, outcomes, limits)
    return _passed(before, outcomes)


def _failed(before: Standing, outcomes: str, limits: Limits) -> Standing:
    """A case that was not broken failed."""
    if len(outcomes) == 1:
        return Standing(State.NEW_FAILURE, 1, was_unsteady=True)
    if before.state is State.FIXED and not before.was_unsteady:
        return Standing(State.REGRESSION, 1)
    known = history_of(before, outcomes)
    found = suspicion(known, limits)
    if found is not None and found.is_break:
        is_unsteady = before.state is State.FLAKY or found.start < KNOWN_AFTER
        return Standing(State.REGRESSION, len(known) - found.start, is_unsteady)
    if _is_flaky(before, outcomes):
        return _still_flaky(before)
    return Standing(State.SUSPECT)


def history_of(before: Standing, outcomes: str) -> str:
    """The outcomes that suspicion rests on: of a case that broke and stayed flaky, those since.

    What it was like before is no news any more, and would call it broken with each failure.
    """
    if before.state is State.FLAKY and before.was_unsteady:
        return since(outcomes, before.span + 1)
    return outcomes


def _still_flaky(before: Standing) -> Standing:
    if before.state is State.FLAKY and before.was_unsteady:
        return Standing(State.FLAKY, before.span + 1, was_unsteady=True)
    return Standing(State.FLAKY)


def _passed(before: Standing, outcomes: str) -> Standing:
    """A case that was not broken passed."""
    if _is_flaky(before, outcomes):
        return _still_flaky(before)
    if before.state is State.FIXED and before.span < WATCHED:
        return Standing(State.FIXED, before.span + 1, before.was_unsteady)
    return Standing(State.HEALTHY)


def _broken(before: Standing, outcomes: str) -> Standing:
    """A case that was broken failed again or passed."""
    span = before.span + 1
    now = Standing(State.FAILING, span, before.was_unsteady)
    broken = since(outcomes, span)
    passes = len(broken) - broken.rfind("F") - 1
    is_mixed = "F" in broken.lstrip("F")  # it passed in between
    if is_mixed and span >= SETTLED_AFTER and broken.count("F") < 0.9 * len(broken):
        return Standing(State.FLAKY, span, was_unsteady=True)
    if not passes:
        return now
    if passes < passes_to_recover(broken):
        return Standing(State.RECOVERING, span, before.was_unsteady)
    if not is_mixed:
        fewest = BROKEN_FOR_SURE if before.was_unsteady else BROKEN_AFTER
        return Standing(State.FIXED, 1, was_unsteady=broken.count("F") < fewest)
    return Standing(State.FLAKY, span, was_unsteady=True)


def since(outcomes: str, span: int) -> str:
    """The newest `span` outcomes, as far as they are kept."""
    return outcomes[max(0, len(outcomes) - span) :]


def passes_to_recover(outcomes: str) -> int:
    """How many passes in a row end a break; `outcomes` are those from its beginning on.

    So many that a case this broken would pass so often by chance at most once in ten.
    """
    broken = outcomes.rstrip("PR")
    failures = broken.count("F")
    others = len(broken) - failures
    passes = 1
    # The same question as the fast lane's, of passes among failures.
    while by_chance(passes, passes, others, failures) > RECOVERED_BY_CHANCE:
        passes += 1
    return passes


def _is_flaky(before: Standing, outcomes: str) -> bool:
    """Whether it fails now and then: in two stretches at least, and at a rate that clears 1 %."""
    newest = outcomes[-BEFORE:]
    bad = newest.count("F") + newest.count("R")
    if not bad:
        return False
    lowest = interval(bad, len(newest))[0]
    if before.state is State.FLAKY:
        return lowest >= FLAKY_UNTIL
    return lowest >= FLAKY_FROM and _bouts(newest) >= 2


def _bouts(outcomes: str) -> int:
    """How many times it began to fail; a pass after a retry is one of its own."""
    failing = outcomes.replace("R", "PFP")
    return sum(
        outcome == "F" and (place == 0 or failing[place - 1] != "F")
        for place, outcome in enumerate(failing)
    )
