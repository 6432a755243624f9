"""The periods that readiness holds against each other: which builds each has, by place.

Where no job has a release they are the newest days of all jobs and those before. Days count back
from the newest build, not from the clock, so that the answer changes with what is recorded alone.
The newest is any, also one that says nothing about tests: where all of the last days were aborted
or had no results, the sample is empty, and not one of better days. Earlier releases are over: the
days of a basis count back from the newest of its builds that says something.

A test is a case in one *place*: the name of its job without the release in it, so that the same
test of the same module and platform is held against itself. Where a job's name does not hold its
release, which was set by hand then, its place is its module and platform, and if it has neither
its whole name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from tracker.queries.columns import at
from tracker.queries.releases import releases_before
from tracker.queries.select import select
from tracker.store.outcomes import IS_OUT, JUDGED

SAMPLE_DAYS, BASIS_DAYS, MOST_DAYS = 7, 30, 90
# Where nobody tells when builds began, so many of each job are the sample.
UNTIMED = 14
# A period has so many builds of a job at most, the newest ones.
MOST_BUILDS = 60
# So many builds of a job are looked at to find those of the days.
LOOKED_AT = 600
# So many earlier releases are the bases.
BASES = 3
# Builds that were aborted, are not complete or have no results (any more) do not count, nor do
# incidents.
_COUNTS = f"({JUDGED} AND b.complete AND b.total > 0 AND b.let_go IS NULL AND NOT {IS_OUT})"


class Build(NamedTuple):
    """A build in its place; one that does not count says nothing about tests."""

    id: int
    job_id: int
    job: str
    place: str
    epoch: int
    number: int
    started: datetime | None
    counts: bool


# Builds that count, by their place.
Window = Mapping[str, Sequence[Build]]


class Periods(NamedTuple):
    """The sample and its bases: names and builds of each, and how many were left out of the sample.

    They are those of its days that do not count.
    """

    names: list[str]
    windows: tuple[Window, ...]
    left_out: int


def periods_of(release: str, basis: str, days: int) -> Periods:
    """The sample of a release, all jobs for "", and what it is held against."""
    builds = _builds(release)
    sample = _newest(builds, days, UNTIMED)
    if release:
        bases = [basis] if basis else releases_before(release)[:BASES]
        names = [f"release {name}" for name in (release, *bases)]
        before = [_newest(_counting(_builds(name)), BASIS_DAYS, MOST_BUILDS) for name in bases]
    else:
        names = [f"the last {days} days", f"the {BASIS_DAYS} days before"]
        before = [_newest(builds, BASIS_DAYS, MOST_BUILDS, after=(days, UNTIMED))]
    windows = tuple(_by_place(_counting(period)) for period in (sample, *before))
    return Periods(names, windows, sum(not build.counts for build in sample))


def _builds(release: str) -> list[Build]:
    """The newest builds of each job of a release, newest first within a job."""
    found: list[Build] = []
    for job_id, job, module, platform in select(
        "SELECT id, name, module, platform FROM job WHERE release = ? OR ? = '' ORDER BY name",
        release,
        release,
    ):
        place = place_of(job, release, module, platform)
        rows = select(
            f"SELECT b.id, b.epoch, b.number, b.started, {_COUNTS} FROM build b WHERE b.job_id = ?"
            " ORDER BY b.epoch DESC, b.number DESC LIMIT ?",
            job_id,
            LOOKED_AT,
        )
        found += [
            Build(build, job_id, job, place, epoch, number, at(started), bool(counts))
            for build, epoch, number, started, counts in rows
        ]
    return found


def place_of(job: str, release: str, module: str, platform: str) -> str:
    """What a job is but for its release; the spelling of names in paths is known as well."""
    for text in filter(None, (release, quote(release, safe=""))):
        alone = rf"(?<![0-9A-Za-z.]){re.escape(text)}(?![0-9A-Za-z]|\.[0-9])"
        place, times = re.subn(alone, "…", job)
        if times:
            return place
    return " › ".join(filter(None, (module, platform))) if release and module + platform else job


def _newest(
    builds: Sequence[Build], days: int, untimed: int, after: tuple[int, int] = (0, 0)
) -> list[Build]:
    """The builds of the newest days before the newest of all; without times so many of a job.

    Or of the days that come after so many days or builds, seen from the newest.
    """
    end = max((build.started for build in builds if build.started), default=None)
    jobs: dict[int, list[Build]] = defaultdict(list)
    for build in builds:
        jobs[build.job_id].append(build)
    found: list[Build] = []
    for own in jobs.values():
        newest = next(iter(_counting(own)), own[0])
        if end is None or newest.started is None:
            found += own[after[1] : after[1] + untimed]
            continue
        stop = end - timedelta(days=after[0])
        begin = stop - timedelta(days=days)
        timed = [each for each in own if each.started and begin < each.started <= stop]
        found += timed[:MOST_BUILDS]
    return found


def _counting(builds: Iterable[Build]) -> list[Build]:
    return [build for build in builds if build.counts]


def _by_place(builds: Iterable[Build]) -> dict[str, list[Build]]:
    found: dict[str, list[Build]] = {}
    for build in builds:
        found.setdefault(build.place, []).append(build)
    return found
