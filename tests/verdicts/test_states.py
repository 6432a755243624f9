"""The states of a case by pictures: outcomes in, one letter out for the state after each.

`.` healthy, `s` suspect, `N` new failure, `R` regression, `f` failing, `r` recovering, `x` fixed,
`~` flaky.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.budget import USUAL, Limits, limits
from tracker.verdicts.lanes import BEFORE, KEPT
from tracker.verdicts.states import (
    BEGINNING,
    BROKEN_AFTER,
    BROKEN_FOR_SURE,
    OPENED,
    SETTLED_AFTER,
    WATCHED,
    Course,
    Standing,
    State,
    advance,
    passes_to_recover,
    step,
)

LETTERS = {
    State.HEALTHY: ".",
    State.SUSPECT: "s",
    State.NEW_FAILURE: "N",
    State.REGRESSION: "R",
    State.FAILING: "f",
    State.RECOVERING: "r",
    State.FIXED: "x",
    State.FLAKY: "~",
}
# The limits of a small suite, and of two that have many flaky cases.
SMALL = USUAL
LARGE = limits({0: 9000, 1: 300, 3: 300, 6: 300, 18: 100}, 60)
HUGE = limits({0: 97_000, 3: 1500, 6: 1000, 18: 500}, 60)
NEVER = Limits(1e-12, 1e-12, USUAL.mix)

histories = st.text(alphabet="PPPFFR", min_size=1, max_size=60)
any_limits = st.sampled_from([SMALL, LARGE, HUGE, NEVER])


def states(outcomes: str, at: Limits = LARGE) -> str:
    """The states after each outcome."""
    seen, course = "", BEGINNING
    for outcome in outcomes:
        course = advance(course, outcome, at)
        seen += LETTERS[course.standing.state]
    return seen


def after(past: str, outcomes: str, at: Limits = LARGE) -> str:
    """The states after each of the outcomes that follow the past."""
    return states(past + outcomes, at)[len(past) :]


def course_of(outcomes: str, at: Limits = LARGE) -> Course:
    """Where a case is after all outcomes."""
    return functools.reduce(lambda course, each: advance(course, each, at), outcomes, BEGINNING)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("", ""),
        ("PPP", "..."),
        ("F", "N"),
        ("FFF", "Nff"),
        ("FP", "Nr"),
        ("FPP", "Nrx"),
        ("PF", ".R"),
        ("PFF", ".Rf"),
        ("PFPP", ".Rrx"),
        ("PFFPP", ".Rfrx"),
        ("PFFFP", ".Rffx"),
        ("PFPF", ".Rrf"),
        ("PFPPF", ".RrxR"),
        ("PFPPPPPPP", ".Rrxxxxx."),
        ("RF", ".R"),
    ],
)
def test_pictures_of_a_small_suite(outcomes: str, expected: str) -> None:
    assert states(outcomes, SMALL) == expected


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("F", "N"),
        ("FPP", "Nrx"),
        ("PF", ".s"),
        ("PFP", ".s."),
        ("PPPPPPPPPPFP", "..........s."),
        ("PPPPPPPPPPPPPPPPPPPPFFF", "....................sRf"),
        ("PPPPPPPPPFPPPPPPPPPFPPP", ".........s.........~~~~"),
        ("PRPPPR", ".....~"),
    ],
)
def test_pictures_of_a_suite_with_many_flaky_cases(outcomes: str, expected: str) -> None:
    assert states(outcomes, LARGE) == expected


def test_the_stricter_the_limits_the_more_failures_a_regression_takes() -> None:
    taken = [after("P" * 30, "FFFFFF", at).index("R") + 1 for at in (SMALL, LARGE, HUGE)]
    assert taken == [1, 2, 3]


@pytest.mark.parametrize("passes", [0, 1, 3, 10, 60])
@pytest.mark.parametrize("at", [SMALL, LARGE, HUGE])
def test_what_broke_for_good_is_called_broken_however_young_it_is(at: Limits, passes: int) -> None:
    seen = after("P" * passes, "F" * 12, at)
    assert "R" in seen or "N" in seen


def test_a_regression_began_with_its_first_failure_also_where_that_was_a_suspect() -> None:
    course = course_of("P" * 30 + "FF", LARGE)
    assert course.standing == Standing(State.REGRESSION, 2)


# Recovering and fixed


@pytest.mark.parametrize(("failures", "passes"), [(1, 2), (2, 2), (3, 1), (5, 1), (50, 1)])
def test_the_longer_it_failed_the_fewer_passes_fix_it(failures: int, passes: int) -> None:
    assert passes_to_recover("F" * failures) == passes
    assert after("P" * 20, "F" * failures + "PPP", SMALL)[failures:].index("x") + 1 == passes


def test_passes_at_the_end_do_not_change_how_many_it_takes() -> None:
    assert passes_to_recover("FFPPP") == passes_to_recover("FF")


def test_a_break_with_passes_in_it_takes_more_of_them() -> None:
    assert passes_to_recover("FPF") > passes_to_recover("F")
    assert passes_to_recover("FFPFPFF") > passes_to_recover("FFFFF")


@given(st.integers(1, 100))
def test_what_failed_without_a_pass_is_fixed_after_three_at_the_latest(failures: int) -> None:
    assert 1 <= passes_to_recover("F" * failures) <= 3


def test_a_failure_while_it_recovers_is_the_same_break() -> None:
    assert after("P" * 20, "FFPFPP", SMALL)[:4] == "Rfrf"


@pytest.mark.parametrize("at", [SMALL, LARGE, HUGE])
def test_a_failure_soon_after_a_fix_is_a_regression_whatever_its_odds(at: Limits) -> None:
    past = "P" * 20 + "F" * 12 + "P" * WATCHED
    assert after(past, "F", at) == "R"


def test_a_failure_long_after_a_fix_has_its_odds_again() -> None:
    past = "P" * 20 + "F" * 12 + "P" * (WATCHED + 1)
    assert after(past, "F", LARGE) == "s"


def test_it_is_called_fixed_for_five_results() -> None:
    assert after("P" * 20 + "FFFF", "P" * 8) == "xxxxx..."


@pytest.mark.parametrize("failures", [3, 12, 40, KEPT - 1, KEPT + 1, 120, 200])
def test_a_break_that_was_fixed_does_not_hide_the_next(failures: int) -> None:
    past = "P" * 30 + "F" * failures + "P" * 30
    assert after(past, "FF") == after("P" * 30, "FF") == "sR"


def test_a_retry_in_a_break_that_was_fixed_does_not_leave_its_failures_behind() -> None:
    past = "P" * 30 + "FFFF" + "R" + "FFFF" + "P" * 30
    assert after(past, "FF") == "sR"


def test_where_it_passed_in_between_nothing_was_fixed() -> None:
    assert "x" not in after("P" * 30, "FFPFPFFPPPPPPPP")


@pytest.mark.parametrize(
    ("past", "failures", "forgotten"),
    [
        (20, BROKEN_AFTER, True),
        (20, BROKEN_AFTER - 1, False),
        (5, BROKEN_FOR_SURE, True),
        (5, BROKEN_FOR_SURE - 1, False),
    ],
)
def test_a_break_is_forgotten_where_it_was_no_chance(
    past: int, failures: int, forgotten: bool
) -> None:
    passes = passes_to_recover("F" * failures)
    course = course_of("P" * past + "F" * failures + "P" * passes, SMALL)
    assert course.standing.state is State.FIXED
    assert ("F" not in course.outcomes) is forgotten


def test_a_failure_after_a_break_that_may_have_been_chance_has_its_odds() -> None:
    outcomes = "P" * 30 + "FPPF"
    assert step(Standing(State.FIXED, 1), outcomes, HUGE).state is State.REGRESSION
    unsteady = Standing(State.FIXED, 1, was_unsteady=True)
    assert step(unsteady, outcomes, HUGE).state is not State.REGRESSION


# Flaky


def test_one_bout_of_failures_does_not_make_a_case_flaky() -> None:
    assert "~" not in states("P" * 30 + "FF" + "P" * 30, NEVER)


def test_two_bouts_do_and_so_do_two_retries() -> None:
    assert states("P" * 20 + "FPPPF", NEVER)[-1] == "~"
    assert states("P" * 20 + "RPPPR", NEVER)[-1] == "~"


def test_what_is_flaky_stays_so_at_a_rate_that_would_not_make_it_so() -> None:
    rare = "P" * 10 + "F" + "P" * 30 + "F" + "P" * 17 + "P"
    assert len(rare) == BEFORE
    assert step(Standing(State.FLAKY), rare, LARGE).state is State.FLAKY
    assert step(Standing(State.HEALTHY), rare, LARGE).state is State.HEALTHY


def test_what_is_flaky_is_healthy_once_its_failures_are_long_ago() -> None:
    seen = after("P" * 20 + "FPPPPFPPPPF", "P" * 70)
    assert seen == "~" * seen.count("~") + "." * seen.count(".")
    assert 30 < seen.count("~") <= BEFORE


def test_one_more_failure_of_a_flaky_case_is_nothing_new() -> None:
    assert after("PPPPF" * 8, "PPPPF") == "~~~~~"


@pytest.mark.parametrize("at", [LARGE, HUGE])
def test_a_flaky_case_that_breaks_is_a_regression(at: Limits) -> None:
    assert "R" in after("PPPPPPPPPF" * 6, "F" * 12, at)


@pytest.mark.parametrize("at", [LARGE, HUGE])
def test_a_rate_that_rises_in_a_flaky_case_is_a_regression(at: Limits) -> None:
    seen = after("P" * 18 + "F" + "P" * 20 + "F" + "P" * 20, "FFPFFPFFPFFP", at)
    assert "~" in states("P" * 18 + "F" + "P" * 20 + "F", at)
    assert "R" in seen


def test_a_short_break_of_a_flaky_case_leaves_it_flaky() -> None:
    past = "PPPPPPPPPF" * 6 + "PPPPPPPPP"
    assert after(past, "F" * (BROKEN_FOR_SURE - 1) + "PPP", LARGE)[-1] == "~"


def test_a_long_break_of_a_flaky_case_is_fixed_and_leaves_it_as_it_was() -> None:
    past = "PPPPPPPPPF" * 6 + "PPPPPPPPP"
    seen = after(past, "F" * 12 + "P" * 12, LARGE)
    assert "x" in seen
    assert seen[-1] == "~"


@pytest.mark.parametrize("at", [SMALL, LARGE])
def test_a_case_that_fails_now_and_then_for_ever_is_flaky_in_the_end(at: Limits) -> None:
    assert states("PPPPPPF" * 12, at)[-1] == "~"


# Settled


def test_what_fails_and_passes_for_long_after_it_broke_is_flaky() -> None:
    seen = after("P" * 30, "FFPFFPFPFFPFFPFPFFPFFPFP", LARGE)
    assert seen[1] == "R"
    assert "~" not in seen[: SETTLED_AFTER - 1]
    assert seen[SETTLED_AFTER - 1] == "~"


@pytest.mark.parametrize("at", [LARGE, HUGE])
def test_what_settled_as_flaky_is_no_regression_again_at_the_same_rate(at: Limits) -> None:
    seen = after("P" * 30, "FFPFP" * 16, at)
    assert seen.count("R") == 1


def test_what_fails_nearly_always_is_broken_and_not_flaky() -> None:
    seen = after("P" * 30, ("F" * 19 + "P") * 3, LARGE)
    assert "~" not in seen


# Whatever the history


@given(histories, any_limits)
def test_after_a_pass_a_case_is_not_suspected_and_after_a_failure_not_well(
    outcomes: str, at: Limits
) -> None:
    for outcome, state in zip(outcomes, states(outcomes, at), strict=True):
        assert state in (".rx~" if outcome in "PR" else "sNRf~")


@given(histories, any_limits, st.sampled_from("PR"))
def test_a_pass_never_opens_a_break(outcomes: str, at: Limits, passed: str) -> None:
    assert states(outcomes + passed, at)[-1] in ".rx~"


@given(histories, any_limits)
def test_only_a_first_result_is_a_new_failure(outcomes: str, at: Limits) -> None:
    seen = states(outcomes, at)
    assert "N" not in seen[1:]
    assert seen.startswith("N") == outcomes.startswith("F")


@given(histories, any_limits)
def test_a_break_is_opened_once_and_then_fails_on_or_recovers(outcomes: str, at: Limits) -> None:
    seen = states(outcomes, at)
    for before, now in itertools.pairwise(seen):
        if before in "NRfr":
            assert now in "frx.~"
        else:
            assert now not in "fr"
        assert now != "x" or before in "NRfrx"


@given(histories, st.sampled_from([State.HEALTHY, State.SUSPECT, State.FLAKY]))
def test_a_regression_at_one_limit_is_one_at_every_looser_one(outcomes: str, before: State) -> None:
    limits_of_odds = [
        dataclasses.replace(USUAL, seldom=odds, often=odds)
        for odds in (1e-7, 1e-5, 1e-3, 5e-3, 0.05)
    ]
    found = [step(Standing(before), outcomes + "F", at).state in OPENED for at in limits_of_odds]
    assert found == sorted(found)


@given(
    st.text(alphabet="PF", min_size=1, max_size=20),
    st.text(alphabet="PPPPPFR", min_size=KEPT, max_size=KEPT),
    st.sampled_from([State.HEALTHY, State.SUSPECT, State.FLAKY]),
)
def test_only_the_outcomes_that_are_kept_matter(older: str, kept: str, before: State) -> None:
    now, cut = (step(Standing(before), each, LARGE) for each in (older + kept, kept))
    assert (now.state, now.span) == (cut.state, cut.span)
