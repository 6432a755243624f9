"""Release readiness: the newest days of a release held against the earlier releases, test by test.

Where no job has a release it is the newest days of all jobs against those before. Days count back
from the newest build, not from the clock, so that the answer changes with what is recorded alone.

A test is a case in one *place*: the name of its job without the release in it, so that the same
test of the same module and platform is held against itself. Where a job's name does not hold its
release, which was set by hand then, its place is its module and platform, and if it has neither
its whole name.

Runs are counted exactly for all tests that failed at all. Tests that never failed differ in nothing
but how often they ran: those in all of a few builds spread over the period are taken to have run in
each of its builds; the others are counted.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from tracker.errors import NotFound, UsageError
from tracker.queries.jobs import revision
from tracker.queries.rows import at, select, snapshot, suite_names
from tracker.queries.states import BROKEN_STATES
from tracker.store.identity import key
from tracker.store.models import database
from tracker.store.outcomes import IS_OUT, JUDGED
from tracker.store.sql import listed
from tracker.verdicts.readiness import (
    LEAST_FAILURES,
    LEAST_RUNS,
    Counts,
    Judged,
    Period,
    Readiness,
    Standing,
    readiness,
)

SAMPLE_DAYS, BASIS_DAYS, MOST_DAYS = 7, 30, 90
# Where nobody tells when builds began, so many of each job are the sample.
UNTIMED = 14
# A period has so many builds of a job at most, the newest ones.
MOST_BUILDS = 60
# So many builds of a job are looked at to find those of the days.
LOOK = 600
# So many earlier releases are the bases, and so many releases are judged unasked.
BASES, RELEASES = 3, 3
# The lists of tests, by their names in URLs and JSON.
LISTS: Mapping[str, Standing] = {
    "regressed": Standing.REGRESSED,
    "worse": Standing.WORSE,
    "missing": Standing.MISSING,
    "improved": Standing.IMPROVED,
    "new": Standing.NEW,
}

Test = tuple[int, str]


@dataclass(frozen=True)
class JudgedTest:
    """A test with its runs in the sample and in the basis it was held against.

    `place` tells its job but for the release; `job` is one in which it has a history.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    place: str
    job: str
    standing: str
    sentence: str
    failures: int
    runs: int
    failures_before: int
    runs_before: int
    basis: str | None
    p: float
    q: float


@dataclass(frozen=True)
class TestCounts:
    """How many tests are of each standing."""

    regressed: int
    worse: int
    same: int
    improved: int
    new: int
    missing: int

    def of(self, name: str) -> int:
        """How many tests one of LISTS has."""
        return int(getattr(self, name))


@dataclass(frozen=True)
class JudgedRelease:
    """A release, "" where it is all jobs: the verdict, and on how much it rests.

    `tests` is the sum of `counts`. The sample has
    `builds` of `jobs`, begun from `first` to `last`; the bases have `builds_before`.
    """

    release: str
    verdict: str
    sentence: str
    bases: tuple[str, ...]
    days: int
    jobs: int
    builds: int
    builds_before: int
    first: datetime | None
    last: datetime | None
    tests: int
    counts: TestCounts


class _Build(NamedTuple):
    """A build that counts, in its place."""

    id: int
    job_id: int
    job: str
    place: str
    epoch: int
    number: int
    started: datetime | None


_Window = Mapping[str, Sequence[_Build]]


@dataclass(frozen=True)
class _Ready:
    """A judged release as it is kept for its lists: tests that are the same are left out."""

    row: JudgedRelease
    tests: Mapping[Test, Judged]
    windows: tuple[_Window, ...]


def release_names() -> list[str]:
    """The releases that jobs belong to, the newest first: 1.10 comes after 1.9."""
    rows = select("SELECT DISTINCT release FROM job WHERE release <> ''")
    names = (release for (release,) in rows)
    return sorted(names, key=release_order, reverse=True)


def release_order(name: str) -> tuple[Any, ...]:
    """What the names of releases are sorted by: numbers in them count as such."""
    return _natural(name), name


def releases_after(name: str | None) -> list[str]:
    """The releases older than one that may be gone by now; all of them after None."""
    if name is None:
        return release_names()
    return [each for each in release_names() if release_order(each) < release_order(name)]


def jobs_without_release() -> int:
    """How many jobs belong to none."""
    return int(select("SELECT count(*) FROM job WHERE release = ''")[0][0])


def judged(release: str = "", basis: str = "", days: int = SAMPLE_DAYS) -> JudgedRelease:
    """The verdict on a release; on the newest one, or on all jobs where none has a release.

    It is held against the release `basis`, or against the newest earlier ones. NotFound for
    releases nobody knows.
    """
    with snapshot():
        return _ready(release, basis, days).row


