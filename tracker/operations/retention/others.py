"""What other jobs say of one: whether it fell asleep beside them, and who is held against it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from tracker.queries.idle import idle_numbers
from tracker.queries.periods import BASES
from tracker.queries.readiness import RELEASES
from tracker.queries.releases import release_names, releases_before


@dataclass(frozen=True)
class Others:
    """The jobs (ids) that are built no more beside the others, and the releases readiness reads.

    These are the ones that are judged unasked, and those that they are held against.
    """

    idle: Set[int]
    releases: Set[str]


def others_now() -> Others:
    """As it is now; asked once for all jobs."""
    judged = release_names()[:RELEASES]
    bases = (name for each in judged for name in releases_before(each)[:BASES])
    return Others(frozenset(idle_numbers()), frozenset((*judged, *bases)))
