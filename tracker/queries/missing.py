"""What builds lack: the cases that they should have run and did not, by what explains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracker.queries.build_rows import BuildRow, select_builds
from tracker.queries.case_rows import CaseName, case_name
from tracker.queries.columns import suite_names
from tracker.queries.idle import IS_BUILT, count_idle, idle_ids
from tracker.queries.select import select, snapshot
from tracker.queries.silent import IS_SILENT
from tracker.store.identity import id_of, key
from tracker.store.outcomes import JUDGED


@dataclass(frozen=True)
class LossRow:
    """What one cause took from a build, in one sentence: `cases` of those it should have run."""

    n: int
    cause: str
    about: str
    sentence: str
    cases: int


@dataclass(frozen=True)
class AbsentCase:
    """A case that a build lacks, by its loss `n`.

    `other` is the case under which it goes on, surely or perhaps; None where there is none.
    """

    key: str
    suite: tuple[str, ...]
    name: str
    variant: str
    n: int
    cause: str
    about: str
    sentence: str
    other: CaseName | None
    is_certain: bool


@dataclass(frozen=True)
class AbsentIn:
    """That the build called `build` lacks a case."""

    build: str
    case: AbsentCase


def losses(build: BuildRow) -> list[LossRow]:
    """What a build lacks by what explains it, the largest first."""
    with snapshot():
        rows = select(
            "SELECT n, cause, about, sentence, cases FROM loss WHERE build_id = ? ORDER BY n",
            _id(build),
        )
    return [LossRow(*row) for row in rows]


def absences(build: BuildRow, *, limit: int, offset: int = 0) -> list[AbsentCase]:
    """The cases that a build lacks, loss by loss."""
    with snapshot():
        return _absences(
            "WHERE a.build_id = ? ORDER BY a.n, a.case_id LIMIT ? OFFSET ?",
            _id(build),
            limit,
            offset,
        )


def first_absences(build: BuildRow, losses: Iterable[LossRow], most: int) -> list[AbsentCase]:
    """The first `most` cases of each of these losses of a build."""
    with snapshot():
        number = _id(build)
        return [
            case
            for loss in losses
            for case in _absences(
                "WHERE a.build_id = ? AND a.n = ? ORDER BY a.case_id LIMIT ?", number, loss.n, most
            )
        ]


def absences_after(build: BuildRow, *, after: int | None, limit: int) -> list[AbsentCase]:
    """The cases that a build lacks in the order of their keys, those behind the case id `after`."""
    with snapshot():
        return _absences(
            "WHERE a.build_id = ? AND a.case_id > ? ORDER BY a.case_id LIMIT ?",
            _id(build),
            -1 if after is None else after,
            limit,
        )


def lacking(*, limit: int, offset: int = 0) -> list[BuildRow]:
    """The newest complete judged builds of jobs that are built, those that lack most first."""
    rows = select_builds(
        f"WHERE {_NEWEST} AND b.shortfall <> ''"
        " ORDER BY b.missing DESC, b.newly_skipped DESC, j.name LIMIT ? OFFSET ?",
        idle_ids(),
        limit,
        offset,
    )
    return [row[0] for row in rows]


def lacking_after(after: tuple[int, int, str] | None, limit: int) -> list[BuildRow]:
    """The same, those behind one that lacks and newly skips so many, of this job."""
    missing, skipped, job = after or (2**62, 0, "")
    rows = select_builds(
        f"WHERE {_NEWEST} AND b.shortfall <> ''"
        " AND (-b.missing, -b.newly_skipped, j.name) > (?, ?, ?)"
        " ORDER BY b.missing DESC, b.newly_skipped DESC, j.name LIMIT ?",
        idle_ids(),
        -missing,
        -skipped,
        job,
        limit,
    )
    return [row[0] for row in rows]


@dataclass(frozen=True)
class Counts:
    """Of how many jobs the newest complete judged build lacks something, and of how many.

    That of `silent` ones has no results, and nothing is said of what it lacks any more. Jobs out of
    use do not count, nor do the `idle` ones, which had no build for long.
    """

    lacking: int
    judged: int
    silent: int
    idle: int


def counts() -> Counts:
    """What the newest complete judged builds of all jobs that are built come to."""
    [(lacking, judged, silent)] = select(
        "SELECT count(*) FILTER (WHERE b.shortfall <> ''),"
        " count(*) FILTER (WHERE b.judging <> '{}'),"
        f" count(*) FILTER (WHERE b.judging <> '{{}}' AND b.shortfall = '' AND {IS_SILENT})"
        f" FROM build b JOIN job j ON j.id = b.job_id WHERE {_NEWEST}",
        idle_ids(),
    )
    return Counts(lacking, judged, silent, count_idle())


def absence(job: str, case_key: str) -> AbsentIn | None:
    """That a case is missing in the newest complete judged build of its job, and that build."""
    with snapshot():
        rows = select_builds(
            f"WHERE j.name = ? AND b.complete AND {JUDGED}"
            " ORDER BY b.epoch DESC, b.number DESC LIMIT 1",
            job,
            more="b.id",
        )
        if not rows or not rows[0][0].shortfall:
            return None
        build, number = rows[0]
        found = _absences("WHERE a.build_id = ? AND a.case_id = ?", number, id_of(case_key))
    return AbsentIn(build.label, found[0]) if found else None


_NEWEST = (
    f"{IS_BUILT} AND b.id = (SELECT id FROM build WHERE job_id = j.id"
    f" AND complete AND {JUDGED} ORDER BY epoch DESC, number DESC LIMIT 1)"
)
_ABSENCES = (
    "SELECT c.id, s.path, c.name, c.variant, a.n, l.cause, l.about,"
    " CASE a.sentence WHEN '' THEN l.sentence ELSE a.sentence END,"
    " o.id, os.path, o.name, o.variant, a.is_certain"
    " FROM absence a JOIN loss l ON l.build_id = a.build_id AND l.n = a.n"
    " JOIN test_case c ON c.id = a.case_id JOIN suite s ON s.id = c.suite_id"
    " LEFT JOIN test_case o ON o.id = a.other_case LEFT JOIN suite os ON os.id = o.suite_id"
)


def _id(build: BuildRow) -> int:
    [(found,)] = select(
        "SELECT b.id FROM build b JOIN job j ON j.id = b.job_id"
        " WHERE j.name = ? AND b.epoch = ? AND b.number = ?",
        build.job,
        build.epoch,
        build.number,
    )
    return int(found)


def _absences(rest: str, *parameters: Any) -> list[AbsentCase]:
    return [_absent(row) for row in select(f"{_ABSENCES} {rest}", *parameters)]


def _absent(row: tuple[Any, ...]) -> AbsentCase:
    case, path, name, variant, n, cause, about, sentence, *other, sure = row
    return AbsentCase(
        key=key(case),
        suite=suite_names(path),
        name=name,
        variant=variant,
        n=n,
        cause=cause,
        about=about,
        sentence=sentence,
        other=case_name(*other) if other[0] is not None else None,
        is_certain=bool(sure),
    )
