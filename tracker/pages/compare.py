"""Two sides compared: what fails in one alone, fixed, still failing, what only one of them ran."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, jobs
from tracker.queries.build_rows import BuildRow
from tracker.queries.compare import LISTS, Compared, ComparedCase, compared, rows
from tracker.queries.sides import build_before


@dataclass(frozen=True)
class ComparedList:
    """One of LISTS: all it has, and the first of its cases."""

    name: str
    count: int
    rows: tuple[ComparedCase, ...]


@dataclass(frozen=True)
class Newest:
    """The newest judged build of a job, and the one it is held against."""

    job: str
    label: str
    before: str


@dataclass(frozen=True)
class ComparePage:
    """A comparison, or what could be compared where nothing is asked for.

    `job` and `build` are those of a build's own page, which holds it against the judged one before;
    `compared` is None where there is none, or nothing is asked for. `newest` are pairs of builds.
    """

    a: str
    b: str
    job: str | None
    build: str | None
    compared: Compared | None
    lists: tuple[ComparedList, ...]
    newest: tuple[Newest, ...]
    paging: Paging


def show(a: str = "", b: str = "", page: str = "1") -> ComparePage:
    """The comparison of `b` with `a`, or of which jobs the newest build can be compared."""
    if a or b:
        return _page(a, b, compared(a, b))
    known = _comparable()
    paging = Paging.of(len(known), page)
    some = known[paging.offset : paging.offset + ROWS]
    newest = tuple(_newest(build.job, build.label) for build in some)
    return ComparePage("", "", None, None, None, (), tuple(filter(None, newest)), paging)


def every(_newest: int) -> Iterator[Params]:
    """The page that names the newest build of each job."""
    for number in pages_of(len(_comparable())):
        yield {"page": str(number)}


def _comparable() -> list[BuildRow]:
    """The newest build of each job that has one, but for those whose results were let go."""
    return [row.latest for row in jobs.jobs() if row.latest and not row.latest.let_go]


def changes(job: str, build: str) -> ComparePage:
    """What a build changed since the judged build before it."""
    row = builds.build(job, build)
    before = build_before(job, build)
    b = f"{job}/builds/{row.label}"
    if before is None:
        return ComparePage("", b, job, row.label, None, (), (), Paging.of(0, "1"))
    a = f"{job}/builds/{before}"
    return _page(a, b, compared(a, b), job=job, build=row.label)


def every_change(newest: int) -> Iterator[Params]:
    """The newest builds of every job."""
    for row in jobs.jobs():
        for found in builds.builds(row.name, limit=newest):
            if not found.let_go:
                yield {"job": row.name, "build": found.label}


def _page(
    a: str, b: str, found: Compared, *, job: str | None = None, build: str | None = None
) -> ComparePage:
    lists = tuple(_list(a, b, name, found.counts.of(name)) for name in LISTS)
    return ComparePage(found.a.text, found.b.text, job, build, found, lists, (), Paging.of(0, "1"))


def _list(a: str, b: str, name: str, count: int) -> ComparedList:
    shown = rows(a, b, name, limit=ROWS) if count else []
    return ComparedList(name, count, tuple(shown))


def _newest(job: str, label: str) -> Newest | None:
    before = build_before(job, label)
    return Newest(job, label, before) if before else None
