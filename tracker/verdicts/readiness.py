"""Release readiness: over all tests and facets, which are worse in a sample than in their basis.

Each test's passes and failures in the sample are held against those in an earlier release or period
by Fisher's exact test, and what is called regressed is chosen so that at most 5 % of it is chance.
That takes several failures. What broke only now is told by the history of its own job, and keeps a
release from being ready as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from tracker.verdicts.discoveries import LEAST_FAILURES, Comparison, Counts, adjusted

# A case of one job with its facets, in whatever way the caller names it.
K = TypeVar("K", int, str, tuple[int, str], tuple[str, str])

# The share of what is called regressed, or improved, that may be so by chance.
FALSE_SHARE = 0.05
# A single test is worse, though not certainly, with at most this p-value taken by itself.
WORSE = 0.05
# An open regression was believed before, so that it stays open with this one.
STAYS_OPEN = 0.10
# A basis needs this many runs.
LEAST_RUNS = 6
# What a test without a basis must pass.
PASS_RATE = 0.95
# The share of the tests that must have run often enough before a release is called ready.
COVERED = 0.95


@dataclass(frozen=True)
class Period(Generic[K]):
    """A release, or the builds of some days: its name in sentences, and the counts of its tests."""

    name: str
    counts: Mapping[K, Counts]


class Standing(StrEnum):
    """What a test is in the sample, beside its basis."""

    BROKEN = "newly broken"
    REGRESSED = "regressed"
    WORSE = "worse, not certain"
    SAME = "same"
    IMPROVED = "improved"
    NEW = "new"
    MISSING = "missing"


class Verdict(StrEnum):
    """What is said of a release."""

    READY = "ready"
    NOT_READY = "not ready"
    NOT_ENOUGH = "not enough runs"


@dataclass(frozen=True)
class Judged:
    """One test: `basis` names the period it is held against, None where none ran it often enough.

    `p` is the p-value by itself (1 without a basis). `q` is the share of those at least as bad that
    chance would give: the p-value adjusted for all tests.
    """

    standing: Standing
    sample: Counts
    before: Counts
    basis: str | None
    p: float
    q: float

    @property
    def ran_enough(self) -> bool:
        """Whether it could be called regressed at all."""
        return self.sample.runs >= LEAST_FAILURES

    @property
    def sentence(self) -> str:
        """What was seen and what it means, with its denominators."""
        return f"{_seen(self)}: {_meaning(self)}"


@dataclass(frozen=True)
class Readiness(Generic[K]):
    """A release: the verdict, why, and every test by its key."""

    verdict: Verdict
    sentence: str
    tests: Mapping[K, Judged]

    def those(self, standing: Standing) -> list[K]:
        """The tests of this standing, sorted."""
        return sorted(key for key, test in self.tests.items() if test.standing is standing)


def readiness(
    bases: Sequence[Period[K]],
    sample: Period[K],
    open_before: Set[K] = frozenset(),
    broken: Set[K] = frozenset(),
) -> Readiness[K]:
    """Every test of the sample and of the newest basis, and what they say together.

    `bases` are earlier releases or periods, the newest first. A test is held against the one it
    passed best in, so that one that decays a little in each release is noticed in the end. Those
    that are `broken` broke in a build of the sample, by the history of their job, and fail still.
    """
    pairs = _pairs(bases, sample, open_before, broken)
    together = Counter(pairs.values())
    judged = _judge(bases, together)
    tests = {key: judged[pair] for key, pair in pairs.items()}
    verdict, sentence = _summary([basis.name for basis in bases], together, judged)
    return Readiness(verdict, sentence, tests)


class _Pair(NamedTuple):
    """The counts of a test: most tests of a suite share a few of these. Bases by their place."""

    sample: Counts
    bases: tuple[tuple[int, Counts], ...]
    is_open: bool
    is_broken: bool

    @property
    def is_compared(self) -> bool:
        return bool(self.bases) and self.sample.runs > 0

    @property
    def best(self) -> tuple[int, Counts]:
        """The basis passed best in; of equals the one with more runs, then the newest."""
        return min(self.bases, key=lambda each: (each[1].failure_rate, -each[1].runs, each[0]))

    @property
    def worse(self) -> Comparison:
        """Is it worse now? Whichever the basis is, the luckiest was taken."""
        place, before = self.best
        return Comparison(
            self.sample, before, tuple(c for other, c in self.bases if other != place)
        )

    @property
    def better(self) -> Comparison:
        """Was it worse in the basis?"""
        return Comparison(self.best[1], self.sample)


_NONE = Counts(0, 0)


def _pairs(
    bases: Sequence[Period[K]], sample: Period[K], open_before: Set[K], broken: Set[K]
) -> dict[K, _Pair]:
    """All tests that ran in the sample or ought to: those of the newest basis, and open ones."""
    newest = bases[0].counts if bases else {}
    expected = {key for key, counts in newest.items() if counts.runs} | open_before
    ran = {key for key, counts in sample.counts.items() if counts.runs}
    return {
        key: _Pair(
            sample.counts.get(key, _NONE),
            tuple(
                (place, basis.counts[key])
                for place, basis in enumerate(bases)
                if key in basis.counts and basis.counts[key].runs >= LEAST_RUNS
            ),
            key in open_before,
            key in broken,
        )
        for key in sorted(expected | ran)
    }


def _judge(bases: Sequence[Period[K]], pairs: Mapping[_Pair, int]) -> dict[_Pair, Judged]:
    """What each pair is, of which there are so many tests."""
    worse = adjusted(_totals((p.worse, number) for p, number in pairs.items() if p.is_compared))
    better = adjusted(_totals((p.better, number) for p, number in pairs.items() if p.is_compared))
    judged: dict[_Pair, Judged] = {}
    for pair in pairs:
        place, before = pair.best if pair.bases else (None, _NONE)
        basis = None if place is None else bases[place].name
        p, q, standing = 1.0, 1.0, _without_basis(pair)
        if pair.is_compared:
            p, q = pair.worse.p, worse[pair.worse]
            standing = _standing(pair, p, q, better[pair.better])
        judged[pair] = Judged(standing, pair.sample, before, basis, p, q)
    return judged


def _totals(numbers: Iterable[tuple[Comparison, int]]) -> Counter[Comparison]:
    totals: Counter[Comparison] = Counter()
    for comparison, number in numbers:
        totals[comparison] += number
    return totals


def _standing(pair: _Pair, p: float, q: float, q_better: float) -> Standing:
    if q <= FALSE_SHARE or (pair.is_open and p <= STAYS_OPEN):
        return Standing.REGRESSED
    if pair.is_broken:
        return Standing.BROKEN
    if p <= WORSE:
        return Standing.WORSE
    return Standing.IMPROVED if q_better <= FALSE_SHARE else Standing.SAME


def _without_basis(pair: _Pair) -> Standing:
    """By its pass rate alone, as a test that is new must be judged."""
    sample = pair.sample
    if not sample.runs:
        return Standing.MISSING
    is_enough = sample.runs >= LEAST_RUNS and sample.failures >= LEAST_FAILURES
    if sample.failure_rate > 1 - PASS_RATE and (is_enough or pair.is_open):
        return Standing.REGRESSED
    return Standing.BROKEN if pair.is_broken else Standing.NEW


def _seen(test: Judged) -> str:
    before = "" if test.basis is None else f"in {_part(test.before)} in {test.basis}"
    if not test.sample.runs:
        return f"did not run; failed {before}" if before else "did not run"
    return f"failed in {_part(test.sample)}, {before or 'and has no basis'}"


def _part(counts: Counts) -> str:
    return f"{counts.failures:,} of {counts.runs:,} runs"


def _meaning(test: Judged) -> str:
    if test.standing is Standing.REGRESSED and test.basis is None:
        return f"passes in less than {PASS_RATE * 100:.0f} %"
    if test.standing is Standing.REGRESSED and test.q > FALSE_SHARE:
        return "not clearly better since it was found worse"
    if test.standing in (Standing.REGRESSED, Standing.WORSE):
        word = "worse" if test.standing is Standing.REGRESSED else "perhaps worse"
        return f"{word}; of all tests that look as bad, {_percent(test.q)} do so by chance"
    if test.standing is Standing.SAME and not test.ran_enough:
        return "ran too seldom to tell"
    return _WORDS[test.standing]


_WORDS = {
    Standing.BROKEN: "newly broken",
    Standing.SAME: "no more than chance",
    Standing.IMPROVED: "better",
    Standing.NEW: "new",
    Standing.MISSING: "missing",
}


def _percent(share: float) -> str:
    if share < 0.001:
        return "less than 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _summary(
    bases: Sequence[str], pairs: Mapping[_Pair, int], judged: Mapping[_Pair, Judged]
) -> tuple[Verdict, str]:
    kinds: Counter[tuple[Standing, bool]] = Counter()
    seldom = 0
    for pair, number in pairs.items():
        test = judged[pair]
        kinds[test.standing, test.basis is not None] += number
        seldom += number if pair.sample.runs and not test.ran_enough else 0
    stopped = any(pair.is_open and not pair.sample.runs for pair in pairs)
    verdict = _verdict(kinds, seldom, stopped=stopped)
    return verdict, "; ".join(_parts(bases, kinds, seldom))


def _verdict(kinds: Counter[tuple[Standing, bool]], seldom: int, *, stopped: bool) -> Verdict:
    """Not ready if anything broke; ready only if nearly all ran, and all that had regressed."""
    if any(standing in (Standing.BROKEN, Standing.REGRESSED) for standing, _ in kinds):
        return Verdict.NOT_READY
    covered = kinds.total() - seldom - _missing(kinds)
    is_enough = covered > 0 and covered >= COVERED * kinds.total()
    return Verdict.READY if is_enough and not stopped else Verdict.NOT_ENOUGH


def _missing(kinds: Counter[tuple[Standing, bool]]) -> int:
    return kinds[Standing.MISSING, True] + kinds[Standing.MISSING, False]


def _parts(
    bases: Sequence[str], kinds: Counter[tuple[Standing, bool]], seldom: int
) -> Iterator[str]:
    """What the summary says: of all tests those that keep the release back, then what else is."""
    is_compared = any(has_basis for _, has_basis in kinds)
    if not bases:
        yield "no earlier release to hold it against"
    elif not is_compared:
        yield f"no test ran often enough in {_either(bases)} to be held against it"
    than = f" or worse than in {_either(bases)}" if is_compared else ""
    number = f"{kinds.total():,} test" + ("" if kinds.total() == 1 else "s")
    if bad := [*_bad(bases, kinds)]:
        yield f"of {number}: {', '.join(bad)}"
    elif kinds:
        yield f"of {number} none is newly broken{than}"
    if perhaps := kinds[Standing.WORSE, True]:
        yield f"{perhaps:,} may be worse"
    if missing := _missing(kinds):
        yield f"{missing:,} did not run"
    if seldom:
        yield f"{seldom:,} ran fewer than {LEAST_FAILURES} times"


def _bad(bases: Sequence[str], kinds: Counter[tuple[Standing, bool]]) -> Iterator[str]:
    if broken := kinds[Standing.BROKEN, True] + kinds[Standing.BROKEN, False]:
        yield f"{broken:,} newly broken"
    if worse := kinds[Standing.REGRESSED, True]:
        chance = f"at most {FALSE_SHARE * 100:.0f} % of them by chance"
        yield f"{worse:,} worse than in {_either(bases)} ({chance})"
    if failing := kinds[Standing.REGRESSED, False]:
        passing = "passes" if failing == 1 else "pass"
        rate = f"less than {PASS_RATE * 100:.0f} % of the runs"
        yield f"{failing:,} without a basis that {passing} in {rate}"


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)
