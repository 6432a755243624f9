"""Clusters of the signatures first seen in one build, by average linkage on their likeness.

Correlation clustering (N. Bansal et al. 2004), greedily.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence

from tracker.verdicts.candidates import pairs
from tracker.verdicts.decisions import Settled, opposed
from tracker.verdicts.likeness import BIAS, Node, evidence

# The more signatures a build brought, the more causes: each tenfold costs this much.
_CROWD = 10
_CROWDED = 1.15

# What an uncompared pair is worth: nothing in common was found.
_STRANGERS = -1.0


def clusters(nodes: Sequence[Node], settled: Settled) -> list[list[Node]]:
    """The nodes in clusters; two join while the average of their pairs' log odds is above 0."""
    if not nodes:
        return []
    bias = BIAS - _CROWDED * max(0.0, math.log10(len(nodes) / _CROWD))
    linkage = _Linkage(len(nodes), bias + _STRANGERS, [settled.of(node.ids) for node in nodes])
    for a, b in pairs(nodes):
        linkage.link(a, b, bias + evidence(nodes[a], nodes[b]))
    where = {one: place for place, node in enumerate(nodes) for one in node.ids}
    for group in settled.groups:
        places = sorted({where[one] for one in group if one in where})
        for other in places[1:]:
            linkage.force(places[0], other)
    return [[nodes[place] for place in sorted(group)] for group in linkage.run()]


class _Linkage:
    """Agglomeration by average linkage over a sparse graph; absent pairs count as strangers."""

    def __init__(self, size: int, absent: float, sides: list[set[tuple[int, int]]]) -> None:
        self._members = {place: [place] for place in range(size)}
        self._near: list[dict[int, tuple[float, int]]] = [{} for _ in range(size)]
        self._home = list(range(size))
        self._absent = absent
        self._sides = sides

    def link(self, a: int, b: int, odds: float) -> None:
        self._near[a][b] = self._near[b][a] = (odds, 1)

    def force(self, a: int, b: int) -> None:
        """Two that people put together."""
        a, b = self._root(a), self._root(b)
        if a != b:
            self._merge(*sorted((a, b)))

    def run(self) -> list[list[int]]:
        """All clusters, in order of their smallest member."""
        heap = [
            entry
            for a in sorted(self._members)
            for b in self._near[a]
            if a < b and (entry := self._entry(a, b))[0] < 0
        ]
        heapq.heapify(heap)
        while heap:
            entry = heapq.heappop(heap)
            _, a, b = entry
            if a not in self._members or b not in self._members or entry != self._entry(a, b):
                continue  # one of them has grown since
            if opposed(self._sides[a], self._sides[b]):
                continue
            self._merge(a, b)
            for other in self._near[a]:
                pair = self._entry(*sorted((a, other)))
                if pair[0] < 0:
                    heapq.heappush(heap, pair)
        return [self._members[root] for root in sorted(self._members)]

    def _entry(self, a: int, b: int) -> tuple[float, int, int]:
        total, count = self._near[a].get(b, (0.0, 0))
        pairs = len(self._members[a]) * len(self._members[b])
        return (-(total + (pairs - count) * self._absent) / pairs, a, b)

    def _merge(self, a: int, b: int) -> None:
        """b becomes part of a; a is the smaller."""
        for one in self._members[b]:
            self._home[one] = a
        self._members[a] += self._members.pop(b)
        self._sides[a] = self._sides[a] | self._sides[b]
        for other, (total, count) in self._near[b].items():
            del self._near[other][b]
            if other != a:
                mine = self._near[a].get(other, (0.0, 0))
                self._near[a][other] = self._near[other][a] = (total + mine[0], count + mine[1])
        self._near[b] = {}

    def _root(self, place: int) -> int:
        return self._home[place]
