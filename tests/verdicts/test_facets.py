"""Which facets failures go with: planted by hand, in sentences, and by chance in no order."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.verdicts.facets import Run, explains, time_facets

AGENTS = ("linux-1", "linux-2", "mac-1", "win-3")
BROWSERS = ("firefox", "chrome")


def runs(number: int = 120, **only: str) -> list[Run]:
    """Runs on all agents and browsers in turn that fail where they have the facets of `only`."""
    rows = [
        {"agent": AGENTS[each % 4], "browser": BROWSERS[each // 4 % 2]} for each in range(number)
    ]
    return [Run(only.items() <= row.items(), row) for row in rows]


def test_failures_on_one_agent_name_the_agent():
    found = explains(runs(agent="win-3"))
    assert found is not None
    assert found.sets == ((("agent", "win-3"),),)
    assert (found.failures_inside, found.runs_inside) == (30, 30)
    assert (found.failures_outside, found.runs_outside) == (0, 90)


def test_failures_with_two_facets_name_both():
    found = explains(runs(agent="win-3", browser="firefox"))
    assert found is not None
    assert found.sets == ((("agent", "win-3"), ("browser", "firefox")),)


def test_failures_with_three_facets_name_all_three():
    rows = [
        Run(run.failed and not n // 8 % 2, {**run.facets, "topology": f"{n // 8 % 2}"})
        for n, run in enumerate(runs(240, agent="win-3", browser="firefox"))
    ]
    found = explains(rows)
    assert found is not None
    assert found.sets == ((("agent", "win-3"), ("browser", "firefox"), ("topology", "0")),)


def test_a_facet_that_loses_nothing_is_left_out():
    rows = [Run(run.failed, {**run.facets, "release": "1.4"}) for run in runs(agent="win-3")]
    found = explains(rows)
    assert found is not None
    assert found.sets == ((("agent", "win-3"),),)


def test_facets_that_always_occur_together_are_named_together():
    rows = [
        Run(run.failed, {**run.facets, "platform": run.facets["agent"].split("-")[0]})
        for run in runs(agent="win-3")
    ]
    found = explains(rows)
    assert found is not None
    assert found.sets == ((("agent", "win-3"),), (("platform", "win"),))
    assert "agent=win-3 or platform=win (which always occur together)" in found.sentence


def test_a_sentence_names_only_some_of_many_facets_that_occur_together():
    rows = [
        Run(run.failed, {f"label {n}": run.facets["agent"] for n in range(5)})
        for run in runs(agent="win-3")
    ]
    found = explains(rows)
    assert found is not None
    assert len(found.sets) == 5
    assert "label 2=win-3 or 2 more (which" in found.sentence


def test_the_sentence_says_where_how_often_and_how_sure():
    found = explains(runs(40, agent="win-3"))
    assert found is not None
    # 4 + 2 values alone, 8 pairs; 12 tries: two sizes of sets, six sets of the found one's.
    assert found.sentence == (
        "fails on agent=win-3 only: 10 of 10 runs there, 0 of 30 elsewhere; "
        "chance after 12 tries 1 in 10^7"
    )


def test_failures_elsewhere_too_are_not_called_only():
    rows = runs(agent="win-3")
    found = explains([*rows, Run(True, {"agent": "mac-1", "browser": "chrome"})])
    assert found is not None
    assert found.sentence.startswith("fails mostly on agent=win-3: 30 of 30 runs there, 1 of 91")


def test_more_failures_elsewhere_are_called_more_often():
    rows = [
        Run(each % 3 == 0 if run.failed else each % 37 == 0, run.facets)
        for each, run in enumerate(runs(2000, agent="win-3", browser="firefox"))
    ]
    rows += [Run(each % 8 == 0, {"agent": "mac-1", "browser": "chrome"}) for each in range(800)]
    found = explains(rows, most_values=1)
    assert found is not None
    assert found.failures_outside > found.failures_inside
    assert found.sentence.startswith("fails more often on ")


@pytest.mark.parametrize("failed", [False, True])
def test_outcomes_that_are_all_alike_need_no_explanation(failed: bool):
    assert explains([Run(failed, run.facets) for run in runs()]) is None


def test_no_runs_and_no_facets_have_no_explanation():
    assert explains([]) is None
    assert explains([Run(each % 2 == 0, {}) for each in range(20)]) is None


def test_a_set_of_two_runs_is_not_tried():
    rows = [*runs(400, agent="none"), *[Run(True, {"agent": "new", "browser": "opera"})] * 2]
    assert explains(rows) is None


def test_three_failures_among_many_values_are_chance():
    rng = random.Random(3)
    rows = [
        Run(each < 3, {f"facet {n}": f"{rng.randrange(8)}" for n in range(5)})
        for each in range(100)
    ]
    assert explains(rows) is None


def test_runs_without_a_facet_count_as_elsewhere():
    rows = [Run(True, {"agent": "win-3"})] * 10 + [Run(False, {})] * 20
    found = explains(rows)
    assert found is not None
    assert found.runs_outside == 20


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_the_order_of_the_runs_changes_nothing(history: int, order: int):
    rng = random.Random(history)
    rows = [
        Run(rng.random() < (0.7 if run.facets["agent"] == "win-3" else 0.1), run.facets)
        for run in runs(60)
    ]
    mixed = random.Random(order).sample(rows, len(rows))
    assert explains(mixed) == explains(rows)


def test_a_start_time_has_its_hour_and_weekday_in_utc():
    east = timezone(timedelta(hours=2))
    assert time_facets(datetime(2026, 3, 2, 1, 30, tzinfo=east)) == {
        "hour": "23",
        "weekday": "Sunday",
    }
