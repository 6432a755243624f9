"""Families held against what people decided of them.

Which one a failure joins is not reckoned anew: that may depend on the order in which builds came.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracker.operations.validation.checks import Check, Look, Scene, rows_where, seen
from tracker.operations.validation.remedies import RECLUSTER
from tracker.store.decisions import all_decisions
from tracker.store.sql import run
from tracker.verdicts.decisions import Settled


def _against_decisions(scene: Scene) -> Look:
    try:
        settled = Settled(all_decisions())
    except msgspec.ValidationError:  # what cannot be read is found by the checks of values
        return Look(0)
    return seen(scene.counts["decision"], _broken(settled))


def _broken(settled: Settled) -> Iterator[str]:
    homes: dict[int, int] = dict(run("SELECT id, family_id FROM signature"))
    for group in settled.groups:
        apart = sorted({homes[each] for each in group if each in homes})
        if len(apart) > 1:
            yield f"families {', '.join(map(str, apart))} were merged"
    for left, right in settled.apart:
        both = {homes.get(each) for each in left} & {homes.get(each) for each in right} - {None}
        if both:
            yield f"family {', '.join(map(str, sorted(filter(None, both))))} was split"


CHECKS: tuple[Check, ...] = (
    Check(
        "calculation.families.decided",
        "Families that are not as people merged and split them",
        RECLUSTER,
        _against_decisions,
    ),
    Check(
        "calculation.families.merged",
        "Signatures in a family that was merged into another one",
        RECLUSTER,
        rows_where(
            "signature",
            "t.family_id IN (SELECT id FROM family WHERE merged_into IS NOT NULL)",
            tell="': family ' || t.family_id",
        ),
    ),
)
