"""Failure families on record: new failures find theirs.

What is stable: a signature stays in its family until people, or a re-clustering that was asked for
or that a new algorithm needs, move it; a family keeps its id, and where it was merged or dissolved
its id leads to the family that took its place. Which id a family has depends on what arrived first,
and so may, between families that are much alike, which of them a new signature joined. Which
signature a failure has depends on nothing but the failure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.clock import DAY
from tracker.store.connection import reading
from tracker.store.decisions import all_decisions
from tracker.store.family_rows import new_family, next_version, not_on_record, settle, tell
from tracker.store.reclustering import cluster_anew, outdated_builds
from tracker.store.revisions import raise_revision
from tracker.store.sightings import (
    Unsorted,
    as_recorded,
    known_signatures,
    signatures_of,
    unsorted,
    write_sightings,
    write_signatures,
)
from tracker.store.work import ask_publishing, enqueue
from tracker.verdicts import families
from tracker.verdicts.signatures import Signature

# A new signature may join the families that were seen in so many days before it.
LATELY = 120 * DAY


def ask_clustering(*, now: int) -> None:
    """Have failures put into families that are in none yet."""
    enqueue("cluster", "all", due=now)


def is_waiting() -> bool:
    """Whether failures are to be put into families, or all of them anew by a newer algorithm."""
    with reading():
        return bool(outdated_builds(1)) or bool(unsorted("", 1))


def cluster_waiting(own: Sequence[str], *, now: int, job: str = "", most: int = 25) -> bool:
    """Put the failures of some builds into families, oldest first; whether more are left.

    Of one job, or of all; then what an older algorithm made is made anew first. `own` is how names
    of the team's own code begin.
    """
    with reading():
        outdated = [] if job else outdated_builds(most)
        waiting = [] if outdated else unsorted(job, most)
    if outdated:
        cluster_anew([each for each in outdated if each], own, now=now)
        return True
    for build in waiting:
        _cluster(build, own, now)
    return len(waiting) == most


@dataclass(frozen=True)
class _Placed:
    """The families of a build's new signatures; those that are `fresh` are not on record."""

    families: Mapping[int, int]
    fresh: frozenset[int]


def _cluster(build: Unsorted, own: Sequence[str], now: int) -> None:
    found = signatures_of(build, own)
    settle(
        lambda: _place(build, found),
        lambda placed: _record(build, found, placed, now),
    )


def _place(build: Unsorted, found: Mapping[int, Signature]) -> _Placed:
    fresh = not_on_record({each.id: each for each in found.values()})
    if not fresh:
        return _Placed({}, frozenset())
    lately = known_signatures(
        "s.family_id IN (SELECT family_id FROM signature WHERE last >= ?)", build.at - LATELY
    )
    groups: dict[int, list[Signature]] = defaultdict(list)
    for each in lately:
        groups[each.family].append(each.signature)
    first_seen = {each.signature.id: each.day for each in lately} | dict.fromkeys(fresh, build.day)
    given = families.assign(fresh.values(), groups, first_seen, all_decisions())
    return _Placed(given, frozenset(given.values()) - groups.keys())


def _record(build: Unsorted, found: Mapping[int, Signature], placed: _Placed, now: int) -> None:
    """Write the sightings of a build, unless its results changed while they were looked at."""
    if as_recorded(build.build_id).mark != build.mark:
        return
    signatures = {each.id: each for each in found.values()}
    ids = {each: new_family() if each in placed.fresh else each for each in _values(placed)}
    homes = {each: ids[family] for each, family in placed.families.items()}
    at = build.at
    write_signatures((signatures[each], homes[each], at, at) for each in sorted(homes))
    write_sightings(build, {case: each.id for case, each in found.items()})
    if homes:
        tell(set(homes.values()))
        next_version()
    raise_revision(build.job_id)
    ask_publishing(now=now)


def _values(placed: _Placed) -> list[int]:
    """The families in the order of their first signature, so that new ids are given in it."""
    return list(dict.fromkeys(family for _, family in sorted(placed.families.items())))
