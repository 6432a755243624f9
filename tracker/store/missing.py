"""Missing cases: which of the cases that a build should have run have no result in it, and why.

Derived for complete judged builds from the complete builds before them that have no damaged report.
Where nothing is gone that costs a few lookups for each case; sets of cases are read only where
something is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec

from tracker.store.identity import SUITE_SEPARATOR
from tracker.store.outcomes import JUDGED, Place, failed_in
from tracker.store.sql import run, run_many
from tracker.verdicts.causes import causes, settled
from tracker.verdicts.expected import LEAVES_AFTER, WINDOW, appeared, expected, lost, patched
from tracker.verdicts.losses import Group, groups, shrunk
from tracker.verdicts.missing import EXPLAINED, Cause, Missing, ReportSeen, Scene
from tracker.verdicts.outcomes import Status
from tracker.verdicts.renames import Test

# In so many builds one looks whether a case comes and goes; in fewer where many cases are gone.
_LOOK = 60
_MANY = 2_000
# Causes and reasons stand at the beginning of what a result says.
_MESSAGE, _TRACE = 2_000, 8_000
_STATUSES = tuple(Status)  # a hundred thousand calls of the enumeration take half a second
_FORGOTTEN = "expected = 0, missing = 0, newly_skipped = 0, added = 0, shortfall = ''"


@dataclass(frozen=True)
class _Lost:
    """What a build lacks, of how many expected cases."""

    found: tuple[Missing, ...] = ()
    expected: int = 0


def derive(job_id: int, place: Place) -> None:
    """Write what the judged build at `place` lacks, and how many cases are new in it."""
    if not run("SELECT 1 FROM build WHERE id = ? AND complete", place.build_id):
        return
    before = _whole_before(job_id, place)
    if before:
        _write(place.build_id, _lost(place.build_id, before), _fresh(place.build_id, before))


def forget_from(job_id: int, place: Place) -> None:
    """Forget what the builds of a job from `place` on lack."""
    later = "SELECT id FROM build WHERE job_id = ? AND (epoch, number) >= (?, ?)"
    for table in ("loss", "absence"):
        run(f"DELETE FROM {table} WHERE build_id IN ({later})", job_id, *place.order)
    run(
        f"UPDATE build SET {_FORGOTTEN} WHERE job_id = ? AND (epoch, number) >= (?, ?)",
        job_id,
        *place.order,
    )


def _whole_before(job_id: int, place: Place) -> list[int]:
    """The builds to learn from, newest first: complete, judged, and no report of them damaged."""
    rows = run(
        f"SELECT id FROM build WHERE job_id = ? AND {JUDGED} AND complete AND NOT damaged"
        " AND (epoch, number) < (?, ?) ORDER BY epoch DESC, number DESC LIMIT ?",
        job_id,
        *place.order,
        _LOOK,
    )
    return [build for (build,) in rows]


def _lost(build: int, before: Sequence[int]) -> _Lost:
    newest = before[:WINDOW]
    gone, skipped = _perhaps_gone(build, newest), _perhaps_skipped(build, newest)
    if not gone and not skipped:
        return _Lost()
    return _Night.of(build, newest, skipped).lost(skipped, before)


# Whether anything is gone at all.


def _perhaps_gone(build: int, newest: Sequence[int]) -> Set[int]:
    """Some cases without a result that are expected, or many that may be; none of none."""
    for earlier in newest[:LEAVES_AFTER]:
        among = _not_in(earlier, build)
        if len(among) > _MANY:
            return among
        runs = [_cases(each, among) for each in newest] if among else []
        if found := expected(_patched_runs(newest, runs, among)):
            return found
    return frozenset()


def _perhaps_skipped(build: int, newest: Sequence[int]) -> Set[int]:
    """The cases that are expected to run and are skipped, but for what chance may explain."""
    here = _skipped(build)
    if not here:
        return here
    among: set[int] = set()
    for earlier in newest[:LEAVES_AFTER]:
        among |= _cases(earlier, here) - _skipped(earlier)
    if not among:
        return among
    runs = [_cases(each, among) - _skipped(each) for each in newest]
    return expected(_patched_runs(newest, runs, among))


def _patched_runs(
    builds: Sequence[int], runs: Sequence[Set[int]], among: Set[int] | None = None
) -> Sequence[Set[int]]:
    away = _explained(builds, among)
    return patched(runs, [away[build] for build in builds]) if away else runs


def _explained(builds: Sequence[int], among: Set[int] | None) -> dict[int, set[int]]:
    """For each build the cases that it lost with a report or suite."""
    wanted, parameters = (
        ("", ()) if among is None else (f" AND a.case_id IN {_IN}", (_list(among),))
    )
    rows = run(
        "SELECT a.build_id, a.case_id FROM loss l"
        " JOIN absence a ON a.build_id = l.build_id AND a.n = l.n"
        f" WHERE l.build_id IN {_IN} AND l.cause IN {_IN}{wanted}",
        _list(builds),
        _list(EXPLAINED),
        *parameters,
    )
    found: dict[int, set[int]] = defaultdict(set)
    for build, case in rows:
        found[build].add(case)
    return found


# What is gone, and what there is in its place.


@dataclass(frozen=True)
class _Night:
    """A build from which something is gone, and the builds before it, newest first.

    `due` are the cases expected in it. `suites` tells the suite and variant of every case in a
    suite that lost some.
    """

    build: int
    builds: Sequence[int]
    here: Set[int]
    seen: Sequence[Set[int]]
    runs: Sequence[Set[int]]
    due: Set[int]
    suites: Mapping[int, tuple[int, str]]

    @classmethod
    def of(cls, build: int, builds: Sequence[int], skipped: Set[int]) -> _Night:
        here = _cases(build)
        seen = [_cases(each) for each in builds]
        away: set[int] = set()
        for cases in seen:
            away |= cases - here
        runs = _patched_runs(builds, seen)
        due = expected(runs)
        suites = _suites(build, away, (due - here) | skipped)
        return cls(build, builds, here, seen, runs, due, suites)

    def lost(self, skipped: Set[int], before: Sequence[int]) -> _Lost:
        # Whether a case is lost depends on no other suite than its own.
        among = self.suites.keys()
        are_few = len(among) < len(self.here) // 2
        runs = [run & among for run in self.runs] if are_few else self.runs
        gone = lost(runs, self.here, self.suites)
        scene = self._scene(gone, self._newly_skipped(runs) if skipped else frozenset())
        found = causes(scene)
        return _Lost(settled(found, _comings(found, before)), scene.expected)

    def _newly_skipped(self, runs: Sequence[Set[int]]) -> Set[int]:
        """The cases skipped now that ran before."""
        ran = [run - _skipped(build) for run, build in zip(runs, self.builds, strict=True)]
        here = self.here & self.suites.keys()
        return lost(ran, here - _skipped(self.build), self.suites) & here

    def _scene(self, gone: Set[int], skipped: Set[int]) -> Scene:
        come = appeared(self.runs, self.here, gone) if gone else frozenset()
        before = tuple(_reports(build) for build in self.builds)
        return Scene(
            gone=tuple(self._last_seen(gone, with_texts=bool(come))),
            skipped=tuple(_tests(self.build, skipped)),
            come=tuple(_tests(self.build, come)),
            beside=tuple(_tests(self.build, self._beside(gone, come))),
            reports=_reports(self.build),
            reports_before=before,
            failed_before=frozenset().union(*map(failed_in, self.builds)),
            expected=len(self.due),
        )

    def _beside(self, gone: Set[int], come: Set[int]) -> list[int]:
        """The cases here of suites that lost some; of suites without a failure one is enough."""
        homes: dict[tuple[int, str], list[int]] = {self.suites[case]: [] for case in gone}
        for case, home in self.suites.items():
            if home in homes and case in self.here and case not in come:
                homes[home].append(case)
        failed = failed_in(self.build)
        if not failed.isdisjoint(come):  # it may be what is left of any of these suites
            return [case for cases in homes.values() for case in cases]
        return [
            case
            for cases in homes.values()
            for case in (sorted(cases)[:1] if failed.isdisjoint(cases) else cases)
        ]

    def _last_seen(self, gone: Set[int], *, with_texts: bool) -> Iterator[Test]:
        """The cases as they were in the newest build that has them."""
        left = set(gone)
        for build, cases in zip(self.builds, self.seen, strict=True):
            if mine := left & cases:
                yield from _tests(build, mine, with_texts=with_texts)
                left -= mine


def _comings(found: Iterable[Missing], before: Sequence[int]) -> dict[int, list[bool]]:
    """In which builds each case was there that nothing but its absence speaks for, newest first."""
    among = {each.test.id: each.cause is Cause.SKIPPED for each in found if not each.is_explained}
    if not among:
        return {}
    builds = before[: max(WINDOW, _LOOK * _MANY // len(among))]
    away = _explained(builds, among.keys())
    rows: dict[int, list[bool]] = {case: [] for case in among}
    for build in builds:
        there = dict(_statuses(build, among.keys()))
        for case, has_to_run in among.items():
            ran = case in there and not (has_to_run and there[case] == Status.SKIPPED)
            rows[case].append(ran or case in away.get(build, ()))
    return rows


def _fresh(build: int, before: Sequence[int]) -> Set[int]:
    """The cases that none of the builds looked at had."""
    among = _not_in(build, before[0])
    for earlier in before[1:WINDOW]:
        if not among:
            break
        among -= _cases(earlier, among)
    return among


# Reading.

_IN = "(SELECT value FROM json_each(?))"


def _list(values: Iterable[Any]) -> str:
    return msgspec.json.encode(list(values)).decode()


def _cases(build: int, among: Set[int] | None = None) -> set[int]:
    """The cases with a result in a build."""
    if among is not None:
        return {case for case, _ in _statuses(build, among)}
    return set(chain.from_iterable(run("SELECT case_id FROM result WHERE build_id = ?", build)))


def _statuses(build: int, among: Collection[int]) -> list[tuple[int, int]]:
    sql = f"SELECT case_id, status FROM result WHERE build_id = ? AND case_id IN {_IN}"
    return [(case, status) for case, status in run(sql, build, _list(among))]


def _not_in(build: int, other: int) -> set[int]:
    """The cases of a build that another one has not."""
    rows = run(
        "SELECT r.case_id FROM result r WHERE r.build_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM result o WHERE o.build_id = ? AND o.case_id = r.case_id)",
        build,
        other,
    )
    return {case for (case,) in rows}


def _skipped(build: int) -> set[int]:
    sql = "SELECT case_id FROM result WHERE build_id = ? AND status <> 0 AND status = ?"
    return {case for (case,) in run(sql, build, int(Status.SKIPPED))}


def _suites(build: int, away: Set[int], gone: Set[int]) -> dict[int, tuple[int, str]]:
    """Suite and variant of the cases of a build, and of those away, whose suites lost some."""
    rows = run(f"SELECT DISTINCT suite_id FROM test_case WHERE id IN {_IN}", _list(gone))
    suites = _list(suite for (suite,) in rows)
    columns = "SELECT c.id, c.suite_id, c.variant FROM test_case c"
    mine = f"c.suite_id IN {_IN}"
    here = run(
        f"{columns} JOIN result r ON r.case_id = c.id WHERE r.build_id = ? AND {mine}",
        build,
        suites,
    )
    others = run(f"{columns} WHERE c.id IN {_IN} AND {mine}", _list(away), suites)
    return {case: (suite, variant) for case, suite, variant in (*here, *others)}


def _reports(build: int) -> tuple[ReportSeen, ...]:
    rows = run(
        "SELECT name, variant, cases, recovered, failure <> '' FROM report WHERE build_id = ?"
        " ORDER BY name",
        build,
    )
    return tuple(
        ReportSeen(name, variant, cases, cut=bool(cut), unreadable=bool(failure))
        for name, variant, cases, cut, failure in rows
    )


_TEXTS = f"substr(f.message, 1, {_MESSAGE}), substr(f.trace, 1, {_TRACE}), d.data ->> 'file'"
_WITH_TEXTS = " LEFT JOIN failure f ON f.id = r.failure_id LEFT JOIN detail d ON d.id = r.detail_id"


def _tests(build: int, cases: Collection[int], *, with_texts: bool = True) -> list[Test]:
    """Results of a build with what may tell them from others; their order is not kept."""
    if not cases:
        return []
    names: dict[int, str] = dict(run("SELECT n, name FROM report WHERE build_id = ?", build))
    texts, more = (_TEXTS, _WITH_TEXTS) if with_texts else ("'', '', ''", "")
    rows = run(
        "SELECT c.id, s.path, c.name, c.variant, r.report, r.status, r.duration,"
        f" {texts} FROM result r"
        " JOIN test_case c ON c.id = r.case_id JOIN suite s ON s.id = c.suite_id"
        f"{more} WHERE r.build_id = ? AND r.case_id IN {_IN} ORDER BY c.id",
        build,
        _list(cases),
    )
    return [_test(row, names) for row in rows]


def _test(row: tuple[Any, ...], names: Mapping[int, str]) -> Test:
    case, path, name, variant, report, status, duration, message, trace, file = row
    return Test(
        id=case,
        suite=_names(path),
        name=name,
        variant=variant,
        file=file or "",
        report=names.get(report, ""),
        status=_STATUSES[status],
        duration_ms=duration,
        trace="\n".join(filter(None, (message, trace))),
    )


@lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, ...]:
    return tuple(path.split(SUITE_SEPARATOR)) if path else ()


# Writing.


def _write(build: int, lost: _Lost, fresh: Set[int]) -> None:
    renamed = {pair.come.id for each in lost.found if (pair := each.rename) and pair.certain}
    skipped = sum(each.cause is Cause.SKIPPED for each in lost.found)
    run(
        "UPDATE build SET expected = ?, missing = ?, newly_skipped = ?, added = ?, shortfall = ?"
        " WHERE id = ?",
        lost.expected,
        len(lost.found) - skipped - len(renamed),
        skipped,
        len(fresh - renamed),
        shrunk(lost.found, lost.expected),
        build,
    )
    if lost.found:
        _write_rows(build, lost.found)


def _write_rows(build: int, found: Sequence[Missing]) -> None:
    losses = groups(found)
    run_many(
        f"INSERT INTO loss (build_id, n, cause, about, sentence, cases) VALUES ({int(build)},"
        " ?, ?, ?, ?, ?)",
        [
            (n, str(loss.cause), loss.about, loss.sentence, len(loss.cases))
            for n, loss in enumerate(losses)
        ],
    )
    places = {case: n for n, loss in enumerate(losses) for case in loss.cases}
    run_many(
        "INSERT INTO absence (build_id, case_id, n, sentence, other_case, is_certain)"
        f" VALUES ({int(build)}, ?, ?, ?, ?, ?)",
        [_row(each, places[each.test.id], losses) for each in found],
    )


def _row(missing: Missing, n: int, losses: Sequence[Group]) -> tuple[Any, ...]:
    is_said = losses[n].sentence.endswith(missing.sentence)
    other = missing.rename.come.id if missing.rename else None
    sure = missing.rename is not None and missing.rename.certain
    return missing.test.id, n, "" if is_said else missing.sentence, other, sure
