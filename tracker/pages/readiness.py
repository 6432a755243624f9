"""Whether a release is ready: its tests held against the releases before, or the days before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.errors import UsageError
from tracker.pages.page import ROWS, Params
from tracker.queries.periods import SAMPLE_DAYS
from tracker.queries.readiness import LISTS, RELEASES, JudgedRelease, JudgedTest, judged, tests
from tracker.queries.releases import jobs_without_release, release_names

# So many rows of a list are shown of a release that was asked for, and of each where none was.
FEW_ROWS = 100


@dataclass(frozen=True)
class JudgedList:
    """One of LISTS: all it has, and the worst of its tests."""

    name: str
    count: int
    rows: tuple[JudgedTest, ...]


@dataclass(frozen=True)
class ReleaseReadiness:
    """One release with its lists."""

    row: JudgedRelease
    lists: tuple[JudgedList, ...]


@dataclass(frozen=True)
class ReadinessPage:
    """What was asked for, and the releases, newest first.

    `others` are releases that are not judged here; `left_out` so many jobs belong to none, where
    others do.
    """

    release: str
    basis: str
    days: int
    releases: tuple[ReleaseReadiness, ...]
    others: tuple[str, ...]
    left_out: int


def show(release: str = "", basis: str = "", days: str = "") -> ReadinessPage:
    """One release, or the newest ones; with `basis` held against that one alone."""
    number = days_of(days)
    known = release_names()
    wanted = [release] if release or basis else (known[:RELEASES] or [""])
    most = ROWS if len(wanted) == 1 else FEW_ROWS
    shown = tuple(_release(name, basis, number, most) for name in wanted)
    names = {each.row.release for each in shown}
    return ReadinessPage(
        release=release,
        basis=basis,
        days=number,
        releases=shown,
        others=tuple(name for name in known if name not in names),
        left_out=jobs_without_release() if known else 0,
    )


def every(_newest: int) -> Iterator[Params]:
    """The one page."""
    yield {}


def days_of(text: str) -> int:
    """The number of days that a sample has; UsageError for what is no number."""
    if not text:
        return SAMPLE_DAYS
    if not (text.isascii() and text.isdecimal() and len(text) < 5):
        raise UsageError(f"days={text[:40]!r} is not a number of days.", "Add days=7, for example.")
    return int(text)


def _release(release: str, basis: str, days: int, most: int) -> ReleaseReadiness:
    row = judged(release, basis, days)
    lists = []
    for name in LISTS:
        count = row.counts.of(name)
        wanted = count and name != "new"
        shown = tests(row.release, basis, days, name, limit=most) if wanted else []
        lists.append(JudgedList(name, count, tuple(shown)))
    return ReleaseReadiness(row, tuple(lists))
