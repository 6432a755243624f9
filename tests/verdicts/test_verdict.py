"""What is said of a case: sentences with their denominators, and that it can be replayed."""

from __future__ import annotations

import dataclasses
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.budget import RATES, USUAL, Limits
from tracker.verdicts.lanes import BEFORE, by_chance
from tracker.verdicts.odds import interval
from tracker.verdicts.states import BEGINNING, OPENED, Standing, State, advance
from tracker.verdicts.verdict import RULE, Verdict, once_in, percent, replay, verdict

# A suite whose cases all fail once in 100 builds, and its limits where it is small and large.
MIX = tuple(float(rate == 0.01) for rate in RATES)
SMALL, LARGE = Limits(0.05, 0.05, MIX), Limits(1e-3, 1e-3, MIX)
histories = st.text(alphabet="PPPFFR", min_size=1, max_size=100)
any_limits = st.sampled_from([SMALL, LARGE, USUAL, Limits(1e-6, 1e-4, USUAL.mix)])


def said(outcomes: str, limits: Limits = LARGE) -> Verdict:
    """The verdict after the newest outcome."""
    course = BEGINNING
    for outcome in outcomes[:-1]:
        course = advance(course, outcome, limits)
    return verdict(course.standing, course.outcomes + outcomes[-1], limits)


@pytest.mark.parametrize(
    ("outcomes", "limits", "sentence"),
    [
        ("F", SMALL, "Failed in its first result here."),
        (
            "P" * 58 + "FF",
            LARGE,
            "2 failures in a row; by chance once in 10,000 builds for this test (0 of 58 before).",
        ),
        (
            "P" * 5 + "F",
            SMALL,
            "1 failure; by chance once in 100 builds for this test (0 of 5 before).",
        ),
        (
            "P" * 30 + "F",
            LARGE,
            "1 failure; by chance once in 100 builds for this test (0 of 30 before)."
            " It counts as a regression from once in 1,000 builds on.",
        ),
        ("P" * 9 + "FFF", SMALL, "Failed in 3 of 3 results since it broke."),
        ("P" * 9 + "FFPF", SMALL, "Failed in 3 of 4 results since it broke."),
        ("P" * 9 + "FP", SMALL, "Passed once after 1 failure; fixed after 1 more in a row."),
        ("P" * 9 + "FFP", SMALL, "Passed once after 2 failures; fixed after 1 more in a row."),
        ("P" * 9 + "FFPP", SMALL, "Passed 2 times in a row after 2 failures."),
        ("P" * 9 + "FFFFP", SMALL, "Passed once after 4 failures."),
        ("P" * 9 + "FFFFPPP", SMALL, "Passed 3 times in a row since it was fixed."),
        ("P", SMALL, "Passed in each of the newest 1 result."),
        ("P" * 99, SMALL, "Passed in each of the newest 60 results."),
        (
            "PPPPPPF" * 3 + "PP",
            LARGE,
            "Failed in 3 of the newest 23 results, 13 % (with 95 %: 4.5 % to 32 %).",
        ),
        (
            "PPPPRPPPR",
            LARGE,
            "Failed in 2 of the newest 9 results, 22 % (with 95 %: 6.3 % to 55 %);"
            " in 2 of them it passed when it was tried again.",
        ),
    ],
)
def test_each_state_has_its_sentence(outcomes: str, limits: Limits, sentence: str) -> None:
    assert said(outcomes, limits).sentence == sentence


def test_a_failure_soon_after_a_fix_says_that_it_came_back() -> None:
    found = said("P" * 9 + "FFFFPPPF", SMALL)
    assert found.state is State.REGRESSION
    assert found.sentence == "It was fixed, and failed again after 3 passes."


def test_where_a_rate_rose_slowly_it_says_how_often_it_failed_since() -> None:
    outcomes = "P" * 38 + "FPPPP" * 7 + "F"
    often = Limits(1e-2, 1e-2, tuple(float(rate == 0.2) for rate in RATES))
    found = verdict(Standing(State.HEALTHY), outcomes, often)
    assert found.state is State.REGRESSION
    assert found.sentence == (
        "8 failures in 36 results; by chance once in 150 builds for this test (0 of 38 before)."
    )


