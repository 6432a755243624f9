"""The arithmetic of chance against exact sums and figures from the literature."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.odds import (
    FAILURES_BEFORE,
    PASSES_BEFORE,
    by_chance,
    discoveries,
    interval,
    log_beta,
    log_likelihood,
    worse_than,
)

counts = st.integers(0, 30)
A, B = Fraction(str(FAILURES_BEFORE)), Fraction(str(PASSES_BEFORE))


def rising(start: Fraction, steps: int) -> Fraction:
    """The product start · (start + 1) · … of so many factors."""
    return math.prod((start + step for step in range(steps)), start=Fraction(1))


def segment(failures: int, passes: int, a: Fraction = A, b: Fraction = B) -> Fraction:
    """How likely outcomes of that many failures and passes are, in a given order."""
    return rising(a, failures) * rising(b, passes) / rising(a + b, failures + passes)


def tail(failures: int, runs: int, failures_before: int, passes_before: int) -> Fraction:
    """The upper tail of the beta-binomial distribution, as an exact sum."""
    a, b = A + failures_before, B + passes_before
    return sum(
        (math.comb(runs, k) * segment(k, runs - k, a, b) for k in range(failures, runs + 1)),
        start=Fraction(0),
    )


def fisher(failures: int, passes: int, failures_before: int, passes_before: int) -> Fraction:
    """The upper tail of the hypergeometric distribution, as an exact sum."""
    runs, before = failures + passes, failures_before + passes_before
    failed = failures + failures_before
    whole = math.comb(runs + before, failed)
    return sum(
        (
            Fraction(math.comb(runs, k) * math.comb(before, failed - k), whole)
            for k in range(failures, min(runs, failed) + 1)
        ),
        start=Fraction(0),
    )


# The beta-binomial tail


@given(st.integers(0, 14), st.integers(0, 14), st.integers(0, 60), st.integers(0, 60))
def test_chance_is_the_exact_tail(failures: int, passes: int, failed: int, passed: int) -> None:
    runs = failures + passes
    exact = float(tail(failures, runs, failed, passed))
    assert by_chance(failures, runs, failed, passed) == pytest.approx(exact, rel=1e-9)


def test_one_failure_of_a_case_that_was_never_seen_has_the_odds_of_the_prior() -> None:
    assert by_chance(1, 1, 0, 0) == pytest.approx(0.3 / 0.8)


def test_two_failures_after_58_passes_are_one_in_nine_thousand() -> None:
    exact = (0.3 * 1.3) / (58.8 * 59.8)
    assert by_chance(2, 2, 0, 58) == pytest.approx(exact)
    assert 1 / by_chance(2, 2, 0, 58) == pytest.approx(9016, abs=1)


def test_no_failure_is_no_surprise() -> None:
    assert by_chance(0, 5, 3, 7) == 1.0


@given(st.integers(1, 14), st.integers(0, 14), st.integers(0, 60), st.integers(0, 60))
def test_one_more_failure_is_less_likely_and_a_worse_past_makes_it_likelier(
    failures: int, passes: int, failed: int, passed: int
) -> None:
    odds = by_chance(failures, failures + passes, failed, passed)
    assert by_chance(failures + 1, failures + passes + 1, failed, passed) <= odds + 1e-12
    assert by_chance(failures, failures + passes, failed + 1, passed) >= odds - 1e-12
    assert by_chance(failures, failures + passes, failed, passed + 1) <= odds + 1e-12


# Segments


def test_the_beta_function_of_small_whole_numbers() -> None:
    assert math.exp(log_beta(1, 1)) == pytest.approx(1)
    assert math.exp(log_beta(2, 3)) == pytest.approx(1 / 12)


@given(counts, counts)
def test_the_likelihood_of_a_segment_is_exact(failures: int, passes: int) -> None:
    exact = segment(failures, passes)
    found = log_likelihood(failures, failures + passes)
    assert found == pytest.approx(math.log(exact), rel=1e-9, abs=1e-9)


def test_all_outcomes_of_some_runs_together_are_certain() -> None:
    many = sum(math.comb(9, k) * math.exp(log_likelihood(k, 9)) for k in range(10))
    assert many == pytest.approx(1)


# Wilson's interval


@pytest.mark.parametrize(
    ("failures", "runs", "low", "high"),
    [
        # R. G. Newcombe, Two-sided confidence intervals for the single proportion (1998), table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_newcombes_table(
    failures: int, runs: int, low: float, high: float
) -> None:
    assert interval(failures, runs) == pytest.approx((low, high), abs=5e-5)


def test_without_runs_every_rate_is_possible() -> None:
    assert interval(0, 0) == (0.0, 1.0)


@given(counts, counts)
def test_an_interval_holds_the_rate_and_is_that_of_the_passes_turned_round(
    failures: int, passes: int
) -> None:
    low, high = interval(failures, failures + passes)
    assert 0 <= low <= high <= 1
    if failures + passes:
        assert low - 1e-12 <= failures / (failures + passes) <= high + 1e-12
    turned = interval(passes, failures + passes)
    assert (1 - turned[1], 1 - turned[0]) == pytest.approx((low, high), abs=1e-12)


# Fisher's exact test


def test_fishers_test_gives_the_odds_of_the_lady_tasting_tea() -> None:
    # R. A. Fisher, The Design of Experiments (1935): 8 cups, all right, or 3 of 4 right.
    assert worse_than(4, 0, 0, 4) == pytest.approx(1 / 70)
    assert worse_than(3, 1, 1, 3) == pytest.approx(17 / 70)


@given(counts, counts, counts, counts)
def test_fishers_p_value_is_the_exact_tail(
    failures: int, passes: int, failed: int, passed: int
) -> None:
    found = worse_than(failures, passes, failed, passed)
    if not failures + passes or not failed + passed:
        assert found == 1.0
    else:
        assert found == pytest.approx(float(fisher(failures, passes, failed, passed)), rel=1e-8)


# Benjamini and Hochberg

# The 15 p-values of the example in their paper, section 3.3.
PAPER = (0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
         0.5719, 0.6528, 0.7590, 1.0000)  # fmt: skip


def test_the_example_of_the_paper_has_four_discoveries() -> None:
    assert discoveries(PAPER) == {0, 1, 2, 3}


def test_discoveries_are_told_by_their_places() -> None:
    assert discoveries(PAPER[::-1]) == {14, 13, 12, 11}


def test_a_p_value_above_its_line_is_believed_where_a_larger_one_lies_below() -> None:
    # 0.04 lies above 1/2 of 5 %, both below 5 %.
    assert discoveries((0.04, 0.045)) == {0, 1}


def test_nothing_is_discovered_in_nothing() -> None:
    assert discoveries(()) == frozenset()
    assert discoveries((0.2, 0.9)) == frozenset()


@given(st.lists(st.floats(0, 1), max_size=20))
def test_the_largest_discovery_lies_below_its_line_and_all_smaller_ones_are_believed(
    p_values: list[float],
) -> None:
    believed = discoveries(p_values, 0.1)
    if believed:
        largest = max(p_values[place] for place in believed)
        assert largest <= 0.1 * len(believed) / len(p_values)
        smaller = {place for place, p in enumerate(p_values) if p < largest}
        assert smaller <= believed
