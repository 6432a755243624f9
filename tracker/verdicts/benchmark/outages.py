"""Nights on which much fails for one reason: outages leave no trace, mass breaks are not hidden.

A suite of 1,000 cases runs for 60 nights; on one more night a share of them fails with the same
reason, and on the nights after it all is as before (an outage) or these go on failing (a break).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.verdicts.benchmark.alarms import MIX, draws
from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.budget import Limits, limits
from tracker.verdicts.incidents import incident, was_none
from tracker.verdicts.lanes import BEFORE
from tracker.verdicts.states import BEGINNING, BROKEN, OPENED, Course, State, advance

CASES = 1_000
AFTER = 14
SHARES = (0.3, 0.6, 0.9)


@dataclass(frozen=True)
class Judgement:
    """What was said of a suite after such a night.

    `alarms` are cases called newly broken in the nights after it, `flaky` those that became flaky
    in them, `broken` those hit that were called broken by the second night.
    """

    is_incident: bool
    alarms: int
    flaky: int
    broken: int


def figures(quick: bool) -> Iterator[Figure]:
    """Outages and breaks of several sizes."""
    times = 1 if quick else 5
    outages = [_simulated(hit, seed, lasts=False) for hit in SHARES for seed in range(times)]
    # What the same nights are like when nothing ran on the night of the outage.
    calm = [_simulated(0.0, seed, lasts=False) for _ in SHARES for seed in range(times)]
    breaks = [_simulated(hit, seed, lasts=True) for hit in SHARES for seed in range(times)]
    found = share(sum(each.is_incident for each in outages), len(outages))
    yield Figure("outages, recognised", found, least=0.95)
    more = sum(each.flaky for each in outages) - sum(each.flaky for each in calm)
    yield Figure("outages, cases that became flaky by them", max(0, more), most=0)
    more = sum(each.alarms for each in outages) - sum(each.alarms for each in calm)
    yield Figure("outages, false alarms in the 14 nights after them", max(0, more), most=0)
    hit = sum(round(CASES * part) for part in SHARES) * times
    said = sum(each.broken for each in breaks)
    name = "outages, mass breaks, cases called broken by the second night"
    yield Figure(name, share(said, hit), least=0.95)


def _simulated(hit: float, seed: int, *, lasts: bool) -> Judgement:
    chance = random.Random(seed)  # noqa: S311 - a simulation
    rates = [rate for rate, part in MIX.items() for _ in range(round(CASES * part))]
    histories = [draws(chance, rate, BEFORE + 1 + AFTER) for rate in rates]
    order = list(range(CASES))
    random.Random(seed + 100).shuffle(order)  # noqa: S311 - a simulation
    victims = frozenset(order[: round(CASES * hit)])
    if not hit:
        silent = [f"{each[:BEFORE]}.{each[BEFORE + 1 :]}" for each in histories]
        return _judged(silent, victims)
    nights = [_hit(each, case in victims, lasts) for case, each in enumerate(histories)]
    return _judged(nights, victims)


def _hit(outcomes: str, is_victim: bool, lasts: bool) -> str:
    if not is_victim:
        return outcomes
    after = "F" * AFTER if lasts else outcomes[BEFORE + 1 :]
    return f"{outcomes[:BEFORE]}F{after}"


def _judged(nights: Sequence[str], victims: frozenset[int]) -> Judgement:
    given = limits(_histogram(nights), BEFORE)
    courses = [BEGINNING] * len(nights)
    for night in range(BEFORE):
        courses = [
            advance(course, row[night], given) for course, row in zip(courses, nights, strict=True)
        ]
    calm = [course.standing.state is State.HEALTHY for course in courses]
    reasons = {
        case: "refused" if case in victims else "other"
        for case, row in enumerate(nights)
        if row[BEFORE] == "F" and calm[case]
    }
    failed_next = {case for case, row in enumerate(nights) if row[BEFORE + 1] == "F"}
    is_incident = incident(reasons, len(nights)) is not None
    is_out = is_incident and not was_none(reasons.keys(), failed_next)
    told = [
        _after(course, row[BEFORE:], given, is_incident, is_out)
        for course, row in zip(courses, nights, strict=True)
    ]
    was_flaky = [course.standing.state is State.FLAKY for course in courses]
    return Judgement(
        is_incident=is_incident,
        alarms=sum(state in OPENED for states in told for state in states),
        flaky=sum(
            State.FLAKY in states and not before
            for states, before in zip(told, was_flaky, strict=True)
        ),
        broken=sum(told[case][1] in BROKEN for case in victims),
    )


def _after(
    course: Course, outcomes: str, given: Limits, is_incident: bool, is_out: bool
) -> list[State]:
    """The states of a case on that night and those after it, as the store has them.

    On the night of an incident nothing changes; when the next one shows that it was none, its
    outcome counts with that.
    """
    states = []
    for night, outcome in enumerate(outcomes):
        if outcome == ".":
            pass
        elif night or not is_incident:
            course = advance(course, outcome, given)
        elif not is_out:
            course = Course(course.standing, course.outcomes + outcome)
        states.append(course.standing.state)
    return states


def _histogram(nights: Sequence[str]) -> dict[int, int]:
    counts: dict[int, int] = {}
    for row in nights:
        failures = row[:BEFORE].count("F")
        counts[failures] = counts.get(failures, 0) + 1
    return counts
