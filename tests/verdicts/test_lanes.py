"""The fast and the slow lane: pictures, and that a pass never raises suspicion."""

from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.budget import OFTEN, RATES, USUAL, Limits
from tracker.verdicts.lanes import (
    BEFORE,
    STRETCH,
    Suspicion,
    by_chance,
    split,
    stretch,
    suspicion,
)
from tracker.verdicts.odds import log_likelihood

histories = st.text(alphabet="PPPPFR", max_size=100)
STRICT = dataclasses.replace(USUAL, seldom=1e-4, often=1e-3)


def all_of(rate: float) -> tuple[float, ...]:
    """The mix of a suite whose cases all fail at one rate."""
    return tuple(float(each == rate) for each in RATES)


def newest(outcomes: str, limits: Limits = STRICT) -> Suspicion:
    found = stretch(outcomes, limits)
    assert found is not None
    return found


def change(outcomes: str, limits: Limits = STRICT) -> Suspicion:
    found = split(outcomes, limits)
    assert found is not None
    return found


# Chance


@pytest.mark.parametrize(("failures", "runs"), [(1, 1), (2, 2), (2, 5), (9, 14)])
def test_where_all_cases_fail_at_one_rate_chance_is_the_binomial_tail(
    failures: int, runs: int
) -> None:
    tail = sum(math.comb(runs, k) * 0.1**k * 0.9 ** (runs - k) for k in range(failures, runs + 1))
    assert by_chance(failures, runs, 3, 60, all_of(0.1)) == pytest.approx(tail)


def test_what_a_case_did_before_tells_which_rate_it_has() -> None:
    mix = tuple(0.5 * (rate in (0.01, 0.5)) for rate in RATES)
    # After one failure in two: 0.01 · 0.99 against 0.5 · 0.5.
    weights = 0.0099, 0.25
    expected = (weights[0] * 0.01 + weights[1] * 0.5) / sum(weights)
    assert by_chance(1, 1, 1, 2, mix) == pytest.approx(expected)


def test_of_a_case_that_was_never_seen_the_odds_are_those_of_its_suite() -> None:
    mean = sum(share * rate for share, rate in zip(USUAL.mix, RATES, strict=True))
    assert by_chance(1, 1, 0, 0, USUAL.mix) == pytest.approx(mean / sum(USUAL.mix))


@given(st.integers(0, 30), st.integers(1, 5))
def test_over_a_whole_suite_it_is_right_as_often_as_it_says(before: int, runs: int) -> None:
    mix = tuple(share / sum(USUAL.mix) for share in USUAL.mix)
    said = happens = 0.0
    for share, rate in zip(mix, RATES, strict=True):
        happens += share * rate**runs
        for failed in range(before + 1):
            often = math.comb(before, failed) * rate**failed * (1 - rate) ** (before - failed)
            said += share * often * by_chance(runs, runs, failed, before, mix)
    assert said == pytest.approx(happens)


@given(st.integers(1, 13), st.integers(0, 13), st.integers(0, 20), st.integers(0, 39))
def test_one_more_failure_is_less_likely_and_a_worse_past_makes_it_likelier(
    failures: int, passes: int, failed: int, passed: int
) -> None:
    def odds(failures: int, failed: int, passed: int) -> float:
        return by_chance(failures, failures + passes, failed, failed + passed, USUAL.mix)

    now = odds(failures, failed, passed)
    assert 0 < now <= 1 + 1e-12
    assert odds(failures + 1, failed, passed) <= now * (1 + 1e-9)
    assert odds(failures, failed + 1, passed) >= now * (1 - 1e-9)
    assert odds(failures, failed, passed + 1) <= now * (1 + 1e-9)


# The fast lane


def test_failures_in_a_row_are_one_stretch() -> None:
    odds = by_chance(2, 2, 0, 58, STRICT.mix)
    assert newest("P" * 58 + "FF") == Suspicion(odds, STRICT.seldom, 58, 2, 2, 0, 58)


def test_a_stretch_may_have_passes_in_it() -> None:
    found = newest("P" * 40 + "FPFF")
    assert (found.start, found.failures, found.runs) == (40, 3, 4)


def test_old_failures_belong_to_what_is_usual() -> None:
    found = newest("P" * 10 + "F" + "P" * 20 + "F")
    assert (found.start, found.failures_before, found.runs_before) == (31, 1, 31)


def test_passes_after_failures_are_part_of_their_stretch() -> None:
    found = newest("P" * 30 + "FPPP")
    assert (found.start, found.failures, found.runs) == (30, 1, 4)


@pytest.mark.parametrize("outcomes", ["", "P", "PPPR", "F" + "P" * STRETCH])
def test_without_a_failure_among_the_newest_results_there_is_no_stretch(outcomes: str) -> None:
    assert stretch(outcomes, STRICT) is None


def test_a_failure_is_seen_for_a_whole_stretch() -> None:
    assert newest("P" * 30 + "F" + "P" * (STRETCH - 1)).runs == STRETCH


def test_only_the_60_results_before_a_stretch_are_looked_at() -> None:
    assert newest("F" * 9 + "P" * BEFORE + "F").odds == newest("P" * BEFORE + "F").odds


