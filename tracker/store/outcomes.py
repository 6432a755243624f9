"""The outcomes of cases over the judged builds of a job, as the verdicts read them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tracker.store.sql import IN, listed, run
from tracker.verdicts.incidents import is_out
from tracker.verdicts.lanes import BEFORE, KEPT
from tracker.verdicts.outcomes import NOT_JUDGED, UNJUDGED_STATES, Status

# `is_judged`, for builds in a statement.
JUDGED = f"state NOT IN {UNJUDGED_STATES!r} AND (result IS NULL OR result NOT IN {NOT_JUDGED!r})"
# Whether a build was an incident, and `is_out` for builds in a statement.
IS_INCIDENT = "json_extract(judging, '$.incident') IS NOT NULL"
IS_OUT = f"({IS_INCIDENT} AND NOT lifted)"
# The builds of a job from a place on, whose parameters are the job and `Place.order`.
FROM_ON = "job_id = ? AND (epoch, number) >= (?, ?)"
LATER = f"(SELECT id FROM build WHERE {FROM_ON})"
# Those of them that are not judged, or no more: they say nothing.
UNJUDGED_FROM_ON = f"{FROM_ON} AND NOT ({JUDGED})"
# The builds of a job before a place, with the same parameters.
BEFORE_PLACE = "job_id = ? AND (epoch, number) < (?, ?)"
# What counts of a status; a gap for the others.
LETTERS: dict[int, str] = {Status.PASSED: "P", Status.FAILED: "F", Status.ERROR: "F"}
GAP = "."
# SQL: the result `r` failed; the index of what did not pass finds it.
FAILED = "r.status <> 0 AND r.status IN (1, 2)"
# How many judged builds back a history is read; a few more than outcomes are kept, for gaps.
LOOK = KEPT + 12
# A case that passed in none of so many builds before is new when it fails.
REMEMBERED = 300
# More cases than this share of a build are read with the whole of it.
_FEW = 0.2


# Epoch and number of a build, by which the history of a job is ordered.
Order = tuple[int, int]


@dataclass(frozen=True)
class Place:
    """Where a build stands in its job's history."""

    build_id: int
    epoch: int
    number: int

    @property
    def order(self) -> Order:
        """What history is ordered by."""
        return (self.epoch, self.number)


@dataclass(frozen=True)
class JudgedBuild:
    """A judged build as the history has it; `is_out` where it was an incident and says nothing."""

    place: Place
    total: int
    is_incident: bool
    is_lifted: bool

    @property
    def is_out(self) -> bool:
        """Whether its results are kept out of the histories."""
        return is_out(is_incident=self.is_incident, is_lifted=self.is_lifted)


def judged_builds(job_id: int) -> list[JudgedBuild]:
    """All judged builds of a job whose results are here, oldest first."""
    return _judged("job_id = ? AND let_go IS NULL", "epoch, number", job_id)


def judged_from(job_id: int, place: Place) -> list[JudgedBuild]:
    """The judged builds of a job from `place` on, oldest first."""
    return _judged(FROM_ON, "epoch, number", job_id, *place.order)


def judged_before(job_id: int, place: Place) -> list[JudgedBuild]:
    """The judged builds of a job before `place` that judging looks back at, oldest first.

    There may be more of them: all, where many of the newest say nothing. Builds whose results were
    let go are none: they would count as if no test had failed in them.
    """
    before = (job_id, *place.order)
    which = f"{BEFORE_PLACE} AND let_go IS NULL"
    newest_first = "epoch DESC, number DESC"
    for most in (LOOK, LOOK + REMEMBERED):
        found = _judged(which, f"{newest_first} LIMIT {most}", *before)
        if len(found) < most or _say_enough(found):
            return found[::-1]
    return _judged(which, newest_first, *before)[::-1]


def reads_what_went(job_id: int, place: Place) -> bool:
    """Whether results were let go that judging the build at `place` reads, its own or earlier."""
    return bool(
        run(
            "SELECT 1 FROM (SELECT let_go FROM build WHERE job_id = ? AND (epoch, number) <= (?, ?)"
            f" AND {JUDGED} ORDER BY epoch DESC, number DESC LIMIT {LOOK}) newest"
            " WHERE let_go IS NOT NULL LIMIT 1",
            job_id,
            *place.order,
        )
    )


def remembered_before(job_id: int, place: Place) -> list[int]:
    """The ids of the builds before `place` in which a pass of a case is remembered, newest first.

    They are those before all that a history is read of.
    """
    rows = run(
        f"SELECT id FROM build WHERE {BEFORE_PLACE} AND {JUDGED}"
        f" ORDER BY epoch DESC, number DESC LIMIT {REMEMBERED}",
        job_id,
        *place.order,
    )
    return [build for (build,) in rows]