def tests(release: str, basis: str, days: int, name: str, *, limit: int) -> list[JudgedTest]:
    """The first tests of one of LISTS, the worst first."""
    with snapshot():
        found = _ready(release, basis, days)
        wanted = sorted(
            _of(found, name), key=lambda test: (found.tests[test].q, found.tests[test].p, test)
        )
        return _rows(found, wanted[:limit])


def tests_after(
    release: str, basis: str, days: int, name: str, *, after: Test | None, limit: int
) -> list[JudgedTest]:
    """Tests of one of LISTS in the order of their keys and places, those behind `after`."""
    with snapshot():
        found = _ready(release, basis, days)
        wanted = sorted(test for test in _of(found, name) if after is None or test > after)
        return _rows(found, wanted[:limit])


def _of(found: _Ready, name: str) -> Iterator[Test]:
    if name not in LISTS:
        raise UsageError(f"No list is called {name[:40]!r}.", f"There are {', '.join(LISTS)}.")
    return (test for test, said in found.tests.items() if said.standing is LISTS[name])


def _ready(release: str, basis: str, days: int) -> _Ready:
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"{days} days are no sample.", f"Give from 1 to {MOST_DAYS}.")
    known = release_names()
    for name in filter(None, (release, basis)):
        if name not in known:
            raise NotFound(
                f"No job of a release {name[:80]!r} is known here.",
                "The settings page has the rules that tell what job names mean.",
            )
    release = release or (known[0] if known else "")
    if basis and basis == release:
        raise NotFound(f"Release {release[:80]!r} is no basis of its own.", "Give another basis.")
    return _kept(str(database.database), revision(), release, basis, days)


@functools.lru_cache(maxsize=RELEASES + 3)
def _kept(_database: str, _revision: int, release: str, basis: str, days: int) -> _Ready:
    names, windows = _periods(release, basis, days)
    periods = [Period(name, counts) for name, counts in zip(names, _counts(windows), strict=True)]
    sample, bases = periods[0], periods[1:]
    is_open = {
        test
        for test in _open_before(release, windows[0])
        if any(test in period.counts for period in periods[:2])
    }
    found = readiness(bases, sample, is_open)
    return _Ready(
        _row(release, days, found, names, windows),
        {test: said for test, said in found.tests.items() if said.standing is not Standing.SAME},
        windows,
    )


def _row(
    release: str,
    days: int,
    found: Readiness[Test],
    names: Sequence[str],
    windows: Sequence[_Window],
) -> JudgedRelease:
    many = Counter(said.standing for said in found.tests.values())
    sample = [build for builds in windows[0].values() for build in builds]
    times = [build.started for build in sample if build.started is not None]
    return JudgedRelease(
        release=release,
        verdict=found.verdict.value,
        sentence=f"{found.sentence[:1].upper()}{found.sentence[1:]}.",
        bases=tuple(names[1:]),
        days=days,
        jobs=len({build.job_id for build in sample}),
        builds=len(sample),
        builds_before=sum(len(builds) for each in windows[1:] for builds in each.values()),
        first=min(times, default=None),
        last=max(times, default=None),
        tests=len(found.tests),
        counts=TestCounts(
            same=many[Standing.SAME], **{name: many[each] for name, each in LISTS.items()}
        ),
    )


def _periods(release: str, basis: str, days: int) -> tuple[list[str], tuple[_Window, ...]]:
    """The names of sample and bases, and the builds of each."""
    if not release:
        builds = _builds("")
        before = _newest(builds, BASIS_DAYS, MOST_BUILDS, after=(days, UNTIMED))
        return (
            [f"the last {days} days", f"the {BASIS_DAYS} days before"],
            (_by_place(_newest(builds, days, UNTIMED)), _by_place(before)),
        )
    earlier = [name for name in release_names() if _natural(name) < _natural(release)]
    bases = [basis] if basis else earlier[:BASES]
    windows = [_by_place(_newest(_builds(release), days, UNTIMED))]
    windows += [_by_place(_newest(_builds(name), BASIS_DAYS, MOST_BUILDS)) for name in bases]
    return [f"release {name}" for name in (release, *bases)], tuple(windows)


def _builds(release: str) -> list[_Build]:
    """The newest builds of each job of a release that count, newest first within a job.

    Builds that were aborted or are not complete do not, nor do incidents.
    """
    found: list[_Build] = []
    for job_id, job, module, platform in select(
        "SELECT id, name, module, platform FROM job WHERE release = ? OR ? = '' ORDER BY name",
        release,
        release,
    ):
        place = _place(job, release, module, platform)
        rows = select(
            "SELECT b.id, b.epoch, b.number, b.started FROM build b WHERE b.job_id = ?"
            f" AND {JUDGED} AND b.complete AND b.total > 0 AND NOT {IS_OUT}"
            " ORDER BY b.epoch DESC, b.number DESC LIMIT ?",
            job_id,
            LOOK,
        )
        found += [
            _Build(build, job_id, job, place, epoch, number, at(started))
            for build, epoch, number, started in rows
        ]
    return found


