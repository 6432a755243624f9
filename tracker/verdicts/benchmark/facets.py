"""Planted facets: whether what makes a case fail is found, and nothing where nothing does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.facets import FacetSet, Finding, Run, explains

# What is planted can be told by somebody: the set has this many runs, and so has each of its values
# without the other one. Two values that nearly always occur together name the same runs.
LEAST_PLANTED = 8

_SEED = 20
_KINDS = {"single values": 1, "pairs": 2}

Facets = list[dict[str, str]]


def figures(quick: bool) -> Iterator[Figure]:
    """Precision and recall on planted facets, and the share reported on shuffled ones."""
    cases = 40 if quick else 700
    every: list[Planted] = []
    found: list[Finding | None] = []
    for kind, values in _KINDS.items():
        rng = random.Random(_SEED + values)  # noqa: S311 (a simulation, nothing secret)
        planted_ones = [planted(rng, values) for _ in range(cases)]
        found_ones = [explains(each.runs) for each in planted_ones]
        yield from _precision_and_recall(kind, planted_ones, found_ones, least=None)
        every += planted_ones
        found += found_ones
    yield from _precision_and_recall("single values and pairs", every, found, least=0.95)
    yield Figure("facets, shuffled, reported", _reported_on_shuffled(every), most=0.05)


def _precision_and_recall(
    kind: str, there: list[Planted], found: list[Finding | None], least: float | None
) -> Iterator[Figure]:
    right = sum(each.is_found(one) for each, one in zip(there, found, strict=True))
    reported = sum(one is not None for one in found)
    yield Figure(f"facets, {kind}, precision", share(right, reported), least=least)
    yield Figure(f"facets, {kind}, recall", share(right, len(there)), least=least)


def _reported_on_shuffled(every: list[Planted]) -> float:
    """The share of cases that have an explanation when their failures fall on any runs."""
    rng = random.Random(_SEED)  # noqa: S311 (a simulation, nothing secret)
    return share(sum(explains(_shuffled(rng, each)) is not None for each in every), len(every))


def _shuffled(rng: random.Random, case: Planted) -> list[Run]:
    failed = [run.failed for run in case.runs]
    rng.shuffle(failed)
    return [Run(each, run.facets) for each, run in zip(failed, case.runs, strict=True)]


@dataclass(frozen=True)
class Planted:
    """The runs of a case that fails where it has all of the values of `where`."""

    runs: tuple[Run, ...]
    where: FacetSet

    def is_found(self, found: Finding | None) -> bool:
        """Whether the found sets hold the same runs as the planted one."""
        return found is not None and _inside(self.runs, found.sets[0]) == _inside(
            self.runs, self.where
        )


def _inside(runs: tuple[Run, ...], where: FacetSet) -> frozenset[int]:
    wanted = frozenset(where)
    return frozenset(place for place, run in enumerate(runs) if wanted <= run.facets.items())


def planted(rng: random.Random, values: int) -> Planted:
    """A case of 60 to 300 runs that fails in 60 to 100 % with some values, in 0 to 5 % without."""
    while True:
        facets = _facets(rng)
        names = sorted(rng.sample(sorted(facets[0]), values))
        seen = rng.choice(facets)
        where = tuple((name, seen[name]) for name in names)
        if _shows(facets, where):
            return Planted(tuple(_outcomes(rng, facets, where)), where)


def _shows(facets: Facets, where: FacetSet) -> bool:
    """Whether the set, and each of its values without the others, has enough runs."""
    inside = sum(set(where) <= each.items() for each in facets)
    apart = [
        sum({*where} - {value} <= each.items() and value not in each.items() for each in facets)
        for value in where
    ]
    return min(inside, *apart) >= LEAST_PLANTED


def _outcomes(rng: random.Random, facets: Facets, where: FacetSet) -> Iterator[Run]:
    inside, outside = rng.uniform(0.6, 1), rng.uniform(0, 0.05)
    for each in facets:
        rate = inside if set(where) <= each.items() else outside
        yield Run(rng.random() < rate, each)


def _facets(rng: random.Random) -> Facets:
    """3 to 6 facets of 2 to 12 values; some go with an earlier one in 80 to 100 % of the runs."""
    columns: list[list[str]] = []
    runs = rng.randint(60, 300)
    for _ in range(rng.randint(3, 6)):
        column = _column(rng, runs)
        if columns and rng.random() < 0.4:
            column = _following(rng, rng.choice(columns), column)
        columns.append(column)
    return [
        {f"facet {place}": value for place, value in enumerate(row)}
        for row in zip(*columns, strict=True)
    ]


def _column(rng: random.Random, runs: int) -> list[str]:
    values = [f"value {number}" for number in range(rng.randint(2, 12))]
    return rng.choices(values, [rng.uniform(0.5, 2) for _ in values], k=runs)


def _following(rng: random.Random, leader: list[str], column: list[str]) -> list[str]:
    values = sorted(set(column))
    goes_with = {value: rng.choice(values) for value in sorted(set(leader))}
    closely = rng.uniform(0.8, 1)
    return [
        goes_with[first] if rng.random() < closely else own
        for first, own in zip(leader, column, strict=True)
    ]
