"""One failure family: why it is one, what fails with it now, and where it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.pages.page import ROWS, Params
from tracker.queries import families
from tracker.queries.families import FailingCase, Family


@dataclass(frozen=True)
class FamilyPage:
    """A family, and the first 500 tests that fail with it in the newest judged builds."""

    family: Family
    failing: tuple[FailingCase, ...]


def show(family: str) -> FamilyPage:
    """The family with the id `family`."""
    found = families.family(family)
    return FamilyPage(found, tuple(families.failing_cases(found.row.id, limit=ROWS)))


def every(_newest: int) -> Iterator[Params]:
    """The first page of the list: those that fail now, and those of the last days."""
    for row in families.families(limit=ROWS):
        yield {"family": str(row.id)}
