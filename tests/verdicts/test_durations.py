"""Slower, faster or steady, by histories of milliseconds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.durations import Change, Pace, Period, at_tempo, change, sentence, tempo
from tracker.verdicts.windows import Window


def noisy(median: float, runs: int, noise: float = 0.05, seed: int = 1) -> list[float | None]:
    """So many runs about a median, with lognormal noise."""
    rng = random.Random(seed)
    return [median * rng.lognormvariate(0, noise) for _ in range(runs)]


def found(durations: list[float | None], was: Pace = Pace.STEADY) -> Change:
    """The change of a case that did change."""
    seen = change(durations, was)
    assert seen is not None
    return seen


def test_a_case_that_takes_twice_as_long_is_slower() -> None:
    seen = found(noisy(5000, 40) + noisy(10000, 6, seed=2))
    assert seen.pace is Pace.SLOWER
    assert seen.factor == pytest.approx(2, rel=0.1)


def test_a_case_that_takes_half_as_long_is_faster() -> None:
    seen = found(noisy(10000, 40) + noisy(5000, 6, seed=2))
    assert seen.pace is Pace.FASTER
    assert seen.factor == pytest.approx(2, rel=0.1)


def test_a_change_has_its_build_and_what_was_before_and_is_now() -> None:
    seen = found(noisy(5000, 40) + noisy(10000, 6, seed=2))
    assert (seen.window.after, seen.window.by, seen.window.likely) == (39, 40, 40)
    assert (seen.before.runs, seen.now.runs) == (40, 6)
    assert seen.before.median == pytest.approx(5000, rel=0.05)
    assert seen.now.median == pytest.approx(10000, rel=0.05)


def test_a_change_in_a_gap_may_be_in_any_of_its_builds() -> None:
    seen = found([*noisy(5000, 40), None, None, None, *noisy(10000, 6, seed=2)])
    assert (seen.window.after, seen.window.by, seen.window.likely) == (39, 43, 43)
    assert len(seen.window.chances) == 4


def test_noise_makes_the_window_wider() -> None:
    loud = found(noisy(5000, 40, 0.3) + noisy(15000, 9, 0.3, seed=2))
    assert loud.window.by - loud.window.after > 1


@pytest.mark.parametrize("outliers", [1, 2])
def test_an_outlier_or_two_are_no_change(outliers: int) -> None:
    assert change(noisy(5000, 40) + noisy(90000, outliers, seed=2)) is None


def test_a_case_that_is_back_to_its_usual_pace_is_steady() -> None:
    slow_for_a_while = noisy(5000, 30) + noisy(10000, 12, seed=2)
    assert change(slow_for_a_while) is not None
    assert change(slow_for_a_while + noisy(5000, 4, seed=3), Pace.SLOWER) is None


def test_a_case_that_is_quick_again_after_a_long_time_is_steady() -> None:
    slow_for_long = noisy(5000, 20) + noisy(10000, 30, seed=2)
    assert found(slow_for_long).pace is Pace.SLOWER
    assert change(slow_for_long + noisy(5000, 5, seed=3), Pace.SLOWER) is None


def test_outliers_long_ago_do_not_hide_a_change() -> None:
    before = noisy(5000, 20) + noisy(5_000_000, 2, seed=2) + noisy(5000, 20, seed=3)
    assert found(before + noisy(10000, 6, seed=4)).pace is Pace.SLOWER


def test_less_than_30_percent_is_no_change() -> None:
    assert change(noisy(5000, 40, 0.02) + noisy(6000, 15, 0.02, seed=2)) is None


def test_less_than_100_ms_is_no_change() -> None:
    assert change(noisy(50, 40) + noisy(140, 15, seed=2)) is None


def test_a_short_history_says_nothing() -> None:
    assert change(noisy(5000, 6) + noisy(20000, 6, seed=2)) is None


@pytest.mark.parametrize("durations", [[], [None] * 60, [None, 5.0]])
def test_a_case_that_hardly_ran_is_steady(durations: list[float | None]) -> None:
    assert change(durations) is None


def test_runs_without_a_duration_worth_a_millisecond_are_steady() -> None:
    assert change([0.0] * 60) is None


def test_it_takes_less_to_stay_slower_than_to_become_so() -> None:
    durations = noisy(5000, 40, 0.02) + noisy(6200, 8, 0.02, seed=2)
    assert change(durations) is None
    assert found(durations, Pace.SLOWER).pace is Pace.SLOWER
    assert change(durations, Pace.FASTER) is None


@given(st.lists(st.floats(0, 100) | st.none(), max_size=60))
def test_durations_that_differ_by_less_than_50_ms_never_change(
    durations: list[float | None],
) -> None:
    assert change([each and each / 2.1 for each in durations], Pace.SLOWER) is None


@given(st.lists(st.sampled_from([None, 1000.0, 1100.0, 2500.0, 9000.0]), max_size=40))
def test_a_change_is_of_the_runs_it_counts(history: list[float | None]) -> None:
    durations = [*noisy(1000, 15), *history]
    seen = change(durations)
    if seen:
        assert seen.before.runs + seen.now.runs == sum(each is not None for each in durations)
        assert seen.window.after < seen.window.likely <= seen.window.by
        assert seen.factor >= 1.15
        assert (seen.now.median > seen.before.median) is (seen.pace is Pace.SLOWER)


def test_a_slow_night_of_the_machine_is_measured() -> None:
    suite = {case: [100.0 * case] * 4 + [150.0 * case] for case in range(1, 12)}
    assert tempo(suite) == [1, 1, 1, 1, 1.5]


def test_a_case_of_its_own_does_not_make_a_slow_night() -> None:
    suite = {case: [100.0, 100.0, 100.0] for case in range(1, 12)} | {99: [100.0, 100.0, 900.0]}
    assert tempo(suite) == [1, 1, 1]


def test_few_cases_say_nothing_of_the_machine() -> None:
    assert tempo({case: [100.0, 100.0, 150.0] for case in range(9)}) == [1, 1, 1]
    assert tempo({}) == []


def test_slow_nights_of_the_machine_are_no_change_of_a_case() -> None:
    slow = [1.0] * 40 + [2.0] * 6
    suite = {
        case: [
            (each or 0) * pace for each, pace in zip(noisy(5000, 46, seed=case), slow, strict=True)
        ]
        for case in range(20)
    }
    assert change(suite[0]) is not None
    assert change(at_tempo(suite[0], tempo(suite))) is None


def test_gaps_stay_gaps_at_any_tempo() -> None:
    assert at_tempo([100.0, None, 300.0], [1.0, 1.5, 2.0]) == [100.0, None, 150.0]


SLOWER = Change(
    Pace.SLOWER, 1.806, Period(6700.0, 40), Period(12100.0, 6), Window(0, 1, 1, (1.0,)), 0.00019
)


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        (
            SLOWER,
            "1.8 times slower since #41: 12.1 s in 6 runs, 6.7 s in 40 runs before; "
            "by chance once in 5,000 builds.",
        ),
        (
            replace(SLOWER, pace=Pace.FASTER, now=Period(420.4, 3), chance=1e-9),
            "1.8 times faster since #41: 420 ms in 3 runs, 6.7 s in 40 runs before; "
            "by chance less than once in 1,000,000 builds.",
        ),
    ],
)
def test_a_change_is_said_in_one_sentence(seen: Change, text: str) -> None:
    assert sentence(seen, ["#40", "#41"]) == text
