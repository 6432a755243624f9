"""The sides of a comparison: what is written of one, and the builds that this means.

    team/nightly/builds/12   a build, also `12~1`
    team/nightly             the newest judged build of a job
    team/nightly/best/10     of each test the best of the last 10 judged builds: those before the
                             other side's build if it is of the same job, else the newest
    release:1.4              all jobs of a release; likewise branch:, platform: and module:

Of a group those jobs count that are in use, as what a deleted branch ended with stays for ever; all
of them where none is, so that a release whose jobs are disabled is still a basis.

A job may be called like any of these, so a known job's name means that job.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tracker.errors import NotFound, UsageError
from tracker.queries import builds, jobs, results
from tracker.queries.build_labels import label_of
from tracker.queries.columns import at
from tracker.queries.idle import IN_USE
from tracker.queries.select import select
from tracker.store.naming import PARTS
from tracker.store.outcomes import IS_OUT, JUDGED
from tracker.store.sql import IN, listed

# A side of many builds has so many newest ones of each job: some run only a part of their tests.
DEPTH = 3
MOST_BEST = 20
_LONGEST = 2000
_BUILD = re.compile(r"(?P<job>.+)/builds/(?P<label>[0-9]{1,19}(?:~[0-9]{1,9})?)", re.DOTALL)
_BEST = re.compile(r"(?P<job>.+)/best/(?P<count>[0-9]{1,9})", re.DOTALL)
_GROUP = re.compile(rf"(?P<part>{'|'.join(PARTS)}):(?P<value>.+)", re.DOTALL)
# Incidents and builds without results say nothing about the tests: nothing is held against them,
# and they are none of the few newest of a job.
_BASIS = f"{JUDGED} AND b.total > 0 AND NOT {IS_OUT} AND b.let_go IS NULL"


@dataclass(frozen=True)
class SideBuild:
    """A build of a side; one that `is_out` failed as a whole, and says nothing about its tests."""

    job: str
    label: str
    started: datetime | None
    is_judged: bool
    is_out: bool


@dataclass(frozen=True)
class Side:
    """A side: how it is written, what sentences call it, and its builds, by job, newest first.

    So many jobs of a group are `left_out`, as they are out of use and others are not.
    """

    text: str
    name: str
    builds: tuple[SideBuild, ...]
    left_out: int = 0


class Picked(NamedTuple):
    """A build with its place in the store."""

    id: int
    job_id: int
    job: str
    epoch: int
    number: int
    shown: SideBuild


@dataclass(frozen=True)
class Chosen:
    """A side with what is needed to read it; `is_best` where the best result of each test counts.

    `builds` stand by job, newest first.
    """

    side: Side
    builds: tuple[Picked, ...]
    is_best: bool = False

    @property
    def only(self) -> Picked | None:
        """The build, where there is just one."""
        return self.builds[0] if len(self.builds) == 1 else None


class _Asked(NamedTuple):
    """What a text means: `kind` is `build`, `newest`, `best`, or a part of a job's name."""

    kind: str
    name: str
    value: str = ""


def sides(a: str, b: str) -> tuple[Chosen, Chosen]:
    """The two sides; without `a` it is the judged build before `b`.

    NotFound or UsageError where one of them means nothing.
    """
    if not b:
        raise UsageError(
            "There is nothing to compare.",
            "Give a and b, such as a=team/nightly/best/10 and b=team/nightly.",
        )
    asked_a, asked_b = _asked(a) if a else None, _asked(b)
    anchor_a = _build_of(asked_a) if asked_a else None
    anchor_b = _build_of(asked_b)
    first = _chosen(a, asked_a, anchor_a, anchor_b) if asked_a else _before(b, anchor_b)
    return first, _chosen(b, asked_b, anchor_b, anchor_a)


def build_before(job: str, label: str) -> str | None:
    """The label of the build that one is held against: the judged one before it, no incident."""
    found = _earlier(_build(job, label), 1)
    return found[0].shown.label if found else None


def _asked(text: str) -> _Asked:
    if len(text) > _LONGEST:
        raise UsageError("The name of a side is too long.", "Give a job, a build or a release.")
    if _is_known(text):
        return _Asked("newest", _name_now(text))
    for kind, pattern in (("build", _BUILD), ("best", _BEST)):
        found = pattern.fullmatch(text)
        if found and _is_known(found["job"]):
            return _Asked(kind, _name_now(found["job"]), found[2])
    group = _GROUP.fullmatch(text)
    if group:
        return _Asked(group["part"], group["value"])
    raise NotFound(
        f"{text[:80]!r} is no job, build or group of jobs here.",
        "Write team/nightly/builds/12, team/nightly, team/nightly/best/10 or release:1.4.",
    )


def _is_known(job: str) -> bool:
    return jobs.is_known(job) or bool(jobs.name_now(job))


def _name_now(job: str) -> str:
    return job if jobs.is_known(job) else jobs.name_now(job)


