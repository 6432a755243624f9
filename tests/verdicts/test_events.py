"""Which cases broke together, by the windows of their histories."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.events import Event, events
from tracker.verdicts.windows import Window, window

SHARP = "P" * 20 + "F" * 25


def found(*outcomes: str) -> list[set[int]]:
    """The cases of each event, numbered as their histories stand."""
    return [set(event.cases) for event in events(_windows(outcomes))]


def _windows(outcomes: tuple[str, ...]) -> dict[int, Window]:
    seen = {case: window(text) for case, text in enumerate(outcomes)}
    return {case: each for case, each in seen.items() if each}


def test_cases_that_broke_in_the_same_build_are_one_event() -> None:
    assert found(SHARP, SHARP, "P" * 20 + "F" * 10) == [{0, 1, 2}]


def test_breaks_in_neighbouring_builds_are_two_events() -> None:
    later = "P" * 21 + "F" * 24
    assert found(SHARP, later, SHARP, later) == [{0, 2}, {1, 3}]


def test_a_case_that_did_not_run_joins_the_event_of_its_gap() -> None:
    gap = "P" * 17 + "....." + "F" * 23
    assert found(gap, SHARP, SHARP) == [{0, 1, 2}]


def test_a_flaky_case_joins_the_larger_event_near_it() -> None:
    flaky = "PPPFPPPPPP" * 2 + "PFFF"
    earlier, later = "P" * 12 + "F" * 25, "P" * 21 + "F" * 25
    assert found(flaky, later, later, later, earlier) == [{4}, {0, 1, 2, 3}]


def test_windows_that_hardly_overlap_are_not_one_event() -> None:
    narrow = Window(0, 10, 10, (0.05,) * 9 + (0.55,))
    other = Window(9, 19, 10, (0.55,) + (0.05,) * 9)
    assert [event.cases for event in events({1: narrow, 2: other})] == [{1}, {2}]


def test_the_window_of_an_event_is_what_its_cases_have_in_common() -> None:
    left = Window(3, 6, 5, (0.1, 0.5, 0.4))
    right = Window(4, 8, 5, (0.5, 0.2, 0.2, 0.1))
    assert events({1: left, 2: right}) == (Event(frozenset({1, 2}), 4, 6, 5),)


def test_without_windows_there_are_no_events() -> None:
    assert events({}) == ()


def test_the_oldest_event_comes_first_and_then_the_largest() -> None:
    wide = Window(0, 10, 10, (0.05,) * 9 + (0.55,))
    other = Window(9, 19, 10, (0.55,) + (0.05,) * 9)
    early = Window(0, 1, 1, (1.0,))
    seen = [set(event.cases) for event in events({1: wide, 2: other, 3: other, 4: early})]
    assert seen == [{4}, {2, 3}, {1}]


@given(
    st.lists(st.text("PF.", min_size=6, max_size=14), min_size=1, max_size=8).flatmap(
        lambda histories: st.tuples(
            st.just(_windows(tuple(histories))), st.permutations(range(len(histories)))
        )
    )
)
def test_the_order_of_the_cases_changes_nothing(
    given_windows: tuple[dict[int, Window], list[int]],
) -> None:
    windows, order = given_windows
    shuffled = {case: windows[case] for case in order if case in windows}
    assert events(shuffled) == events(windows)


@given(st.lists(st.text("PF.", min_size=6, max_size=14), max_size=8))
def test_every_case_is_in_one_event_whose_window_lies_in_its_own(histories: list[str]) -> None:
    windows = _windows(tuple(histories))
    seen = events(windows)
    assert sorted(case for event in seen for case in event.cases) == sorted(windows)
    for event in seen:
        assert event.after < event.likely <= event.by
        for case in event.cases:
            assert windows[case].after <= event.after
            assert event.by <= windows[case].by
