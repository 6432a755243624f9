"""Events: cases that broke together, so that one cause takes one line.

Cases whose break windows overlap by more than 40 % of the narrower one may belong together, as in
LUCI Analysis (analysis/internal/changepoints/grouping.go). Wide windows overlap with every event
near them, so which one a case joins is decided first, by how likely each build is in the light of
all cases: the mixture of builds that makes their windows likeliest, found by
expectation-maximisation (A. P. Dempster and others, 1977; the nonparametric maximum of N. Laird,
1978, is a mixture of few points). Twenty cases that can only have broken in one build so draw to it
a flaky case that may have broken anywhere, and two events of neighbouring builds stay apart.

What the failures look like is left out: a commit breaks tests in many ways, and two commits of one
build cannot be told apart by when tests broke. Families divide an event by cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from tracker.verdicts.windows import Window

OVERLAP = 0.4

# After so many steps no case changes its event any more in histories of 60 builds.
_ROUNDS = 20


@dataclass(frozen=True)
class Event:
    """Cases that broke after the build in place `after` (-1: none known good) and by `by`.

    That is the common part of their windows. `likely` is the most likely first bad build.
    """

    cases: frozenset[int]
    after: int
    by: int
    likely: int


def events(windows: Mapping[int, Window]) -> tuple[Event, ...]:
    """The events of these cases, by id; oldest first, then the largest, then the lowest id.

    All windows speak of the same builds. Every case is in exactly one event.
    """
    alike: dict[Window, list[int]] = defaultdict(list)
    for case in sorted(windows):
        alike[windows[case]].append(case)
    order = sorted(alike, key=_by_width)
    weights = _weights([(window, len(alike[window])) for window in order])
    at: dict[int, list[Window]] = defaultdict(list)
    for window in order:
        at[_place(window, weights)].append(window)
    found = [
        Event(frozenset(case for each in group for case in alike[each]), *_common(group), place)
        for place, together in at.items()
        for group in _overlapping(together)
    ]
    return tuple(sorted(found, key=lambda one: (one.likely, -len(one.cases), min(one.cases))))


def _by_width(window: Window) -> tuple[int, int, tuple[float, ...], int]:
    return (window.builds, window.after, window.chances, window.likely)


def _weights(windows: Sequence[tuple[Window, int]]) -> list[float]:
    """How many of the cases broke in each build: the mixture that makes their windows likeliest."""
    weights = [1.0] * (max((window.by for window, _ in windows), default=0) + 1)
    for _ in range(_ROUNDS):
        weights = _round(windows, weights)
    return weights


def _round(windows: Iterable[tuple[Window, int]], weights: Sequence[float]) -> list[float]:
    """One step of expectation and maximisation: the weights that follow from these."""
    better = [0.0] * len(weights)
    for window, cases in windows:
        start = window.after + 1
        shares = list(map(mul, window.chances, weights[start : window.by + 1]))
        per_share = cases / sum(shares)
        for place, share in enumerate(shares, start):
            better[place] += share * per_share
    return better


def _place(window: Window, weights: Sequence[float]) -> int:
    """The build in which the case most likely broke, given where the others did."""
    start = window.after + 1
    shares = list(map(mul, window.chances, weights[start : window.by + 1]))
    return start + shares.index(max(shares))


def _overlapping(windows: Iterable[Window]) -> list[list[Window]]:
    """Groups around the narrowest; `windows` come narrowest first."""
    groups: list[list[Window]] = []
    for window in windows:
        for group in groups:
            if _overlap(group[0], window) > OVERLAP * group[0].builds:
                group.append(window)
                break
        else:
            groups.append([window])
    return groups


def _overlap(one: Window, other: Window) -> int:
    return min(one.by, other.by) - max(one.after, other.after)


def _common(windows: Iterable[Window]) -> tuple[int, int]:
    return max(each.after for each in windows), min(each.by for each in windows)
