"""What people decided about causes: one and the same, or not; the later decision holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """What a person decided: that these signatures (ids) have one cause, or that they have not."""

    together: bool
    left: frozenset[int]
    right: frozenset[int]


def translated(
    decisions: Sequence[Decision], renamed: Mapping[int, Iterable[int]]
) -> tuple[Decision, ...]:
    """The decisions in the ids of a new algorithm; `renamed` gives those for each old id."""
    return tuple(
        Decision(each.together, _renamed(each.left, renamed), _renamed(each.right, renamed))
        for each in decisions
    )


def _renamed(ids: frozenset[int], renamed: Mapping[int, Iterable[int]]) -> frozenset[int]:
    return frozenset(new for old in ids for new in renamed.get(old, ()))


class Settled:
    """The decisions made consistent: where two contradict each other, the later one holds."""

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self.groups: list[frozenset[int]] = []
        self.apart: list[tuple[frozenset[int], frozenset[int]]] = []
        for each in decisions:
            if each.together:
                self._merge(each.left | each.right)
            else:
                self._split(each.left, each.right - each.left)
        self.sides: dict[int, set[tuple[int, int]]] = defaultdict(set)
        for place, pair in enumerate(self.apart):
            for side, ids in enumerate(pair):
                for one in ids:
                    self.sides[one].add((place, side))
        for group in self.groups:  # what is held together is apart from the same others
            shared = self.of(group)
            for one in group if shared else ():
                self.sides[one] = shared
        self.held = {one: group for group in self.groups for one in group}
        self.named = frozenset(self.sides).union(*self.groups)

    def _merge(self, ids: frozenset[int]) -> None:
        touched = [group for group in self.groups if group & ids]
        whole = ids.union(*touched)
        self.groups = [group for group in self.groups if group not in touched] + [whole]
        self.apart = [(a, b) for a, b in self.apart if not (a & whole and b & whole)]

    def _split(self, left: frozenset[int], right: frozenset[int]) -> None:
        groups: list[frozenset[int]] = []
        for group in self.groups:
            cut = group & left and group & right
            groups.extend((group & left, group - left) if cut else (group,))
        self.groups = groups
        self.apart.append((left, right))

    def of(self, ids: Iterable[int]) -> set[tuple[int, int]]:
        """On which side of which split these are."""
        return set().union(*(self.sides.get(each, ()) for each in ids))


def opposed(a: Iterable[tuple[int, int]], b: set[tuple[int, int]]) -> bool:
    """Whether some split has the one on its left and the other on its right."""
    return any((place, 1 - side) in b for place, side in a)
