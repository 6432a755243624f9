"""Flaky tests over all jobs, those first that surely fail most often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries.flaky import FlakyRow, count_flaky, flaky


@dataclass(frozen=True)
class FlakyPage:
    """A page of the list."""

    rows: tuple[FlakyRow, ...]
    paging: Paging


def show(page: str = "1") -> FlakyPage:
    """The flaky tests of one page of the list."""
    paging = Paging.of(count_flaky(), page)
    return FlakyPage(tuple(flaky(limit=ROWS, offset=paging.offset)), paging)


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list."""
    for page in pages_of(count_flaky()):
        yield {"page": str(page)}
