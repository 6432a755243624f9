"""A build that fails as a whole for one reason: counted apart, and taken back where it was none."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.factories import history, report, upload
from tests.store.fresh import fresh_store
from tracker.queries.builds import build
from tracker.queries.dump import lines
from tracker.queries.results import results
from tracker.store.judging import rebuild
from tracker.store.outcomes import LOOK
from tracker.store.sql import run

State = Callable[..., list[dict[str, Any]]]
pytestmark = pytest.mark.usefixtures("store")

TWELVE = tuple(f"case{place:02}" for place in range(12))


def night(number: int, letter: str, message: str = "no database", **others: str) -> None:
    """A build in which all twelve cases did the same, and others something of their own."""
    upload("nightly", number, report(message=message, **dict.fromkeys(TWELVE, letter), **others))


def nights(picture: str) -> None:
    for number, letter in enumerate(picture.split(), 1):
        night(number, letter)


def counts(number: int) -> tuple[int, int, int]:
    """Regressions, new failures, and what is in an incident."""
    row = build("nightly", str(number))
    return row.regressions, row.new_failures, row.in_incident


def names(number: int, which: str) -> list[str]:
    return [row.name for row in results("nightly", str(number), which, limit=99)]


def test_an_incident_counts_apart_and_says_its_reason() -> None:
    nights("P P F P")
    assert counts(3) == (0, 0, 12)
    assert names(3, "incident") == list(TWELVE)
    assert names(3, "new") == []
    row = build("nightly", "3")
    assert row.judging is not None
    assert row.judging.incident is not None
    found = row.judging.incident
    assert (found.reason, found.failures, found.ran, found.of_reason) == ("no database", 12, 12, 12)
    assert not row.lifted


def test_what_arrives_when_an_incident_can_be_judged_no_more_is_counted_in_it() -> None:
    nights("P P F P")
    run("UPDATE job SET judged_from = (SELECT id FROM build WHERE number = 4)")
    upload("nightly", 3, report("late.xml", late="F", later="P"))
    assert (counts(3), build("nightly", "3").not_judged) == ((0, 0, 13), 0)
    assert names(3, "incident") == [*TWELVE, "late"]


def test_an_incident_does_not_touch_the_histories(state: State) -> None:
    nights("P P F P")
    assert state("episode") == []
    assert [build("nightly", str(number)).fixed for number in (3, 4)] == [0, 0]


def test_the_failures_of_an_incident_are_no_outcomes_of_a_later_verdict(state: State) -> None:
    nights("P P F P P")
    night(6, "P", login="P")
    night(7, "P", login="P")
    upload("nightly", 8, report(**{**dict.fromkeys(TWELVE, "P"), "case00": "F"}))
    [row] = state("episode")
    assert msgspec.json.decode(row["evidence"])["outcomes"] == "PPPPPPF"


def test_failures_before_an_incident_go_on_after_it(state: State) -> None:
    night(1, "P", broken="P", healing="P")
    night(2, "P", broken="F", healing="F")
    night(3, "F", broken="F", healing="P")
    night(4, "P", broken="F", healing="F")
    assert counts(3) == (0, 0, 12)
    assert build("nightly", "3").still_failing == len(names(3, "failing")) == 1
    assert names(4, "failing") == ["broken", "healing"]
    assert [row["since"] for row in state("episode")] == [[0, 2], [0, 2]]


def test_where_the_next_build_fails_likewise_they_are_regressions_since_the_first(
    state: State,
) -> None:
    nights("P P P P P P F F")
    assert build("nightly", "7").lifted
    assert counts(8) == (12, 0, 0)
    rows = results("nightly", "8", "new", limit=99)
    assert [(row.name, row.verdict, row.since, row.age) for row in rows] == [
        (case, "regression", "7", 1) for case in TWELVE
    ]
    assert {(row["state"], row["from"][1], row["since"][1]) for row in state("episode")} == {
        ("regression", 8, 7)
    }


def test_what_was_lifted_goes_on_as_an_ordinary_break() -> None:
    nights("P P P P P P F F F P P")
    assert counts(9) == (0, 0, 0)
    assert names(9, "failing") == list(TWELVE)
    assert build("nightly", "10").fixed + build("nightly", "11").fixed == 12


def test_a_lifted_incident_is_no_incident_in_the_next_build_either() -> None:
    nights("P P P P P P F F F F P")
    assert [build("nightly", str(number)).in_incident for number in (8, 9, 10)] == [0, 0, 0]
    assert [build("nightly", str(number)).lifted for number in (7, 8, 9)] == [True, False, False]


@pytest.mark.parametrize(("again", "lifted"), [(5, False), (6, True)])
def test_it_takes_half_of_its_cases_to_lift_an_incident(again: int, lifted: bool) -> None:
    nights("P P P P P P F")
    letters = {case: "F" if place < again else "P" for place, case in enumerate(TWELVE)}
    upload("nightly", 8, report(message="no database", **letters))
    assert build("nightly", "7").lifted is lifted
    assert build("nightly", "8").regressions == again


def test_an_incident_long_after_another_is_one_again() -> None:
    nights("P P F P P P F P")
    assert (counts(3), counts(7)) == ((0, 0, 12), (0, 0, 12))


def test_a_build_that_fails_for_many_reasons_is_a_mass_regression() -> None:
    nights("P P")
    upload(
        "nightly",
        3,
        report("a.xml", message="slow", **dict.fromkeys(TWELVE[:6], "F")),
        report("b.xml", message="wrong", **dict.fromkeys(TWELVE[6:], "F")),
    )
    assert counts(3) == (12, 0, 0)


def test_what_varies_in_a_message_does_not_make_it_another_reason() -> None:
    nights("P P")
    upload(
        "nightly",
        3,
        report("a.xml", message="port 8080 is closed", **dict.fromkeys(TWELVE[:6], "F")),
        report("b.xml", message="port 9091 is closed", **dict.fromkeys(TWELVE[6:], "F")),
    )
    assert counts(3) == (0, 0, 12)


def test_less_than_ten_failures_are_no_incident() -> None:
    nights("P P")
    letters = {case: "F" if place < 9 else "P" for place, case in enumerate(TWELVE)}
    upload("nightly", 3, report(**letters))
    assert counts(3) == (9, 0, 0)


def test_cases_that_never_passed_make_no_incident() -> None:
    nights("F F")
    assert counts(1) == (0, 12, 0)
    assert counts(2) == (0, 0, 0)


def test_new_cases_that_fail_at_once_make_no_incident() -> None:
    nights("P P")
    upload("nightly", 3, report(suite="t", message="no database", **dict.fromkeys(TWELVE, "F")))
    assert counts(3) == (0, 12, 0)


def test_a_late_build_between_two_that_failed_makes_the_first_an_incident_again() -> None:
    nights("P P P P P P F")
    night(9, "F")
    assert build("nightly", "7").lifted
    night(8, "P")
    assert not build("nightly", "7").lifted
    assert (counts(7), counts(9)) == ((0, 0, 12), (0, 0, 12))


def test_a_late_build_that_fails_likewise_lifts_the_one_before_it() -> None:
    nights("P P P P P P F")
    night(9, "P")
    assert counts(7) == (0, 0, 12)
    night(8, "F")
    assert build("nightly", "7").lifted
    assert counts(8) == (12, 0, 0)


def test_what_was_an_incident_counts_where_a_late_build_before_it_is_the_first() -> None:
    nights("P P P P P P")
    night(8, "F")
    assert counts(8) == (0, 0, 12)
    night(7, "F")
    assert build("nightly", "7").lifted
    assert counts(8) == (12, 0, 0)


def test_an_incident_that_arrives_late_touches_no_history() -> None:
    history("smoke", login="P")
    for number, letter in ((1, "P"), (2, "P"), (4, "P"), (3, "F")):
        night(number, letter)
    assert counts(3) == (0, 0, 12)
    before = list(lines())
    rebuild()
    assert list(lines()) == before


def test_a_build_without_results_before_it_does_not_hide_an_incident() -> None:
    nights("P P")
    upload("nightly", 3)
    night(4, "F")
    assert counts(4) == (0, 0, 12)


def with_gaps(picture: str) -> None:
    """As `nights`, with a build without results for each dot."""
    for number, letter in enumerate(picture.split(), 1):
        if letter == ".":
            upload("nightly", number, complete=True)
        else:
            night(number, letter)


def test_a_build_without_results_does_not_hide_that_an_incident_goes_on() -> None:
    with_gaps("P P P P P P F . . F")
    assert [build("nightly", each).lifted for each in ("7", "8", "9")] == [True, False, False]
    assert counts(10) == (12, 0, 0)
    assert {row.since for row in results("nightly", "10", "new", limit=99)} == {"7"}


def test_a_build_without_results_lifts_no_incident() -> None:
    with_gaps("P P P P P P F . P")
    assert not build("nightly", "7").lifted
    assert (counts(7), counts(9)) == ((0, 0, 12), (0, 0, 0))


def test_builds_of_any_order_of_arrival_lift_the_same() -> None:
    found = set()
    for order in itertools.permutations((7, 8, 9, 10)):
        with fresh_store():
            nights("P P P P P P")
            for number in order:
                if number in (8, 9):
                    upload("nightly", number, complete=True)
                else:
                    night(number, "F")
            found.add(tuple(lines()))
            assert build("nightly", "7").lifted
    assert len(found) == 1


def test_what_a_late_report_of_a_build_without_results_says_counts() -> None:
    with_gaps("P P P P P P F . F")
    assert build("nightly", "7").lifted
    night(8, "P")
    assert not build("nightly", "7").lifted
    assert counts(9) == (0, 0, 12)


@pytest.mark.parametrize(("gap", "lifted"), [(LOOK - 1, True), (LOOK, False)])
def test_an_incident_out_of_sight_is_not_looked_back_to(gap: int, lifted: bool) -> None:
    with_gaps("P P P P P P F " + ". " * gap + "F")
    assert build("nightly", "7").lifted is lifted
    assert counts(8 + gap)[2] == (0 if lifted else 12)
    before = list(lines())
    rebuild()
    assert list(lines()) == before


def test_what_was_fixed_lately_and_fails_in_an_incident_is_in_it() -> None:
    for number, letter in enumerate("P" * 20 + "FFFPP", 1):
        night(number, "P", fixed=letter)
    night(26, "F", fixed="F")
    assert build("nightly", "26").still_failing == 0
    assert names(26, "incident") == [*TWELVE, "fixed"]
    assert names(26, "failing") == []


def test_a_mass_regression_of_a_young_job_is_one_in_its_second_night() -> None:
    nights("P P P P P P P P F F")
    assert counts(9) == (0, 0, 12)
    assert counts(10) == (12, 0, 0)
