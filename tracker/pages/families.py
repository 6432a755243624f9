"""The failure families: those that fail now first, then those of the last days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Paging, Params, pages_of
from tracker.queries import families
from tracker.queries.families import DAYS, FamilyRow, Now
from tracker.queries.family_examples import with_examples


@dataclass(frozen=True)
class FamiliesPage:
    """A page of the families; `now` are the failures of all newest judged builds."""

    now: Now
    days: int
    families: tuple[FamilyRow, ...]
    paging: Paging

    @property
    def failing(self) -> tuple[FamilyRow, ...]:
        """Those of this page that fail in a newest judged build."""
        return tuple(row for row in self.families if row.failures)

    @property
    def quiet(self) -> tuple[FamilyRow, ...]:
        """Those of this page that do not."""
        return tuple(row for row in self.families if not row.failures)


def show(page: str = "1") -> FamiliesPage:
    """The families from the page `page` on."""
    paging = Paging.of(families.count_families(), page)
    rows = families.families(limit=ROWS, offset=paging.offset)
    return FamiliesPage(families.now(), DAYS, with_examples(rows), paging)


def every(_newest: int) -> Iterator[Params]:
    """All pages of the list."""
    for page in pages_of(families.count_families()):
        yield {"page": str(page)}
