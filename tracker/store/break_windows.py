"""Break windows: between which builds a case broke, reckoned anew while it goes on failing.

After one failure a break may lie many builds back; each further one narrows that. What was reckoned
in a build stays, so that the pages of older builds go on saying what was known there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from tracker.store.outcomes import LATER, JudgedBuild, Order, Place
from tracker.store.sql import run, run_many
from tracker.verdicts import windows

# The results since a break, itself included, after which its window is reckoned anew: each further
# failure tells less than the one before.
RENEWED_AT = frozenset({2, 3, 4, 6, 8, 12, 16, 24, 32})
_ENCODER = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True)
class BreakWindow:
    """A case broke after the build `after` (None: none is known good) and by `by`, with 99 %.

    Builds are (epoch, number); `chances` are those of the judged builds behind `after`.
    """

    after: Order | None
    by: Order
    likely: Order
    chances: tuple[float, ...]

    @property
    def named(self) -> set[Order]:
        """The builds that it names."""
        return {self.by, self.likely, *([self.after] if self.after else [])}


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_WINDOW = msgspec.json.Decoder(BreakWindow)


def window_of(found: str) -> BreakWindow:
    """A window, from `break_window.found`."""
    return _WINDOW.decode(found)


@dataclass(frozen=True)
class Reckoned:
    """The window of a case that broke in the build `since`, as it is reckoned in a later one."""

    case: int
    since: int
    window: BreakWindow


def break_window(outcomes: str, builds: Sequence[JudgedBuild]) -> BreakWindow | None:
    """Between which of the builds a case broke; None where it never failed in them.

    One letter for each of the newest builds; one more stands for a pass of before.
    """
    found = windows.window(outcomes)
    if found is None:
        return None
    first = len(builds) - len(outcomes)
    orders = [build.place.order for build in builds]
    return BreakWindow(
        after=orders[found.after + first] if found.after + first >= 0 else None,
        by=orders[found.by + first],
        likely=orders[max(0, found.likely + first)],
        chances=tuple(float(f"{chance:.3g}") for chance in found.chances),
    )


def keep(job_id: int, reckoned: Iterable[Reckoned], build_id: int) -> None:
    """Write what was reckoned in a build."""
    run_many(
        "INSERT INTO break_window (job_id, case_id, build_id, since_build, found)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (job_id, each.case, build_id, each.since, _ENCODER.encode(each.window).decode())
            for each in reckoned
        ],
    )


def forget_from(job_id: int, place: Place) -> None:
    """Forget what was reckoned in the builds of a job from `place` on."""
    run(
        f"DELETE FROM break_window WHERE job_id = ? AND build_id IN {LATER}",
        job_id,
        job_id,
        *place.order,
    )
