"""About: which version this is, how far its data goes, and where it reads from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import tracker
from tracker.pages.page import Params
from tracker.queries import about, jobs


@dataclass(frozen=True)
class Source:
    """A Jenkins that is read, and what is wrong with it."""

    name: str
    url: str
    error: str
    error_since: datetime | None


@dataclass(frozen=True)
class AboutPage:
    """The data's extent; the time of publishing stands in the static site's manifest alone."""

    version: str
    revision: int
    newest_build: datetime | None
    jobs: int
    builds: int
    results: int
    sources: tuple[Source, ...]


def show() -> AboutPage:
    """The one page about this tracker."""
    extent = about.extent()
    return AboutPage(
        version=tracker.__version__,
        revision=jobs.revision(),
        newest_build=extent.newest_build,
        jobs=extent.jobs,
        builds=extent.builds,
        results=extent.results,
        sources=tuple(
            Source(row.name, row.url, row.error, row.error_since) for row in jobs.servers()
        ),
    )


def every(_newest: int) -> Iterator[Params]:
    """One page."""
    yield {}
