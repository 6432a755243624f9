"""Two sides by pictures: which list a case is in, what is slower, and the sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.compare import Difference, Outcome, best_of, compare
from tracker.verdicts.outcomes import Status

LETTERS = {
    "P": Status.PASSED,
    "F": Status.FAILED,
    "E": Status.ERROR,
    "S": Status.SKIPPED,
    "U": Status.UNKNOWN,
}
OUTCOMES = st.builds(
    Outcome, st.sampled_from(Status), st.booleans(), st.none() | st.integers(0, 10_000)
)
SIDES = st.dictionaries(st.integers(0, 30), OUTCOMES)


def side(**cases: str) -> dict[str, Outcome]:
    """Cases by letter; `F~` is a failure of a flaky case."""
    return {name: Outcome(LETTERS[seen[0]], "~" in seen) for name, seen in cases.items()}


def took(ms: int | None, letter: str = "P") -> dict[str, Outcome]:
    return {"login": Outcome(LETTERS[letter], False, ms)}


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("P", "F", Difference.FAILS_ONLY_IN_B),
        ("P", "E", Difference.FAILS_ONLY_IN_B),
        ("F", "P", Difference.FIXED),
        ("F", "E", Difference.STILL_FAILING),
        ("P", "P", Difference.STILL_PASSING),
        ("P~", "F", Difference.FLAKY),
        ("F", "P~", Difference.FLAKY),
        ("F~", "F~", Difference.STILL_FAILING),
        ("P", "S", Difference.SKIPPED_IN_B),
        ("U", "F", Difference.SKIPPED_IN_A),
        ("S", "U", Difference.SKIPPED_IN_BOTH),
    ],
)
def test_a_case_on_both_sides_is_in_the_list_of_its_difference(before, after, difference):
    found = compare(side(login=before), side(login=after))
    assert found.of(difference) == ("login",)


def test_a_case_on_one_side_only_is_missing_or_added():
    found = compare(side(login="P"), side(logout="F"))
    assert found.of(Difference.MISSING) == ("login",)
    assert found.of(Difference.ADDED) == ("logout",)


def test_the_lists_are_sorted_whatever_the_order_of_the_sides():
    found = compare(side(c="P", a="P", b="P"), side(b="F", c="F", a="F"))
    assert found.of(Difference.FAILS_ONLY_IN_B) == ("a", "b", "c")


@given(SIDES, SIDES)
def test_every_case_is_in_exactly_one_list(a, b):
    found = compare(a, b)
    listed = [case for difference in Difference for case in found.of(difference)]
    assert sorted(listed) == sorted(a.keys() | b.keys())
    assert found.count(*Difference) == len(listed)


@given(SIDES, SIDES)
def test_the_other_way_round_broken_is_fixed_and_missing_is_added(a, b):
    there, back = compare(a, b), compare(b, a)
    assert there.of(Difference.FAILS_ONLY_IN_B) == back.of(Difference.FIXED)
    assert there.of(Difference.MISSING) == back.of(Difference.ADDED)
    assert there.of(Difference.SKIPPED_IN_A) == back.of(Difference.SKIPPED_IN_B)
    assert there.slower == back.faster


@given(SIDES)
def test_a_side_beside_itself_has_no_differences(a):
    found = compare(a, a)
    assert not found.count(Difference.FAILS_ONLY_IN_B, Difference.FIXED, Difference.FLAKY)
    assert (found.slower, found.faster) == ((), ())


@pytest.mark.parametrize(
    ("before", "after", "slower"),
    [
        (2_000, 3_000, True),
        (2_000, 2_999, False),  # not by a second
        (10_000, 12_000, False),  # not by half
        (None, 9_000, False),
        (2_000, None, False),
    ],
)
def test_slower_is_by_half_and_by_a_second(before, after, slower):
    found = compare(took(before), took(after))
    assert bool(found.slower) is slower
    assert bool(compare(took(after), took(before)).faster) is slower


def test_a_failure_is_neither_slower_nor_faster():
    assert not compare(took(1_000), took(60_000, "F")).slower
    assert not compare(took(60_000, "F"), took(1_000)).faster


@pytest.mark.parametrize(
    ("letters", "best"),
    [("FPF", "P"), ("SEF", "F"), ("SE", "E"), ("SU", "U"), ("SS", "S")],
)
def test_the_best_of_builds_is_a_pass_if_there_was_one(letters, best):
    assert best_of([side(login=letter) for letter in letters]) == side(login=best)


def test_the_best_of_builds_has_the_cases_of_all():
    assert best_of([side(a="P"), side(b="F")]) == side(a="P", b="F")


def test_the_best_of_builds_is_flaky_if_any_is():
    assert best_of([side(a="P"), side(a="F~")]) == side(a="P~")


def test_the_best_of_builds_took_the_middle_of_the_passes():
    builds = [took(100), took(300), took(200), took(None), took(9_000, "F")]
    assert best_of(builds) == took(200)


@given(st.lists(SIDES, max_size=4))
def test_the_best_of_builds_does_not_depend_on_their_order(builds):
    assert best_of(builds) == best_of(reversed(builds))


def test_the_sentence_has_what_both_ran_and_the_rest():
    a = side(a="P", b="F", c="F", d="P~", e="P", f="P", g="P", h="S", i="P")
    b = side(a="F", b="P", c="F", d="F", e="P", f="S", h="P", i="P", j="P")
    assert compare(a, b).sentence("1.4", "1.5") == (
        "of 6 tests that both ran: 1 fails only in 1.5, 1 fixed, 1 still failing, "
        "1 differs but is flaky; "
        "1 only in 1.4, 1 only in 1.5, 1 skipped in 1.4, 1 skipped in 1.5"
    )


def test_the_sentence_of_nothing_different_leaves_the_rest_out():
    a = {f"case {n}": Outcome(Status.PASSED) for n in range(4800)}
    assert compare(a, a).sentence("4", "5") == (
        "of 4,800 tests that both ran: 0 fail only in 5, 0 fixed, 0 still failing"
    )


def test_the_sentence_counts_slower_and_faster():
    assert compare(took(1_000), took(3_000)).sentence("4", "5").endswith("; 1 slower, 0 faster")


def test_cases_that_are_not_given_since_they_passed_in_both_are_counted() -> None:
    found = compare(side(login="P"), side(login="F"), unlisted=9)
    assert found.ran_in_both == 10
    assert found.sentence("a", "b") == (
        "of 10 tests that both ran: 1 fails only in b, 0 fixed, 0 still failing"
    )
