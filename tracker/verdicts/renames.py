"""Which test that is gone goes on under another name: pairs of what vanished and what appeared.

Each pair is weighed by what agrees (name, suite, place, duration, file, trace) and against every
other partner that either of the two could have, or none: I. P. Fellegi and A. B. Sunter, A theory
for record linkage (1969). Only likely partners are compared, so the cost grows with the number of
tests and not with its square.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracker.verdicts.agreement import agreement
from tracker.verdicts.homes import Homes
from tracker.verdicts.names import replaced
from tracker.verdicts.partners import Appeared, partners
from tracker.verdicts.seen_test import SuiteKey, Test

# From here on two histories are joined without asking; from `PROPOSED` on people are asked.
CERTAIN = 0.99
PROPOSED = 0.5

# A pair has to outweigh that a test was removed and another one added on the same day.
_NO_PARTNER = 4.0


@dataclass(frozen=True)
class Pair:
    """`gone` goes on as `come`; `score` is how likely that is, between 0 and 1."""

    gone: Test
    come: Test
    score: float

    @property
    def certain(self) -> bool:
        """Whether the two histories may be joined without asking."""
        return self.score >= CERTAIN


@dataclass(frozen=True)
class Move:
    """`tests` tests whose suites were below `old` and are below `new` now, names unchanged."""

    old: str
    new: str
    suites: int
    tests: int


def pairs(gone: Iterable[Test], come: Iterable[Test]) -> tuple[Pair, ...]:
    """The pairs worth telling, each test in at most one, in the order of the ids that are gone."""
    old = sorted(gone, key=lambda test: test.id)
    new = sorted(come, key=lambda test: test.id)
    weights = _weights(old, new)
    chosen: list[Pair] = []
    taken: set[tuple[str, int]] = set()
    for score, one, other in sorted(_scores(weights), key=lambda row: (-row[0], row[1], row[2])):
        if score < PROPOSED:
            break
        if ("gone", one) in taken or ("come", other) in taken:
            continue
        taken |= {("gone", one), ("come", other)}
        chosen.append(Pair(old[one], new[other], score))
    return tuple(sorted(chosen, key=lambda pair: pair.gone.id))


def moves(found: Iterable[Pair]) -> tuple[Move, ...]:
    """What the pairs with unchanged names have in common, largest first."""
    suites: dict[tuple[str, str], set[SuiteKey]] = defaultdict(set)
    tests: Counter[tuple[str, str]] = Counter()
    for pair in found:
        if pair.gone.name == pair.come.name and pair.gone.suite != pair.come.suite:
            prefix = replaced(pair.gone.suite, pair.come.suite)
            suites[prefix].add(pair.gone.home)
            tests[prefix] += 1
    order = sorted(tests, key=lambda prefix: (-tests[prefix], prefix))
    return tuple(Move(*prefix, len(suites[prefix]), tests[prefix]) for prefix in order)


def _weights(old: Sequence[Test], new: Sequence[Test]) -> dict[tuple[int, int], float]:
    appeared = Appeared(new)
    homes = Homes.of(old, appeared)
    return {
        (one, other): agreement(test, new[other], homes)
        for one, test in enumerate(old)
        for other in partners(test, appeared, homes.near(test.home))
    }


def _scores(weights: Mapping[tuple[int, int], float]) -> Iterator[tuple[float, int, int]]:
    """Each pair's share among all that either of its two tests could be paired with."""
    rows: dict[int, list[float]] = defaultdict(lambda: [_NO_PARTNER])
    columns: dict[int, list[float]] = defaultdict(lambda: [_NO_PARTNER])
    for (one, other), weight in weights.items():
        rows[one].append(weight)
        columns[other].append(weight)
    row_total = {one: _log_total(found) for one, found in rows.items()}
    column_total = {other: _log_total(found) for other, found in columns.items()}
    for (one, other), weight in weights.items():
        yield math.exp(weight - max(row_total[one], column_total[other])), one, other


def _log_total(weights: Sequence[float]) -> float:
    most = max(weights)
    return most + math.log(math.fsum(math.exp(weight - most) for weight in weights))
