"""Missing tests: of what mutations of made-up histories took, how much is found rightly."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tracker.verdicts.benchmark.figures import Figure, share
from tracker.verdicts.benchmark.histories import Job, job
from tracker.verdicts.benchmark.mixtures import drop_and_cut, mixed, replace_tests
from tracker.verdicts.benchmark.mutated import Mutated
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.benchmark.nights import Night
from tracker.verdicts.missing import Cause, Missing

ALARM_PAIRS = 1_000


@dataclass
class Tally:
    """Right, wrong and overlooked causes, and what became of renames."""

    right: Counter[Cause] = field(default_factory=Counter)
    wrong: Counter[Cause] = field(default_factory=Counter)
    overlooked: Counter[Cause] = field(default_factory=Counter)
    renames: int = 0
    first: int = 0
    methods: int = 0
    methods_first: int = 0
    joined: int = 0
    joined_rightly: int = 0
    joined_planted: int = 0

    def add(self, mutated: Mutated, found: Iterable[Missing], steady: frozenset[int]) -> None:
        """Hold what was found against what was planted; only steady cases could be expected."""
        told = {missing.test.id: missing for missing in found}
        for one, missing in told.items():
            truth = mutated.truth.get(one)
            if missing.cause is truth:
                self.right[missing.cause] += one in steady
            elif one not in mutated.open:
                self.wrong[missing.cause] += 1
        for one, truth in mutated.truth.items():
            if one in steady and (one not in told or told[one].cause is not truth):
                self.overlooked[truth] += 1

    def add_renames(
        self, mutated: Mutated, found: Iterable[Missing], steady: frozenset[int], before: Night
    ) -> None:
        """Hold the pairs against the planted renames."""
        told = {missing.test.id: missing.rename for missing in found if missing.rename}
        planted = {old for old, cause in mutated.truth.items() if cause is Cause.RENAMED}
        self.renames += len(planted & steady)
        suites = {test.id: test.suite for test in before.tests}
        new_suites = {test.id: test.suite for test in mutated.night.tests}
        methods = {
            old for old in planted & steady if suites[old] == new_suites[mutated.renames[old]]
        }
        self.methods += len(methods)
        for old, pair in told.items():
            is_right = mutated.renames.get(old) == pair.come.id
            self.methods_first += is_right and old in methods
            self.first += is_right and old in steady
            self.joined += pair.certain
            self.joined_rightly += pair.certain and is_right
            self.joined_planted += pair.certain and is_right and old in steady


def tally(jobs: Iterable[Job], seed: int, *, ordered: bool = True) -> Tally:
    """Every mutation, alone and with others, of the newest night of each job."""
    result = Tally()
    chance = random.Random(seed)  # noqa: S311 (made-up data)
    for each in jobs:
        night = each.nights[0]
        names = sorted({test.report for test in night.tests})
        for mutation in (*MUTATIONS.values(), mixed, mixed, drop_and_cut, replace_tests):
            chance.shuffle(names)
            mutated = mutation(night, tuple(names), chance)
            found = each.judged(mutated.night, ordered=ordered)
            result.add(mutated, found, each.steady)
            result.add_renames(mutated, found, each.steady, night)
    return result


def alarms(seeds: Iterable[int]) -> int:
    """In how many pairs of nights that nobody touched a case is said to be missing."""
    return sum(bool(each.judged(each.nights[0])) for each in map(job, seeds))


def figures(quick: bool) -> Iterator[Figure]:
    """Precision and recall of each cause, false alarms, and renames."""
    count = 3 if quick else 25
    found = tally((job(seed) for seed in range(0, 1000 * count, 1000)), seed=1)
    yield from _causes("missing", found, least=0.98)
    # So are results that were recorded before their places were kept, until they are read again.
    older = tally((job(seed) for seed in range(0, 1000 * count, 1000)), seed=1, ordered=False)
    yield from _causes("missing, order in reports unknown", older)
    pairs_seen = 20 if quick else ALARM_PAIRS
    false = alarms(range(500_000, 500_000 + pairs_seen))
    yield Figure("missing, alarms on untouched pairs", false, f"of {pairs_seen:,} pairs", most=0)
    yield Figure("renames, proposed rightly", share(found.first, found.renames), least=0.9)
    methods = share(found.methods_first, found.methods)
    yield Figure("renames, of single tests in their suite, proposed rightly", methods, least=0.9)
    joined = share(found.joined_rightly, found.joined)
    yield Figure("renames, joined without asking, precision", joined, least=0.99)
    yield Figure("renames, joined without asking", share(found.joined_planted, found.renames))


def _causes(name: str, found: Tally, *, least: float | None = None) -> Iterator[Figure]:
    """Precision and recall of each cause."""
    for cause in Cause:
        right = found.right[cause]
        said, true = right + found.wrong[cause], right + found.overlooked[cause]
        yield Figure(f"{name}, {cause}, precision", share(right, said), least=least)
        yield Figure(f"{name}, {cause}, recall", share(right, true), least=least)
