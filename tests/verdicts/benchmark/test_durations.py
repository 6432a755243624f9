"""The planted suite and changes, and what the figures say of them."""

from __future__ import annotations

import pytest

from tracker.verdicts.benchmark.durations import figures
from tracker.verdicts.benchmark.figures import Figure


@pytest.fixture(scope="module")
def measured() -> dict[str, Figure]:
    """The quick figures by name."""
    return {each.name: each for each in figures(quick=True)}


def test_every_figure_is_named_with_its_area(measured: dict[str, Figure]) -> None:
    assert {name.split(",")[0] for name in measured} == {"durations"}


def test_a_steady_suite_gives_no_false_alarm(measured: dict[str, Figure]) -> None:
    assert measured["durations, false alarms a night, 100,000 steady tests"].value == 0


def test_larger_changes_are_found_more_often(measured: dict[str, Figure]) -> None:
    found = [
        measured[f"durations, {factor} times as long, found within 7 nights"].value
        for factor in ("1.5", "2", "4")
    ]
    assert found == sorted(found)
    assert found[-1] > 0.8


def test_the_figures_are_the_same_every_time_but_for_the_clock(
    measured: dict[str, Figure],
) -> None:
    again = {each.name: each for each in figures(quick=True)}
    timed = {name for name, each in again.items() if each.unit == "µs"}
    assert {n: e for n, e in again.items() if n not in timed} == {
        n: e for n, e in measured.items() if n not in timed
    }
