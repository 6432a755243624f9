"""Reports of one build that tell of the same run: their tests are counted once.

TestNG writes its results in three forms at once, and a job may archive what pytest told in two.
The names around a test differ between formats, so equal cases alone do not find these. What
reports of one run share is their tests' own names, how these ended, and how long they took; runs
of the same tests on two browsers share the names, but not the times.

Files of one format in one folder are taken together, as Surefire's one file a class are: two
small files say too little.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tracker.store.identity import twin
from tracker.store.records import ReadReport, ResultRow

# Of the smaller side's tests, how many the other one must have, with the same outcome.
SHARE = 0.8
# A name that so many reports have says nothing.
TOO_COMMON = 20
# Formats measure a test's time differently, so between two of them only gross differences count.
GROSS_MS, GROSS_SHARE = 50, 0.2
# Within one format times are equal to the last digit or two, and this many decimal digits in all
# have to agree before chance is out of the question: four tests that took 30 ms are enough.
DIGITS = 4.0
SHORTEST_MS = 3

# A result: the place of its report, and its case.
Node = tuple[int, int]
# A side: all files of one format in one folder; or the place of one file.
Side = tuple[str, str] | int


@dataclass(frozen=True)
class Twins:
    """Which results of reports are results of earlier ones.

    `same` leads to the case that is kept; `tries` are results that another report has as earlier
    attempts of one test, and that are not counted at all.
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
    for places, match in _matches(reports).items():
        by_sides[_sides(reports, places)][places] = match
    groups = _Groups()
    tries: set[Node] = set()
    for sides, matches in by_sides.items():
        if _is_one_run(reports, sides, matches):
            for (first, second), match in sorted(matches.items()):
                tries.update(match.tries)
                groups.names.update(match.names)
                for one, other in match.pairs:
                    groups.join((first, one[0]), (second, other[0]))
    return Twins(groups.same(), frozenset(tries))


def twins_of(report: ReadReport) -> dict[int, list[ResultRow]]:
    """The results of a report by their twin."""
    contents = report.contents
    found: dict[int, list[ResultRow]] = defaultdict(list)
    for row in contents.results:
        suite, name = contents.cases[row[0]]
        found[twin(contents.suites[suite], name)].append(row)
    return found


class _Groups:
    """Results that are one test, at most one of each report."""

    def __init__(self) -> None:
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
        """The case that all of a group are counted as: that of the earliest report."""
        first = min(group)
        return self.names.get((first, group[first]), group[first])


def _sides(reports: Sequence[ReadReport], places: tuple[int, int]) -> tuple[Side, Side]:
    """What is held against what: two formats by the folder, files of one format as they are."""
    one, other = (_side(reports[place]) for place in places)
    return places if one[0] == other[0] else (one, other)


def _side(report: ReadReport) -> tuple[str, str]:
    return report.format, PurePosixPath(report.name).parent.as_posix()


def _matches(reports: Sequence[ReadReport]) -> dict[tuple[int, int], _Match]:
    """For each two reports of one variant, the tests that may be the same."""
    holders: dict[int, list[tuple[int, list[ResultRow]]]] = defaultdict(list)
    for place, report in enumerate(reports):
        if not report.rerun:
            for key, rows in twins_of(report).items():
                holders[key].append((place, rows))
    tries = [_tries(report) for report in reports]
    found: dict[tuple[int, int], _Match] = defaultdict(_Match)
    for sharing in holders.values():
        if 1 < len(sharing) <= TOO_COMMON:
            for (first, rows), (second, others) in _pairs(sharing):
                if reports[first].contents.variant == reports[second].contents.variant:
                    match = found[first, second]
                    _align(match, (first, rows, tries[first]), (second, others, tries[second]))
    return found


def _tries(report: ReadReport) -> dict[int, int]:
    """How many earlier attempts each case had."""
    counts: dict[int, int] = defaultdict(int)
    for attempt in report.contents.attempts:
        counts[attempt[0]] += 1
    return counts


def _pairs(
    sharing: Sequence[tuple[int, list[ResultRow]]],
) -> Iterator[tuple[tuple[int, list[ResultRow]], tuple[int, list[ResultRow]]]]:
    for at, earlier in enumerate(sharing):
        for later in sharing[at + 1 :]:
            yield earlier, later


_Rows = tuple[int, list[ResultRow], Mapping[int, int]]


def _align(match: _Match, one: _Rows, other: _Rows) -> None:
    """Pair the results of one name by outcome and time, since reports order data rows freely.

    Where one report has fewer because it tells of earlier tries as such, the rest of the other
    are these tries.
    """
    equal = {row[0] for row in one[1]} & {row[0] for row in other[1]}
    ours = sorted((row for row in one[1] if row[0] not in equal), key=_by_outcome)
    theirs = sorted((row for row in other[1] if row[0] not in equal), key=_by_outcome)
    match.pairs += zip(ours, theirs, strict=False)
    if len(ours) > len(theirs):
        _fold(match, one, ours, sum(other[2].get(row[0], 0) for row in theirs), len(theirs))
    elif len(theirs) > len(ours):
        _fold(match, other, theirs, sum(one[2].get(row[0], 0) for row in ours), len(ours))


def _fold(match: _Match, more: _Rows, rows: Sequence[ResultRow], tries: int, paired: int) -> None:
    """Take what has no partner for earlier tries, if the other report tells of so many."""
    place, in_order, _ = more
    if len(rows) - paired > tries:
        return
    match.tries += [(place, row[0]) for row in rows[paired:]]
    told = {row[0] for row in rows}
    first = [row[0] for row in in_order if row[0] in told]
    match.names |= {(place, row[0]): case for row, case in zip(rows[:paired], first, strict=False)}


def _by_outcome(row: ResultRow) -> tuple[int, int, int]:
    return row[1], -1 if row[2] is None else row[2], row[0]


def _is_one_run(
    reports: Sequence[ReadReport],
    sides: tuple[Side, Side],
    matches: Mapping[tuple[int, int], _Match],
) -> bool:
    pairs = [pair for match in matches.values() for pair in match.pairs]
    agreeing = sum(one[1] == other[1] for one, other in pairs)
    if not pairs or agreeing < SHARE * min(_size(reports, side) for side in sides):
        return False
    told = list(_durations(pairs))
    if isinstance(sides[0], int):
        return _are_the_same_measurements(told)
    apart = sum(abs(a - b) > max(GROSS_MS, GROSS_SHARE * max(a, b)) for a, b in told)
    return apart <= (1 - SHARE) * len(told)


def _size(reports: Sequence[ReadReport], side: Side) -> int:
    mine = [reports[side]] if isinstance(side, int) else [r for r in reports if _side(r) == side]
    return sum(len(report.contents.results) for report in mine)


def _durations(pairs: Iterable[tuple[ResultRow, ResultRow]]) -> Iterator[tuple[int, int]]:
    """Both times in ms, where both are told and not both zero."""
    for one, other in pairs:
        if one[2] is not None and other[2] is not None and one[2] + other[2]:
            yield one[2], other[2]


def _are_the_same_measurements(told: Sequence[tuple[int, int]]) -> bool:
    """Whether times agree in so many digits that they were measured only once."""
    same = [(a, b) for a, b in told if abs(a - b) <= 1 + max(a, b) // 100]
    digits = sum(math.log10(min(a, b) / SHORTEST_MS) for a, b in same if min(a, b) > SHORTEST_MS)
    return digits >= DIGITS and len(told) - len(same) <= 0.1 * len(told)
