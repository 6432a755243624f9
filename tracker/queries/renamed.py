"""Tests that go on under another name: of two periods one may have the old, one the new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from tracker.queries.periods import Build, Window
from tracker.queries.run_counts import Test
from tracker.queries.select import select
from tracker.store.outcomes import Order
from tracker.store.sql import IN, listed
from tracker.store.without_bytes import AGE_OF_BUILD
from tracker.verdicts.discoveries import Counts

_NONE = Counts(0, 0)


def renamed(gone: Iterable[Test], here: Set[Test], windows: Sequence[Window]) -> dict[Test, Test]:
    """What those of the tests that are `gone` are called `here` now, where that is certain.

    Any job of their place may know: a release that began after the renaming has no build that lacks
    the old name. One that was renamed more than once is followed; one that ran again under its old
    name since is gone for another reason.
    """
    places: dict[str, set[int]] = {}
    for case, place in gone:
        places.setdefault(place, set()).add(case)
    found: dict[Test, Test] = {}
    for place, cases in places.items():
        builds = [build for window in windows for build in window.get(place, ())]
        names = _names(cases, builds)
        for case in cases & names.keys():
            now = _now(case, place, names, here)
            if now != case:
                found[case, place] = (now, place)
    return found


def under_new_names(
    counts: Mapping[Test, Counts], names: Mapping[Test, Test]
) -> dict[Test, Counts]:
    """The counts of a period, those under old names added to those under the new ones."""
    moved: dict[Test, Counts] = {}
    for test, own in counts.items():
        name = names.get(test, test)
        before = moved.get(name, _NONE)
        moved[name] = Counts(before.passes + own.passes, before.failures + own.failures)
    return moved


class _Renamed(NamedTuple):
    """The name that a case has since, and the newest build of a job that lacks the old one."""

    name: int
    job_id: int
    order: Order


def _names(cases: Set[int], builds: Sequence[Build]) -> dict[int, int]:
    """What the cases, and what these are called, go on as, by the builds of one place."""
    jobs = listed({build.job_id for build in builds})
    names: dict[int, int] = {}
    asked = cases
    while asked:
        found = _without_taken_back(_told(asked, jobs), builds)
        names |= found
        asked = set(found.values()) - names.keys()
    return names


def _told(cases: Set[int], jobs: str) -> dict[int, _Renamed]:
    """What builds of the jobs surely have under another name; of several names the newest."""
    rows = select(
        "SELECT a.case_id, a.other_case, b.job_id, b.epoch, b.number"
        " FROM absence a JOIN build b ON b.id = a.build_id"
        f" WHERE a.case_id IN {IN} AND a.other_case IS NOT NULL AND a.is_certain"
        f" AND b.job_id IN {IN} ORDER BY {AGE_OF_BUILD}, b.epoch, b.number, b.id",
        listed(cases),
        jobs,
    )
    return {case: _Renamed(name, job, (epoch, number)) for case, name, job, epoch, number in rows}


def _without_taken_back(told: Mapping[int, _Renamed], builds: Sequence[Build]) -> dict[int, int]:
    names = {case: since.name for case, since in told.items()}
    for build in builds:
        before = [
            case
            for case in names
            if told[case].job_id == build.job_id and told[case].order < (build.epoch, build.number)
        ]
        if before:
            for (case,) in select(
                f"SELECT case_id FROM result WHERE build_id = ? AND case_id IN {IN}",
                build.id,
                listed(before),
            ):
                del names[case]
    return names


def _now(case: int, place: str, names: Mapping[int, int], here: Set[Test]) -> int:
    """The name that is here, at the end of a way that is no ring; else the case itself."""
    seen, now = {case}, case
    while (now, place) not in here:
        now = names.get(now, case)
        if now in seen:
            return case
        seen.add(now)
    return now
