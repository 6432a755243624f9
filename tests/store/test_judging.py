"""Derived rows: the order of arrival leaves no trace, and rebuilding changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import builds_of, history, jenkins, key_of, record, report, upload
from tracker.queries.builds import build, results
from tracker.queries.dump import lines
from tracker.store.judging import rebuild
from tracker.store.records import BuildFacts
from tracker.store.sql import run

State = Callable[..., list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("store")

PICTURES = {
    "login": "P P F S F P",
    "logout": "P F P P P P",
    "search": ". . F F P F",
    "export": "F F F F F F",
    "help": "S S P U F .",
}


def streaks(state: State, case: str) -> list[tuple[int, int | None, bool]]:
    """First build, build that fixed it, whether it was a regression."""
    return [
        (row["first"][1], row["fixed"] and row["fixed"][1], row["regression"])
        for row in state("streak", key=key_of(case))
    ]


def new(job: str, number: int) -> dict[str, str]:
    return {row.name: row.verdict for row in results(job, str(number), "new", limit=99)}


def test_a_skip_does_not_hide_a_regression() -> None:
    history("nightly", login="P S F", logout="P P P")
    assert new("nightly", 3) == {"login": "regression"}


def test_a_gap_does_not_hide_a_regression() -> None:
    history("nightly", login="P . F", logout="P P P")
    assert new("nightly", 3) == {"login": "regression"}


def test_an_unknown_result_does_not_hide_a_regression() -> None:
    history("nightly", login="P U F")
    assert new("nightly", 3) == {"login": "regression"}


def test_a_first_result_that_failed_is_a_new_failure() -> None:
    history("nightly", login="P P", born="S F")
    assert new("nightly", 2) == {"born": "new failure"}


def test_what_still_fails_is_not_new() -> None:
    history("nightly", login="P F E")
    assert new("nightly", 3) == {}


def test_another_jobs_history_does_not_count() -> None:
    history("smoke", login="P P")
    history("nightly", login="F")
    assert new("nightly", 1) == {"login": "new failure"}


def test_counts_of_a_build_say_what_began_and_ended_there() -> None:
    history("nightly", **PICTURES)
    row = build("nightly", "3")
    assert (row.regressions, row.new_failures, row.fixed) == (1, 1, 1)


def test_streaks_of_a_case_are_its_rows_of_failures(state: State) -> None:
    history("nightly", **PICTURES)
    assert streaks(state, "login") == [(3, 6, True)]
    assert streaks(state, "search") == [(3, 5, False), (6, None, True)]


@pytest.mark.parametrize("order", ["654321", "135246", "642531", "621543"])
def test_builds_that_arrive_out_of_order_give_the_same_state(state: State, order: str) -> None:
    builds = dict(builds_of(**PICTURES))
    history("sorted", **PICTURES)
    for number in map(int, order):
        upload("shuffled", number, *builds[number], complete=True)
    told = [line for line in lines() if '"sorted"' in line]
    assert [
        line.replace('"shuffled"', '"sorted"') for line in lines() if "shuffled" in line
    ] == told


def test_a_late_pass_turns_a_new_failure_into_a_regression(state: State) -> None:
    upload("nightly", 2, report(login="F"))
    assert streaks(state, "login") == [(2, None, False)]
    upload("nightly", 1, report(login="P"))
    assert streaks(state, "login") == [(2, None, True)]


def test_a_late_failure_moves_the_beginning_of_a_streak(state: State) -> None:
    history("nightly", login="P . F F")
    upload("nightly", 2, report("late.xml", login="F"))
    assert streaks(state, "login") == [(2, None, True)]
    assert build("nightly", "3").regressions == 0


def test_a_late_pass_ends_a_streak_and_begins_another(state: State) -> None:
    history("nightly", login="P F . F")
    upload("nightly", 3, report("late.xml", login="P"))
    assert streaks(state, "login") == [(2, 3, True), (4, None, True)]


def test_a_replaced_report_is_judged_anew(state: State) -> None:
    history("nightly", login="P F F")
    record(BuildFacts("nightly", 2), report(login="P"), replace=True)
    assert streaks(state, "login") == [(3, None, True)]


def test_an_aborted_build_neither_begins_nor_ends_a_streak(state: State) -> None:
    jenkins("nightly", 1, report(login="P", logout="F"))
    jenkins("nightly", 2, report(login="F", logout="P"), result="ABORTED")
    jenkins("nightly", 3, report(login="P", logout="F"))
    assert streaks(state, "login") == []
    assert streaks(state, "logout") == [(1, None, False)]


def test_a_build_that_turns_out_aborted_is_taken_out_of_the_history(state: State) -> None:
    history("nightly", login="P F P")
    jenkins("nightly", 2, result="ABORTED")
    assert streaks(state, "login") == []
    assert build("nightly", "3").fixed == 0


def test_more_cases_than_one_statement_takes_are_judged() -> None:
    many = [f"case{place}" for place in range(1203)]
    upload("nightly", 1, report(**dict.fromkeys(many, "P")))
    upload("nightly", 2, report(**dict.fromkeys(many, "F")))
    assert build("nightly", "2").regressions == 1203


def test_rebuilding_gives_what_was_stored() -> None:
    for number in (4, 1, 6, 2, 5, 3):
        upload("nightly", number, *dict(builds_of(**PICTURES))[number])
    before = list(lines())
    assert rebuild() == 1
    assert list(lines()) == before


def test_rebuilding_mends_derived_rows_that_went_wrong() -> None:
    history("nightly", **PICTURES)
    before = list(lines())
    run("DELETE FROM streak WHERE regression = 1")
    run("UPDATE build SET regressions = 7, fixed = 9")
    assert list(lines()) != before
    rebuild()
    assert list(lines()) == before
