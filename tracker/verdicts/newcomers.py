"""Newcomers: which of the families there are a new signature joins."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tracker.verdicts.candidates import block_keys
from tracker.verdicts.decisions import Settled, opposed
from tracker.verdicts.likeness import BIAS, Node, apart_in_time, evidence

# So many of a family's members decide whether a newcomer is like it.
_NEAREST = 3
_MOST_CANDIDATES = 40


class Index:
    """The families so far, found by what a newcomer may have in common with them."""

    def __init__(self, settled: Settled) -> None:
        self._blocks: dict[tuple[str, object], list[tuple[Node, int]]] = defaultdict(list)
        self._settled = settled
        self._home: dict[int, int] = {}
        self.sides: dict[int, set[tuple[int, int]]] = defaultdict(set)

    def fill(self, nodes: Iterable[tuple[Node, int]]) -> None:
        """Adds the nodes with their families, oldest first: the newest of a block are compared."""
        for node, family in sorted(nodes, key=lambda each: (each[0].seen, min(each[0].ids))):
            self._add(node, family)

    def _add(self, node: Node, family: int) -> None:
        for key in sorted(set(block_keys(node)), key=repr):
            self._blocks[key].append((node, family))
        for one in node.ids:
            self._home[one] = family
        self.sides[family] |= self._settled.of(node.ids)

    @property
    def families(self) -> set[int]:
        return set(self.sides)

    def home(self, group: Sequence[Node]) -> int | None:
        """The family for nodes that belong together: where people put them, else the likest."""
        held = self._settled.held
        with_them = {x for node in group for one in node.ids for x in held.get(one, ())}
        homes = {self._home[one] for one in with_them if one in self._home}
        if homes:
            return min(homes)
        found = (self.nearest(node) for node in group)
        return next((family for family in found if family is not None), None)

    def nearest(self, node: Node) -> int | None:
        """The family the node is most like, if it is likelier than not that it belongs there."""
        found: dict[int, dict[frozenset[int], float]] = defaultdict(dict)
        sides = self._settled.of(node.ids)
        for key in block_keys(node):
            for other, family in self._blocks.get(key, ())[-_MOST_CANDIDATES:]:
                if other.ids not in found[family] and not opposed(sides, self.sides[family]):
                    odds = BIAS + evidence(node, other) - apart_in_time(abs(node.seen - other.seen))
                    found[family][other.ids] = odds
        best = [(_mean_of_best(odds.values()), family) for family, odds in found.items() if odds]
        likeliest, family = min(((-mean, family) for mean, family in best), default=(0.0, -1))
        return family if likeliest < 0 else None


def _mean_of_best(odds: Iterable[float]) -> float:
    best = heapq.nlargest(_NEAREST, odds)
    return math.fsum(best) / len(best)
