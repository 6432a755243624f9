"""Which cases a build should have: what is expected is learned from the builds before.

A case that ran in each of the last builds is expected, one that comes and goes (weekends, rotation,
random selection) is not, and one that stays away is missed for some builds and then no longer
expected.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence, Set
from typing import Any

from tracker.verdicts.odds import by_chance

# So many earlier builds are looked at; a case enters after a week of nights in a row, so that
# what runs on weekdays only is known as such, and leaves after so many builds without it.
WINDOW = 10
ENTERS_AFTER = 7
LEAVES_AFTER = 4
# A job younger than a week of nights expects what was in each of its builds, from here on.
FEWEST_BUILDS = 3

# Suites of which so many cases come and go at random lose some in every build; what is likelier
# than this is no alarm. A night may have thousands of suites, and a thousand nights none.
_SHARE_AT_RANDOM = 0.1
_TOO_RARE = 1e-6
_LARGE = 400
# Cases that come and go in company, in so few rhythms, are no sign of chance.
_RHYTHMS = 3
_COMPANY = 3
# A case that was away before and came back has to stay away for longer than this is likely.
_TOO_LONG = 1e-3
# Lost with a report or suite in more of the last builds than this, it is not expected any more.
AGAIN = 3


def expected(runs: Sequence[Set[int]]) -> frozenset[int]:
    """The cases that the next build should have, from those of the builds before, newest first.

    To be left out of `runs`: builds that are not complete, not judged, or have a damaged report.
    """
    seen = list(runs[:WINDOW])
    found: set[int] = set()
    later: set[int] = set()
    for away in range(min(LEAVES_AFTER, len(seen) - FEWEST_BUILDS + 1)):
        found |= _steady(seen[away:], seen[away] - later)
        later |= seen[away]
    return frozenset(found)


def _steady(rows: Sequence[Set[int]], among: Set[int]) -> set[int]:
    """Those that were in each of the newest builds, and never came back from an absence."""
    found: set[int] = set()
    here = set(among)
    for count, row in enumerate(rows, 1):
        here &= row
        if not here:
            break
        if count == len(rows):
            found |= here
        elif count >= ENTERS_AFTER:
            found |= here.difference(*rows[count:])
    return found


def lost(
    runs: Sequence[Set[int]],
    here: Set[int],
    suites: Mapping[int, Hashable],
    always: Mapping[Any, int] | None = None,
) -> frozenset[int]:
    """The expected cases that are not `here`, but for those that chance took from their suites.

    `suites` tells the suite of each case in `runs`. Cases that are in all of `runs` and here may be
    left out of all these; `always` says then how many of them each suite has. For tests that are
    skipped by a new condition call it with the cases that ran, in `runs` and in `here`, and keep
    those that are skipped now.
    """
    due = expected(runs)
    gone = due - here
    if not gone:
        return gone
    steady = Counter({suites.get(case): 0 for case in gone})
    steady.update({suite: (always or {}).get(suite, 0) for suite in steady})
    missed = _returns(runs[:WINDOW], suites, steady)
    if not missed:
        return gone
    sizes = steady + Counter(suite for suite in map(suites.get, due) if suite in missed)
    losses = Counter(suites.get(case) for case in gone)
    noisy = {
        suite
        for suite, (absences, presences) in missed.items()
        if _chance(losses[suite], sizes[suite], absences, presences) > _TOO_RARE
    }
    return frozenset(case for case in gone if suites.get(case) not in noisy)


def _chance(losses: int, size: int, absences: int, presences: int) -> float:
    """How likely a suite loses so many; large ones are scaled down, which alarms later."""
    if size > _LARGE:
        losses, size = losses * _LARGE // size, _LARGE
    return by_chance(losses, size, absences, presences)


def _returns(
    runs: Sequence[Set[int]], suites: Mapping[int, Hashable], more: Mapping[Hashable, int]
) -> dict[Hashable, tuple[int, int]]:
    """How often cases of a suite were away and came back, and how often they were there.

    Only of the suites in `more`, the number of cases that all of `runs` have besides, and where
    that looks like chance: in company it is a rhythm.
    """
    always: Set[int] = set.intersection(*map(set, runs))
    steady = Counter(suite for suite in map(suites.get, always) if suite in more)
    steady.update(more)
    rows: dict[Hashable, list[tuple[bool, ...]]] = defaultdict(list)
    for case in set().union(*runs) - always:
        if (suite := suites.get(case)) in more:
            rows[suite].append(tuple(case in run for run in runs))
    found: dict[Hashable, tuple[int, int]] = {}
    for suite, patterns in rows.items():
        returned = [pattern for pattern in patterns if _gap(pattern)]
        if len(returned) < _SHARE_AT_RANDOM * (len(patterns) + steady[suite]):
            continue
        if not _is_rhythm(returned):
            there = sum(map(sum, patterns)) + steady[suite] * len(runs)
            found[suite] = (sum(map(_gap, returned)), there)
    return found


def _is_rhythm(patterns: Sequence[tuple[bool, ...]]) -> bool:
    """Whether cases come and go in company."""
    together = Counter(patterns)
    return not together or (len(together) <= _RHYTHMS and min(together.values()) >= _COMPANY)


def _gap(pattern: tuple[bool, ...]) -> int:
    """In how many builds it was away between two in which it was there."""
    first, last = pattern.index(True), len(pattern) - pattern[::-1].index(True)
    return pattern[first:last].count(False)


def appeared(runs: Sequence[Set[int]], here: Set[int], gone: Set[int]) -> frozenset[int]:
    """The cases `here` that came when a case that is gone went, so that it may be one of them."""
    away = 0
    while away < min(len(runs), LEAVES_AFTER) and not gone <= set().union(*runs[: away + 1]):
        away += 1
    found = set(here)
    for run in runs[away:WINDOW]:
        found = found - run  # not in place: that would walk through all of `run`
    return frozenset(found)


def is_surprise(row: Sequence[bool]) -> bool:
    """Whether an absence, the build at hand included, is another one than those before.

    `row`: in which of the builds before it was there, newest first.
    """
    if True not in row:
        return True
    absences = _gap(tuple(row))
    away = row.index(True) + 1
    return not absences or by_chance(away, away, absences, sum(row)) <= _TOO_LONG


def patched(
    runs: Sequence[Set[int]], explained: Sequence[Set[int]], *, again: int = AGAIN
) -> tuple[Set[int], ...]:
    """The cases of each build, with those that were away for a reason and came back later.

    `explained`: the cases of each build that were missing since a report or suite was. Otherwise
    one bad night would make a case one that comes and goes. More than `again` times is a rhythm.
    """
    often = Counter(case for away in explained for case in away)
    later: set[int] = set()
    found: list[Set[int]] = []
    for run, away in zip(runs, explained, strict=True):
        back = {case for case in away if case in later and often[case] <= again}
        found.append(run | back if back else run)
        later |= run
    return tuple(found)
