"""Events: cases of a job that broke together, with the builds and revisions it happened between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tracker.queries.build_labels import called
from tracker.queries.commits import Commits, commits_of
from tracker.queries.places import Called, Stretch, stretch
from tracker.queries.select import select, snapshot
from tracker.queries.states import BROKEN_STATES, OPENED_STATES
from tracker.queries.turns import Turn, turns
from tracker.store.break_windows import BreakWindow, window_of
from tracker.store.identity import key
from tracker.store.outcomes import Order
from tracker.verdicts.events import Event, events
from tracker.verdicts.windows import Window

SHOWN = 5


@dataclass(frozen=True)
class EventRow:
    """Cases that broke after the build `after` (None: none is known good) and by `by`.

    `new` of the `cases` broke in the build that is asked for; `some` are keys and names of a few.
    `turn` is where most of them, `turned`, last passed and began to fail; None where all passed
    since then. `commits` are those between these two builds, None where none are told.
    """

    cases: int
    new: int
    after: str | None
    by: str
    likely: str
    turn: Turn | None
    turned: int
    commits: Commits | None
    some: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Broken:
    """A case that is broken at a build: its window as known there, and whether it broke there."""

    case: int
    name: str
    window: BreakWindow | None
    is_new: bool


def events_of(job: str, build: str) -> list[EventRow]:
    """The events of at least two cases among those that are broken at a build; new ones first."""
    with snapshot():
        asked, broken = _broken_at(job, build)
        kept = {case: each.window for case, each in broken.items() if each.window}
        if asked is None or len(kept) < 2:
            return []
        windows, builds = _windows(*asked, kept)
        found = [event for event in events(windows) if len(event.cases) > 1]
        names = builds.called(
            {place for event in found for place in (event.after, event.by, event.likely)}
        )
        turned = turns(*asked, [case for event in found for case in event.cases])
        most = [_most(event, turned) for event in found]
        commits = {turn: commits_of(job, turn) for turn in {turn for turn, _ in most} if turn}
    rows = [_row(*each, broken, names, commits) for each in zip(found, most, strict=True)]
    return sorted(rows, key=lambda row: (-(row.new > 0), -row.new, -row.cases, row.by))


def _broken_at(job: str, build: str) -> tuple[tuple[int, Order] | None, dict[int, _Broken]]:
    """What is broken at a build, and where that is: its job's id and its place."""
    is_asked_for, parameters = called("t", build)
    rows = select(
        "SELECT t.job_id, t.epoch, t.number, e.case_id, c.name, (SELECT w.found FROM break_window w"
        " JOIN build r ON r.id = w.build_id"
        " WHERE w.job_id = e.job_id AND w.case_id = e.case_id AND w.since_build = e.since_build"
        " AND (r.epoch, r.number) <= (t.epoch, t.number)"
        " ORDER BY r.epoch DESC, r.number DESC LIMIT 1),"
        f" e.from_build = t.id AND e.state IN {OPENED_STATES}"
        " FROM build t JOIN job j ON j.id = t.job_id JOIN episode e ON e.job_id = t.job_id"
        " JOIN test_case c ON c.id = e.case_id JOIN build a ON a.id = e.from_build"
        " LEFT JOIN build z ON z.id = e.until_build"
        f" WHERE j.name = ? AND {is_asked_for} AND e.state IN {BROKEN_STATES}"
        " AND (a.epoch, a.number) <= (t.epoch, t.number)"
        " AND (z.id IS NULL OR (z.epoch, z.number) > (t.epoch, t.number)) ORDER BY e.case_id",
        job,
        *parameters,
    )
    broken = {
        case: _Broken(case, name, window_of(window) if window else None, bool(is_new))
        for _, _, _, case, name, window, is_new in rows
    }
    return (rows[0][0], (rows[0][1], rows[0][2])) if rows else None, broken


def _windows(
    job_id: int, last: Order, kept: Mapping[int, BreakWindow]
) -> tuple[dict[int, Window], Stretch]:
    """The windows by places in the stretch of builds that they lie in.

    Those are left out of which a build is judged no more. One without a good build begins where
    history did.
    """
    named = {each for window in kept.values() for each in window.named}
    longest = max(len(window.chances) for window in kept.values())
    builds = stretch(job_id, min(named), last, before=longest)
    places = builds.places(named)
    found: dict[int, Window] = {}
    for case, window in kept.items():
        if places.keys() >= window.named:
            by, likely = places[window.by], places[window.likely]
            found[case] = Window(by - len(window.chances), by, likely, window.chances)
    return {case: window for case, window in found.items() if window.after >= -1}, builds


def _most(event: Event, turned: Mapping[int, Turn]) -> tuple[Turn | None, int]:
    """The turn of most of the cases, and of how many; None where all passed since then."""
    together = Counter(turned[case] for case in sorted(event.cases) if case in turned)
    return together.most_common(1)[0] if together else (None, 0)


def _row(
    event: Event,
    most: tuple[Turn | None, int],
    broken: Mapping[int, _Broken],
    names: Mapping[int, Called],
    commits: Mapping[Turn, Commits | None],
) -> EventRow:
    turn, count = most
    its = [broken[case] for case in event.cases]
    some = sorted(its, key=lambda each: (not each.is_new, each.name, each.case))[:SHOWN]
    after = names.get(event.after)
    return EventRow(
        cases=len(its),
        new=sum(each.is_new for each in its),
        after=after.label if after else None,
        by=names[event.by].label,
        likely=names[event.likely].label,
        turn=turn,
        turned=count,
        commits=commits[turn] if turn else None,
        some=tuple((key(each.case), each.name) for each in some),
    )
