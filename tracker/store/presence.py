"""Which cases builds have results of, as sets of their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence, Set

import msgspec

from tracker.store.sql import IN, IN_TEXTS, listed, run
from tracker.verdicts.expected import patched
from tracker.verdicts.missing import EXPLAINED
from tracker.verdicts.outcomes import Status

_IDS = msgspec.json.Decoder(list[int])


def unsteady(builds: Sequence[int]) -> tuple[list[set[int]], int]:
    """The cases that each of the builds has, but for those that all have; how many these are.

    Sets are made of what differs: a text of all ids takes a third of the time, and most builds of
    a job have the same cases.
    """
    texts = [_ids(build) for build in builds]
    different = {text: set(_IDS.decode(text)) for text in set(texts)}
    every = set.intersection(*different.values())
    rest = {text: cases - every for text, cases in different.items()}
    return [rest[text] for text in texts], len(every)


def _ids(build: int) -> str:
    sql = "SELECT json_group_array(case_id) FROM result WHERE build_id = ?"
    [(text,)] = run(sql, build)
    return str(text)


def count_of(build: int) -> int:
    """How many cases a build has."""
    [(count,)] = run("SELECT count(*) FROM result WHERE build_id = ?", build)
    return int(count)


def cases_of(build: int, among: Set[int]) -> set[int]:
    """Those of the cases that a build has."""
    return {case for case, _ in statuses(build, among)}


def statuses(build: int, among: Collection[int]) -> list[tuple[int, int]]:
    """Those of the cases that a build has, each with its status."""
    sql = f"SELECT case_id, status FROM result WHERE build_id = ? AND case_id IN {IN}"
    return [(case, status) for case, status in run(sql, build, listed(among))]


def not_in(build: int, other: int) -> set[int]:
    """The cases of a build that another one has not."""
    rows = run(
        "SELECT r.case_id FROM result r WHERE r.build_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM result o WHERE o.build_id = ? AND o.case_id = r.case_id)",
        build,
        other,
    )
    return {case for (case,) in rows}


def skipped_in(build: int) -> set[int]:
    """The cases that were skipped in a build."""
    sql = "SELECT case_id FROM result WHERE build_id = ? AND status <> 0 AND status = ?"
    return {case for (case,) in run(sql, build, int(Status.SKIPPED))}


def explained(builds: Sequence[int], among: Set[int] | None = None) -> dict[int, set[int]]:
    """For each build the cases that it lost with a report or suite."""
    wanted, parameters = (
        ("", ()) if among is None else (f" AND a.case_id IN {IN}", (listed(among),))
    )
    rows = run(
        "SELECT a.build_id, a.case_id FROM loss l"
        " JOIN absence a ON a.build_id = l.build_id AND a.n = l.n"
        f" WHERE l.build_id IN {IN} AND l.cause IN {IN_TEXTS}{wanted}",
        listed(builds),
        listed(EXPLAINED),
        *parameters,
    )
    found: dict[int, set[int]] = defaultdict(set)
    for build, case in rows:
        found[build].add(case)
    return found


def patched_runs(
    builds: Sequence[int], runs: Sequence[Set[int]], among: Set[int] | None = None
) -> Sequence[Set[int]]:
    """The cases of each build, with those it lost with a report or suite and that came back."""
    away = explained(builds, among)
    return patched(runs, [away[build] for build in builds]) if away else runs
