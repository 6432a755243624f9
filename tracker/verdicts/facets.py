"""Which facets a case's failures go with: the smallest set of values that explains them.

A *set* is a conjunction of values of different facets, `agent=win-3 and browser=firefox`; it holds
the runs that have them all. Every set of up to three values is tried, so the more there are, the
less one of them can say: its odds are corrected for all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from tracker.verdicts.odds import log_likelihood, worse_than

# The largest set, and the fewest runs that a set is tried with.
MOST_VALUES = 3
LEAST_RUNS = 3
# A set is reported if chance alone would report any set at all in at most this share of the cases.
CHANCE = 0.05
# How many sets that hold the same runs a sentence names.
_NAMED = 3

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

FacetSet = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Run:
    """One run of a case with its facets.

    Cases of one build fail together, so a family has one run for each build and variant: failed
    if any of its cases did.
    """

    failed: bool
    facets: Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """A set that explains failures, as (facet, value) pairs sorted by facet.

    `sets` has more than one where several of the same size hold exactly the same runs. `chance` is
    the p-value of Fisher's exact test, corrected for `tries`: each size of sets is allowed the same
    share of the errors, so that they are the sets of the found one's size, times the sizes.
    """

    sets: tuple[FacetSet, ...]
    failures_inside: int
    runs_inside: int
    failures_outside: int
    runs_outside: int
    tries: int
    chance: float

    @property
    def sentence(self) -> str:
        """What was found, with its denominators and odds."""
        return (
            f"{_wording(self)}: {self.failures_inside:,} of {self.runs_inside:,} runs there, "
            f"{self.failures_outside:,} of {self.runs_outside:,} elsewhere; "
            f"chance after {self.tries:,} tries {_one_in(self.chance)}"
        )


def time_facets(started: datetime) -> dict[str, str]:
    """The hour of day and the weekday of a start time, both in UTC."""
    utc = started.astimezone(UTC)
    return {"hour": f"{utc.hour:02}", "weekday": _WEEKDAYS[utc.weekday()]}


def explains(
    runs: Iterable[Run], *, chance: float = CHANCE, most_values: int = MOST_VALUES
) -> Finding | None:
    """The set that explains the failures best; None if none does better than chance.

    The best makes the outcomes likeliest, with one rate of failures inside and another outside.
    Of `n` values there are many more pairs than single ones, so one more value must earn its place
    (J. Chen and Z. Chen, Extended Bayesian information criteria, 2008).
    """
    table = _Table.of(runs)
    levels = _levels(table, most_values)
    n = sum(len(values) for values in table.facets)
    scored = (
        (_score(table, mask) - math.log(math.comb(n, size)), -size, sets, mask)
        for size, level in enumerate(levels, 1)
        for mask, sets in level.items()
        if table.is_worse(mask)
    )
    best = max(scored, default=None)
    if best is None:
        return None
    _, negative_size, sets, mask = best
    found = _finding(table, mask, sets, len(levels) * len(levels[-negative_size - 1]))
    return found if found.chance <= chance else None


class _Table(NamedTuple):
    """Runs as bits: which failed, and which have each value of each facet (sorted)."""

    runs: int
    failed: int
    facets: list[list[tuple[tuple[str, str], int]]]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> _Table:
        failed, number = 0, 0
        values: dict[str, dict[str, int]] = {}
        for number, run in enumerate(runs, 1):
            bit = 1 << (number - 1)
            failed |= bit if run.failed else 0
            for facet, value in run.facets.items():
                masks = values.setdefault(facet, {})
                masks[value] = masks.get(value, 0) | bit
        return cls(
            number,
            failed,
            [
                [((facet, value), mask) for value, mask in sorted(masks.items())]
                for facet, masks in sorted(values.items())
            ],
        )

    def counts(self, mask: int) -> tuple[int, int, int, int]:
        """Failures and runs inside a set, then outside."""
        inside, failures = mask.bit_count(), (mask & self.failed).bit_count()
        return failures, inside, self.failed.bit_count() - failures, self.runs - inside

    def is_worse(self, mask: int) -> bool:
        failures, inside, failures_outside, outside = self.counts(mask)
        return failures * outside > failures_outside * inside


_Level = dict[int, tuple[FacetSet, ...]]


def _levels(table: _Table, most_values: int) -> list[_Level]:
    """For each size the sets tried, by the runs they hold; only those no smaller set holds.

    Which they are depends on the facets alone, never on what failed: so their number is that of
    the tries.
    """
    everything = (1 << table.runs) - 1
    seen = {everything}
    levels: list[_Level] = []
    grown: list[tuple[int, FacetSet, int]] = [(everything, (), 0)]
    for _ in range(min(most_values, len(table.facets))):
        grown = [each for each in _grow(table, grown) if each[0] not in seen]
        level: dict[int, list[FacetSet]] = {}
        for mask, names, _ in grown:
            level.setdefault(mask, []).append(names)
        seen.update(level)
        levels.append({mask: tuple(sets) for mask, sets in level.items()})
    return levels


def _grow(
    table: _Table, sets: list[tuple[int, FacetSet, int]]
) -> Iterator[tuple[int, FacetSet, int]]:
    """Each set with one more value, of a later facet; and the place of the facet after that."""
    for mask, names, first in sets:
        for place in range(first, len(table.facets)):
            for name, having in table.facets[place]:
                both = mask & having
                if both.bit_count() >= LEAST_RUNS:
                    yield both, (*names, name), place + 1


def _score(table: _Table, mask: int) -> float:
    failures, inside, failures_outside, outside = table.counts(mask)
    return log_likelihood(failures, inside) + log_likelihood(failures_outside, outside)


def _finding(table: _Table, mask: int, sets: tuple[FacetSet, ...], tries: int) -> Finding:
    failures, inside, failures_outside, outside = table.counts(mask)
    p = worse_than(failures, inside - failures, failures_outside, outside - failures_outside)
    return Finding(sets, failures, inside, failures_outside, outside, tries, min(1.0, p * tries))


def _wording(found: Finding) -> str:
    names = [" and ".join(f"{facet}={value}" for facet, value in each) for each in found.sets]
    where = " or ".join(names[:_NAMED])
    if len(names) > _NAMED:
        where += f" or {len(names) - _NAMED:,} more"
    if len(names) > 1:
        where += " (which always occur together)"
    if not found.failures_outside:
        return f"fails on {where} only"
    if found.failures_inside > found.failures_outside:
        return f"fails mostly on {where}"
    return f"fails more often on {where}"


def _one_in(chance: float) -> str:
    """`1 in 250`; beyond a million as a power of ten, rounded to the side of chance."""
    if chance <= 0:
        return "less than 1 in 10^300"
    if chance <= 1e-6:
        return f"1 in 10^{math.floor(-math.log10(chance))}"
    return f"1 in {math.floor(1 / chance):,}"
