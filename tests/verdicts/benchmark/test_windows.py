"""The planted breaks, and the measure of how well they are found."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark.figures import Figure
from tracker.verdicts.benchmark.windows import Break, figures, history, rand_index, seen


def test_equal_groupings_have_an_index_of_one_whatever_their_labels() -> None:
    assert rand_index([1, 1, 2, 3], ["a", "a", "b", "c"]) == 1.0


def test_the_index_is_that_of_the_worked_example() -> None:
    # Four pairs are together in both, 9 in one, 7 in the other, of 28: expected 2.25 of at most 8.
    truth, found = [0, 0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 1, 1, 1, 2, 2]
    assert rand_index(truth, found) == pytest.approx((4 - 2.25) / (8 - 2.25))


def test_all_in_one_group_says_no_more_than_chance() -> None:
    assert rand_index([0, 0, 1, 1], [5, 5, 5, 5]) == 0.0


def test_a_case_passes_before_a_planted_hard_break_and_fails_since() -> None:
    assert history(random.Random(1), Break(20, 0.0, 1.0), 0.0) == "P" * 20 + "F" * 40


def test_gaps_leave_out_runs_and_no_builds() -> None:
    outcomes = history(random.Random(1), Break(20, 0.0, 1.0), 0.15)
    assert len(outcomes) == 60
    assert set(outcomes) > {"P", "F"}


def test_the_window_of_a_planted_hard_break_holds_it() -> None:
    found = seen(random.Random(1), Break(30, 0.0, 1.0), 0.0)
    assert found.after < 30 <= found.by


@pytest.fixture(scope="module")
def measured() -> list[Figure]:
    """The quick figures."""
    return list(figures(quick=True))


def test_the_figures_are_the_same_every_time_but_for_the_clock(measured: list[Figure]) -> None:
    again = [each for each in figures(quick=True) if each.unit != "s"]
    assert again == [each for each in measured if each.unit != "s"]


def test_every_figure_is_named_with_its_area(measured: list[Figure]) -> None:
    assert {each.name.split(",")[0] for each in measured} == {"break windows", "events"}


def test_events_are_better_than_by_overlap_alone(measured: list[Figure]) -> None:
    index = {each.name: each.value for each in measured}
    for of in ("events, 9 % of runs missing", "events, 29 % of runs missing"):
        by_overlap = index[f"{of}, by overlap alone, adjusted Rand index"]
        assert index[f"{of}, adjusted Rand index"] > by_overlap
