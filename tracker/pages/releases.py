"""The releases with their modules, and how many of their builds passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries.releases import ReleaseRow, count_releases, jobs_without_release, releases


@dataclass(frozen=True)
class ReleasesPage:
    """A page of the releases, newest first; so many jobs belong to none."""

    releases: tuple[ReleaseRow, ...]
    without_release: int
    paging: Paging


def show(page: str = "1") -> ReleasesPage:
    """The releases of one page of the list."""
    paging = Paging.of(count_releases(), page)
    shown = tuple(releases(limit=ROWS, offset=paging.offset))
    return ReleasesPage(shown, jobs_without_release(), paging)


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list."""
    for page in pages_of(count_releases()):
        yield {"page": str(page)}
