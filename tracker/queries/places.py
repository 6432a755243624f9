"""Where some judged builds of a job stand among all of them: only those asked for are answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tracker.queries.build_labels import label_of
from tracker.queries.select import select
from tracker.store.outcomes import BEFORE_PLACE, JUDGED, Order
from tracker.store.sql import IN, listed

_NUMBERED = (
    "(SELECT id, epoch, number, row_number() OVER (ORDER BY epoch, number) - 1 AS place"
    f" FROM build WHERE job_id = ? AND {JUDGED}"
    " AND (epoch, number) >= (?, ?) AND (epoch, number) <= (?, ?)) AS numbered"
)


@dataclass(frozen=True)
class Called:
    """A build by what people call it, and its revision."""

    label: str
    commit: str


@dataclass(frozen=True)
class Stretch:
    """The judged builds of a job from `first` to `last`, in places from 0 on."""

    job_id: int
    first: Order
    last: Order

    def places(self, builds: Collection[Order]) -> dict[Order, int]:
        """The places of those of the builds that are in it."""
        if not builds:
            return {}
        rows = select(
            f"SELECT epoch, number, place FROM {_NUMBERED} WHERE {_among(builds)}",
            *(self.job_id, *self.first, *self.last),
            *(part for build in builds for part in build),
        )
        return {(epoch, number): place for epoch, number, place in rows}

    def called(self, places: Collection[int]) -> dict[int, Called]:
        """How the builds in these places are called."""
        rows = select(
            f"SELECT place, {label_of('b')}, b.commit_id FROM {_NUMBERED}"
            " JOIN build b ON b.id = numbered.id"
            f" WHERE place IN {IN}",
            *(self.job_id, *self.first, *self.last),
            listed(places),
        )
        return {place: Called(label, commit) for place, label, commit in rows}


def labels(job_id: int, builds: Collection[Order]) -> dict[Order, str]:
    """How those of the builds are called that are there, judged or not."""
    rows = select(
        f"SELECT b.epoch, b.number, {label_of('b')} FROM build b WHERE b.job_id = ?"
        f" AND {_among(builds)}",
        job_id,
        *(part for build in builds for part in build),
    )
    return {(epoch, number): label for epoch, number, label in rows}


def _among(builds: Collection[Order]) -> str:
    """SQL: a build is one of some; the parameters are their epochs and numbers."""
    return f"(epoch, number) IN (VALUES {', '.join(['(?, ?)'] * len(builds))})"


def stretch(job_id: int, first: Order, last: Order, *, before: int = 0) -> Stretch:
    """The judged builds from `first` to `last`, and so many before the first.

    The place before its own first is the beginning of history, or is asked for by nobody.
    """
    if not before:
        return Stretch(job_id, first, last)
    rows = select(
        "SELECT epoch, number FROM (SELECT epoch, number FROM build"
        f" WHERE {BEFORE_PLACE} AND {JUDGED}"
        " ORDER BY epoch DESC, number DESC LIMIT ?) AS earlier ORDER BY epoch, number LIMIT 1",
        job_id,
        *first,
        before,
    )
    return Stretch(job_id, (rows[0][0], rows[0][1]) if rows else first, last)
