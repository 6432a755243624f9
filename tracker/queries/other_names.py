"""Other names of a case: what it is called now, was for a while, and was called before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tracker.queries.build_labels import label_of
from tracker.queries.case_rows import CaseName, case_name
from tracker.queries.select import select, snapshot
from tracker.store.identity import id_of
from tracker.store.outcomes import Order


@dataclass(frozen=True)
class OtherName:
    """A case as which this one goes on from a build (`is_later`), or that it was until a build.

    It goes on so up to now, or `until` a build in which it ran under its own name again.
    """

    case: CaseName
    build: str
    is_later: bool
    is_certain: bool
    until: str | None = None


@dataclass(frozen=True)
class _Absence:
    """A build, and the case that it has in the place of another, which it lacks."""

    case: CaseName
    build: str
    place: Order
    is_certain: bool


@dataclass(frozen=True)
class _Ran:
    """A build in which a case has a result."""

    build: str
    place: Order


def other_names(job: str, case_key: str) -> list[OtherName]:
    """The cases of its job that a case may have become, then those that it may have been.

    Each once: of one that it was, and became again, that it became so. What was only likely is not
    told any more where the case that was missing ran again.
    """
    with snapshot():
        later = [_later(job, case_key, rows) for rows in _by_case(job, case_key, is_later=True)]
        earlier = [_earlier(job, rows) for rows in _by_case(job, case_key, is_later=False)]
    names = {name.case.key: name for name in [*earlier, *later] if name}
    return sorted(names.values(), key=lambda name: not name.is_later)


def _later(job: str, case_key: str, rows: list[_Absence]) -> OtherName | None:
    """As what the case goes on, or went on the last time."""
    ran, again = _ran_around(job, case_key, rows[0])
    lately = [row for row in rows if ran is None or row.place > ran.place]
    return _told(lately, is_later=True, again=again)


def _earlier(job: str, rows: list[_Absence]) -> OtherName | None:
    """What the case was until it was there for the first time."""
    _, again = _ran_around(job, rows[0].case.key, rows[0])
    return _told(rows, is_later=False, again=again)


def _told(rows: list[_Absence], *, is_later: bool, again: _Ran | None) -> OtherName | None:
    is_certain = any(row.is_certain for row in rows)
    if again and not is_certain:
        return None
    until = again.build if again and is_later else None
    return OtherName(rows[-1].case, rows[-1].build, is_later, is_certain, until)


def _by_case(job: str, case_key: str, *, is_later: bool) -> Iterable[list[_Absence]]:
    """For each other case the builds in which one was missing and the other there, newest first."""
    known, wanted = ("case_id", "other_case") if is_later else ("other_case", "case_id")
    rows = select(
        f"SELECT c.id, s.path, c.name, c.variant, {label_of('b')}, b.epoch, b.number, a.is_certain"
        " FROM absence a JOIN build b ON b.id = a.build_id JOIN job j ON j.id = b.job_id"
        f" JOIN test_case c ON c.id = a.{wanted} JOIN suite s ON s.id = c.suite_id"
        f" WHERE a.{known} = ? AND a.other_case IS NOT NULL AND j.name = ?"
        " ORDER BY c.id, b.epoch DESC, b.number DESC",
        id_of(case_key),
        job,
    )
    found = [
        [_Absence(case_name(*row[:4]), row[4], (row[5], row[6]), bool(row[7])) for row in those]
        for _, those in groupby(rows, key=lambda row: row[0])
    ]
    return sorted(found, key=lambda those: those[0].place, reverse=True)


def _ran_around(job: str, case_key: str, absence: _Absence) -> tuple[_Ran | None, _Ran | None]:
    """The nearest builds before and after it in which a case has a result."""
    before, after = (
        select(
            f"SELECT {label_of('b')}, b.epoch, b.number FROM build b JOIN job j ON j.id = b.job_id"
            " JOIN result r ON r.build_id = b.id WHERE j.name = ? AND r.case_id = ?"
            f" AND (b.epoch, b.number) {side} (?, ?)"
            f" ORDER BY b.epoch {order}, b.number {order} LIMIT 1",
            job,
            id_of(case_key),
            *absence.place,
        )
        for side, order in (("<", "DESC"), (">", "ASC"))
    )
    return _ran(before), _ran(after)


def _ran(rows: list[tuple[Any, ...]]) -> _Ran | None:
    return _Ran(rows[0][0], (rows[0][1], rows[0][2])) if rows else None
