"""Two sides beside each other: which tests differ, and how long they took.

Across jobs the same case is the same test. Of a side with many builds it is the newest result that
counts in each job, and of several jobs the worse one, so that none hides the failure of another.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tracker.errors import UsageError
from tracker.queries.columns import as_sentence, seconds, suite_names
from tracker.queries.jobs import revision
from tracker.queries.select import select, snapshot
from tracker.queries.sides import Chosen, Picked, Side, sides
from tracker.store.identity import key
from tracker.store.models import database
from tracker.store.sql import IN, listed
from tracker.verdicts.compare import SLOWER_MS, Comparison, Difference, Outcome, best_of, compare
from tracker.verdicts.outcomes import COUNTED, WORST_FIRST, Status
from tracker.verdicts.states import BROKEN, State

# The lists of a comparison, by their names in URLs and JSON.
LISTS: Mapping[str, tuple[Difference, ...]] = {
    "new": (Difference.FAILS_ONLY_IN_B,),
    "fixed": (Difference.FIXED,),
    "failing": (Difference.STILL_FAILING,),
    "flaky": (Difference.FLAKY,),
    "missing": (Difference.MISSING,),
    "added": (Difference.ADDED,),
    "skipped": (Difference.SKIPPED_IN_B, Difference.SKIPPED_IN_A, Difference.SKIPPED_IN_BOTH),
    "slower": (),
    "faster": (),
}

_STATUSES = tuple(Status)


@dataclass(frozen=True)
class ComparedCase:
    """A case with what it was on both sides; None where it did not run there.

    `job` is one in which it has a history. Durations are in seconds; `message` is the later side's.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    job: str
    before: str | None
    after: str | None
    seconds_before: float | None
    seconds_after: float | None
    message: str


@dataclass(frozen=True)
class Counts:
    """How many cases are in each list; slower and faster ones are in another as well.

    `total` is the sum of `both`, `missing`, `added` and `skipped`; `both` ran on both sides, and is
    the sum of `new`, `fixed`, `failing`, `flaky` and `passing`.
    """

    total: int
    both: int
    new: int
    fixed: int
    failing: int
    flaky: int
    passing: int
    missing: int
    added: int
    skipped: int
    slower: int
    faster: int

    def of(self, name: str) -> int:
        """How many cases one of LISTS has."""
        return int(getattr(self, name))


@dataclass(frozen=True)
class Compared:
    """Two sides, the sentence on them, and the counts; the rows are read with `rows`."""

    a: Side
    b: Side
    sentence: str
    counts: Counts


class _Results(NamedTuple):
    """The outcomes of a side, and for cases of a side with many builds which one they are from."""

    outcomes: dict[int, Outcome]
    origin: dict[int, Picked]


@dataclass(frozen=True)
class _Found:
    """A comparison as it is kept for its further pages: only of the cases that are listed."""

    a: Chosen
    b: Chosen
    comparison: Comparison[int]
    before: Mapping[int, Outcome]
    after: Mapping[int, Outcome]
    origin: Mapping[int, Picked] = field(default_factory=dict)

    def job_of(self, case: int) -> str:
        """A job that has the case."""
        side = self.b if case in self.after else self.a
        return self.origin.get(case, side.builds[0]).job


def compared(a: str, b: str) -> Compared:
    """What is different in `b` from `a`, each written as `sides` says."""
    with snapshot():
        found = _find(a, b)
    names = (found.a.side.name, found.b.side.name)
    sentence = found.comparison.sentence(*names)
    return Compared(found.a.side, found.b.side, as_sentence(sentence), _counts(found))


def rows(a: str, b: str, name: str, *, limit: int) -> list[ComparedCase]:
    """The first cases of one of LISTS, by suite and name."""
    with snapshot():
        found = _find(a, b)
        return _rows(found, _cases(found, name), "s.path, c.name, c.variant, c.id", limit)


def rows_after(a: str, b: str, name: str, *, after: int | None, limit: int) -> list[ComparedCase]:
    """Cases of one of LISTS in the order of their keys, those behind the case id `after`."""
    with snapshot():
        found = _find(a, b)
        cases = sorted(case for case in _cases(found, name) if after is None or case > after)
        return _rows(found, cases[:limit], "c.id", limit)


def _find(a: str, b: str) -> _Found:
    return _found(str(database.database), revision(), a, b)


