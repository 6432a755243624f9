"""Release readiness: the newest days of a release held against earlier releases, test by test."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.errors import NotFound, UsageError
from tracker.queries.columns import as_sentence, suite_names
from tracker.queries.jobs import revision
from tracker.queries.periods import MOST_DAYS, SAMPLE_DAYS, Window, periods_of
from tracker.queries.releases import release_names
from tracker.queries.renamed import renamed, under_new_names
from tracker.queries.run_counts import BrokeIn, Test, broke_in, counts_of, open_before
from tracker.queries.select import select, snapshot
from tracker.store.identity import key
from tracker.store.models import database
from tracker.store.sql import IN, listed
from tracker.verdicts.readiness import Judged, Period, Readiness, Standing, readiness

# So many releases are judged unasked.
RELEASES = 3
# The lists of tests, by their names in URLs and JSON.
LISTS: Mapping[str, Standing] = {
    "broken": Standing.BROKEN,
    "regressed": Standing.REGRESSED,
    "worse": Standing.WORSE,
    "missing": Standing.MISSING,
    "improved": Standing.IMPROVED,
    "new": Standing.NEW,
}


@dataclass(frozen=True)
class JudgedTest:
    """A test with its runs in the sample and in the basis it was held against.

    `place` tells its job but for the release; `job` is one in which it has a history. One that
    broke in the sample and fails still did so in the build `since` of it.
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
    since: str | None


@dataclass(frozen=True)
class TestCounts:
    """How many tests are of each standing."""

    broken: int
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

    `tests` is the sum of `counts`. The sample has `builds` of `jobs`, begun from `first` to `last`,
    but not `builds_left_out` of its days, which say nothing about tests; the bases have
    `builds_before`.
    """

    release: str
    verdict: str
    sentence: str
    bases: tuple[str, ...]
    days: int
    jobs: int
    builds: int
    builds_left_out: int
    builds_before: int
    first: datetime | None
    last: datetime | None
    tests: int
    counts: TestCounts


@dataclass(frozen=True)
class _Ready:
    """A judged release as it is kept for its lists: tests that are the same are left out."""

    row: JudgedRelease
    tests: Mapping[Test, Judged]
    windows: tuple[Window, ...]
    broke: Mapping[Test, BrokeIn]


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
    names, windows, left_out = periods_of(release, basis, days)
    counts = counts_of(windows)
    was_open = open_before(release, windows[0])
    gone = was_open.union(*counts[1:]) - counts[0].keys()
    new = renamed(gone, counts[0].keys(), windows)
    periods = [
        Period(name, under_new_names(each, new)) for name, each in zip(names, counts, strict=True)
    ]
    sample, bases = periods[0], periods[1:]
    is_open = {
        test
        for test in (new.get(each, each) for each in was_open)
        if any(test in period.counts for period in periods[:2])
    }
    broke = _broke(windows[0], bases)
    found = readiness(bases, sample, is_open, broke.keys())
    return _Ready(
        _row(release, days, found, names, windows, left_out),
        {test: said for test, said in found.tests.items() if said.standing is not Standing.SAME},
        windows,
        broke,
    )


def _broke(sample: Window, bases: Sequence[Period[Test]]) -> dict[Test, BrokeIn]:
    """What broke in the sample; a first result that fails is no news of what failed in a basis."""
    return {
        test: broke
        for test, broke in broke_in(sample).items()
        if not broke.at_first
        or not any(basis.counts[test].failures for basis in bases if test in basis.counts)
    }


def _row(
    release: str,
    days: int,
    found: Readiness[Test],
    names: Sequence[str],
    windows: Sequence[Window],
    left_out: int,
) -> JudgedRelease:
    many = Counter(said.standing for said in found.tests.values())
    sample = [build for builds in windows[0].values() for build in builds]
    times = [build.started for build in sample if build.started is not None]
    return JudgedRelease(
        release=release,
        verdict=found.verdict.value,
        sentence=as_sentence(found.sentence),
        bases=tuple(names[1:]),
        days=days,
        jobs=len({build.job_id for build in sample}),
        builds=len(sample),
        builds_left_out=left_out,
        builds_before=sum(len(builds) for each in windows[1:] for builds in each.values()),
        first=min(times, default=None),
        last=max(times, default=None),
        tests=len(found.tests),
        counts=TestCounts(
            same=many[Standing.SAME], **{name: many[each] for name, each in LISTS.items()}
        ),
    )


def _rows(found: _Ready, wanted: Sequence[Test]) -> list[JudgedTest]:
    named: dict[int, tuple[Any, ...]] = {
        row[0]: row[1:]
        for row in select(
            "SELECT c.id, s.path, c.name, c.variant FROM test_case c"
            f" JOIN suite s ON s.id = c.suite_id WHERE c.id IN {IN}",
            listed({case for case, _ in wanted}),
        )
    }
    return [_test(found, test, *named[test[0]]) for test in wanted]


def _test(found: _Ready, test: Test, path: str, name: str, variant: str) -> JudgedTest:
    said, broke = found.tests[test], found.broke.get(test)
    return JudgedTest(
        key=key(test[0]),
        suite=suite_names(path),
        name=name,
        variant=variant,
        place=test[1],
        job=broke.job if broke else _job_of(found, test),
        standing=said.standing.value,
        sentence=as_sentence(said.sentence),
        failures=said.sample.failures,
        runs=said.sample.runs,
        failures_before=said.before.failures,
        runs_before=said.before.runs,
        basis=said.basis,
        p=float(f"{said.p:.3g}"),
        q=float(f"{said.q:.3g}"),
        since=broke.build if broke else None,
    )


def _job_of(found: _Ready, test: Test) -> str:
    """A job in which the test ran: one of the sample, else of the newest basis that has it."""
    case, place = test
    for window in found.windows:
        for build in window.get(place, ()):
            if select("SELECT 1 FROM result WHERE build_id = ? AND case_id = ?", build.id, case):
                return build.job
    raise AssertionError("a test that was counted ran somewhere")
