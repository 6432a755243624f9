"""One case in one job: what it is, and what became of it build after build."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from tracker.errors import NotFound
from tracker.queries.build_labels import label_of
from tracker.queries.build_rows import BuildRow, select_builds
from tracker.queries.case_rows import CaseName, case_name
from tracker.queries.columns import seconds
from tracker.queries.details import NOTHING, Details, details_of
from tracker.queries.select import select, snapshot
from tracker.store.episodes import sentence_of
from tracker.store.identity import id_of, key
from tracker.store.outcomes import JUDGED
from tracker.store.sql import IN, listed
from tracker.verdicts.outcomes import Status
from tracker.verdicts.states import OPENED


@dataclass(frozen=True)
class AttemptRow:
    """An earlier try inside a build."""

    n: int
    status: str
    duration: float | None
    message: str
    trace: str


@dataclass(frozen=True)
class HistoryRow:
    """The case in one build: `status` is None where it did not run.

    `verdict` is the state that the case is in from this build on, and `sentence` says why; empty
    where nothing changed.
    """

    build: BuildRow
    status: str | None
    duration: float | None
    type: str
    message: str
    trace: str
    verdict: str
    sentence: str
    stdout: str = ""
    stderr: str = ""
    attempts: tuple[AttemptRow, ...] = ()
    details: Details = NOTHING


@dataclass(frozen=True)
class Verdict:
    """What a case is at the newest judged build of its job, and why.

    `since` is the build in which it broke, or since which it is so; that is `age` judged builds and
    `days` before the newest one. The sentence is as of the build `said_in`, and `is_of_break` where
    it tells why that was a break; it may be an older one than the newest.
    """

    state: str
    sentence: str
    said_in: str
    is_of_break: bool
    since: str
    since_started: datetime | None
    age: int
    days: int | None


def verdict(job: str, case_key: str) -> Verdict | None:
    """The verdict that lasts; None for a case with which nothing is wrong."""
    with snapshot():
        newest = select_builds(
            f"WHERE j.name = ? AND {JUDGED} ORDER BY b.epoch DESC, b.number DESC LIMIT 1",
            job,
            more="b.id, b.job_id",
        )
        if not newest:
            return None
        build, build_id, job_id = newest[0]
        found = select_builds(
            "JOIN episode e ON e.job_id = b.job_id AND e.case_id = ? AND e.until_build IS NULL"
            " AND b.id = coalesce(e.since_build, e.from_build) JOIN build a ON a.id = e.from_build"
            " WHERE e.job_id = ?",
            id_of(case_key),
            job_id,
            more=f"e.state, e.evidence, e.from_build, {label_of('a')}",
        )
        if not found:
            return None
        since, state, evidence, began, said_in = found[0]
        age = select(
            f"SELECT count(*) FROM build WHERE job_id = ? AND {JUDGED}"
            " AND (epoch, number) > (?, ?)",
            job_id,
            since.epoch,
            since.number,
        )[0][0]
    is_older = state in OPENED and began != build_id
    times = (since.started, build.started)
    return Verdict(
        state="failing" if is_older else state,
        sentence=sentence_of(evidence),
        said_in=said_in,
        is_of_break=state in OPENED,
        since=since.label,
        since_started=since.started,
        age=age,
        days=(times[1] - times[0]).days if times[0] and times[1] else None,
    )


_NAMED = "SELECT c.id, s.path, c.name, c.variant FROM test_case c JOIN suite s ON s.id = c.suite_id"


def case(job: str, case_key: str) -> CaseName:
    """The case, if it ever ran in the job; NotFound otherwise."""
    number = id_of(case_key)
    rows = select(
        f"{_NAMED} WHERE c.id = ? AND EXISTS (SELECT 1 FROM build b JOIN job j ON j.id = b.job_id"
        " JOIN result r ON r.build_id = b.id AND r.case_id = c.id WHERE j.name = ?)",
        -1 if number is None else number,
        job,
    )
    if not rows:
        raise NotFound(
            f"No case {case_key[:40]} ran in the job {job!r}, as far as its results are kept.",
            "The pages of the job's builds link to its cases.",
        )
    return case_name(*rows[0])


def names(keys: Collection[str]) -> dict[str, CaseName]:
    """The cases of these keys, by their keys."""
    rows = select(f"{_NAMED} WHERE c.id IN {IN}", listed(map(id_of, keys)))
    found = (case_name(*row) for row in rows)
    return {case.key: case for case in found}


def history(job: str, case_key: str, *, limit: int, offset: int = 0) -> list[HistoryRow]:
    """The job's builds, newest first, with what the case did in each.

    Those whose results were let go are left out: nobody knows what it did in them.
    """
    return _history(job, case_key, "AND b.let_go IS NULL", (), limit, offset)


def history_before(
    job: str, case_key: str, before: tuple[int, int] | None, limit: int
) -> list[HistoryRow]:
    """The builds in which the case ran, older than (epoch, number), newest first."""
    place = before or (2**31, 0)
    return _history(
        job, case_key, "AND (b.epoch, b.number) < (?, ?) AND r.status IS NOT NULL", place, limit, 0
    )


def not_always_passed(job: str, newest: int) -> list[str]:
    """Keys of the cases that did not pass everywhere in the newest builds of a job."""
    rows = select(
        "SELECT DISTINCT r.case_id FROM result r WHERE r.status <> 0 AND r.build_id IN"
        " (SELECT b.id FROM build b JOIN job j ON j.id = b.job_id WHERE j.name = ?"
        " ORDER BY b.epoch DESC, b.number DESC LIMIT ?) ORDER BY r.case_id",
        job,
        newest,
    )
    return [key(row[0]) for row in rows]


# What the case did in each build, in select_builds.
_WITH_RESULT = (
    "LEFT JOIN result r ON r.build_id = b.id AND r.case_id = ?"
    " LEFT JOIN failure f ON f.id = r.failure_id"
    " LEFT JOIN output o ON o.build_id = b.id AND o.case_id = r.case_id"
    " LEFT JOIN detail d ON d.id = r.detail_id"
)
_OF_RESULT = (
    "b.id, r.status, r.duration, coalesce(f.type, ''), coalesce(f.message, ''),"
    " coalesce(f.trace, ''), coalesce(o.stdout, ''), coalesce(o.stderr, ''), d.data"
)


def _history(
    job: str,
    case_key: str,
    condition: str,
    parameters: tuple[int, ...],
    limit: int,
    offset: int,
) -> list[HistoryRow]:
    number = id_of(case_key)
    with snapshot():
        rows = select_builds(
            f"{_WITH_RESULT} WHERE j.name = ? {condition}"
            " ORDER BY b.epoch DESC, b.number DESC LIMIT ? OFFSET ?",
            number,
            job,
            *parameters,
            limit,
            offset,
            more=_OF_RESULT,
        )
        shown = listed(row[1] for row in rows)
        verdicts = _verdicts(job, number, shown)
        attempts = _attempts(number, shown)
    return [
        HistoryRow(
            build=build,
            status=None if status is None else Status(status).word,
            duration=seconds(duration),
            type=kind,
            message=message,
            trace=trace,
            verdict=verdicts.get(build_id, ("", ""))[0],
            sentence=verdicts.get(build_id, ("", ""))[1],
            stdout=stdout,
            stderr=stderr,
            attempts=attempts.get(build_id, ()),
            details=details_of(data),
        )
        for build, build_id, status, duration, kind, message, trace, stdout, stderr, data in rows
    ]


def _verdicts(job: str, case: int | None, builds: str) -> dict[int, tuple[str, str]]:
    """What began with the case in one of the builds, and why, by the build's id."""
    rows = select(
        "SELECT e.from_build, e.state, e.evidence FROM episode e"
        " JOIN job j ON j.id = e.job_id WHERE j.name = ? AND e.case_id = ?"
        f" AND e.from_build IN {IN}",
        job,
        case,
        builds,
    )
    return {began: (state, sentence_of(evidence)) for began, state, evidence in rows}


def _attempts(case: int | None, builds: str) -> dict[int, tuple[AttemptRow, ...]]:
    rows = select(
        "SELECT a.build_id, a.n, a.status, a.duration, coalesce(f.message, ''),"
        " coalesce(f.trace, '') FROM attempt a LEFT JOIN failure f ON f.id = a.failure_id"
        f" WHERE a.build_id IN {IN} AND a.case_id = ?"
        " ORDER BY a.build_id, a.n",
        builds,
        case,
    )
    found: dict[int, tuple[AttemptRow, ...]] = {}
    for build_id, n, status, duration, message, trace in rows:
        attempt = AttemptRow(n, Status(status).word, seconds(duration), message, trace)
        found[build_id] = (*found.get(build_id, ()), attempt)
    return found
