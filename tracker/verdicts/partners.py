"""Partners: which of the tests that appeared are compared at all with one that is gone."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tracker.verdicts.names import last_part, words_of
from tracker.verdicts.seen_test import SuiteKey, Test

# At most so many partners are compared with one test for each reason to compare them.
_FEW = 24
# A name in more suites than this says nothing about where a suite went.
_COMMON = 50


def partners(test: Test, appeared: Appeared, near: Sequence[SuiteKey]) -> list[int]:
    """Tests of its name, and tests like it in its own suite or in one that may be its new one.

    `near` are the suites that may have become its own, the likeliest first.
    """
    likely = near[:2]
    same = appeared.names.get(test.name, [])
    if len(same) > _FEW:
        homes = sorted({test.home, *near})
        same = [at for home in homes for at in appeared.named.get((home, test.name), ())][:_FEW]
    found = set(same)
    if any(appeared.tests[at].home in likely for at in same):
        return sorted(found)
    for home in (test.home, *likely):
        found.update(appeared.alike(home, test))
    return sorted(found)


@dataclass
class Appeared:
    """What appeared, by all that leads to a partner; values are places in `tests`."""

    tests: Sequence[Test]
    suites: dict[SuiteKey, list[int]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    lasts: dict[str, set[SuiteKey]] = field(default_factory=lambda: defaultdict(set))
    named: dict[tuple[SuiteKey, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    words: dict[tuple[SuiteKey, str], list[int]] = field(default_factory=lambda: defaultdict(list))
    places: dict[tuple[SuiteKey, int | None], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def __post_init__(self) -> None:
        for at, test in enumerate(self.tests):
            self.suites[test.home].append(at)
            self.names[test.name].append(at)
            self.named[test.home, test.name].append(at)
            self.lasts[last_part(test.suite)].add(test.home)
            self.places[test.home, test.place].append(at)
            for word in set(words_of(test.name)):
                self.words[test.home, word].append(at)

    def shared(self, home: SuiteKey, names: set[str]) -> Counter[SuiteKey]:
        """How many of these names each other suite has; suites of the same class name as well."""
        found: Counter[SuiteKey] = Counter()
        for name in names:
            same = self.names.get(name, ())
            if len(same) <= _COMMON:
                found.update({self.tests[at].home for at in same})
        for new in sorted(self.lasts.get(last_part(home[0]), ()))[:_COMMON]:
            mine = {self.tests[at].name for at in self.suites[new]}
            found[new] = len(names & mine)
        del found[home]
        return found

    def alike(self, home: SuiteKey, test: Test) -> Iterable[int]:
        """The tests of a suite that may be this one: all of few, else by rare words and place."""
        mine = self.suites.get(home, [])
        if len(mine) <= _FEW:
            return mine
        lists = sorted((self.words.get((home, word), []) for word in words_of(test.name)), key=len)
        votes: Counter[int] = Counter()
        for found in lists:
            if len(found) <= 20 * _FEW:
                votes.update(found)
        best = heapq.nsmallest(_FEW, votes, key=lambda at: (-votes[at], at))
        return {*best, *self.places.get((home, test.place), ())} if test.place is not None else best
