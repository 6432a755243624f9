"""Where a case broke, by pictures, and what must hold for any of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.windows import Window, narrowest, window

HISTORIES = st.text("PFR.", min_size=1, max_size=40)


def found(outcomes: str) -> Window:
    """The window of a case that did break."""
    seen = window(outcomes)
    assert seen is not None
    return seen


def test_a_hard_break_is_between_the_last_pass_and_the_first_failure() -> None:
    seen = found("P" * 40 + "F" * 25)
    assert (seen.after, seen.by, seen.likely) == (39, 40, 40)


def test_a_break_in_a_gap_may_be_in_any_of_its_builds() -> None:
    seen = found("P" * 40 + "..." + "F" * 25)
    assert (seen.after, seen.by) == (39, 43)
    assert seen.chances == pytest.approx([seen.chances[0]] * 4)


def test_the_likely_build_of_a_gap_is_the_one_in_which_the_case_ran() -> None:
    assert found("P" * 40 + "..." + "F" * 25).likely == 43


def test_two_failures_do_not_yet_prove_the_last_passes_good() -> None:
    seen = found("P" * 58 + "FF")
    assert seen.after < 57
    assert seen.likely == 58


def test_every_further_failure_in_a_row_narrows_the_window() -> None:
    widths = [found("P" * 30 + "F" * failures).builds for failures in range(2, 25)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == 1


def test_a_flaky_history_widens_the_window() -> None:
    stable, flaky = "P" * 30, "PPPPPPFPPP" * 3
    assert found(flaky + "FFFFFF").builds > found(stable + "FFFFFF").builds


def test_a_break_to_a_low_rate_has_a_wide_window() -> None:
    assert found("P" * 40 + "FPPFPPPFPF").builds > found("P" * 40 + "F" * 10).builds


def test_a_retried_pass_counts_as_passed() -> None:
    assert window("PPRPPRFF") == window("PPPPPPFF")


def test_a_skip_says_nothing() -> None:
    assert window("PPP.FF") == window("PPPSFF")


def test_builds_after_the_last_run_change_nothing() -> None:
    assert window("PPPPPFFF....") == window("PPPPPFFF")


def test_a_case_that_always_failed_has_no_good_build() -> None:
    seen = found("..FFFF")
    assert (seen.after, seen.likely) == (-1, 2)


@pytest.mark.parametrize("outcomes", ["", "...", "PPP", "P.R"])
def test_a_case_that_never_failed_has_no_window(outcomes: str) -> None:
    assert window(outcomes) is None


@pytest.mark.parametrize("outcomes", ["..FFFF", "PPPFFFF", "PPRPPPF.F.F"])
def test_a_case_that_never_failed_before_broke_with_its_first_failure_at_the_latest(
    outcomes: str,
) -> None:
    first = outcomes.index("F")
    seen = found(outcomes)
    assert (seen.by, seen.likely) == (first, first)


def test_the_first_of_a_row_may_be_chance_where_the_case_failed_now_and_then() -> None:
    outcomes = "PPPFPPPPFPPPPPFPPPFFF"
    assert found(outcomes).by > outcomes.index("FFF")


def test_an_earlier_trouble_that_was_mended_is_not_taken_for_this_break() -> None:
    seen = found("FFFFFF" + "P" * 40 + "FFFFF")
    assert seen.after >= 40
    assert seen.likely == 46


def test_a_mended_trouble_makes_the_next_window_hardly_wider() -> None:
    after_trouble = found("PPPPPPPPPPFFFFFFFF" + "P" * 40 + "FFFF")
    assert after_trouble.builds <= 2 * found("P" * 58 + "FFFF").builds


def test_a_few_failures_after_a_long_trouble_are_the_break() -> None:
    seen = found("F" * 8 + "P" * 20 + "FPPPP")
    assert seen.after > 8
    assert seen.likely == 28


def test_a_build_counts_the_same_whether_the_case_ran_in_it_or_not() -> None:
    ran, gap = found("P" * 8 + "FF"), found("P" * 6 + "...." + "PPFF")
    place = 6
    in_gap = gap.chances[place - gap.after - 1] / gap.chances[gap.likely - gap.after - 1]
    in_run = ran.chances[place - ran.after - 1] / ran.chances[ran.likely - ran.after - 1]
    assert in_gap == pytest.approx(in_run)


def test_a_recovery_is_not_a_break() -> None:
    assert found("P" * 20 + "F" * 10 + "P" * 20).likely == 20


@given(HISTORIES.filter(lambda outcomes: "F" in outcomes))
def test_a_window_holds_its_likely_build_and_99_percent(outcomes: str) -> None:
    seen = found(outcomes)
    assert -1 <= seen.after < seen.likely <= seen.by < len(outcomes)
    assert len(seen.chances) == seen.builds
    assert 0.99 - 1e-9 <= math.fsum(seen.chances) <= 1 + 1e-9


@given(HISTORIES.filter(lambda outcomes: "F" in outcomes))
def test_a_window_is_between_builds_in_which_the_case_ran(outcomes: str) -> None:
    seen = found(outcomes)
    assert outcomes[seen.by] in "PFR"
    assert seen.after == -1 or outcomes[seen.after] in "PFR"


def test_the_narrowest_range_is_taken_wherever_it_is() -> None:
    assert narrowest([0.004, 0.496, 0.496, 0.004], [1, 1, 1, 1]) == (1, 2)
    assert narrowest([0.5, 0.0, 0.5], [1, 1, 1]) == (0, 2)


def test_the_narrowest_range_counts_builds_and_not_places() -> None:
    assert narrowest([0.011, 0.98, 0.011], [1, 1, 9]) == (0, 1)
    assert narrowest([0.011, 0.98, 0.011], [9, 1, 1]) == (1, 2)
