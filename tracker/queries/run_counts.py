"""How often the tests of a period passed and failed, and which of them were broken before it.

Runs are counted exactly for all tests that failed at all. Tests that never failed differ in nothing
but how often they ran: those in all of a few builds spread over the period are taken to have run in
each of its builds; the others are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tracker.queries.build_labels import label_of
from tracker.queries.periods import Build, Window, place_of
from tracker.queries.select import select
from tracker.queries.states import BROKEN_STATES, FAILING_STATES
from tracker.store.outcomes import FAILED
from tracker.store.sql import IN, listed
from tracker.verdicts.discoveries import LEAST_FAILURES, Counts
from tracker.verdicts.readiness import LEAST_RUNS
from tracker.verdicts.states import State

# A case in a place.
Test = tuple[int, str]


def counts_of(windows: Sequence[Window]) -> list[dict[Test, Counts]]:
    """For each period how often each test passed and failed; the first period is the sample."""
    failed: dict[str, set[int]] = defaultdict(set)
    for window in windows:
        for place, builds in window.items():
            failed[place] |= _failed(builds)
    return [
        {
            (case, place): counts
            for place, builds in window.items()
            for case, counts in _of_place(
                builds, failed[place], LEAST_RUNS if number else LEAST_FAILURES
            ).items()
        }
        for number, window in enumerate(windows)
    ]


def _of_place(builds: Sequence[Build], failed: set[int], least: int) -> dict[int, Counts]:
    """The counts of the cases of one place; runs from `least` on differ for none that passed."""
    seen = [_passed(builds[place]) for place in _spread(len(builds), least)]
    everywhere = set.intersection(*seen) - failed
    found = dict.fromkeys(everywhere, Counts(len(builds), 0))
    found.update(_counted(builds, (set.union(*seen) - everywhere) | failed))
    return found


def _spread(count: int, least: int) -> list[int]:
    """Places of so many builds, the first and the last among them."""
    if count <= least:
        return list(range(count))
    return [round(step * (count - 1) / (least - 1)) for step in range(least)]


def _passed(build: Build) -> set[int]:
    """The cases that passed in a build: as one text, since so many rows are slow to fetch."""
    [(cases,)] = select(
        "SELECT json_group_array(case_id) FROM result WHERE build_id = ? AND status = 0", build.id
    )
    return msgspec.json.decode(cases, type=set[int])


def _failed(builds: Sequence[Build]) -> set[int]:
    rows = select(
        f"SELECT DISTINCT r.case_id FROM result r WHERE {FAILED} AND r.build_id IN {IN}",
        listed(build.id for build in builds),
    )
    return {case for (case,) in rows}


def _counted(builds: Sequence[Build], cases: set[int]) -> dict[int, Counts]:
    passes: dict[int, int] = defaultdict(int)
    failures: dict[int, int] = defaultdict(int)
    wanted = listed(sorted(cases))
    for build in builds if cases else ():
        for case, status in select(
            "SELECT r.case_id, r.status FROM json_each(?) c CROSS JOIN result r"
            " ON r.build_id = ? AND r.case_id = c.value WHERE r.status IN (0, 1, 2)",
            wanted,
            build.id,
        ):
            (failures if status else passes)[case] += 1
    return {case: Counts(passes[case], failures[case]) for case in passes.keys() | failures.keys()}


def open_before(release: str, sample: Window) -> set[Test]:
    """The tests that were known as broken before the newest build of the sample of their job.

    That is what the build before would have said of them, in whatever order builds arrive.
    """
    newest: dict[int, tuple[int, int]] = {}
    for builds in sample.values():
        for build in builds:
            order = (build.epoch, build.number)
            newest[build.job_id] = max(order, newest.get(build.job_id, order))
    found: set[Test] = set()
    for job_id, job, module, platform in select(
        "SELECT id, name, module, platform FROM job WHERE release = ? OR ? = ''", release, release
    ):
        place = place_of(job, release, module, platform)
        rows = select(
            "SELECT e.case_id FROM episode e JOIN build f ON f.id = e.from_build"
            " WHERE e.job_id = ? AND e.until_build IS NULL AND (f.epoch, f.number) < (?, ?)"
            f" AND e.state IN {BROKEN_STATES}",
            job_id,
            *newest.get(job_id, (2**31, 0)),
        )
        found |= {(case, place) for (case,) in rows}
    return found


class BrokeIn(NamedTuple):
    """In which build of a job, by its label, a test broke; `at_first`: in its first result."""

    job: str
    build: str
    at_first: bool


def broke_in(sample: Window) -> dict[Test, BrokeIn]:
    """The tests that broke in a build of the sample, and failed when they ran last."""
    found: dict[Test, BrokeIn] = {}
    for place, builds in sample.items():
        names = {build.job_id: build.job for build in builds}
        for job_id, job in sorted(names.items()):
            rows = select(
                f"SELECT e.case_id, {label_of('n')}, EXISTS (SELECT 1 FROM episode f"
                " WHERE f.job_id = e.job_id AND f.case_id = e.case_id"
                f" AND f.since_build = e.since_build AND f.state = '{State.NEW_FAILURE}')"
                " FROM episode e JOIN build n ON n.id = e.since_build WHERE e.job_id = ?"
                f" AND e.until_build IS NULL AND e.state IN {FAILING_STATES} AND n.id IN {IN}",
                job_id,
                listed(build.id for build in builds),
            )
            found |= {
                (case, place): BrokeIn(job, build, bool(first)) for case, build, first in rows
            }
    return found
