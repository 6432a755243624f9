"""How far judging looks back: which builds a verdict rests on, and which can be judged again.

A build is judged by the outcomes of its cases in the judged builds before it, by how often cases
failed in the newest ones that were no incidents, by what was expected in the newest whole ones, and
by how long cases took. All these windows move on with the history, so the results that the oldest
of some builds rests on are all that judging any of them reads.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import islice

from tracker.store.outcomes import LOOK

# A few more builds than judging reads: one in between may turn out damaged, or an incident.
SPARE = 10
# How many builds with results the limits, the expected cases and the paces are made from.
WINDOW = 60


@dataclass(frozen=True)
class PastBuild:
    """A build as retention sees it; `at` is when it ran (ms), `place` (epoch, number).

    `is_whole` tells that it is complete with no damaged report, `is_out` that it was an incident
    and says nothing, `is_done` that nothing is to be derived from its results any more.
    """

    id: int
    place: tuple[int, int]
    at: int
    total: int
    is_judged: bool
    is_whole: bool
    is_incident: bool
    is_out: bool
    is_done: bool
    is_kept: bool
    is_let_go: bool


# What each window of judging is made of, and how many builds it has.
_WINDOWS: tuple[tuple[Callable[[PastBuild], bool], int], ...] = (
    (lambda build: True, LOOK + SPARE),
    (lambda build: not build.is_incident, WINDOW + SPARE),
    (lambda build: build.is_whole, WINDOW + SPARE),
    (lambda build: not build.is_out, WINDOW + SPARE),
    (lambda build: not build.is_out and build.total > 0, 1 + SPARE),
)


def read_by_judging(judged: Sequence[PastBuild], first: int) -> set[int]:
    """The builds whose results are read when those from place `first` on are judged.

    `judged` are the judged builds of a job, oldest first.
    """
    found = {build.id for build in judged[first:]}
    for counts, size in _WINDOWS:
        before = (build for build in reversed(judged[:first]) if counts(build))
        found |= {build.id for build in islice(before, size)}
    return found


def first_judgeable(judged: Sequence[PastBuild], gone: Set[int]) -> int | None:
    """The place of the first build from which on judging reads none of those that are `gone`.

    None where there is none such.
    """
    places = range(len(judged))
    found = bisect_left(places, True, key=lambda at: gone.isdisjoint(read_by_judging(judged, at)))
    return found if found < len(judged) else None
