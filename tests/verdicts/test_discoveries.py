"""Comparisons of counts: their p-values, alone and adjusted for all that were made."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.discoveries import Comparison, Counts, adjusted
from tracker.verdicts.odds import worse_than

COUNTS = st.builds(Counts, st.integers(0, 40), st.integers(0, 40))
COMPARISONS = st.builds(Comparison, COUNTS, COUNTS, st.lists(COUNTS, max_size=2).map(tuple))


def failed(failures: int, runs: int) -> Counts:
    return Counts(runs - failures, failures)


def test_tests_that_never_failed_cost_the_others_nothing():
    one = Comparison(failed(5, 10), failed(1, 30))
    alone = adjusted({one: 1})
    assert adjusted({one: 1, Comparison(failed(0, 10), failed(0, 30)): 100_000})[one] == alone[one]


@given(COUNTS, COUNTS)
def test_the_p_value_is_that_of_fishers_test(after, before):
    expected = worse_than(after.failures, after.passes, before.failures, before.passes)
    assert math.isclose(Comparison(after, before).p, expected, rel_tol=1e-9)


def test_large_counts_have_a_p_value():
    assert 0 < Comparison(failed(700, 1_000), failed(3_000, 5_000)).p < 1e-8


def test_one_comparison_alone_needs_no_adjusting():
    one = Comparison(failed(5, 10), failed(1, 30))
    assert math.isclose(adjusted({one: 1})[one], one.p)


@given(st.dictionaries(COMPARISONS, st.integers(1, 50), max_size=8))
def test_a_worse_p_value_never_has_a_better_adjusted_one(comparisons):
    q = adjusted(comparisons)
    red = sorted((each for each in q if each.after.failures >= 3), key=lambda each: each.p)
    shares = [q[each] for each in red]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in q.values())