def newest_with_results(job_id: int, place: Place) -> JudgedBuild | None:
    """The newest judged build before `place` that has results and was no incident."""
    which = f"{BEFORE_PLACE} AND total > 0 AND let_go IS NULL AND NOT {IS_OUT}"
    found = _judged(which, "epoch DESC, number DESC LIMIT 1", job_id, *place.order)
    return found[0] if found else None


def _say_enough(builds: Sequence[JudgedBuild]) -> bool:
    """Whether as many count as limits and paces are made from."""
    return sum(not build.is_incident for build in builds) >= BEFORE


def _judged(which: str, order: str, *parameters: int) -> list[JudgedBuild]:
    rows = run(
        f"SELECT id, epoch, number, total, {IS_INCIDENT}, lifted"
        f" FROM build WHERE {which} AND {JUDGED} ORDER BY {order}",
        *parameters,
    )
    return [JudgedBuild(Place(*row[:3]), row[3], bool(row[4]), bool(row[5])) for row in rows]


def letters(builds: Sequence[JudgedBuild], cases: Collection[int]) -> dict[int, str]:
    """For each of the cases its outcomes, one letter for each of the builds.

    All are held as one byte each: a hundred thousand cases fail over a hundred builds.
    """
    width = len(builds)
    starts = {case: place * width for place, case in enumerate(cases)}
    found = bytearray(GAP, "ascii") * (width * len(starts))
    counted = [(at, each) for at, each in enumerate(builds if starts else ()) if not each.is_out]
    with_attempts = _with_attempts(build.place.build_id for _, build in counted)
    for at, build in counted:
        retried = retried_in(build.place.build_id) if build.place.build_id in with_attempts else ()
        for case, status in _results(build, starts.keys()):
            if status in LETTERS and case in starts:
                found[starts[case] + at] = ord("R" if case in retried else LETTERS[status])
    text = found.decode("ascii")
    return {case: text[start : start + width] for case, start in starts.items()}


def without_fixed(row: str, breaks: Iterable[tuple[int, int]], places: Mapping[int, int]) -> str:
    """Outcomes without the failures of breaks that were fixed: builds of failure and of fix.

    `places` says where a build stands in the outcomes; one that is not there came before them.
    """
    for broke, mended in breaks:
        start, stop = places.get(broke, 0), places.get(mended, 0)
        row = row[:start] + row[start:stop].replace("F", GAP) + row[stop:]
    return row


def passed_in_any(builds: Sequence[int], cases: Collection[int]) -> set[int]:
    """Those of the cases that passed in one of the builds (ids) of a job."""
    if not builds or not cases:
        return set()
    rows = run(
        "SELECT case_id FROM result WHERE status = 0"
        " AND build_id IN (SELECT value FROM json_each(?1))"
        " AND case_id IN (SELECT value FROM json_each(?2))"
        # Of builds whose results were let go the newest with a pass is in mind.
        " UNION SELECT case_id FROM last_pass"
        " WHERE job_id = (SELECT job_id FROM build"
        " WHERE id = CAST(json_extract(?1, '$[0]') AS bigint))"
        " AND build_id IN (SELECT value FROM json_each(?1))"
        " AND case_id IN (SELECT value FROM json_each(?2))",
        listed(builds),
        listed(cases),
    )
    return {case for (case,) in rows}


def failed_in(build_id: int) -> set[int]:
    """The cases that failed in a build."""
    rows = run(f"SELECT r.case_id FROM result r WHERE r.build_id = ? AND {FAILED}", build_id)
    return {case for (case,) in rows}


def passed_in(build_id: int) -> set[int]:
    """The cases that passed in a build."""
    rows = run("SELECT case_id FROM result WHERE build_id = ? AND status = 0", build_id)
    return {case for (case,) in rows}


def retried_in(build_id: int) -> set[int]:
    """The cases that passed in a build after an attempt that failed."""
    rows = run(
        "SELECT DISTINCT a.case_id FROM attempt a JOIN result r"
        " ON r.build_id = a.build_id AND r.case_id = a.case_id"
        " WHERE a.build_id = ? AND a.status IN (1, 2) AND r.status = 0",
        build_id,
    )
    return {case for (case,) in rows}


def _with_attempts(builds: Iterable[int]) -> set[int]:
    """Those of the builds of which attempts are on record: in most builds nothing is retried."""
    rows = run(
        f"SELECT id FROM build WHERE id IN {IN}"
        " AND EXISTS (SELECT 1 FROM attempt WHERE attempt.build_id = build.id)",
        listed(builds),
    )
    return {build for (build,) in rows}


def _results(build: JudgedBuild, cases: Collection[int]) -> list[tuple[int, ...]]:
    if len(cases) > _FEW * build.total:
        return run("SELECT case_id, status FROM result WHERE build_id = ?", build.place.build_id)
    return run(
        f"SELECT case_id, status FROM result WHERE build_id = ? AND case_id IN {IN}",
        build.place.build_id,
        listed(cases),
    )
