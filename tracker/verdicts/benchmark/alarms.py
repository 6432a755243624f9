"""False alarms and delays: simulated cases of known rates, judged by our rule and by others.

One result a night, 60 nights of history. In a *suite* of 100,000 cases 97 % fail once in 1,000
nights, 2 % at 2 %, 0.8 % at 10 % and 0.2 % at 30 %: each alarm on a case whose rate stays is false.
A rate that rises is seen when the case is first called broken. An alarm counts when it begins.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tracker.verdicts.benchmark.baselines import RULES, Rule
from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.budget import Limits, limits
from tracker.verdicts.lanes import BEFORE
from tracker.verdicts.states import BEGINNING, OPENED, advance

MIX = {0.001: 0.97, 0.02: 0.02, 0.1: 0.008, 0.3: 0.002}
SUITE = 100_000
NIGHTS = 30
HORIZON = 60
SEEN_IN = 14
NEVER = math.inf
# From which rate to which; the median delay and the share seen in 14 nights that are to be reached.
CHANGES: dict[str, tuple[float, float, float | None, float | None]] = {
    "hard break, 0.1 to 100 %": (0.001, 1.0, 2, None),
    "flaky to broken, 10 to 100 %": (0.1, 1.0, 4, None),
    "0.1 to 30 %": (0.001, 0.3, None, 0.75),
    "5 to 50 %": (0.05, 0.5, None, None),
}

# For the outcomes of a case: on which nights it is called newly broken.
Judge = Callable[[str], Sequence[bool]]
# What else happens to the outcomes of a case.
Change = Callable[[random.Random, str], str]


def by_states(given: Limits) -> Judge:
    """Our rule, with these limits."""

    def judge(outcomes: str) -> list[bool]:
        course, alarms = BEGINNING, []
        for outcome in outcomes:
            if outcome in "PFR":
                course = advance(course, outcome, given)
            alarms.append(outcome == "F" and course.standing.state in OPENED)
        return alarms

    return judge


def by_rule(rule: Rule) -> Judge:
    """Another rule; it alarms on the night on which it first says so."""

    def judge(outcomes: str) -> list[bool]:
        said = [
            outcome == "F" and rule(outcomes[max(0, night - BEFORE) : night + 1])
            for night, outcome in enumerate(outcomes)
        ]
        return [now and not before for before, now in zip([False, *said], said, strict=False)]

    return judge


@dataclass(frozen=True)
class Suite:
    """Cases that failed at all, as outcomes, and how many never did."""

    histories: tuple[str, ...]
    silent: int
    nights: int

    def limits_after(self, nights: int) -> Limits:
        """The limits that the tracker measures after so many nights."""
        runs = min(nights, BEFORE)
        seen = Counter(each[nights - runs : nights].count("F") for each in self.histories)
        seen[0] += self.silent
        return limits(seen, runs)


def suite(
    chance: random.Random,
    cases: int,
    nights: int,
    change: Change | None = None,
    mix: Mapping[float, float] = MIX,
) -> Suite:
    """A suite of the mix, with what `change` makes of the outcomes."""
    histories = []
    for rate, part in mix.items():
        for _ in range(round(cases * part)):
            outcomes = draws(chance, rate, nights)
            outcomes = change(chance, outcomes) if change else outcomes
            if "F" in outcomes:
                histories.append(outcomes)
    return Suite(tuple(histories), cases - len(histories), nights)


def draws(chance: random.Random, rate: float, nights: int) -> str:
    """Outcomes of a case that fails at this rate; most nights are skipped over, not drawn."""
    if rate >= 1:
        return "F" * nights
    outcomes, night = ["P"] * nights, -1
    while True:
        night += 1 + int(math.log(1 - chance.random()) / math.log1p(-rate))
        if night >= nights:
            return "".join(outcomes)
        outcomes[night] = "F"


def figures(quick: bool) -> Iterator[Figure]:
    """The table of rules, then our rule where nights are not all alike."""
    chance = random.Random(9)  # noqa: S311 - a simulation
    suites = [suite(chance, SUITE, BEFORE + NIGHTS) for _ in range(1 if quick else 4)]
    ours = by_states(suites[0].limits_after(BEFORE))
    judges = {**{name: by_rule(rule) for name, rule in RULES.items()}, "ours": ours}
    for name, judge in judges.items():
        yield from _of_a_rule(name, judge, suites, quick)
    yield from _other_nights(quick)
    yield from _other_suites(quick)
    yield from _flaky_suites(quick)


def _of_a_rule(name: str, judge: Judge, suites: Sequence[Suite], quick: bool) -> Iterator[Figure]:
    nights = 5_000 if quick else 100_000
    for rate in MIX:
        outcomes = draws(random.Random(3), rate, BEFORE + nights)  # noqa: S311 - a simulation
        alarms = 1000 * sum(judge(outcomes)[BEFORE:]) / nights
        yield Figure(f"alarms, {name}, false in 1,000 nights at {100 * rate:g} %", alarms)
    is_ours = name == "ours"
    cases = 60 if quick else 1_000 if is_ours else 300
    for change, (before, after, most, least) in CHANGES.items():
        delays = _delays(judge, before, after, cases)
        nights_to = median(delays)
        yield Figure(
            f"alarms, {name}, {change}, median",
            nights_to,
            "nights",
            most=most if is_ours else None,
        )
        seen = share(sum(delay <= SEEN_IN for delay in delays), len(delays))
        yield Figure(
            f"alarms, {name}, {change}, seen in {SEEN_IN} nights",
            seen,
            least=least if is_ours else None,
        )
    yield Figure(
        f"alarms, {name}, false a night of {SUITE:,} tests",
        _false_a_night(judge, suites),
        most=1.0 if name == "ours" else None,
    )


def _delays(judge: Judge, before: float, after: float, cases: int) -> list[float]:
    """Nights until each of the cases is called broken, of those that were not before."""
    chance = random.Random(5)  # noqa: S311 - a simulation
    found: list[float] = []
    for _ in range(cases):
        outcomes = draws(chance, before, BEFORE) + draws(chance, after, HORIZON)
        alarms = judge(outcomes)[BEFORE:]
        found.append(alarms.index(True) + 1 if True in alarms else NEVER)
    return found


def _false_a_night(judge: Judge, suites: Sequence[Suite]) -> float:
    alarms = sum(sum(judge(each)[BEFORE:]) for one in suites for each in one.histories)
    return alarms / (NIGHTS * len(suites))


def gaps(chance: random.Random, outcomes: str) -> str:
    """It does not run, or is skipped, on one night of ten."""
    return "".join("." if chance.random() < 0.1 else outcome for outcome in outcomes)


def weekends(_chance: random.Random, outcomes: str) -> str:
    """It does not run on two nights of seven."""
    return "".join("." if night % 7 > 4 else outcome for night, outcome in enumerate(outcomes))


def retries(chance: random.Random, outcomes: str) -> str:
    """Half of its failures pass when they are tried again."""
    return "".join(
        "R" if outcome == "F" and chance.random() < 0.5 else outcome for outcome in outcomes
    )


def drift(chance: random.Random, outcomes: str) -> str:
    """Its rate doubles little by little over the last 30 nights."""
    grown = list(outcomes)
    rate = outcomes.count("F") / len(outcomes)
    for night in range(len(grown) - NIGHTS, len(grown)):
        part = (night - len(grown) + NIGHTS) / NIGHTS
        if chance.random() < rate * part:
            grown[night] = "F"
    return "".join(grown)


OTHER_NIGHTS: dict[str, tuple[Change, float | None]] = {
    "one of ten nights missing": (gaps, 1.0),
    "no runs at weekends": (weekends, 1.0),
    "half of the failures pass when tried again": (retries, 1.0),
    "rates that double within 30 nights": (drift, None),
}


def _other_nights(quick: bool) -> Iterator[Figure]:
    for name, (change, most) in OTHER_NIGHTS.items():
        chance = random.Random(21)  # noqa: S311 - a simulation
        suites = [suite(chance, SUITE, BEFORE + NIGHTS, change) for _ in range(1 if quick else 3)]
        judge = by_states(suites[0].limits_after(BEFORE))
        alarms = _false_a_night(judge, suites)
        yield Figure(f"alarms, ours, {name}, false a night of {SUITE:,} tests", alarms, most=most)


def _other_suites(quick: bool) -> Iterator[Figure]:
    """Young and small suites keep the budget too; their limits are measured anew each night."""
    for cases, repeats in ((SUITE, 1), (3_000, 10), (300, 30)):
        chance = random.Random(33)  # noqa: S311 - a simulation
        repeats = 1 if quick else repeats
        suites = [suite(chance, cases, BEFORE) for _ in range(repeats)]
        nights = sum(each.nights for each in suites)
        alarms = sum(map(_alarms_from_birth, suites)) / nights
        yield Figure(
            f"alarms, ours, first 60 nights of a suite, false a night of {cases:,} tests",
            alarms,
            most=1.0,
        )


def _flaky_suites(quick: bool) -> Iterator[Figure]:
    """Suites in which every case is flaky."""
    for rate in (0.1, 0.3):
        chance = random.Random(34)  # noqa: S311 - a simulation
        made = suite(chance, 400, BEFORE + (300 if quick else 3_000), mix={rate: 1.0})
        judge = by_states(made.limits_after(BEFORE))
        alarms = sum(sum(judge(each)[BEFORE:]) for each in made.histories)
        yield Figure(
            f"alarms, ours, false a night of 400 tests that all fail at {100 * rate:g} %",
            alarms / (made.nights - BEFORE),
            most=1.0,
        )


def _alarms_from_birth(one: Suite) -> int:
    """Regressions in a suite's first nights; cases that fail in their first result are no guess."""
    given = [one.limits_after(night) for night in range(one.nights)]
    alarms = 0
    for outcomes in one.histories:
        course = BEGINNING
        for night, outcome in enumerate(outcomes):
            if outcome in "PFR":
                course = advance(course, outcome, given[night])
                alarms += course.standing.state == "regression"
    return alarms
