"""The benchmark of readiness: what it plants, and that it reaches its targets on a small scale."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark.readiness import MIX, PLANTED, TESTS, figures, release


@pytest.fixture(scope="module")
def measured():
    """The quick figures."""
    return list(figures(quick=True))


def test_the_quick_figures_reach_their_targets(measured):
    assert [each.name for each in measured if each.reached is False] == []


def test_the_figures_are_the_same_every_time_but_for_the_clock(measured):
    again = [each for each in figures(quick=True) if each.unit != "s"]
    assert again == [each for each in measured if each.unit != "s"]


def test_the_mix_is_of_a_hundred_thousand_tests():
    assert sum(kind.tests for kind in MIX) == TESTS


def test_nothing_is_planted_in_the_mix_and_a_hundred_regressions_are_planted():
    rng = random.Random(1)
    assert not any(test.is_worse for test in release(rng, MIX))
    assert all(test.is_worse for test in release(rng, PLANTED))
    assert sum(kind.tests for kind in PLANTED) == 100


def test_about_as_many_tests_fail_as_the_mix_says():
    # 97,000 at .1 % in 40.5 runs: 3,850; 2,000 at 2 %: 1,118; 800 and 200 nearly all.
    number = release(random.Random(1), MIX).total()
    assert 5_600 < number < 6_200
