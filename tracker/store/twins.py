"""Reports of one build that tell of the same run: their tests are counted once.

TestNG writes its results in three forms at once, and a job may archive what pytest told in two.
Formats name what is around a test differently, so equal cases alone do not find these. What
reports of one run share is their tests' titles, of the names around them all that both tell, how
the tests ended, and how long they took. Runs of the same tests on two browsers differ in a name
or in the times.

Between two formats all files of a folder are taken together, as Surefire's one file a class are:
two small files say too little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tracker.store.identity import twin, words
from tracker.store.records import ReadReport, ResultRow

# Of the smaller side's tests, how many the other one must have, with the same outcome.
SHARE = 0.8
# A title that so many reports have, or so many suites of one, says nothing.
TOO_COMMON = 20
# Formats measure a test's time differently, so between two of them only gross differences count;
# and times as short as these say nothing.
GROSS_MS, GROSS_SHARE, TOO_SHORT_MS = 50, 0.2, 5
# Within one format a time is the same number. That so many different times are, each beyond what
# the shortest tests take, is no chance: a test that waits says so only once.
EQUAL_TIMES, EQUAL_FROM_MS = 5, 20

Words = frozenset[str]
# A result: the place of its report, and its case.
Node = tuple[int, int]
# A side: all files of one format in one folder; or the one at a place of it, -1 for all.
Side = tuple[str, str, int]


@dataclass(frozen=True)
class Twins:
    """Which results of reports are one test.

    `same` leads to the case that it is counted as; `tries` are results that another report has as
    earlier attempts of one test, and that are not counted at all.
    """

    same: Mapping[Node, int] = field(default_factory=dict)
    tries: frozenset[Node] = frozenset()


@dataclass
class _Match:
    """What two reports share: pairs of results, and results that are tries of a paired one.

    `names` leads from a paired result to the case that has its name without a number, where the
    tries before it took that.
    """

    pairs: list[tuple[ResultRow, ResultRow]] = field(default_factory=list)
    tries: list[Node] = field(default_factory=list)
    names: dict[Node, int] = field(default_factory=dict)


def twins(reports: Sequence[ReadReport]) -> Twins:
    """The results that two or more of the reports tell of, in the order of the reports."""
    by_sides: dict[tuple[Side, Side], dict[tuple[int, int], _Match]] = defaultdict(dict)
    for (first, second), match in _matches(reports).items():
        by_sides[_sides(reports, first, second)][first, second] = match
    groups = _Groups(reports)
    sizes = _sizes(reports)
    tries: set[Node] = set()
    for sides, matches in by_sides.items():
        if _is_one_run(reports, sides, sizes, list(matches.values())):
            for (first, second), match in sorted(matches.items()):
                tries.update(match.tries)
                groups.names.update(match.names)
                for one, other in match.pairs:
                    groups.join((first, one[0]), (second, other[0]))
    return Twins(groups.same(), frozenset(tries))


def titles_of(reports: Iterable[ReadReport]) -> dict[int, set[Words]]:
    """The titles of the tests in some reports, each with the names that stand around it."""
    found: dict[int, set[Words]] = defaultdict(set)
    for report in reports:
        for suite, name in report.contents.cases.values():
            found[twin(name)].add(words(report.contents.suites[suite], name))
    return found


def may_be_one(one: Words, other: Words) -> bool:
    """Whether tests of one title may be the same: one format only leaves out names of the other."""
    return one <= other or other <= one


class _Groups:
    """Results that are one test, at most one of each report."""

    def __init__(self, reports: Sequence[ReadReport]) -> None:
        self.told = [report.contents.variant != "" for report in reports]
        self.of: dict[Node, dict[int, int]] = {}
        self.names: dict[Node, int] = {}

    def join(self, one: Node, other: Node) -> None:
        ours = self.of.setdefault(one, {one[0]: one[1]})
        theirs = self.of.setdefault(other, {other[0]: other[1]})
        if ours is theirs or ours.keys() & theirs.keys():
            return
        ours.update(theirs)
        for node in theirs.items():
            self.of[node] = ours

    def same(self) -> dict[Node, int]:
        return {node: self.kept(group) for node, group in self.of.items()}

    def kept(self, group: Mapping[int, int]) -> int:
        """The case that all of a group are counted as: with a variant, of the earliest report."""
        first = min(group, key=lambda place: (not self.told[place], place))
        return self.names.get((first, group[first]), group[first])


def _sides(reports: Sequence[ReadReport], first: int, second: int) -> tuple[Side, Side]:
    """What is held against what: in one folder, files of one format one by one."""
    one, other = _folder(reports[first]), _folder(reports[second])
    places = (first, second) if one == other else (-1, -1)
    return (*one, places[0]), (*other, places[1])


def _folder(report: ReadReport) -> tuple[str, str]:
    return report.format, PurePosixPath(report.name).parent.as_posix()


_Rows = list[ResultRow]


@dataclass(frozen=True)
class _Told:
    """The results that a report has of one title, by the names around them."""

    place: int
    rows: Mapping[Words, _Rows]
    tries: Mapping[int, int]


def _matches(reports: Sequence[ReadReport]) -> dict[tuple[int, int], _Match]:
    """For each two reports, the tests that may be the same."""
    alike = _alike(reports)
    found: dict[tuple[int, int], _Match] = defaultdict(_Match)
    for sharing in _by_title(reports):
        for one, other in _pairs(sharing):
            if alike(reports[one.place], reports[other.place]):
                _match(found[one.place, other.place], one, other)
    return found


def _alike(reports: Sequence[ReadReport]) -> Callable[[ReadReport, ReadReport], bool]:
    """Of two variants there are two runs; a report that tells none goes with an only one."""
    variants = {report.contents.variant for report in reports} - {""}

    def alike(one: ReadReport, other: ReadReport) -> bool:
        told = {one.contents.variant, other.contents.variant}
        return len(told) == 1 or ("" in told and len(variants) == 1)

    return alike


def _by_title(reports: Sequence[ReadReport]) -> Iterator[list[_Told]]:
    """What several reports have of one title."""
    holders: dict[int, dict[int, _Rows]] = defaultdict(lambda: defaultdict(list))
    for place, report in enumerate(reports):
        if not report.rerun:  # it is led to what it reruns by the case itself
            for row in report.contents.results:
                holders[twin(report.contents.cases[row[0]][1])][place].append(row)
    tries = [_tries(report) for report in reports]
    for by_place in holders.values():
        if 1 < len(by_place) <= TOO_COMMON:
            yield [
                _Told(place, _by_words(reports[place], rows), tries[place])
                for place, rows in by_place.items()
            ]


def _by_words(report: ReadReport, rows: Iterable[ResultRow]) -> dict[Words, _Rows]:
    found: dict[Words, _Rows] = defaultdict(list)
    for row in rows:
        suite, name = report.contents.cases[row[0]]
        found[words(report.contents.suites[suite], name)].append(row)
    return found


def _tries(report: ReadReport) -> dict[int, int]:
    """How many earlier attempts each case had."""
    counts: dict[int, int] = defaultdict(int)
    for attempt in report.contents.attempts:
        counts[attempt[0]] += 1
    return counts


def _pairs(sharing: Sequence[_Told]) -> Iterator[tuple[_Told, _Told]]:
    for at, earlier in enumerate(sharing):
        for later in sharing[at + 1 :]:
            yield earlier, later


def _match(match: _Match, one: _Told, other: _Told) -> None:
    """Pair the results around which the same names stand, then those where some are left out."""
    for around in one.rows.keys() & other.rows.keys():
        _align(match, one, one.rows[around], other, other.rows[around])
    ours = sorted(one.rows.keys() - other.rows.keys(), key=sorted)
    theirs = sorted(other.rows.keys() - one.rows.keys(), key=sorted)
    if max(len(ours), len(theirs)) > TOO_COMMON:
        return
    for around in ours:
        there = next((each for each in theirs if may_be_one(around, each)), None)
        if there is not None:
            theirs.remove(there)
            _align(match, one, one.rows[around], other, other.rows[there])


def _align(match: _Match, one: _Told, rows: _Rows, other: _Told, others: _Rows) -> None:
    """Pair data rows of a test by case, else by outcome and time: reports order them freely.

    Where one report has fewer because it tells of earlier tries as such, the rest of the other
    are these tries.
    """
    more, fewer = (rows, others) if len(rows) > len(others) else (others, rows)
    folding, folded = (one, other) if more is rows else (other, one)
    rest = len(more) - len(fewer)
    if rest and rest <= sum(folded.tries.get(row[0], 0) for row in fewer):
        left = sorted(more, key=_by_outcome)
        match.tries += [(folding.place, row[0]) for row in left[len(fewer) :]]
        named = zip(left, more, strict=False)
        match.names |= {(folding.place, row[0]): first[0] for row, first in named}
        equal: set[int] = set()
    else:
        equal = {row[0] for row in rows} & {row[0] for row in others}
    match.pairs += zip(
        sorted(row for row in rows if row[0] in equal),
        sorted(row for row in others if row[0] in equal),
        strict=True,
    )
    match.pairs += zip(
        sorted((row for row in rows if row[0] not in equal), key=_by_outcome),
        sorted((row for row in others if row[0] not in equal), key=_by_outcome),
        strict=False,
    )


def _by_outcome(row: ResultRow) -> tuple[int, int, int]:
    return row[1], -1 if row[2] is None else row[2], row[0]


def _is_one_run(
    reports: Sequence[ReadReport],
    sides: tuple[Side, Side],
    sizes: Mapping[Side, int],
    matches: Sequence[_Match],
) -> bool:
    pairs = [pair for match in matches for pair in match.pairs]
    agreeing = sum(one[1] == other[1] for one, other in pairs)
    tries = {node for match in matches for node in match.tries}
    counts = [
        sizes[side] - sum(_is_of(reports, place, side) for place, _ in tries) for side in sides
    ]
    if agreeing < SHARE * min(counts):
        return False
    told = list(_durations(pairs))
    if sides[0][0] == sides[1][0]:
        return _are_the_same_measurements(told)
    if not told:
        return agreeing >= SHARE * max(counts)
    apart = sum(abs(a - b) > max(GROSS_MS, GROSS_SHARE * max(a, b)) for a, b in told)
    return apart <= (1 - SHARE) * len(told)


def _sizes(reports: Sequence[ReadReport]) -> dict[Side, int]:
    """How many results each side tells of, reruns aside."""
    sizes: dict[Side, int] = defaultdict(int)
    for place, report in enumerate(reports):
        for at in () if report.rerun else (place, -1):
            sizes[*_folder(report), at] += len(report.contents.results)
    return sizes


def _is_of(reports: Sequence[ReadReport], place: int, side: Side) -> bool:
    return side[2] in (-1, place) and _folder(reports[place]) == side[:2]


def _durations(pairs: Iterable[tuple[ResultRow, ResultRow]]) -> Iterator[tuple[int, int]]:
    """Both times in ms, where both are told and say something."""
    for one, other in pairs:
        if one[2] is not None and other[2] is not None and max(one[2], other[2]) >= TOO_SHORT_MS:
            yield one[2], other[2]


def _are_the_same_measurements(told: Sequence[tuple[int, int]]) -> bool:
    """Whether so many times are equal, but for how they were rounded, that they are the same."""
    same = {a for a, b in told if abs(a - b) <= 1}
    apart = sum(abs(a - b) > 1 for a, b in told)
    long = {a // 2 for a in same if a >= EQUAL_FROM_MS}
    return len(long) >= EQUAL_TIMES and apart <= (1 - SHARE) * len(told)
