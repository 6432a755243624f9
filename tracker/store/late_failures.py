"""Failures that came when their build could be judged no more: no verdict is about them."""

from __future__ import annotations

import msgspec

from tracker.store.models import Build
from tracker.store.outcomes import FAILED
from tracker.store.sql import run

# SQL: an episode from the build `a` until `z` lasts at the place (epoch, number, epoch, number).
AT_BUILD = "(a.epoch, a.number) <= (?, ?) AND (z.id IS NULL OR (z.epoch, z.number) > (?, ?))"
# SQL: the result `r` failed, and no verdict of its job (first `?`) is about it at such a place.
# In an incident that is what failed in it.
WITHOUT_VERDICT = (
    f"{FAILED} AND NOT EXISTS (SELECT 1 FROM episode e"
    " JOIN build a ON a.id = e.from_build LEFT JOIN build z ON z.id = e.until_build"
    f" WHERE e.job_id = ? AND e.case_id = r.case_id AND e.state <> 'fixed' AND {AT_BUILD})"
)


class Late(msgspec.Struct):
    """What is kept of them beside how their build was judged: how many there are."""

    not_judged: int = 0


# Made once, before there are threads: msgspec's first look at a nested type is not safe in two.
_LATE = msgspec.json.Decoder(Late)


def not_judged(judging: str) -> int:
    """How many there are in a build, from `build.judging`."""
    return _LATE.decode(judging).not_judged


def count_late(job_id: int, build: Build) -> None:
    """Count what failed without a verdict in a build whose verdicts stay; the caller saves it."""
    if build.judging == "{}":
        return
    place = (build.epoch, build.number)
    [(count,)] = run(
        f"SELECT count(*) FROM result r WHERE r.build_id = ? AND {WITHOUT_VERDICT}",
        build.id,
        job_id,
        *place,
        *place,
    )
    judging = msgspec.json.decode(build.judging)
    if judging["incident"] is not None:
        build.in_incident = count
        return
    judging.pop("not_judged", None)
    late = {"not_judged": count} if count else {}
    build.judging = msgspec.json.encode({**judging, **late}).decode()