@functools.lru_cache(maxsize=4)
def _found(_database: str, _revision: int, a: str, b: str) -> _Found:
    first, second = sides(a, b)
    before, after, unlisted = _beside(first, second)
    _mark_flaky(first, before.outcomes, second, after.outcomes)
    comparison = compare(before.outcomes, after.outcomes, unlisted)
    passing = set(comparison.of(Difference.STILL_PASSING))
    shown = {*comparison.slower, *comparison.faster}
    dull = passing - shown
    return _Found(
        first,
        second,
        comparison,
        {case: seen for case, seen in before.outcomes.items() if case not in dull},
        {case: seen for case, seen in after.outcomes.items() if case not in dull},
        {
            case: build
            for case, build in {**before.origin, **after.origin}.items()
            if case not in dull
        },
    )


def _counts(found: _Found) -> Counts:
    comparison = found.comparison
    many = {name: comparison.count(*differences) for name, differences in LISTS.items()}
    many["slower"], many["faster"] = len(comparison.slower), len(comparison.faster)
    rest = many["missing"] + many["added"] + many["skipped"]
    return Counts(
        total=comparison.ran_in_both + rest,
        both=comparison.ran_in_both,
        passing=comparison.count(Difference.STILL_PASSING) + comparison.unlisted,
        **many,
    )


def _cases(found: _Found, name: str) -> Sequence[int]:
    if name not in LISTS:
        raise UsageError(f"No list is called {name[:40]!r}.", f"There are {', '.join(LISTS)}.")
    comparison = found.comparison
    if name in ("slower", "faster"):
        return comparison.slower if name == "slower" else comparison.faster
    return [case for difference in LISTS[name] for case in comparison.of(difference)]


def _rows(found: _Found, cases: Sequence[int], order: str, limit: int) -> list[ComparedCase]:
    named = select(
        "SELECT c.id, s.path, c.name, c.variant FROM test_case c JOIN suite s ON s.id = c.suite_id"
        f" WHERE c.id IN {IN} ORDER BY {order} LIMIT ?",
        listed(cases),
        limit,
    )
    messages = _messages(found, [row[0] for row in named])
    return [
        _row(found, case, suite_names(path), name, variant, messages.get(case, ""))
        for case, path, name, variant in named
    ]


def _row(
    found: _Found, case: int, suite: tuple[str, ...], name: str, variant: str, message: str
) -> ComparedCase:
    before, after = found.before.get(case), found.after.get(case)
    return ComparedCase(
        key=key(case),
        suite=suite,
        name=name,
        variant=variant,
        job=found.job_of(case),
        before=before.status.word if before else None,
        after=after.status.word if after else None,
        seconds_before=seconds(before.duration_ms) if before else None,
        seconds_after=seconds(after.duration_ms) if after else None,
        message=message,
    )


def _messages(found: _Found, cases: Iterable[int]) -> dict[int, str]:
    """What the cases said when they failed in b."""
    by_build: dict[int, list[int]] = {}
    for case in cases:
        after = found.after.get(case)
        if after is not None and after.status.is_failure:
            build = found.origin.get(case, found.b.builds[0])
            by_build.setdefault(build.id, []).append(case)
    return {
        case: message
        for build, wanted in by_build.items()
        for case, message in select(
            "SELECT r.case_id, f.message FROM result r JOIN failure f ON f.id = r.failure_id"
            f" WHERE r.build_id = ? AND r.case_id IN {IN}",
            build,
            listed(wanted),
        )
    }


def _beside(a: Chosen, b: Chosen) -> tuple[_Results, _Results, int]:
    """The outcomes of both sides, and how many more cases passed in both."""
    if a.only and b.only:
        return _pairs(a.only.id, b.only.id)
    return _results(a), _results(b), 0


def _pairs(a: int, b: int) -> tuple[_Results, _Results, int]:
    """Two builds: only what does not pass in both, or took clearly longer in one of them.

    The others are nearly all; making nothing of them is what lets a page of a large build be quick.
    """
    own = select(
        "SELECT a.case_id, a.status, a.duration, b.status, b.duration FROM result a"
        " LEFT JOIN result b ON b.build_id = ? AND b.case_id = a.case_id WHERE a.build_id = ?"
        " AND NOT (a.status = 0 AND b.status IS NOT DISTINCT FROM 0"
        " AND coalesce(abs(a.duration - b.duration), 0) < ?)",
        b,
        a,
        SLOWER_MS,
    )
    added = select(
        "SELECT b.case_id, b.status, b.duration FROM result b WHERE b.build_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM result a WHERE a.build_id = ? AND a.case_id = b.case_id)",
        b,
        a,
    )
    [(total,)] = select("SELECT count(*) FROM result WHERE build_id = ?", a)
    before = {row[0]: _outcome(row[1], row[2]) for row in own}
    after = {row[0]: _outcome(row[3], row[4]) for row in own if row[3] is not None}
    after.update((case, _outcome(status, duration)) for case, status, duration in added)
    return _Results(before, {}), _Results(after, {}), total - len(own)