def _build_of(asked: _Asked) -> Picked | None:
    """The build of a side that is one; None for sides of many."""
    if asked.kind == "build":
        return _build(asked.name, asked.value)
    if asked.kind != "newest":
        return None
    found = _picked(f"WHERE j.name = ? AND {JUDGED} {_NEWEST_FIRST} LIMIT 1", asked.name)
    if not found:
        raise _nothing_judged(asked.name)
    return _build(asked.name, found[0].shown.label)


def _chosen(text: str, asked: _Asked, own: Picked | None, other: Picked | None) -> Chosen:
    if own is not None:
        return _one(text, own)
    if asked.kind == "best":
        return _best(text, asked, other)
    found, left_out = _in_use(_group(asked.kind, asked.name))
    if not found:
        raise NotFound(
            f"No build of {asked.kind} {asked.name[:80]!r} was judged here.",
            "The settings page has the rules that tell what job names mean.",
        )
    return _many(text, f"{asked.kind} {asked.name}", found, left_out=left_out)


def _one(text: str, build: Picked) -> Chosen:
    return _many(text, f"{build.job} #{build.shown.label}", [build])


def _many(
    text: str, name: str, found: list[Picked], *, is_best: bool = False, left_out: int = 0
) -> Chosen:
    side = Side(text, name, tuple(build.shown for build in found), left_out)
    return Chosen(side, tuple(found), is_best)


def _best(text: str, asked: _Asked, other: Picked | None) -> Chosen:
    count = int(asked.value)
    if not 1 <= count <= MOST_BEST:
        raise UsageError(
            f"The best of {count} builds cannot be compared.", f"Give from 1 to {MOST_BEST}."
        )
    if other is not None and other.job == asked.name:
        found = _earlier(other, count)
    else:
        found = _picked(f"WHERE j.name = ? AND {_BASIS} {_NEWEST_FIRST} LIMIT ?", asked.name, count)
    if not found:
        raise _nothing_judged(asked.name)
    builds_ = "1 build" if len(found) == 1 else f"{len(found)} builds"
    return _many(text, f"the best of {builds_} of {asked.name}", found, is_best=True)


def _before(text: str, build: Picked | None) -> Chosen:
    if build is None:
        raise UsageError(f"Nothing says what {text[:80]!r} is compared with.", "Give a as well.")
    found = _earlier(build, 1)
    if not found:
        raise NotFound(
            f"No judged build comes before #{build.shown.label} of the job {build.job!r}.",
            "Give a as well.",
        )
    return _one(f"{build.job}/builds/{found[0].shown.label}", found[0])


def _earlier(build: Picked, count: int) -> list[Picked]:
    return _picked(
        f"WHERE b.job_id = ? AND (b.epoch, b.number) < (?, ?) AND {_BASIS} {_NEWEST_FIRST} LIMIT ?",
        build.job_id,
        build.epoch,
        build.number,
        count,
    )


def _group(part: str, value: str) -> list[Picked]:
    """The newest builds of each job of a group; a build's own branch is believed over its job's."""
    wanted, given = f"j.{part} = ?", [value]
    if part == "branch":
        wanted, given = "(b.branch = ? OR (b.branch = '' AND j.branch = ?))", [value, value]
    return _picked(
        "WHERE b.id IN (SELECT id FROM (SELECT b.id, row_number() OVER"
        " (PARTITION BY b.job_id ORDER BY b.epoch DESC, b.number DESC) AS place"
        f" FROM build b JOIN job j ON j.id = b.job_id WHERE {wanted} AND {_BASIS})"
        " AS known WHERE place <= ?) ORDER BY j.name, b.epoch DESC, b.number DESC",
        *given,
        DEPTH,
    )


def _in_use(found: list[Picked]) -> tuple[list[Picked], int]:
    """The builds of jobs in use, and how many other jobs there are; all builds where none is."""
    jobs_ = {build.job_id for build in found}
    rows = select(f"SELECT j.id FROM job j WHERE {IN_USE} AND j.id IN {IN}", listed(jobs_))
    in_use = {job for (job,) in rows} or jobs_
    return [build for build in found if build.job_id in in_use], len(jobs_ - in_use)


def _build(job: str, label: str) -> Picked:
    row = builds.build(job, label)
    results.refuse_let_go(row, "Compare a newer build.")
    return _picked("WHERE j.name = ? AND b.epoch = ? AND b.number = ?", job, row.epoch, row.number)[
        0
    ]


_NEWEST_FIRST = "ORDER BY b.epoch DESC, b.number DESC"


def _picked(rest: str, *parameters: Any) -> list[Picked]:
    rows = select(
        f"SELECT b.id, b.job_id, j.name, b.epoch, b.number, {label_of('b')}, b.started,"
        f" {JUDGED}, {IS_OUT} FROM build b JOIN job j ON j.id = b.job_id {rest}",
        *parameters,
    )
    return [
        Picked(
            build,
            job_id,
            job,
            epoch,
            number,
            SideBuild(job, label, at(started), bool(ok), bool(out)),
        )
        for build, job_id, job, epoch, number, label, started, ok, out in rows
    ]


def _nothing_judged(job: str) -> NotFound:
    return NotFound(
        f"No build of the job {job!r} was judged yet that could be compared.",
        "Builds that run or were aborted are not judged, and some have no results.",
    )
