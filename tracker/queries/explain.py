"""Why a case has its verdict: inputs, numbers and sentence, now or as shown at a build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from tracker.errors import NotFound, UsageError
from tracker.queries import cases, jobs
from tracker.queries.build_labels import label_of
from tracker.queries.case_rows import CaseName
from tracker.queries.columns import at
from tracker.queries.select import select, snapshot
from tracker.store.episodes import verdict_of
from tracker.store.identity import id_of, key
from tracker.store.outcomes import GAP, IS_INCIDENT, JUDGED, LETTERS, LOOK, without_fixed
from tracker.store.sql import IN, listed
from tracker.verdicts.budget import USUAL
from tracker.verdicts.incidents import is_out
from tracker.verdicts.states import OPENED, Standing, State
from tracker.verdicts.verdict import Verdict, replay, verdict

# So many builds are named that arrived late; of a back-fill of years the others are counted.
NAMED = 10


@dataclass(frozen=True)
class Seen:
    """A judged build of the job: what the case did there, `.` where that says nothing."""

    label: str
    outcome: str
    started: datetime | None


@dataclass(frozen=True)
class Late:
    """A build of which something was recorded after the verdict was first shown."""

    label: str
    what: str


@dataclass(frozen=True)
class Explanation:
    """A verdict as it was shown at the build `as_of`, at `revision`, and what it rests on.

    `since` is the build in which the case broke, `age` judged builds before. `verdict` has the
    inputs and numbers; it was said in build `said_in`, and `after` are the builds since then.
    `is_replayed` tells whether the rule of today makes the same of them. `late` arrived afterwards,
    and is not part of it: the oldest builds, and how many `more_late` there are.
    """

    job: str
    case: CaseName
    as_of: str
    revision: int
    state: str
    since: str | None
    age: int | None
    days: int | None
    said_in: str
    verdict: Verdict
    is_replayed: bool
    after: tuple[Seen, ...]
    late: tuple[Late, ...]
    more_late: int = 0


@dataclass(frozen=True)
class _Build:
    """A judged build as the history knows it."""

    id: int
    place: tuple[int, int]
    label: str
    started: datetime | None
    said: int
    changed: int
    has_results: bool
    is_incident: bool
    is_lifted: bool


@dataclass(frozen=True)
class _Episode:
    state: str
    began: int
    ended: int | None
    since: int | None
    was_unsteady: bool
    evidence: str


def find_case(job: str, text: str) -> str:
    """The key of the case that is meant by its key or name; NotFound or UsageError otherwise."""
    number = id_of(text)
    rows = select(
        "SELECT DISTINCT c.id, s.path, c.variant FROM test_case c"
        " JOIN suite s ON s.id = c.suite_id JOIN result r ON r.case_id = c.id"
        " JOIN build b ON b.id = r.build_id JOIN job j ON j.id = b.job_id"
        " WHERE j.name = ? AND (c.id = ? OR c.name = ?) ORDER BY s.path, c.variant LIMIT 20",
        job,
        -1 if number is None else number,
        text,
    )
    if not rows:
        jobs.job(job)
        raise NotFound(
            f"No case {text[:80]!r} ran in the job {job!r}.",
            "Give its name, or its key as in the address of its page.",
        )
    if len(rows) > 1:
        named = "; ".join(f"{key(case)}: {path} {variant}".strip() for case, path, variant in rows)
        raise UsageError(f"{len(rows)} cases are called {text[:80]!r}.", f"Give a key: {named}")
    return key(rows[0][0])


def explain(job: str, case_key: str, as_of: str = "") -> Explanation:
    """The verdict on a case, now or as it was shown when the build `as_of` was judged.

    NotFound for a case that never ran in the job, or a build that was not judged.
    """
    with snapshot():
        name = cases.case(job, case_key)
        builds = _builds(job)
        build = _asked(job, builds, as_of)
        revision = build.said if as_of else _revision(job)
        known = _known(builds, build, revision)
        episodes = _episodes(job, case_key, {each.id: each for each in builds}, build, revision)
        return _explanation(job, name, build, revision, known, builds, episodes)


def _asked(job: str, builds: Sequence[_Build], as_of: str) -> _Build:
    if not builds:
        raise NotFound(
            f"No build of the job {job!r} was judged yet.", "Record one, or wait for the worker."
        )
    if not as_of:
        return builds[-1]
    found = [each for each in builds if as_of in _names(each)]
    if not found:
        raise NotFound(
            f"No build {as_of[:40]!r} of the job {job!r} was judged.",
            "Builds that run or were aborted are not judged; one that arrived late waits for the"
            " worker.",
        )
    return found[-1]


def _names(build: _Build) -> tuple[str, ...]:
    """What a build may be asked for by: its number may be that of a newer one too."""
    epoch, number = build.place
    return build.label, str(number), f"{number}~{epoch}"


def _builds(job: str) -> list[_Build]:
    rows = select(
        f"SELECT b.id, b.epoch, b.number, {label_of('b')}, b.started, b.said,"
        f" coalesce(b.changed, 0), b.total > 0, {IS_INCIDENT}, b.lifted"
        f" FROM build b JOIN job j ON j.id = b.job_id WHERE j.name = ? AND {JUDGED}"
        " AND b.said IS NOT NULL ORDER BY b.epoch, b.number",
        job,
    )
    return [
        _Build(row[0], (row[1], row[2]), row[3], at(row[4]), *row[5:7], *map(bool, row[7:]))
        for row in rows
    ]


def _revision(job: str) -> int:
    [(revision,)] = select("SELECT revision FROM job WHERE name = ?", job)
    return int(revision)


def _known(builds: Sequence[_Build], build: _Build, revision: int) -> list[_Build]:
    """The builds up to one that were judged then; the next one with results lifts an incident."""
    then = [each for each in builds if each.said <= revision]
    newest = next((each for each in reversed(then) if each.has_results), None)
    return [
        replace(each, is_lifted=False) if each is newest else each
        for each in then
        if each.place <= build.place
    ]


def _episodes(
    job: str, case_key: str, builds: dict[int, _Build], build: _Build, revision: int
) -> list[_Episode]:
    """The episodes that were on show at a revision, of those that began up to a build."""
    columns = "e.state, e.from_build, e.until_build, e.since_build, e.was_unsteady, e.evidence"
    which = "JOIN job j ON j.id = e.job_id WHERE j.name = ? AND e.case_id = ? AND e.said <= ?"
    asked = (job, id_of(case_key), revision)
    rows = [
        *select(f"SELECT {columns} FROM episode e {which}", *asked),
        *select(f"SELECT {columns} FROM overruled e {which} AND e.unsaid > ?", *asked, revision),
    ]
    found = {row[1]: _Episode(*row) for row in rows if row[1] in builds}
    ordered = sorted(found.values(), key=lambda each: builds[each.began].place)
    return [each for each in ordered if builds[each.began].place <= build.place]


def _explanation(
    job: str,
    name: CaseName,
    build: _Build,
    revision: int,
    known: Sequence[_Build],
    builds: Sequence[_Build],
    episodes: Sequence[_Episode],
) -> Explanation:
    places = {each.id: each for each in builds}
    last = _last(episodes, places, build)
    outcomes = _outcomes(known[-LOOK:], id_of(name.key))
    late = _late(builds, build, revision)
    if last is None:
        said, state, since = _healthy(episodes, known, outcomes), "healthy", None
        began = _newest_counted(known[-LOOK:], outcomes) or build
    else:
        said, state = _said(last, job), _state(last, build)
        since, began = places.get(last.since or last.began), places[last.began]
    return Explanation(
        job=job,
        case=name,
        as_of=build.label,
        revision=revision,
        state=state,
        since=since.label if since else None,
        age=sum(since.place < each.place for each in known) if since else None,
        days=_days(since, build),
        said_in=began.label,
        verdict=said,
        is_replayed=replay(said) == said,
        after=tuple(
            Seen(each.label, outcome, each.started)
            for each, outcome in zip(known[-LOOK:], outcomes, strict=True)
            if each.place > began.place
        ),
        late=tuple(late[:NAMED]),
        more_late=len(late[NAMED:]),
    )


def _last(
    episodes: Sequence[_Episode], places: dict[int, _Build], build: _Build
) -> _Episode | None:
    """The episode that a case is in at a build; None where the last had ended by then."""
    last = episodes[-1] if episodes else None
    if last and last.ended in places and places[last.ended].place <= build.place:
        return None
    return last


def _state(episode: _Episode, build: _Build) -> str:
    """What a case is at a build in an episode; one that began before is `failing` there."""
    is_older = episode.state in OPENED and episode.began != build.id
    return "failing" if is_older else episode.state


def _said(episode: _Episode, job: str) -> Verdict:
    try:
        return verdict_of(episode.evidence)
    except msgspec.ValidationError as error:  # the sentence alone is left
        raise NotFound(
            f"What this verdict of the job {job!r} rests on was let go with the results of its"
            " builds.",
            "Ask for a newer build.",
        ) from error


def _newest_counted(builds: Sequence[_Build], outcomes: str) -> _Build | None:
    """The newest build in which the case had a result that counts."""
    place = len(outcomes.rstrip(GAP)) - 1
    return builds[place] if place >= 0 else None


def _days(since: _Build | None, build: _Build) -> int | None:
    if since is None or since.started is None or build.started is None:
        return None
    return (build.started - since.started).days


def _healthy(episodes: Sequence[_Episode], known: Sequence[_Build], outcomes: str) -> Verdict:
    """The verdict on a case with which nothing is wrong; breaks that were fixed are left out."""
    places = {each.id: place for place, each in enumerate(known[-LOOK:])}
    fixed = [
        (each.since or 0, each.began)
        for each in episodes
        if each.state == State.FIXED and not each.was_unsteady
    ]
    counted = without_fixed(outcomes, fixed, places).replace(GAP, "")
    return verdict(Standing(State.HEALTHY), counted.rstrip("F"), USUAL)


def _outcomes(builds: Sequence[_Build], case: int | None) -> str:
    """One letter for each of the builds."""
    rows: list[tuple[Any, ...]] = select(
        "SELECT r.build_id, r.status, EXISTS (SELECT 1 FROM attempt a WHERE a.build_id = r.build_id"
        " AND a.case_id = r.case_id AND a.status IN (1, 2)) FROM result r"
        f" WHERE r.case_id = ? AND r.build_id IN {IN}",
        case,
        listed(each.id for each in builds),
    )
    letters = {
        build: "R" if status == 0 and retried else LETTERS.get(status, GAP)
        for build, status, retried in rows
    }
    return "".join(
        GAP
        if is_out(is_incident=each.is_incident, is_lifted=each.is_lifted)
        else letters.get(each.id, GAP)
        for each in builds
    )


def _late(builds: Sequence[_Build], build: _Build, revision: int) -> list[Late]:
    earlier = [each for each in builds if each.place <= build.place]
    return [
        Late(each.label, "recorded later" if each.said > revision else "changed later")
        for each in earlier
        if each.said > revision or each.changed > revision
    ]
