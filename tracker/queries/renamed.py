"""Tests that go on under another name: of two periods one may have the old, one the new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from tracker.queries.periods import Window
from tracker.queries.rows import select
from tracker.queries.run_counts import Test
from tracker.store.sql import IN, listed
from tracker.verdicts.discoveries import Counts

_NONE = Counts(0, 0)


def renamed(gone: Iterable[Test], here: Set[Test], windows: Sequence[Window]) -> dict[Test, Test]:
    """What those of the tests that are `gone` are called `here` now, where that is certain.

    Any job of their place may know: a release that began after the renaming has no build that lacks
    the old name. One that was renamed more than once is followed.
    """
    places: dict[str, set[int]] = {}
    for case, place in gone:
        places.setdefault(place, set()).add(case)
    found: dict[Test, Test] = {}
    for place, cases in places.items():
        names = _names(place, windows)
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


def _names(place: str, windows: Sequence[Window]) -> dict[int, int]:
    """What builds of a place surely have under another name; of several names the last one."""
    jobs = {build.job_id for window in windows for build in window.get(place, ())}
    rows = select(
        "SELECT a.case_id, a.other_case FROM absence a JOIN build b ON b.id = a.build_id"
        f" WHERE a.other_case IS NOT NULL AND a.is_certain AND b.job_id IN {IN}"
        " ORDER BY b.epoch, b.number, b.id",
        listed(sorted(jobs)),
    )
    return dict(rows)


def _now(case: int, place: str, names: Mapping[int, int], here: Set[Test]) -> int:
    """The name that is here, at the end of a way that is no ring; else the case itself."""
    seen, now = {case}, case
    while (now, place) not in here:
        now = names.get(now, case)
        if now in seen:
            return case
        seen.add(now)
    return now
