"""When a build failed as a whole for one reason, and when it was no incident after all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.incidents import AT_LEAST, Incident, incident, is_large, was_none

DOWN, OTHER = "ConnectionError: no database", "AssertionError: 3 != 4"


def failed(down: int, other: int = 0) -> dict[int, str]:
    """That many cases that failed for one reason, and that many for another."""
    reasons = [DOWN] * down + [OTHER] * other
    return dict(enumerate(reasons))


def test_many_failures_for_one_reason_are_an_incident() -> None:
    assert incident(failed(30), 100) == Incident(DOWN, failures=30, ran=100, of_reason=30)


@pytest.mark.parametrize(
    ("failures", "ran", "large"),
    [(10, 10, True), (9, 9, False), (10, 50, True), (10, 51, False), (20, 100, True)],
)
def test_it_takes_ten_cases_and_a_fifth_of_those_that_ran(
    failures: int, ran: int, large: bool
) -> None:
    assert is_large(failures, ran) is large
    assert (incident(failed(failures), ran) is not None) is large


@pytest.mark.parametrize(("down", "other", "is_one"), [(40, 10, True), (39, 11, False)])
def test_four_in_five_share_the_reason(down: int, other: int, is_one: bool) -> None:
    found = incident(failed(down, other), 100)
    assert (found is not None) is is_one


def test_a_few_that_failed_for_themselves_are_counted_too() -> None:
    found = incident(failed(45, 5), 100)
    assert found == Incident(DOWN, failures=50, ran=100, of_reason=45)


def test_many_failures_for_many_reasons_are_no_incident() -> None:
    assert incident({case: f"reason {case}" for case in range(50)}, 100) is None


def test_failures_without_a_message_share_that() -> None:
    found = incident(dict.fromkeys(range(20), ""), 20)
    assert found == Incident("", failures=20, ran=20, of_reason=20)


def test_nothing_failed_is_no_incident() -> None:
    assert incident({}, 0) is None


@given(st.permutations(sorted(failed(25, 5).items())))
def test_the_order_of_the_cases_does_not_matter(cases: list[tuple[int, str]]) -> None:
    assert incident(dict(cases), 100) == incident(failed(25, 5), 100)


@given(st.integers(0, 300), st.integers(0, 300))
def test_more_cases_that_ran_well_never_make_an_incident(failures: int, passed: int) -> None:
    if not is_large(failures, failures + passed):
        assert not is_large(failures, failures + passed + 1)
    assert not is_large(AT_LEAST - 1, failures)


@pytest.mark.parametrize(("again", "none"), [(0, False), (9, False), (10, True), (20, True)])
def test_where_half_of_its_cases_fail_again_it_was_no_incident(again: int, none: bool) -> None:
    others = set(range(100, 150))
    assert was_none(set(range(20)), set(range(again)) | others) is none
