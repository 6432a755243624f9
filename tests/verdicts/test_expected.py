"""Which cases are expected, and which of them are lost."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.expected import FEWEST_BUILDS, appeared, expected, lost, patched


def is_expected(picture: str) -> bool:
    """Whether a case is expected after builds, oldest first: `x` there, `.` not."""
    return 1 in expected([{1, 2} if there == "x" else {2} for there in reversed(picture)])


@pytest.mark.parametrize(
    "picture",
    ["xxxxxxxxxx", "...xxxxxxx", "xxx", "xxxxxx", "xxxxxxxxx.", "xxxxxxx...", "xxxx."],
)
def test_a_case_that_ran_in_each_of_the_last_builds_is_expected(picture):
    assert is_expected(picture)


@pytest.mark.parametrize(
    ("picture", "why"),
    [
        ("", "no build"),
        ("xx", "too few builds"),
        ("....xxxxxx", "not yet a week"),
        ("xxxxxx....", "away for four builds"),
        ("x.x.x.x.x.x", "alternates"),
        ("xxxxx..xxxxx", "weekdays only"),
        ("xxx.xxxxxx", "all days but Sundays"),
        (".....xx....", "weekends only"),
        ("..x..x..x..x", "rotates"),
    ],
)
def test_a_case_that_comes_and_goes_is_not_expected(picture, why):
    assert not is_expected(picture), why


def test_only_the_last_ten_builds_are_looked_at():
    assert is_expected("x.x.x.xxxxxxxxxx")


@given(st.lists(st.sets(st.integers(0, 12)), max_size=14))
def test_only_cases_of_the_last_builds_are_expected(runs):
    recent = set().union(*runs[:4]) if runs else set()
    assert expected(runs) <= recent


def test_a_case_that_is_gone_is_lost():
    assert lost([{1, 2, 3}] * 10, {1, 2}, {}) == {3}


def test_a_suite_of_which_a_random_part_runs_loses_nothing_by_losing_a_part():
    chance = random.Random(3)
    runs = [{case for case in range(200) if chance.random() < 0.9} for _ in range(10)]
    here = {case for case in range(200) if chance.random() < 0.9}
    assert expected(runs) - here
    assert lost(runs, here, dict.fromkeys(range(200), "s")) == frozenset()


def test_a_suite_of_which_a_random_part_runs_is_lost_when_all_of_it_is():
    chance = random.Random(3)
    runs = [{case for case in range(200) if chance.random() < 0.9} for _ in range(10)]
    assert lost(runs, set(), dict.fromkeys(range(200), "s")) == expected(runs)


def test_chance_in_one_suite_hides_nothing_in_another():
    chance = random.Random(3)
    runs = [{case for case in range(50) if chance.random() < 0.9} | {99} for _ in range(10)]
    suites = {**dict.fromkeys(range(50), "random"), 99: "steady"}
    assert lost(runs, runs[0] - {99}, suites) == {99}


def test_weekday_cases_of_a_suite_hide_nothing_of_its_others():
    week = [{1, 2, 3, 4, 5, *(() if day % 7 in (5, 6) else range(10, 30))} for day in range(10)]
    suites = dict.fromkeys(range(40), "s")
    assert lost(list(reversed(week)), week[0] - {1}, suites) == {1}


@given(
    st.lists(st.sets(st.integers(0, 30)), min_size=1, max_size=12),
    st.sets(st.integers(0, 30)),
    st.integers(1, 4),
)
def test_cases_that_are_in_all_may_be_counted_and_left_out(runs, here, suites):
    homes = {case: case % suites for case in range(31)}
    every = here.intersection(*runs)
    always = Counter(homes[case] for case in every)
    rest = [run - every for run in runs]
    if len(runs) >= FEWEST_BUILDS:
        assert lost(rest, here - every, homes, always) == lost(runs, here, homes)


def test_a_suite_with_thousands_of_cases_can_be_weighed():
    chance = random.Random(1)
    runs = [{case for case in range(3000) if chance.random() < 0.95} for _ in range(10)]
    here = {case for case in range(3000) if chance.random() < 0.95}
    assert lost(runs, here, dict.fromkeys(range(3000), "s")) == frozenset()


def test_a_case_that_a_lost_report_took_once_is_expected_still():
    runs = [{1, 2}, {1}, {1, 2}, {1, 2}]
    assert expected(runs) == {1}
    assert expected(patched(runs, [set(), {2}, set(), set()])) == {1, 2}


def test_a_case_that_has_not_come_back_since_its_report_was_lost_leaves_in_the_end():
    runs = [{1}] * 4 + [{1, 2}] * 6
    assert 2 not in expected(patched(runs, [{2}] * 4 + [set()] * 6))


def test_a_report_that_is_lost_again_and_again_is_no_longer_expected():
    runs = [{1, 2}, {1}] * 5
    explained = [set(), {2}] * 5
    assert expected(patched(runs, explained)) == {1}


def test_what_came_when_a_case_went_may_be_that_case():
    runs = [{1, 7}, {1, 7}, {1, 2}, {1, 2}, {1, 2}]
    assert appeared(runs, {1, 7, 8}, {2}) == {7, 8}
    assert appeared(runs, {1, 7, 8}, {1}) == {8}
