"""The limits that keep the budget of false alarms, and the mix of a suite that they rest on."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.benchmark.alarms import by_states, draws
from tracker.verdicts.budget import OFTEN, RATES, USUAL, Limits, limits, mix
from tracker.verdicts.lanes import by_chance

RUNS = 60

histograms = st.dictionaries(st.integers(0, RUNS), st.integers(1, 30_000), max_size=12)


def suite(stable: int, flaky: int = 0, budget: float = 1.0) -> Limits:
    """The limits of a suite whose flaky cases failed 6 times in 60 builds."""
    return limits({0: stable, 6: flaky}, RUNS, budget)


def test_in_a_small_suite_one_failure_is_a_regression() -> None:
    found = suite(300)
    assert by_chance(1, 1, 0, RUNS, found.mix) < found.seldom


def test_in_a_large_suite_one_failure_is_no_regression() -> None:
    found = suite(97_000, 3000)
    assert by_chance(1, 1, 0, RUNS, found.mix) > found.seldom
    assert by_chance(3, 3, 0, RUNS, found.mix) < found.seldom


def test_the_more_cases_are_flaky_the_stricter_the_limit_for_them() -> None:
    found = [suite(10_000, flaky).often for flaky in (10, 300, 3000, 30_000)]
    assert found == sorted(found, reverse=True)
    assert len(set(found)) == len(found)


def test_the_larger_the_suite_the_stricter_the_limit() -> None:
    found = [suite(97 * many, 3 * many) for many in (1, 30, 1000)]
    assert found[0].seldom > found[1].seldom > found[2].seldom
    assert found[0].often > found[1].often > found[2].often


def test_the_smaller_the_budget_the_stricter_the_limit() -> None:
    found = [suite(97_000, 3000, budget) for budget in (10.0, 1.0, 0.1)]
    assert found[0].seldom > found[1].seldom > found[2].seldom
    assert found[0].often > found[1].often > found[2].often


def test_a_job_of_few_builds_has_less_of_its_budget() -> None:
    found = [limits({0: 10_000}, runs).seldom for runs in (0, 5, 19, 60)]
    assert found[0] < found[1] < found[2] == found[3]


def test_what_is_likelier_than_one_in_twenty_is_never_a_regression() -> None:
    assert suite(1, 1, budget=1000.0).seldom == suite(1, 1, budget=1000.0).often == 0.05
    assert (USUAL.seldom, USUAL.often) == (0.05, 0.05)


def test_what_failed_twice_is_one_that_fails_often() -> None:
    found = suite(97_000, 3000)
    assert [found.of(failures) for failures in (0, 1, 2, 9)] == [
        found.seldom,
        found.seldom,
        found.often,
        found.often,
    ]


def test_an_empty_suite_has_the_loosest_limits() -> None:
    assert (limits({}, RUNS).seldom, limits({}, RUNS).often) == (0.05, 0.05)


@given(histograms, st.floats(0.01, 100))
def test_all_cases_at_their_limits_stay_within_the_budget(
    histogram: dict[int, int], budget: float
) -> None:
    found = limits(histogram, RUNS, budget)
    often = sum(many for failures, many in histogram.items() if failures >= OFTEN)
    seldom = sum(histogram.values()) - often
    assert found.seldom * seldom + found.often * often <= budget


@given(histograms)
def test_a_larger_budget_never_makes_a_limit_stricter(histogram: dict[int, int]) -> None:
    found = [limits(histogram, RUNS, budget) for budget in (0.1, 1.0, 50.0)]
    assert [each.seldom for each in found] == sorted(each.seldom for each in found)
    assert [each.often for each in found] == sorted(each.often for each in found)


# The mix


@given(histograms)
def test_the_shares_of_a_mix_are_those_of_a_whole(histogram: dict[int, int]) -> None:
    found = mix(histogram, RUNS)
    assert len(found) == len(RATES)
    assert all(share >= 0 for share in found)
    assert sum(found) == pytest.approx(1, abs=5e-3)


def test_cases_are_taken_for_what_they_did() -> None:
    found = dict(zip(RATES, mix({0: 9000, 18: 1000}, RUNS), strict=True))
    assert found[0.3] == pytest.approx(0.1, rel=0.05)
    assert found[0.0005] + found[0.001] + found[0.002] > 0.85


def test_few_builds_say_little_and_the_usual_mix_counts() -> None:
    flaky = RATES.index(0.1)
    assert mix({0: 100}, 1)[flaky] > mix({0: 100}, RUNS)[flaky]


@given(histograms)
def test_the_order_of_a_histogram_does_not_matter(histogram: dict[int, int]) -> None:
    turned = dict(sorted(histogram.items(), reverse=True))
    assert limits(turned, RUNS) == limits(dict(sorted(histogram.items())), RUNS)


# Measured


@pytest.mark.parametrize(
    "cases",
    [{0.002: 300, 0.1: 10, 0.3: 5}, {0.001: 9700, 0.02: 200, 0.1: 80, 0.3: 20}, {0.05: 400}],
)
def test_a_suite_gives_no_more_false_alarms_than_its_budget(cases: dict[float, int]) -> None:
    assert false_alarms(cases) <= 1.0


def test_where_nearly_every_case_is_flaky_they_are_not_many_more() -> None:
    assert false_alarms({0.1: 300, 0.3: 100}) <= 3.0


def false_alarms(cases: dict[float, int]) -> float:
    """How many cases of constant rates are called newly broken a night, with their limits."""
    judge, nights = by_states(limits(histogram_of(cases), RUNS)), 4000
    return sum(
        many * sum(judge(draws(random.Random(8), rate, RUNS + nights))[RUNS:]) / nights
        for rate, many in cases.items()
    )


def histogram_of(cases: dict[float, int]) -> Counter[int]:
    """How many of these cases failed how many times in 60 nights."""
    chance = random.Random(8)
    return Counter(
        sum(chance.random() < rate for _ in range(RUNS))
        for rate, many in cases.items()
        for _ in range(many)
    )
