"""Missing tests: what the newest builds lack, and all that one build lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import builds, jobs, missing
from tracker.queries.build_rows import BuildRow
from tracker.queries.missing import AbsentCase, LossRow

# So many cases are shown of each build, of so many losses and builds; all have their own page.
CASES = 100
LOSSES = 50
BUILDS = 20


@dataclass(frozen=True)
class LossShown:
    """A loss with those of its cases that this page shows."""

    loss: LossRow
    cases: tuple[AbsentCase, ...]


@dataclass(frozen=True)
class BuildLacking:
    """A build with what it lacks, the largest loss first; `shown` cases of it are here."""

    build: BuildRow
    losses: tuple[LossShown, ...]
    total: int

    @property
    def shown(self) -> int:
        """How many of the cases are on this page."""
        return sum(len(row.cases) for row in self.losses)


@dataclass(frozen=True)
class MissingPage:
    """The newest complete judged build of every job that is built and lacks something, most first.

    `judged` of these jobs have such a build at all. Of `silent` ones it has no results, and is not
    here, as nothing is said any more of what it lacks. `idle` jobs in use had no build for long and
    do not count.
    """

    builds: tuple[BuildLacking, ...]
    judged: int
    silent: int
    idle: int
    paging: Paging


@dataclass(frozen=True)
class AbsencesPage:
    """A page of the cases that one build lacks."""

    lacking: BuildLacking
    paging: Paging


def show(page: str = "1") -> MissingPage:
    """One page of the builds that lack something."""
    counts = missing.counts()
    paging = Paging.of(counts.lacking, page)
    rows = missing.lacking(limit=ROWS, offset=paging.offset)
    shown = (lacking(row, CASES if at < BUILDS else 0) for at, row in enumerate(rows))
    return MissingPage(tuple(shown), counts.judged, counts.silent, counts.idle, paging)


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list."""
    for page in pages_of(missing.counts().lacking):
        yield {"page": str(page)}


def absences(job: str, build: str, page: str = "1") -> AbsencesPage:
    """One page of what the build called `build` lacks."""
    row = builds.build(job, build)
    losses = missing.losses(row)
    paging = Paging.of(sum(loss.cases for loss in losses), page)
    cases = missing.absences(row, limit=ROWS, offset=paging.offset)
    here = {case.n for case in cases}
    return AbsencesPage(_lacking(row, [loss for loss in losses if loss.n in here], cases), paging)


def every_absence(newest: int) -> Iterator[Params]:
    """Those of the newest builds of every job that lack something."""
    for row in jobs.jobs():
        for found in builds.builds(row.name, limit=newest):
            if found.shortfall and not found.let_go:
                total = sum(loss.cases for loss in missing.losses(found))
                for page in pages_of(total):
                    yield {"job": row.name, "build": found.label, "page": str(page)}


def lacking(build: BuildRow, cases: int) -> BuildLacking:
    """What a build lacks, with about `cases` of it, some of each of its largest losses."""
    losses = missing.losses(build)
    largest = losses[:LOSSES] if cases else []
    most = max(2, cases // max(1, len(largest)))
    return _lacking(build, losses, missing.first_absences(build, largest, most))


def _lacking(
    build: BuildRow, losses: Sequence[LossRow], cases: Sequence[AbsentCase]
) -> BuildLacking:
    shown = (LossShown(loss, tuple(case for case in cases if case.n == loss.n)) for loss in losses)
    return BuildLacking(build, tuple(shown), sum(loss.cases for loss in losses))
