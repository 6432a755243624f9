"""Homes: which suites may have become which others, by the names they share and their paths."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.verdicts.names import last_part, likeness, replaced
from tracker.verdicts.partners import Appeared
from tracker.verdicts.seen_test import SuiteKey, Test

# Weights are natural logarithms of odds.
_SAME_SUITE = 2.0
_OTHER_SUITE = -2.0
_SUITE_MOVED = 6.0
_SAME_CLASS = 3.0
_PREFIX_REPLACED = 3.0
_OTHER_VARIANT = -6.0

# A move is believed in full when so many names came along; a prefix, when so many suites did.
_NAMES_FOR_A_MOVE = 3
_SUITES_FOR_A_PREFIX = 3

# So many of the likeliest are kept of each.
_FEW = 24


@dataclass(frozen=True)
class Homes:
    """Weights of suites that may have become others; the likeliest of each comes first."""

    weights: Mapping[SuiteKey, Mapping[SuiteKey, float]]

    @classmethod
    def of(cls, old: Sequence[Test], appeared: Appeared) -> Homes:
        """The suites of the tests that are gone, held against those of the tests that appeared."""
        names: dict[SuiteKey, set[str]] = defaultdict(set)
        for test in old:
            names[test.home].add(test.name)
        shared = {home: appeared.shared(home, names[home]) for home in names}
        prefixes = _prefixes(shared)
        return cls(
            {
                home: _ranked(home, len(names[home]), found, appeared, prefixes)
                for home, found in shared.items()
            }
        )

    def weight(self, old: SuiteKey, new: SuiteKey) -> float:
        """How much speaks for a test of one suite being in the other now."""
        if old == new:
            return _SAME_SUITE
        known = self.weights.get(old, {}).get(new)
        if known is not None:
            return known
        return _OTHER_SUITE + (_OTHER_VARIANT if old[1] != new[1] else 0.0)

    def near(self, home: SuiteKey) -> list[SuiteKey]:
        """The suites that may be this one now, the likeliest first."""
        return list(self.weights.get(home, {}))


def _prefixes(shared: Mapping[SuiteKey, Counter[SuiteKey]]) -> frozenset[tuple[str, str]]:
    """The beginnings of paths that were replaced in several suites."""
    votes: Counter[tuple[str, str]] = Counter()
    for home, found in shared.items():
        if found:
            best = min(found, key=lambda new: (-found[new], -_path_likeness(home, new), new))
            votes[replaced(home[0], best[0])] += 1
    return frozenset(prefix for prefix, count in votes.items() if count >= _SUITES_FOR_A_PREFIX)


def _ranked(
    home: SuiteKey,
    size: int,
    found: Counter[SuiteKey],
    appeared: Appeared,
    prefixes: frozenset[tuple[str, str]],
) -> dict[SuiteKey, float]:
    weights = {
        new: _home_weight(home, new, count, size + len(appeared.suites[new]), prefixes)
        for new, count in found.items()
    }
    return dict(sorted(weights.items(), key=lambda row: (-row[1], row[0]))[:_FEW])


def _home_weight(
    old: SuiteKey, new: SuiteKey, shared: int, sizes: int, prefixes: frozenset[tuple[str, str]]
) -> float:
    """How the names that both suites have, and their paths, speak for a move."""
    weight = _OTHER_SUITE + 3.0 * (_path_likeness(old, new) - 0.5)
    weight += _SUITE_MOVED * 2 * shared / sizes * min(1.0, shared / _NAMES_FOR_A_MOVE)
    if last_part(old[0]) == last_part(new[0]):
        weight += _SAME_CLASS
    if old[0] != new[0] and replaced(old[0], new[0]) in prefixes:
        weight += _PREFIX_REPLACED
    if old[1] != new[1]:
        weight += _OTHER_VARIANT
    return weight


def _path_likeness(old: SuiteKey, new: SuiteKey) -> float:
    return likeness("/".join(old[0]), "/".join(new[0]))
