"""Derived rows: the order of arrival leaves no trace, and rebuilding changes nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.factories import builds_of, history, jenkins, key_of, record, report, upload
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.results import results
from tracker.store.identity import id_of
from tracker.store.judging import rebuild
from tracker.store.records import BuildFacts, ReadReport
from tracker.store.sql import run

State = Callable[..., list[dict[str, Any]]]
Seen = tuple[str, int, int | None, int | None]
pytestmark = pytest.mark.usefixtures("store")

PICTURES = {
    "login": "P P F S F P",
    "logout": "P F P P P P",
    "search": ". . F F P F",
    "export": "F F F F F F",
    "help": "S S P U F .",
}


def episodes(state: State, case: str) -> list[Seen]:
    """State, the builds from which and until which it was so, and in which the case broke."""
    return [
        (
            row["state"],
            row["from"][1],
            row["until"] and row["until"][1],
            row["since"] and row["since"][1],
        )
        for row in state("episode", key=key_of(case))
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


def test_a_pass_long_before_many_gaps_is_still_a_result_before() -> None:
    history("nightly", login="P" + " ." * 110 + " F", other="P" + " P" * 111)
    assert new("nightly", 112) == {"login": "regression"}


def test_a_first_result_that_failed_is_a_new_failure() -> None:
    history("nightly", login="P P", born="S F")
    assert new("nightly", 2) == {"born": "new failure"}


def test_what_still_fails_is_not_new() -> None:
    history("nightly", login="P F E")
    assert new("nightly", 3) == {}


def test_what_fails_again_before_it_was_fixed_is_not_new() -> None:
    history("nightly", login="P F F P F")
    assert new("nightly", 5) == {}


def test_what_fails_again_after_it_was_fixed_is_new() -> None:
    history("nightly", login="P F F P P F")
    assert new("nightly", 6) == {"login": "regression"}


def test_another_jobs_history_does_not_count() -> None:
    history("smoke", login="P P")
    history("nightly", login="F")
    assert new("nightly", 1) == {"login": "new failure"}


def test_counts_of_a_build_say_what_began_and_ended_there() -> None:
    history("nightly", **PICTURES)
    row = build("nightly", "3")
    assert (row.regressions, row.new_failures, row.recovering, row.fixed) == (1, 1, 1, 0)
    row = build("nightly", "4")
    assert (row.regressions, row.new_failures, row.recovering, row.fixed) == (0, 0, 0, 1)


def test_every_failure_of_a_judged_build_is_in_one_count() -> None:
    history("nightly", **PICTURES)
    for number in range(1, 7):
        row = build("nightly", str(number))
        assert row.still_failing == len(results("nightly", str(number), "failing", limit=99))


def test_episodes_of_a_case_are_its_states_one_after_another(state: State) -> None:
    history("nightly", **PICTURES)
    assert episodes(state, "login") == [("regression", 3, 6, 3), ("recovering", 6, None, 3)]
    assert episodes(state, "logout") == [
        ("regression", 2, 3, 2),
        ("recovering", 3, 4, 2),
        ("fixed", 4, None, 2),
    ]
    assert episodes(state, "search") == [
        ("new failure", 3, 5, 3),
        ("recovering", 5, 6, 3),
        ("failing", 6, None, 3),
    ]
    assert episodes(state, "export") == [("new failure", 1, None, 1)]


def test_a_case_that_is_healthy_has_no_episode_that_lasts(state: State) -> None:
    history("nightly", login="P F F P P P P P P P", logout="P P P P P P P P P P")
    assert episodes(state, "login")[-1] == ("fixed", 5, 10, 2)
    assert episodes(state, "logout") == []


def test_a_case_that_passes_after_a_retry_now_and_then_is_flaky(state: State) -> None:
    for number, letter in enumerate("PPRPPPRP", 1):
        upload("nightly", number, retried() if letter == "R" else report(login="P"))
    assert episodes(state, "login") == [("flaky", 7, None, 7)]
    row = build("nightly", "7")
    assert (row.flaky, row.totals.failures, row.still_failing) == (0, 0, 0)


def retried() -> ReadReport:
    """A report in which the case passed at the second try."""
    made = report(login="P")
    tries = [(id_of(key_of("login")), 1, 1, 250, None)]
    return dataclasses.replace(
        made, sha256="r" * 64, contents=dataclasses.replace(made.contents, attempts=tries)
    )


@pytest.mark.parametrize("order", ["654321", "135246", "642531", "621543"])
def test_builds_that_arrive_out_of_order_give_the_same_state(order: str) -> None:
    builds = dict(builds_of(**PICTURES))
    history("sorted", **PICTURES)
    for number in map(int, order):
        upload("shuffled", number, *builds[number], complete=True)
    told = [line for line in lines() if '"sorted"' in line]
    assert [
        line.replace('"shuffled"', '"sorted"') for line in lines() if "shuffled" in line
    ] == told


def test_a_case_that_was_fixed_long_ago_counts_for_the_limits_again() -> None:
    broke = " ".join("P" * 22 + "FFF" + "P" * 65)
    stable = " ".join("P" * 90)
    history("nightly", **{f"c{n}": broke if n < 7 else stable for n in range(20)})
    before, after = (build("nightly", number).judging for number in ("40", "90"))
    assert before is not None
    assert after is not None
    assert (before.limits.seldom, after.limits.seldom) == (0.05, 0.035)


def test_a_late_pass_turns_a_new_failure_into_a_regression(state: State) -> None:
    upload("nightly", 2, report(login="F"))
    assert episodes(state, "login") == [("new failure", 2, None, 2)]
    upload("nightly", 1, report(login="P"))
    assert episodes(state, "login") == [("regression", 2, None, 2)]


def test_a_late_failure_moves_the_beginning_of_a_break(state: State) -> None:
    history("nightly", login="P . F F")
    upload("nightly", 2, report("late.xml", login="F"))
    assert episodes(state, "login") == [("regression", 2, None, 2)]
    assert build("nightly", "3").regressions == 0


def test_a_late_pass_lets_a_break_recover_in_between(state: State) -> None:
    history("nightly", login="P F . F")
    upload("nightly", 3, report("late.xml", login="P"))
    assert episodes(state, "login") == [
        ("regression", 2, 3, 2),
        ("recovering", 3, 4, 2),
        ("failing", 4, None, 2),
    ]


def test_a_late_pass_ends_a_long_break_and_begins_another(state: State) -> None:
    history("nightly", login="P F F F F F F F F . F")
    upload("nightly", 10, report("late.xml", login="P"))
    assert episodes(state, "login") == [
        ("regression", 2, 10, 2),
        ("fixed", 10, 11, 2),
        ("regression", 11, None, 11),
    ]


def test_a_replaced_report_is_judged_anew(state: State) -> None:
    history("nightly", login="P F F")
    record(BuildFacts("nightly", 2), report(login="P"), replace=True)
    assert episodes(state, "login") == [("regression", 3, None, 3)]


def test_an_aborted_build_neither_begins_nor_ends_a_break(state: State) -> None:
    jenkins("nightly", 1, report(login="P", logout="F"))
    jenkins("nightly", 2, report(login="F", logout="P"), result="ABORTED")
    jenkins("nightly", 3, report(login="P", logout="F"))
    assert episodes(state, "login") == []
    assert episodes(state, "logout") == [("new failure", 1, None, 1)]


def test_a_build_that_turns_out_aborted_is_taken_out_of_the_history(state: State) -> None:
    history("nightly", login="P F P P")
    assert build("nightly", "4").fixed == 1
    jenkins("nightly", 2, result="ABORTED")
    assert episodes(state, "login") == []
    rows = [build("nightly", label) for label in "234"]
    assert [(row.regressions, row.recovering, row.fixed) for row in rows] == [(0, 0, 0)] * 3


def test_more_cases_than_one_statement_takes_are_judged() -> None:
    many = [f"case{place}" for place in range(1203)]
    upload("nightly", 1, report(**dict.fromkeys(many, "P")))
    # For three reasons, else it would be one incident.
    upload(
        "nightly",
        2,
        *(
            report(f"{reason}.xml", message=reason, **dict.fromkeys(many[place::3], "F"))
            for place, reason in enumerate(("slow", "wrong", "absent"))
        ),
    )
    row = build("nightly", "2")
    assert row.regressions + row.suspects == 1203


def test_rebuilding_gives_what_was_stored() -> None:
    for number in (4, 1, 6, 2, 5, 3):
        upload("nightly", number, *dict(builds_of(**PICTURES))[number])
    before = list(lines())
    assert rebuild() == 1
    assert list(lines()) == before


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM episode WHERE state = 'regression'",
        "UPDATE episode SET until_build = NULL, since_build = 1, state = 'flaky'",
        "UPDATE build SET regressions = 7, fixed = 9, suspects = 1, in_incident = 4",
        "UPDATE build SET judging = '{}', lifted = true",
    ],
)
def test_rebuilding_mends_derived_rows_that_went_wrong(damage: str) -> None:
    history("nightly", **PICTURES)
    before = list(lines())
    run(damage)
    assert list(lines()) != before
    rebuild()
    assert list(lines()) == before


def test_the_failures_of_a_fixed_break_do_not_hide_the_next_one() -> None:
    calm = {f"calm{place}": " ".join("P" * 61) for place in range(9)}
    history("nightly", login=" ".join("P" * 30 + "F" * 10 + "P" * 20 + "F"), **calm)
    [row] = results("nightly", "61", "new", limit=9)
    assert (row.name, row.verdict, row.since) == ("login", "regression", "61")
