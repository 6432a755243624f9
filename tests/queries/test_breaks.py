"""When a broken case broke, as pages say it."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, history, jenkins, key_of, report, upload
from tracker.queries.breaks import Broke, when_broke
from tracker.queries.events import events_of
from tracker.queries.places import Called
from tracker.queries.turns import Turn
from tracker.store.outcomes import LOOK
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def broke(**pictures: str) -> Broke:
    """When the case `login` broke, that did."""
    history("nightly", **{name: " ".join(letters) for name, letters in pictures.items()})
    return _now()


def _now() -> Broke:
    found = when_broke("nightly", key_of("login"))
    assert found is not None
    return found


def turn(picture: str) -> tuple[str | None, str] | None:
    """The builds in which `login` last passed, and since which it fails."""
    found = broke(login=picture).turn
    return found and (found.passed and found.passed.label, found.failed.label)


def test_a_case_last_passed_in_one_build_and_fails_since_another() -> None:
    assert turn("P" * 30 + "F") == ("30", "31")


def test_builds_without_a_result_lie_between_the_last_pass_and_the_first_failure() -> None:
    assert turn("P" * 30 + "..SF.F") == ("30", "34")


def test_a_case_that_never_passed_fails_since_its_first_result() -> None:
    assert turn("..FFF") == (None, "3")


def test_a_case_that_passed_between_its_failures_fails_since_the_pass() -> None:
    assert turn("P" * 30 + "FFPFF") == ("33", "34")


def test_a_case_whose_last_pass_lies_further_back_than_histories_are_read_has_no_turn() -> None:
    assert turn("P" + "F" * LOOK) is None


def test_an_incident_is_no_failure_since_the_last_pass() -> None:
    for number, letter in enumerate("PPPPPPFP", 1):
        upload("nightly", number, report(**dict.fromkeys("abcdefghijkl", letter), login=letter))
    history("nightly", first=9, login="F F")
    found = _now().turn
    assert found is not None
    assert (found.passed, found.failed.label) == (Called("8", ""), "9")


def test_a_turn_names_the_revisions() -> None:
    for number, letter in enumerate("P" * 30 + "FF", 1):
        jenkins("nightly", number, report(login=letter), commit=f"c{number:039}")
    passed, failed = Called("30", f"c{30:039}"), Called("31", f"c{31:039}")
    assert _now().turn == Turn(passed, failed)


def test_a_break_that_was_fixed_before_is_not_taken_for_this_one() -> None:
    picture = "P" * 30 + "F" * 20 + "P" * 20 + "FF"
    found = broke(login=picture, logout=picture)
    assert (found.likely, found.by) == ("71", "71")
    [event] = events_of("nightly", "72")
    assert (event.likely, event.by) == ("71", "71")


def test_a_window_closes_with_further_failures() -> None:
    assert broke(login="P" * 30 + "FF").after != "30"
    history("nightly", first=33, login=" ".join("F" * 22))
    found = _now()
    assert (found.after, found.by) == ("30", "31")


def test_a_case_that_passes_again_for_now_is_still_broken_and_has_no_turn() -> None:
    found = broke(login="P" * 30 + "FFPFFP")
    assert (found.likely, found.turn) == ("31", None)


@pytest.mark.parametrize("picture", ["P" * 9, "PF" * 20, "P" * 30 + "F" * 8 + "P" * 9])
def test_a_case_that_is_not_broken_has_no_such_builds(picture: str) -> None:
    history("nightly", login=" ".join(picture))
    assert when_broke("nightly", key_of("login")) is None


def test_a_case_that_never_passed_has_no_good_build_to_name() -> None:
    found = broke(login="FF")
    assert (found.after, found.by, found.likely) == (None, "1", "1")


def test_a_build_of_an_older_epoch_is_called_by_its_label() -> None:
    for day, number in enumerate([*range(1, 31), *range(26, 31)]):
        ran = report(login="P" if day < 30 else "F")
        upload("nightly", number, ran, started=NOW + day * DAY, complete=True)
    found = _now()
    assert (found.after, found.by, found.likely) == ("27~0", "26", "26")
    assert found.turn == Turn(Called("30~0", ""), Called("26", ""))


def test_builds_that_changed_epochs_are_named_when_they_were_judged_again() -> None:
    assert broke(login="P" * 30 + "FF")
    run("UPDATE build SET epoch = 1")
    assert when_broke("nightly", key_of("login")) is None