def _place(job: str, release: str, module: str, platform: str) -> str:
    """What a job is but for its release; the spelling of names in paths is known as well."""
    for text in filter(None, (release, quote(release, safe=""))):
        alone = rf"(?<![0-9A-Za-z.]){re.escape(text)}(?![0-9A-Za-z]|\.[0-9])"
        place, times = re.subn(alone, "…", job)
        if times:
            return place
    return " › ".join(filter(None, (module, platform))) if release and module + platform else job


def _newest(
    builds: Sequence[_Build], days: int, untimed: int, after: tuple[int, int] = (0, 0)
) -> list[_Build]:
    """The builds of the newest days before the newest of all; without times so many of a job.

    Or of the days that come after so many days or builds, seen from the newest.
    """
    end = max((build.started for build in builds if build.started), default=None)
    jobs: dict[int, list[_Build]] = defaultdict(list)
    for build in builds:
        jobs[build.job_id].append(build)
    found: list[_Build] = []
    for own in jobs.values():
        if end is None or own[0].started is None:
            found += own[after[1] : after[1] + untimed]
            continue
        stop = end - timedelta(days=after[0])
        begin = stop - timedelta(days=days)
        timed = [each for each in own if each.started and begin < each.started <= stop]
        found += timed[:MOST_BUILDS]
    return found


def _by_place(builds: Iterable[_Build]) -> dict[str, list[_Build]]:
    found: dict[str, list[_Build]] = {}
    for build in builds:
        found.setdefault(build.place, []).append(build)
    return found


def _counts(windows: Sequence[_Window]) -> list[dict[Test, Counts]]:
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


def _of_place(builds: Sequence[_Build], failed: set[int], least: int) -> dict[int, Counts]:
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


def _passed(build: _Build) -> set[int]:
    """The cases that passed in a build: as one text, since so many rows are slow to fetch."""
    [(cases,)] = select(
        "SELECT json_group_array(case_id) FROM result WHERE build_id = ? AND status = 0", build.id
    )
    return msgspec.json.decode(cases, type=set[int])


def _failed(builds: Sequence[_Build]) -> set[int]:
    rows = select(
        "SELECT DISTINCT case_id FROM result WHERE status <> 0 AND status IN (1, 2)"
        " AND build_id IN (SELECT value FROM json_each(?))",
        listed(build.id for build in builds),
    )
    return {case for (case,) in rows}


def _counted(builds: Sequence[_Build], cases: set[int]) -> dict[int, Counts]:
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


def _open_before(release: str, sample: _Window) -> set[Test]:
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
        place = _place(job, release, module, platform)
        rows = select(
            "SELECT e.case_id FROM episode e JOIN build f ON f.id = e.from_build"
            " WHERE e.job_id = ? AND e.until_build IS NULL AND (f.epoch, f.number) < (?, ?)"
            f" AND e.state IN {BROKEN_STATES}",
            job_id,
            *newest.get(job_id, (2**31, 0)),
        )
        found |= {(case, place) for (case,) in rows}
    return found


def _rows(found: _Ready, wanted: Sequence[Test]) -> list[JudgedTest]:
    named: dict[int, tuple[Any, ...]] = {
        row[0]: row[1:]
        for row in select(
            "SELECT c.id, s.path, c.name, c.variant FROM test_case c"
            " JOIN suite s ON s.id = c.suite_id WHERE c.id IN (SELECT value FROM json_each(?))",
            listed({case for case, _ in wanted}),
        )
    }
    return [_test(found, test, *named[test[0]]) for test in wanted]


def _test(found: _Ready, test: Test, path: str, name: str, variant: str) -> JudgedTest:
    said = found.tests[test]
    return JudgedTest(
        key=key(test[0]),
        suite=suite_names(path),
        name=name,
        variant=variant,
        place=test[1],
        job=_job_of(found, test),
        standing=said.standing.value,
        sentence=f"{said.sentence[:1].upper()}{said.sentence[1:]}.",
        failures=said.sample.failures,
        runs=said.sample.runs,
        failures_before=said.before.failures,
        runs_before=said.before.runs,
        basis=said.basis,
        p=float(f"{said.p:.3g}"),
        q=float(f"{said.q:.3g}"),
    )


def _job_of(found: _Ready, test: Test) -> str:
    """A job in which the test ran: one of the sample, else of the newest basis that has it."""
    case, place = test
    for window in found.windows:
        for build in window.get(place, ()):
            if select("SELECT 1 FROM result WHERE build_id = ? AND case_id = ?", build.id, case):
                return build.job
    raise AssertionError("a test that was counted ran somewhere")


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that orders 1.9 before 1.10, and numbers before words."""
    return tuple(
        (0, len(part.lstrip("0")), part.lstrip("0")) if part[0] in "0123456789" else (1, 0, part)
        for part in re.findall(r"[0-9]+|[^0-9]+", text)
    )
