"""The benchmark of alarms: its simulations are what they say, and the targets are reached."""

from __future__ import annotations

import random

import pytest

from tracker.verdicts.benchmark import alarms
from tracker.verdicts.benchmark.alarms import by_rule, by_states, draws, suite
from tracker.verdicts.benchmark.baselines import RULES, all_history, fisher, in_a_row, last_flip
from tracker.verdicts.benchmark.figures import Figure
from tracker.verdicts.budget import USUAL

BUDGET = "alarms, ours, false a night of 100,000 tests"


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    """The table of rules, which ends with our budget; what follows it takes half a minute."""
    found: dict[str, Figure] = {}
    for figure in alarms.figures(quick=True):
        found[figure.name] = figure
        if figure.name == BUDGET:
            break
    return found


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.9])
def test_a_case_fails_at_the_rate_that_is_drawn(rate: float) -> None:
    outcomes = draws(random.Random(1), rate, 20_000)
    assert len(outcomes) == 20_000
    assert outcomes.count("F") / 20_000 == pytest.approx(rate, rel=0.15)


def test_a_suite_has_the_cases_that_never_failed_too() -> None:
    made = suite(random.Random(1), 10_000, 60)
    assert len(made.histories) + made.silent == 10_000
    assert all("F" in each for each in made.histories)


@pytest.mark.parametrize(
    ("rule", "outcomes", "says"),
    [
        (last_flip, "PPF", True),
        (last_flip, "PFF", False),
        (in_a_row(3), "PFFF", True),
        (in_a_row(3), "FFPFF", False),
        (all_history, "PPFF", True),
        (all_history, "FPPFF", False),
        (fisher, "P" * 30 + "PPPPFFF", True),
        (fisher, "P" * 30 + "PPPPPFF", False),
        (fisher, "PF" * 15 + "PFPFPFF", False),
    ],
)
def test_a_rule_of_others_says_what_its_description_says(
    rule: object, outcomes: str, says: bool
) -> None:
    assert rule(outcomes) is says  # type: ignore[operator]


def test_an_alarm_counts_once_when_it_begins() -> None:
    assert by_rule(in_a_row(2))("PFFFPFF") == [False, False, True, False, False, False, True]
    assert sum(by_states(USUAL)("P" * 30 + "FFFFFF")) == 1


@pytest.mark.nightly
def test_the_rules_of_others_behave_as_they_were_measured_elsewhere(
    figures: dict[str, Figure],
) -> None:
    name = "alarms, {}, false a night of 100,000 tests"
    assert figures[name.format("last run flipped")].value == pytest.approx(250, rel=0.1)
    assert figures[name.format("2 in a row")].value == pytest.approx(20, rel=0.2)
    assert figures[name.format("3 in a row")].value == pytest.approx(4, rel=0.5)


def test_every_rule_has_its_row_of_figures(figures: dict[str, Figure]) -> None:
    for name in (*RULES, "ours"):
        assert f"alarms, {name}, hard break, 0.1 to 100 %, median" in figures


@pytest.mark.parametrize(
    "name",
    [
        "alarms, ours, hard break, 0.1 to 100 %, median",
        "alarms, ours, flaky to broken, 10 to 100 %, median",
    ],
)
def test_our_rule_reaches_its_delays(figures: dict[str, Figure], name: str) -> None:
    assert figures[name].reached


def test_our_rule_keeps_its_budget_within_what_a_short_run_can_tell(
    figures: dict[str, Figure],
) -> None:
    assert figures[BUDGET].value < 1.5


@pytest.mark.nightly
def test_our_rule_keeps_its_budget_where_nights_are_not_alike() -> None:
    found = [figure for figure in alarms.figures(quick=True) if figure.most == 1.0]
    assert len(found) > 5
    assert [figure.name for figure in found if not figure.reached] == []
