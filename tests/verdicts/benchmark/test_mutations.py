"""The mutations, alone and mixed, say what they took."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark.histories import job
from tracker.verdicts.benchmark.mixtures import drop_and_cut, mixed, replace_tests
from tracker.verdicts.benchmark.mutations import MUTATIONS
from tracker.verdicts.missing import Cause

EVERY = {**MUTATIONS, "mixed": mixed, "dropped and cut": drop_and_cut, "replaced": replace_tests}


@pytest.mark.parametrize("name", EVERY)
def test_what_a_mutation_took_is_gone_or_skipped(name):
    night = job(0).nights[0]
    names = tuple(report.name for report in night.reports)
    mutated = EVERY[name](night, names, random.Random(5))
    skipped = {one for one, cause in mutated.truth.items() if cause is Cause.SKIPPED}
    assert night.ids - mutated.night.ids == mutated.truth.keys() - skipped | mutated.open
    assert set(mutated.renames.values()) <= mutated.night.ids
    assert len(mutated.night.ids) == len(mutated.night.tests)
