"""Which test that is gone goes on under another name: pairs of what vanished and what appeared.

Each pair is weighed by what agrees (name, suite, place, duration, file, trace) and against every
other partner that either of the two could have, or none: I. P. Fellegi and A. B. Sunter, A theory
for record linkage (1969). Only likely partners are compared, so the cost grows with the number of
tests and not with its square.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from tracker.verdicts.outcomes import Status

# From here on two histories are joined without asking; from `PROPOSED` on people are asked.
CERTAIN = 0.99
PROPOSED = 0.5

# Weights are natural logarithms of odds. A pair has to outweigh that a test was removed and
# another one added on the same day.
_NO_PARTNER = 4.0
_SAME_NAME = 7.0
_SAME_WORDS = 1.5
_OTHER_WORDS = -2.0  # names are changed beyond recognition, too
_SAME_SUITE = 2.0
_OTHER_SUITE = -2.0
_SUITE_MOVED = 6.0
_SAME_CLASS = 3.0
_PREFIX_REPLACED = 3.0
_ONLY_NUMBERS_DIFFER = -3.0
_OTHER_VARIANT = -6.0

# A move is believed in full when so many names came along; a prefix, when so many suites did.
_NAMES_FOR_A_MOVE = 3
_SUITES_FOR_A_PREFIX = 3

# At most so many partners are compared with one test for each reason to compare them.
_FEW = 24
# A name in more suites than this says nothing about where a suite went.
_COMMON = 50

SuiteKey = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)  # a lost report has tens of thousands of them
class Test:
    """A case as it was when it was last seen, or is in this build.

    suite        names of the suites around it, outermost first
    file         where it is written, "" where the report does not say
    report       the report it came from, "" where that is not known
    place        its place among the results of its report, from 0; None where not known
    duration_ms  None where the report does not tell
    trace        message and stack trace, "" where it passed
    """

    __test__ = False  # pytest takes every class called Test for its own

    id: int
    suite: tuple[str, ...]
    name: str
    variant: str = ""
    file: str = ""
    report: str = ""
    place: int | None = None
    status: Status = Status.PASSED
    duration_ms: int | None = None
    trace: str = ""

    @property
    def home(self) -> SuiteKey:
        """Its suite in its variant."""
        return self.suite, self.variant


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


def replaced(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, str]:
    """What of a suite's path became what, without the end that both have in common."""
    before, after = _PART.findall("/".join(old)), _PART.findall("/".join(new))
    kept = 0
    for one, other in zip(reversed(before), reversed(after), strict=False):
        if _word(one) != _word(other):
            break
        kept += 1
    kept = min(kept, len(before) - 1, len(after) - 1)
    return _text(before[: len(before) - kept]), _text(after[: len(after) - kept])


# How two tests agree.


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


def _weights(old: Sequence[Test], new: Sequence[Test]) -> dict[tuple[int, int], float]:
    there = _There(new)
    homes = _Homes.of(old, there)
    found: dict[tuple[int, int], float] = {}
    for one, test in enumerate(old):
        for other in _partners(test, there, homes):
            found[one, other] = _weight(test, new[other], homes)
    return found


def _weight(gone: Test, come: Test, homes: _Homes) -> float:
    weight = _name_weight(gone.name, come.name) + homes.weight(gone.home, come.home)
    weight += _duration_weight(gone.duration_ms, come.duration_ms)
    if gone.suite == come.suite or gone.report == come.report:
        weight += _place_weight(gone.place, come.place)
    if gone.file and come.file:
        weight += 1.0 if gone.file == come.file else -0.5
    if gone.trace and come.trace:
        weight += 4.0 * (_likeness(gone.trace[:2000], come.trace[:2000]) - 0.25)
    return weight


@lru_cache(maxsize=65536)
def _name_weight(gone: str, come: str) -> float:
    if gone == come:
        return _SAME_NAME
    likeness = name_likeness(gone, come)
    weight = max(_OTHER_WORDS, 10.0 * (likeness - 0.5))
    if likeness == 1.0:
        weight += _SAME_WORDS
    if _NUMBER.sub("0", gone) == _NUMBER.sub("0", come):
        weight += _ONLY_NUMBERS_DIFFER
    return weight


def _place_weight(gone: int | None, come: int | None) -> float:
    if gone is None or come is None:
        return 0.0
    distance = abs(gone - come)
    return 3.0 if distance == 0 else 1.0 if distance <= 2 else 0.0 if distance <= 20 else -1.0


def _duration_weight(gone: int | None, come: int | None) -> float:
    """Tests that take about as long; below 20 ms it is the clock that is measured."""
    if gone is None or come is None or max(gone, come) < 20:
        return 0.0
    ratio = (max(gone, come) + 5) / (min(gone, come) + 5)
    return 1.0 if ratio < 1.5 else 0.0 if ratio < 3 else -1.5


def name_likeness(one: str, other: str) -> float:
    """How alike two names are, between 0 and 1, whatever their case, joints and parameters."""
    (base, parameters), (other_base, other_parameters) = _parted(one), _parted(other)
    likeness = _likeness(base, other_base)
    if parameters == other_parameters:
        return likeness
    return 0.75 * likeness + 0.25 * _likeness(parameters, other_parameters)


def _likeness(one: str, other: str) -> float:
    """Half by words, half by pairs of letters (Dice's coefficient of both)."""
    words, pairs_of_letters = _shape(one)
    other_words, other_pairs = _shape(other)
    return 0.5 * _dice(words, other_words) + 0.5 * _dice(pairs_of_letters, other_pairs)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    size = len(one) + len(other)
    return 2 * len(one & other) / size if size else 1.0


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_NUMBER = re.compile(r"\d+")
_PART = re.compile(r"[^./\\:>›\s]+[./\\:>›\s]*")
_PARAMETERS = re.compile(r"^([^\[(]+)([\[(].*)$", re.S)
# What frameworks ask a name to begin with tells no test from another.
_EMPTY_WORDS = frozenset({"test", "tests", "it", "should"})