def test_the_numbers_are_those_of_the_stretch_that_looks_least_like_chance() -> None:
    found = said("P" * 20 + "F" + "P" * 30 + "FPF")
    assert (found.failures, found.runs) == (2, 3)
    assert (found.failures_before, found.runs_before) == (1, 51)
    assert found.odds == pytest.approx(by_chance(2, 3, 1, 51, MIX), rel=5e-3)
    assert found.limit == LARGE.seldom


def test_the_rate_comes_with_wilsons_interval_of_the_newest_60() -> None:
    found = said("F" * 5 + "P" * 40 + "PPRPPPPPPPPPPPPPPPFP")
    assert (found.bad, found.retried, found.counted) == (2, 1, BEFORE)
    assert (found.low, found.high) == pytest.approx(interval(2, BEFORE), abs=5e-5)


def test_a_verdict_names_the_rule_by_which_it_was_made() -> None:
    assert said("PF").rule == RULE


def test_what_an_older_rule_said_differs_from_its_replay() -> None:
    old = dataclasses.replace(said("PF"), rule=0)
    assert replay(old) != old
    assert replay(old) == said("PF")


# Whatever the history


@given(histories, any_limits)
def test_a_replay_says_the_same(outcomes: str, limits: Limits) -> None:
    found = said(outcomes, limits)
    assert replay(found) == found


@given(histories, any_limits)
def test_a_replay_of_what_was_kept_as_json_gives_the_same_bytes(
    outcomes: str, limits: Limits
) -> None:
    kept = msgspec.json.encode(said(outcomes, limits))
    assert msgspec.json.encode(replay(msgspec.json.decode(kept, type=Verdict))) == kept


@given(histories, any_limits)
def test_a_verdict_has_the_state_that_the_step_gives(outcomes: str, limits: Limits) -> None:
    course = BEGINNING
    for outcome in outcomes:
        course = advance(course, outcome, limits)
    found = said(outcomes, limits)
    assert (found.state, found.span, found.was_unsteady) == (
        course.standing.state,
        course.standing.span,
        course.standing.was_unsteady,
    )


@given(histories, any_limits)
def test_the_numbers_of_a_verdict_fit_together(outcomes: str, limits: Limits) -> None:
    found = said(outcomes, limits)
    assert 0 <= found.failures <= found.runs <= len(found.outcomes)
    assert 0 <= found.failures_before <= found.runs_before <= BEFORE
    assert 0 <= found.retried <= found.bad <= found.counted <= BEFORE
    assert found.low - 1e-4 <= found.bad / found.counted <= found.high + 1e-4
    assert found.odds is None or 0 < found.odds <= 1


@given(histories, any_limits)
def test_a_sentence_is_one_that_people_read(outcomes: str, limits: Limits) -> None:
    found = said(outcomes, limits)
    assert found.sentence.endswith(".")
    assert found.sentence[0].isupper() or found.sentence[0].isdigit()
    assert not re.search(r"\b1 (failures|results|passes|times)\b", found.sentence)
    assert not re.search(r"after (0|-\d+) more", found.sentence)


@given(histories, any_limits)
def test_what_alarms_says_out_of_how_many(outcomes: str, limits: Limits) -> None:
    found = said(outcomes, limits)
    if found.state in OPENED | {State.SUSPECT} and len(outcomes) > 1:
        assert re.search(r"\d+ of \d+ before|failed again after \d+ pass", found.sentence)
    if found.state in (State.FLAKY, State.FAILING):
        assert re.search(r"\d+ of (the newest )?\d+ result", found.sentence)


# Words


@pytest.mark.parametrize(
    ("odds", "words"),
    [
        (0.6, "every other build or more often"),
        (0.4, "once in 2 builds"),
        (1 / 69.3, "once in 69 builds"),
        (1 / 9016, "once in 9,000 builds"),
        (1e-4, "once in 10,000 builds"),
        (1 / 1_234_567, "once in 1,200,000 builds"),
        (0.0, "once in 1,000,000,000,000 builds"),
    ],
)
def test_odds_in_words_have_two_digits(odds: float, words: str) -> None:
    assert once_in(odds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.0, "0.0 %"), (0.004, "0.4 %"), (0.099, "9.9 %"), (0.12, "12 %"), (1.0, "100 %")],
)
def test_a_rate_below_ten_percent_has_a_place_after_the_point(rate: float, words: str) -> None:
    assert percent(rate) == words
