"""The benchmark of facets: what it plants, and that it reaches its targets on a small scale."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark.facets import LEAST_PLANTED, figures, planted
from tracker.verdicts.facets import Run, explains


@pytest.fixture(scope="module")
def measured():
    """The quick figures."""
    return list(figures(quick=True))


def test_the_quick_figures_reach_their_targets(measured):
    assert [each.name for each in measured if each.reached is False] == []
    assert {each.name for each in measured if each.reached} == {
        "facets, single values and pairs, precision",
        "facets, single values and pairs, recall",
        "facets, shuffled, reported",
    }


def test_the_figures_are_the_same_every_time(measured):
    assert list(figures(quick=True)) == measured


def test_a_planted_pair_has_enough_runs_of_its_own():
    case = planted(random.Random(1), 2)
    inside = [run for run in case.runs if set(case.where) <= run.facets.items()]
    assert len(case.where) == 2
    assert len(inside) >= LEAST_PLANTED


def test_a_set_that_holds_other_runs_is_not_the_planted_one():
    case = planted(random.Random(1), 1)
    [(facet, value)] = case.where
    elsewhere = [Run(run.facets[facet] != value, run.facets) for run in case.runs]
    assert not case.is_found(None)
    assert not case.is_found(explains(elsewhere))
