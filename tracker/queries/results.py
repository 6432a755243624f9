"""The results of one build: its lists, page by page, and how long each list is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from tracker.errors import Conflict, NotFound
from tracker.queries import builds
from tracker.queries.build_labels import label_of
from tracker.queries.build_rows import BuildRow
from tracker.queries.builds import Found
from tracker.queries.case_rows import CaseRow, case_row
from tracker.queries.former_names import with_former_names
from tracker.queries.places import stretch
from tracker.queries.select import select, snapshot
from tracker.queries.states import BROKEN_STATES, OPENED_STATES
from tracker.store.episodes import sentence_of
from tracker.store.late_failures import AT_BUILD, WITHOUT_VERDICT
from tracker.store.models import database
from tracker.store.outcomes import FAILED
from tracker.store.sql import IN, listed
from tracker.verdicts.states import OPENED

LISTS = (
    "new",
    "failing",
    "fixed",
    "recovering",
    "suspect",
    "flaky",
    "incident",
    "skipped",
    "failed",
    "all",
)
_CASE = "c.id, s.path, c.name, c.variant, r.status, r.duration, coalesce(f.message, '')"
_FROM_RESULT = (
    "FROM result r JOIN test_case c ON c.id = r.case_id JOIN suite s ON s.id = c.suite_id"
    " LEFT JOIN failure f ON f.id = r.failure_id"
)
_IN_ORDER = "ORDER BY s.path, c.name, c.variant"


def count_results(build: BuildRow, which: str, *, judged_again: bool = False) -> int:
    """How many rows the list `which` of a build has (see `results`); 0 where they were let go.

    `judged_again` tells that its job is: where the build waits for that, all that failed in it
    counts as not judged, beside what was counted before.
    """
    if build.let_go:
        return 0
    if judged_again and which == "failed" and not has_verdicts(build):
        return build.totals.failures
    return _COUNTS[which](build)


def results(job: str, label: str, which: str, *, limit: int, offset: int = 0) -> list[CaseRow]:
    """Results of a build, by suite and name: one of LISTS.

    `new` are regressions and new failures, `failing` what is broken since an earlier build,
    `fixed` and `recovering` what was broken and passes, `suspect` what failed and may be chance,
    `flaky` what fails now and then, `incident` what failed with the whole build, `failed` the
    failures of a build that is not judged (yet), or those in reports that came when it could be
    judged no more, `all` everything. What is judged has no rows while the build waits for that.
    """
    with snapshot():
        found = builds.found(job, label)
        if which in _JUDGED and not _has_verdicts(found):
            return []
        if which == "all":
            return _all(found, limit, offset)
        rows = _ROWS[which](found, _Part(f"{_IN_ORDER} LIMIT ? OFFSET ?", (limit, offset)))
        return with_former_names(found, rows) if which == "new" else rows


def results_after(
    job: str,
    label: str,
    which: str = "all",
    *,
    status: int | None = None,
    after: int | None,
    limit: int,
) -> list[CaseRow]:
    """The same in the order of their keys, those of a status behind the case id `after`.

    NotFound where the results of the build were let go, Conflict where it is not judged as the
    list has it: an empty list would say that it had none.
    """
    wanted, parameters = ("", ()) if status is None else (" AND r.status = ?", (status,))
    behind = -1 if after is None else after
    rest = f" AND r.case_id > ?{wanted} ORDER BY r.case_id LIMIT ?"
    with snapshot():
        found = builds.found(job, label)
        refuse_let_go(found.row, "Its counts remain: ask for the build itself.")
        _refuse_otherwise_judged(found, which)
        return _ROWS[which](found, _Part(rest, (behind, *parameters, limit)))


def refuse_let_go(row: BuildRow, remedy: str) -> None:
    """NotFound with this remedy where the results of a build were let go."""
    if row.let_go:
        raise NotFound(
            f"The results of {row.job} #{row.label} were let go on {row.let_go:%Y-%m-%d}.", remedy
        )


def has_verdicts(row: BuildRow) -> bool:
    """Whether what was said of the single results of a build is all there, and none of it old."""
    return _has_verdicts(builds.found(row.job, f"{row.number}~{row.epoch}"))


def _has_verdicts(found: Found) -> bool:
    return found.row.has_verdicts and not _is_judged_again(found)


def _is_judged_again(found: Found) -> bool:
    """Whether its job is, from this build on or an earlier one: verdicts went, counts stayed."""
    return bool(
        select(
            "SELECT 1 FROM rejudging WHERE job_id = ? AND (epoch, number) <= (?, ?)",
            found.job_id,
            found.row.epoch,
            found.row.number,
        )
    )


def _refuse_otherwise_judged(found: Found, which: str) -> None:
    name = f"{found.row.job} #{found.row.label}"
    if which == "failed" and _has_verdicts(found) and not found.row.not_judged:
        raise Conflict(
            f"{name} is judged: its failures are in the lists of their verdicts.",
            "Ask for all of them by status=failed and status=error, without a list.",
        )
    if which in _JUDGED and _is_judged_again(found):
        raise Conflict(
            f"{name} waits to be judged again: what is {which} in it is not known yet.",
            "Ask again when its job is no longer `judged_again`; list=failed has its failures.",
        )
    if which in _JUDGED and not found.row.has_verdicts:
        raise Conflict(
            f"{name} is not judged: nobody knows what is {which} in it.",
            "list=failed has its failures; one that runs is judged when it is over.",
        )


_ATTEMPTS = (
    "(SELECT count(*) FROM attempt a WHERE a.build_id = r.build_id AND a.case_id = r.case_id)"
)


class _Part(NamedTuple):
    """Which rows of a list are wanted, in which order: what stands behind its conditions."""

    rest: str
    parameters: tuple[int, ...]


def _skipped(found: Found, part: _Part) -> list[CaseRow]:
    return _as_they_are(found, " AND r.status <> 0 AND r.status IN (3, 4)", part)


def _failed(found: Found, part: _Part) -> list[CaseRow]:
    if not _has_verdicts(found):
        return _as_they_are(found, f" AND {FAILED}", part)
    return _without_verdict(found, "", part) if found.row.not_judged else []


def _as_they_are(
    found: Found, wanted: str, part: _Part, parameters: tuple[int, ...] = (), verdict: str = ""
) -> list[CaseRow]:
    """Results of which no episode tells more."""
    rows = select(
        f"SELECT {_CASE}, {_ATTEMPTS} {_FROM_RESULT} WHERE r.build_id = ?{wanted} {part.rest}",
        *(found.build_id, *parameters, *part.parameters),
    )
    return [case_row(row[:7], attempts=row[7], verdict=verdict) for row in rows]


# The episode that a case is in at a build, with the builds in which it began and the case broke.
# Few results failed, and a job has many episodes in time: of failures the results are read first.
_IN_EPISODE = (
    " {join} episode e ON e.job_id = ? AND e.case_id = r.case_id"
    " JOIN build a ON a.id = e.from_build LEFT JOIN build z ON z.id = e.until_build"
    " LEFT JOIN build n ON n.id = e.since_build"
)
_OPENED = f"e.state IN {OPENED_STATES}"
# Which episodes a list is of, and which results in them; how these come together.
_EPISODES = {
    "new": ("JOIN", f"e.from_build = r.build_id AND {_OPENED}"),
    "failing": (
        "CROSS JOIN",
        f"{FAILED} AND e.state IN {BROKEN_STATES}"
        f" AND NOT (e.from_build = r.build_id AND {_OPENED})",
    ),
    "fixed": ("JOIN", "e.from_build = r.build_id AND e.state = 'fixed'"),
    "recovering": ("JOIN", "r.status = 0 AND e.state = 'recovering'"),
    "suspect": ("CROSS JOIN", f"{FAILED} AND e.state = 'suspect'"),
    "flaky": ("CROSS JOIN", f"{FAILED} AND e.state = 'flaky'"),
}


def _in_episode(which: str) -> Callable[[Found, _Part], list[CaseRow]]:
    """How to list the results of a build whose cases are in such an episode there."""

    join, wanted = _EPISODES[which]
    in_episode = _IN_EPISODE.format(join=join)

    def rows(found: Found, part: _Part) -> list[CaseRow]:
        place = (found.row.epoch, found.row.number)
        told = select(
            f"SELECT {_CASE}, {_ATTEMPTS}, {label_of('n')}, n.epoch, n.number, e.state,"
            f" e.from_build = r.build_id, e.evidence {_FROM_RESULT}{in_episode}"
            f" WHERE r.build_id = ? AND {AT_BUILD} AND {wanted} {part.rest}",
            found.job_id,
            found.build_id,
            *place,
            *place,
            *part.parameters,
        )
        ages = _ages(found, {(row[9], row[10]) for row in told if row[9] is not None})
        return [_with_verdict(row, which, ages) for row in told]

    return rows


def _with_verdict(row: tuple[Any, ...], which: str, ages: dict[tuple[int, int], int]) -> CaseRow:
    attempts, since, epoch, number, state, begins, evidence = row[7:]
    is_of_break = state in OPENED and not begins
    return case_row(
        row[:7],
        attempts=attempts,
        verdict="failing" if which == "failing" else state,
        since=since,
        age=ages.get((epoch, number)),
        sentence=sentence_of(evidence) if begins or is_of_break else "",
        is_of_break=is_of_break,
    )


def _incident(found: Found, part: _Part) -> list[CaseRow]:
    """What failed in an incident and was well before: it has no episode there, but a fix."""
    if found.row.judging is None or found.row.judging.incident is None:
        return []
    return _without_verdict(found, "incident", part)


def _without_verdict(found: Found, verdict: str, part: _Part) -> list[CaseRow]:
    place = (found.row.epoch, found.row.number)
    at_place = (found.job_id, *place, *place)
    return _as_they_are(found, f" AND {WITHOUT_VERDICT}", part, at_place, verdict)


def _ages(found: Found, builds: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """For each of some judged builds: how many judged builds before the one found it was."""
    if not builds:
        return {}
    place = (found.row.epoch, found.row.number)
    places = stretch(found.job_id, min(builds), place).places({*builds, place})
    return {build: places[place] - before for build, before in places.items()}


def _all(found: Found, limit: int, offset: int) -> list[CaseRow]:
    """A page of all results; the order of a big build is found once for all its pages."""
    build_id = found.build_id
    order = _order(str(database.database), build_id, _revision(build_id))
    wanted = order[offset : offset + limit]
    rows = select(
        f"SELECT {_CASE}, {_ATTEMPTS} {_FROM_RESULT} WHERE r.build_id = ? AND r.case_id IN {IN}",
        build_id,
        listed(wanted),
    )
    by_id: dict[int, tuple[Any, ...]] = {row[0]: row for row in rows}
    return [case_row(by_id[case][:7], attempts=by_id[case][7]) for case in wanted]


def _revision(build_id: int) -> int:
    return int(
        select(
            "SELECT j.revision FROM build b JOIN job j ON j.id = b.job_id WHERE b.id = ?", build_id
        )[0][0]
    )


@functools.lru_cache(maxsize=8)
def _order(_database: str, build_id: int, _revision: int) -> tuple[int, ...]:
    """The cases of a build by suite and name; kept for as long as the job does not change."""
    rows = select(f"SELECT c.id {_FROM_RESULT} WHERE r.build_id = ? {_IN_ORDER}", build_id)
    return tuple(row[0] for row in rows)


_ROWS: dict[str, Callable[[Found, _Part], list[CaseRow]]] = {
    **{which: _in_episode(which) for which in _EPISODES},
    "incident": _incident,
    "skipped": _skipped,
    "failed": _failed,
    "all": lambda found, part: _as_they_are(found, "", part),
}
_JUDGED = (*_EPISODES, "incident")
_COUNTS: dict[str, Callable[[BuildRow], int]] = {
    "new": lambda row: row.newly_broken,
    "failing": lambda row: row.still_failing,
    "fixed": lambda row: row.fixed,
    "recovering": lambda row: row.recovering,
    "suspect": lambda row: row.suspects,
    "flaky": lambda row: row.flaky,
    "incident": lambda row: row.in_incident,
    "skipped": lambda row: row.totals.skipped + row.totals.unknown,
    "failed": lambda row: row.not_judged if row.has_verdicts else row.totals.failures,
    "all": lambda row: row.totals.total,
}