def test_a_pass_after_a_retry_counts_as_passed() -> None:
    assert newest("PRPRPRF" + "R").odds == newest("PPPPPPF" + "P").odds


def test_the_same_failure_surprises_less_where_a_case_often_fails() -> None:
    assert newest("PPPFPPF" * 5 + "F").odds > newest("P" * 35 + "F").odds


def test_the_same_failure_of_a_young_case_surprises_less_in_a_suite_that_often_fails() -> None:
    bad = dataclasses.replace(STRICT, mix=all_of(0.1))
    assert newest("PF", bad).odds == pytest.approx(0.1)
    assert newest("PF", STRICT).odds < 0.01


def test_what_failed_twice_before_has_the_limit_of_those_that_fail_often() -> None:
    assert OFTEN == 2
    once, twice = "P" * 20 + "F" + "P" * 20, "P" * 20 + "FPPF" + "P" * 20
    assert newest(once + "F").limit == STRICT.seldom
    assert newest(twice + "F").limit == STRICT.often


def test_a_break_is_what_is_beyond_its_limit() -> None:
    assert not newest("P" * 30 + "F").is_break
    assert newest("P" * 30 + "FFF").is_break


@given(histories)
def test_no_stretch_is_further_beyond_its_limit_than_the_one_that_is_found(outcomes: str) -> None:
    found = stretch(outcomes, STRICT)
    first = max(0, len(outcomes) - STRETCH)
    starts = [at for at in range(first, len(outcomes)) if outcomes[at] == "F"]
    assert (found is None) == (not starts)
    if found is not None:
        assert found.odds / found.limit == min(beyond(outcomes, start) for start in starts)


def beyond(outcomes: str, start: int) -> float:
    """The odds of the stretch that begins there, as a multiple of its limit."""
    before, later = outcomes[max(0, start - BEFORE) : start], outcomes[start:]
    failed = before.count("F")
    odds = by_chance(later.count("F"), len(later), failed, len(before), STRICT.mix)
    return odds / STRICT.of(failed)


@given(histories, st.sampled_from("PR"))
def test_a_pass_at_the_end_never_makes_failures_less_likely(outcomes: str, passed: str) -> None:
    before, after = stretch(outcomes, STRICT), stretch(outcomes + passed, STRICT)
    if after is not None:
        assert before is not None
        assert after.odds / after.limit >= before.odds / before.limit * (1 - 1e-12)
        assert before.is_break or not after.is_break


# The slow lane


def test_a_rate_that_rose_began_where_it_first_failed() -> None:
    assert change("P" * 40 + "FPPFPPFPPFPPF").start == 40


def test_the_steeper_a_rate_rose_the_less_one_rate_explains_it() -> None:
    steady = change("PPPPPPPPPF" * 6).odds
    risen = change("P" * 40 + "PFPFPFPFPFPFPFPFPFPF").odds
    assert steady > 0.1 > 1e-5 > risen


@pytest.mark.parametrize("outcomes", ["", "P" * 20, "F", "F" * 9, "F" * 9 + "P" * 9, "PRRRP"])
def test_where_no_rate_rose_there_is_no_split(outcomes: str) -> None:
    assert split(outcomes, STRICT) is None


def test_a_split_is_where_two_rates_explain_most() -> None:
    outcomes = "PPPPPPFPPPPPPPPPPPPFFPFF"
    gain = log_likelihood(1, 19) + log_likelihood(4, 5) - log_likelihood(5, 24)
    found = change(outcomes)
    assert found.odds == pytest.approx(math.exp(-gain))
    assert (found.start, found.failures, found.runs) == (19, 4, 5)
    assert (found.failures_before, found.runs_before) == (1, 19)


def test_a_split_is_a_place_in_all_the_outcomes_also_where_only_the_newest_are_read() -> None:
    assert change("P" * 200 + "FFPF").start == 200


@given(histories, st.text(alphabet="PR", min_size=1, max_size=30))
def test_passes_at_the_end_never_change_the_split(outcomes: str, passes: str) -> None:
    assert split(outcomes + passes, STRICT) == split(outcomes, STRICT)


@given(histories)
def test_a_split_stands_where_the_outcome_flips_to_a_failure(outcomes: str) -> None:
    found = split(outcomes, STRICT)
    if found is not None:
        assert 0 < found.odds <= 1
        assert outcomes[found.start] == "F"
        assert outcomes[found.start - 1] != "F"


# Both


def test_the_slow_lane_speaks_where_it_alone_is_sure() -> None:
    limits = Limits(1e-2, 1e-2, all_of(0.2))
    slow = "P" * 45 + "FPPPP" * 7 + "F"
    assert not newest(slow, limits).is_break
    assert suspicion(slow, limits) == change(slow, limits)
    fast = "P" * 45 + "FFFFFF"
    assert suspicion(fast, limits) == newest(fast, limits)


@given(histories, st.sampled_from("PR"))
def test_a_pass_at_the_end_never_makes_a_break(outcomes: str, passed: str) -> None:
    before, after = suspicion(outcomes, STRICT), suspicion(outcomes + passed, STRICT)
    if after is not None and after.is_break:
        assert before is not None
        assert before.is_break