@functools.lru_cache(maxsize=2**16)
def _outcome(status: int, duration: int | None) -> Outcome:
    return Outcome(_STATUSES[status], False, duration)


def _results(side: Chosen) -> _Results:
    if side.is_best:
        return _Results(best_of(_of_build(build) for build in side.builds), {})
    worst: dict[int, Outcome] = {}
    origin: dict[int, Picked] = {}
    for builds in _by_job(side.builds):
        for case, (outcome, build) in _newest(builds).items():
            if case not in worst or _is_worse(outcome, worst[case]):
                worst[case], origin[case] = outcome, build
    return _Results(worst, origin)


def _by_job(builds: Sequence[Picked]) -> list[list[Picked]]:
    found: dict[int, list[Picked]] = {}
    for build in builds:
        found.setdefault(build.job_id, []).append(build)
    return list(found.values())


def _newest(builds: Iterable[Picked]) -> dict[int, tuple[Outcome, Picked]]:
    """For each case of a job its newest result that counts, or the newest where none does."""
    found: dict[int, tuple[Outcome, Picked]] = {}
    for build in builds:
        for case, outcome in _of_build(build).items():
            if case not in found or (
                found[case][0].status not in COUNTED and outcome.status in COUNTED
            ):
                found[case] = (outcome, build)
    return found


def _is_worse(one: Outcome, other: Outcome) -> bool:
    return WORST_FIRST.index(one.status) < WORST_FIRST.index(other.status)


def _of_build(build: Picked) -> dict[int, Outcome]:
    return {
        case: _outcome(status, duration)
        for case, status, duration in select(
            "SELECT case_id, status, duration FROM result WHERE build_id = ?", build.id
        )
    }


def _mark_flaky(
    a: Chosen, before: dict[int, Outcome], b: Chosen, after: dict[int, Outcome]
) -> None:
    """Say which of the cases that failed on one side alone are flaky.

    One that fails in b and is broken there is not, whatever it was before: that is no noise.
    """
    differ = [
        case
        for case, seen in before.items()
        if case in after
        and seen.status in COUNTED
        and after[case].status in COUNTED
        and seen.status.is_failure != after[case].status.is_failure
    ]
    if not differ:
        return
    flaky_before, _ = _known(a, differ)
    flaky_after, known = _known(b, differ)
    broken = {case for case in known if after[case].status.is_failure}
    for outcomes, flaky in ((before, flaky_before - broken), (after, flaky_after - broken)):
        for case in flaky:
            outcomes[case] = replace(outcomes[case], flaky=True)


def _known(side: Chosen, cases: Sequence[int]) -> tuple[set[int], set[int]]:
    """The cases that are flaky at the builds of a side, and those that are broken there."""
    flaky: set[int] = set()
    broken: set[int] = set()
    for builds in _by_job(side.builds):
        states = _states(builds[0], cases)
        flaky.update(case for case, state in states.items() if state == State.FLAKY)
        broken.update(case for case, state in states.items() if state in BROKEN)
        for build in builds:
            flaky |= _retried(build, cases)
    return flaky, broken


def _states(build: Picked, cases: Sequence[int]) -> dict[int, str]:
    place = (build.epoch, build.number)
    return dict(
        select(
            "SELECT e.case_id, e.state FROM json_each(?) c"
            " JOIN episode e ON e.job_id = ? AND e.case_id = c.value"
            " JOIN build a ON a.id = e.from_build LEFT JOIN build z ON z.id = e.until_build"
            " WHERE (a.epoch, a.number) <= (?, ?)"
            " AND (z.id IS NULL OR (z.epoch, z.number) > (?, ?))",
            listed(cases),
            build.job_id,
            *place,
            *place,
        )
    )


def _retried(build: Picked, cases: Sequence[int]) -> set[int]:
    """The cases that failed in the build and passed when they were tried again."""
    found = select(
        "SELECT DISTINCT a.case_id FROM json_each(?) c"
        " JOIN attempt a ON a.build_id = ? AND a.case_id = c.value"
        " JOIN result r ON r.build_id = a.build_id AND r.case_id = a.case_id"
        " WHERE a.status IN (1, 2) AND r.status = 0",
        listed(cases),
        build.id,
    )
    return {case for (case,) in found}