def _word(part: str) -> str:
    return part.rstrip("./\\:>› ")


def _text(parts: Sequence[str]) -> str:
    return "".join(parts).rstrip("./\\:>› ")


def _parted(name: str) -> tuple[str, str]:
    """A name without its parameters, and these."""
    found = _PARAMETERS.match(name)
    return (found[1], found[2]) if found else (name, "")


@lru_cache(maxsize=131072)
def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.lower() for word in _WORD.findall(text))
    return tuple(word for word in words if word not in _EMPTY_WORDS) or words


@lru_cache(maxsize=131072)
def _shape(text: str) -> tuple[frozenset[str], frozenset[str]]:
    words = _words(text)
    letters = f" {' '.join(words)} "
    return frozenset(words), frozenset(map("".join, itertools.pairwise(letters)))


# Where suites went.


@dataclass(frozen=True)
class _Homes:
    """Weights of suites that may have become others; the likeliest of each comes first."""

    weights: Mapping[SuiteKey, Mapping[SuiteKey, float]]

    @classmethod
    def of(cls, old: Sequence[Test], there: _There) -> _Homes:
        names: dict[SuiteKey, set[str]] = defaultdict(set)
        for test in old:
            names[test.home].add(test.name)
        shared = {home: there.shared(home, names[home]) for home in names}
        prefixes = _prefixes(shared)
        return cls(
            {
                home: _ranked(home, len(names[home]), found, there, prefixes)
                for home, found in shared.items()
            }
        )

    def weight(self, old: SuiteKey, new: SuiteKey) -> float:
        if old == new:
            return _SAME_SUITE
        known = self.weights.get(old, {}).get(new)
        if known is not None:
            return known
        return _OTHER_SUITE + (_OTHER_VARIANT if old[1] != new[1] else 0.0)

    def likely(self, home: SuiteKey) -> list[SuiteKey]:
        return list(self.weights.get(home, {}))[:2]


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
    there: _There,
    prefixes: frozenset[tuple[str, str]],
) -> dict[SuiteKey, float]:
    weights = {
        new: _home_weight(home, new, count, size + len(there.suites[new]), prefixes)
        for new, count in found.items()
    }
    return dict(sorted(weights.items(), key=lambda row: (-row[1], row[0]))[:_FEW])


def _home_weight(
    old: SuiteKey, new: SuiteKey, shared: int, sizes: int, prefixes: frozenset[tuple[str, str]]
) -> float:
    """How the names that both suites have, and their paths, speak for a move."""
    weight = _OTHER_SUITE + 3.0 * (_path_likeness(old, new) - 0.5)
    weight += _SUITE_MOVED * 2 * shared / sizes * min(1.0, shared / _NAMES_FOR_A_MOVE)
    if _last(old) == _last(new):
        weight += _SAME_CLASS
    if old[0] != new[0] and replaced(old[0], new[0]) in prefixes:
        weight += _PREFIX_REPLACED
    if old[1] != new[1]:
        weight += _OTHER_VARIANT
    return weight


def _path_likeness(old: SuiteKey, new: SuiteKey) -> float:
    return _likeness("/".join(old[0]), "/".join(new[0]))


def _last(home: SuiteKey) -> str:
    """The name of the innermost suite without the packages or folders it stands in."""
    parts = _PART.findall(home[0][-1]) if home[0] else []
    return _word(parts[-1]) if parts else ""


# Whom to compare with whom.


@dataclass
class _There:
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
            self.lasts[_last(test.home)].add(test.home)
            self.places[test.home, test.place].append(at)
            for word in set(_words(test.name)):
                self.words[test.home, word].append(at)

    def shared(self, home: SuiteKey, names: set[str]) -> Counter[SuiteKey]:
        """How many of these names each other suite has; suites of the same class name as well."""
        found: Counter[SuiteKey] = Counter()
        for name in names:
            same = self.names.get(name, ())
            if len(same) <= _COMMON:
                found.update({self.tests[at].home for at in same})
        for new in sorted(self.lasts.get(_last(home), ()))[:_COMMON]:
            mine = {self.tests[at].name for at in self.suites[new]}
            found[new] = len(names & mine)
        del found[home]
        return found

    def alike(self, home: SuiteKey, test: Test) -> Iterable[int]:
        """The tests of a suite that may be this one: all of few, else by rare words and place."""
        mine = self.suites.get(home, [])
        if len(mine) <= _FEW:
            return mine
        lists = sorted((self.words.get((home, word), []) for word in _words(test.name)), key=len)
        votes: Counter[int] = Counter()
        for found in lists:
            if len(found) <= 20 * _FEW:
                votes.update(found)
        best = heapq.nsmallest(_FEW, votes, key=lambda at: (-votes[at], at))
        return {*best, *self.places.get((home, test.place), ())} if test.place is not None else best


def _partners(test: Test, there: _There, homes: _Homes) -> list[int]:
    """Tests of its name, and tests like it in its own suite or in one that may be its new one."""
    likely = homes.likely(test.home)
    same = there.names.get(test.name, [])
    if len(same) > _FEW:
        near = sorted({test.home, *homes.weights.get(test.home, {})})
        same = [at for home in near for at in there.named.get((home, test.name), ())][:_FEW]
    found = set(same)
    if any(there.tests[at].home in likely for at in same):
        return sorted(found)
    for home in (test.home, *likely):
        found.update(there.alike(home, test))
    return sorted(found)
