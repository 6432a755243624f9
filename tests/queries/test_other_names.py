"""What a case was called, is called, or was called for a while."""

from __future__ import annotations

import pytest

from tests.factories import history, key_of, report, upload
from tracker.queries.other_names import other_names
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

SUITES = {"a": "com.shop.CartTest", "b": "com.shop.cart.CartTest"}
OLD, NEW = (key_of("caseA", suite) for suite in SUITES.values())
# Case, since or until which build, until which, and whether it is one that it became.
Told = list[tuple[str, str, str | None, bool]]


def moved(picture: str) -> None:
    """Eight cases whose suite is in one of two packages in each build."""
    names = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")
    for number, suite in enumerate(picture, 1):
        upload("moved", number, report(suite=SUITES[suite], **names), complete=True)


def told(case: str) -> Told:
    names = other_names("moved", case)
    return [(name.case.key, name.build, name.until, name.is_later) for name in names]


def test_a_renamed_case_knows_its_new_name_and_the_new_one_the_old() -> None:
    moved("aaaaaaaabb")
    assert told(OLD) == [(NEW, "9", None, True)]
    assert told(NEW) == [(OLD, "9", None, False)]
    assert all(name.is_certain for case in (OLD, NEW) for name in other_names("moved", case))


def test_a_case_that_has_its_name_again_is_not_called_otherwise_now() -> None:
    moved("aaaaaaaabbaa")
    assert told(OLD) == [(NEW, "9", "11", True)]
    assert (NEW, "9", None, True) not in told(OLD)


def test_a_name_that_was_taken_back_as_surely_as_given_is_told_once() -> None:
    moved("aaaaaaaa" + "b" * 30 + "aa")
    assert told(OLD) == [(NEW, "9", "39", True)]
    assert told(NEW) == [(OLD, "39", None, True)]


def test_a_case_that_is_renamed_for_the_second_time_is_so_since_then() -> None:
    moved("aaaaaaaabb" + "a" * 30 + "bb")
    assert told(OLD) == [(NEW, "41", None, True)]


def test_what_was_only_likely_is_told_until_the_missing_case_runs_again() -> None:
    moved("aaaaaaaabb")
    run("UPDATE absence SET is_certain = false")
    assert (told(OLD), told(NEW)) == ([(NEW, "9", None, True)], [(OLD, "9", None, False)])
    moved("aaaaaaaabba")
    run("UPDATE absence SET is_certain = false")
    assert (told(OLD), told(NEW)) == ([], [])


def test_a_case_of_another_job_is_not_renamed_with_it() -> None:
    moved("aaaaaaaabb")
    history("other", caseA="P", suite=SUITES["a"])
    assert other_names("other", OLD) == []
