"""The simple rule by pictures, and the one step that the store takes for each build."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.outcomes import COUNTED, FAILURES, WORST_FIRST, Status
from tracker.verdicts.streaks import Streak, step, streaks

LETTERS: dict[str, Status | None] = {
    "P": Status.PASSED,
    "F": Status.FAILED,
    "E": Status.ERROR,
    "S": Status.SKIPPED,
    "U": Status.UNKNOWN,
    ".": None,
}


def seen(picture: str) -> list[str]:
    """The streaks of a picture as words: `R2-4` a regression in build 2, fixed in 4."""
    found = streaks(LETTERS[letter] for letter in picture.split())
    return [
        f"{'R' if each.regression else 'N'}{each.first + 1}-{_build(each.fixed)}" for each in found
    ]


def _build(place: int | None) -> str:
    return "" if place is None else str(place + 1)


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("", []),
        ("P P P", []),
        ("P F", ["R2-"]),
        ("F", ["N1-"]),
        (". . F", ["N3-"]),
        ("S F", ["N2-"]),
        ("U F", ["N2-"]),
        ("P S F", ["R3-"]),
        ("P . F", ["R3-"]),
        ("P U F", ["R3-"]),
        ("P F S F", ["R2-"]),
        ("P F . F P", ["R2-5"]),
        ("P F U P", ["R2-4"]),
        ("P F S", ["R2-"]),
        ("P E", ["R2-"]),
        ("P F E F", ["R2-"]),
        ("F P", ["N1-2"]),
        ("F P F P", ["N1-2", "R3-4"]),
        ("P F P F", ["R2-3", "R4-"]),
        ("F F F F", ["N1-"]),
        ("P F P P S P", ["R2-3"]),
    ],
)
def test_a_picture_has_these_streaks(picture: str, expected: list[str]) -> None:
    assert seen(picture) == expected


def test_a_step_opens_what_failed_and_did_not_fail_before() -> None:
    assert step({"a"}, {"a", "b"}, set()).opened == {"b"}


def test_a_step_fixes_what_failed_before_and_passed() -> None:
    assert step({"a"}, set(), {"a", "b"}).fixed == {"a"}


def test_a_step_without_results_changes_nothing() -> None:
    change = step({"a"}, set(), set())
    assert not change.opened
    assert not change.fixed


@given(
    st.lists(
        st.fixed_dictionaries({case: st.sampled_from(".PFESU") for case in "abc"}), max_size=12
    )
)
def test_folding_the_step_over_builds_gives_the_streaks(builds: list[dict[str, str]]) -> None:
    folded: dict[str, list[Streak]] = {case: [] for case in "abc"}
    passed_before: set[str] = set()
    failing: frozenset[str] = frozenset()
    for place, build in enumerate(builds):
        failed = {case for case, letter in build.items() if letter in "FE"}
        passed = {case for case, letter in build.items() if letter == "P"}
        change = step(failing, failed, passed)
        for case in change.opened:
            folded[case].append(Streak(place, None, regression=case in passed_before))
        for case in change.fixed:
            last = folded[case].pop()
            folded[case].append(Streak(last.first, place, last.regression))
        failing = (failing | change.opened) - change.fixed
        passed_before |= passed
    for case in "abc":
        assert folded[case] == streaks(LETTERS[build[case]] for build in builds)


def test_skipped_and_unknown_never_count() -> None:
    assert set(Status) - COUNTED == {Status.SKIPPED, Status.UNKNOWN}


def test_failures_are_failed_and_error() -> None:
    assert [status for status in Status if status.is_failure] == sorted(FAILURES)


def test_a_status_is_found_by_its_word_and_no_other() -> None:
    assert [Status.named(status.word) for status in Status] == list(Status)
    with pytest.raises(KeyError):
        Status.named("broken")


def test_the_worse_of_two_readings_comes_first() -> None:
    assert [status.word for status in WORST_FIRST] == [
        "error",
        "failed",
        "unknown",
        "passed",
        "skipped",
    ]
