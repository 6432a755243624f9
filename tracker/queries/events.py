"""Events: cases of a job that broke together, with the builds and revisions it happened between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tracker.queries.rows import label_of, select, snapshot
from tracker.queries.states import BROKEN_STATES, OPENED_STATES
from tracker.store.break_windows import BreakWindow
from tracker.store.identity import key
from tracker.store.outcomes import JUDGED
from tracker.verdicts.events import events
from tracker.verdicts.windows import Window

# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_BREAK_WINDOW = msgspec.json.Decoder(BreakWindow)

SHOWN = 5


@dataclass(frozen=True)
class EventRow:
    """Cases that broke after the build `after` (None: none is known good) and by `by`.

    `new` of the `cases` broke in the build that is asked for; `some` are keys and names of a few.
    The revisions are those of the two builds, "" where nobody told.
    """

    cases: int
    new: int
    after: str | None
    by: str
    likely: str
    commit_after: str
    commit_by: str
    some: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Place:
    """A judged build by what people call it, and its revision."""

    label: str
    commit: str


def events_of(job: str, build: str) -> list[EventRow]:
    """The events of at least two cases among those that are broken at a build; new ones first."""
    with snapshot():
        rows = _broken_at(job, build)
        if len(rows) < 2:
            return []
        order, places = _judged(job)
    windows = {row[0]: _window(row[2], order) for row in rows}
    names = {row[0]: row[1] for row in rows}
    new = {row[0] for row in rows if row[3]}
    found = [
        _row(event.cases, event.after, event.by, event.likely, names, new, places)
        for event in events({case: each for case, each in windows.items() if each})
        if len(event.cases) > 1
    ]
    return sorted(found, key=lambda row: (-(row.new > 0), -row.new, -row.cases, row.by))


def _broken_at(job: str, build: str) -> list[tuple[int, str, str, int]]:
    """What is broken at a build: case, name, window as known there, and whether it broke there."""
    number, _, epoch = build.partition("~")
    rows = select(
        "SELECT e.case_id, c.name, coalesce((SELECT w.found FROM break_window w"
        " JOIN build r ON r.id = w.build_id"
        " WHERE w.job_id = e.job_id AND w.case_id = e.case_id AND w.since_build = e.since_build"
        " AND (r.epoch, r.number) <= (t.epoch, t.number)"
        " ORDER BY r.epoch DESC, r.number DESC LIMIT 1), ''),"
        f" e.from_build = t.id AND e.state IN {OPENED_STATES}"
        " FROM build t JOIN job j ON j.id = t.job_id JOIN episode e ON e.job_id = t.job_id"
        " JOIN test_case c ON c.id = e.case_id JOIN build a ON a.id = e.from_build"
        " LEFT JOIN build z ON z.id = e.until_build"
        f" WHERE j.name = ? AND t.number = ? AND (? = '' OR t.epoch = ?)"
        f" AND e.state IN {BROKEN_STATES}"
        " AND (a.epoch, a.number) <= (t.epoch, t.number)"
        " AND (z.id IS NULL OR (z.epoch, z.number) > (t.epoch, t.number))"
        " AND NOT EXISTS (SELECT 1 FROM build newer WHERE ? = '' AND newer.job_id = t.job_id"
        " AND newer.number = t.number AND newer.epoch > t.epoch) ORDER BY e.case_id",
        job,
        min(int(number), 2**63 - 1),
        epoch,
        int(epoch or 0),
        epoch,
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _judged(job: str) -> tuple[dict[tuple[int, int], int], list[_Place]]:
    """The judged builds of a job, oldest first, and where each stands."""
    rows = select(
        f"SELECT b.epoch, b.number, {label_of('b')}, b.commit_id FROM build b"
        f" JOIN job j ON j.id = b.job_id WHERE j.name = ? AND {JUDGED}"
        " ORDER BY b.epoch, b.number",
        job,
    )
    order = {(epoch, number): place for place, (epoch, number, _, _) in enumerate(rows)}
    return order, [_Place(label, commit) for _, _, label, commit in rows]


def _window(text: str, order: Mapping[tuple[int, int], int]) -> Window | None:
    """A stored window by places; None where builds in it are judged no more, or none is kept."""
    if not text:
        return None
    kept = _BREAK_WINDOW.decode(text)
    after = -1 if kept.after is None else order.get(kept.after, -2)
    by, likely = order.get(kept.by, -2), order.get(kept.likely, -2)
    if min(by, likely) < 0 or after < -1:
        return None
    if by - after != len(kept.chances):  # a window without a good build begins where history did
        after = by - len(kept.chances)
    return Window(after, by, likely, kept.chances) if after >= -1 else None


def _row(
    cases: frozenset[int],
    after: int,
    by: int,
    likely: int,
    names: Mapping[int, str],
    new: set[int],
    places: Sequence[_Place],
) -> EventRow:
    some = sorted(cases, key=lambda case: (case not in new, names[case], case))[:SHOWN]
    return EventRow(
        cases=len(cases),
        new=len(cases & new),
        after=places[after].label if after >= 0 else None,
        by=places[by].label,
        likely=places[likely].label,
        commit_after=places[after].commit if after >= 0 else "",
        commit_by=places[by].commit,
        some=tuple((key(case), names[case]) for case in some),
    )
