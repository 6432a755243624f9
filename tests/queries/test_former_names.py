"""What is newly broken under a new name says what it was called, and since when that failed."""

from __future__ import annotations

import pytest

from tests.factories import key_of, report, upload
from tracker.queries.case_rows import FormerName
from tracker.queries.results import results
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")

OLD, NEW = "com.shop.CartTest", "com.shop.cart.CartTest"
STEADY = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")


def moved(first: str, then: str) -> None:
    """Nine cases, one of them `login`, that are in another suite after the first builds."""
    for number, letter in enumerate(first + then, 1):
        suite = OLD if number <= len(first) else NEW
        upload("moved", number, report(suite=suite, login=letter, **STEADY), complete=True)


def was(build: int, which: str = "new") -> list[FormerName | None]:
    return [row.was for row in results("moved", str(build), which, limit=9)]


def named(since: str | None) -> FormerName:
    return FormerName(key_of("login", OLD), (OLD,), "login", "", since)


def test_a_renamed_case_that_failed_already_says_since_when() -> None:
    moved("P" * 8 + "FFFF", "F")
    assert was(13) == [named("9")]


def test_a_renamed_case_that_passed_before_says_only_its_former_name() -> None:
    moved("P" * 9, "F")
    assert was(10) == [named(None)]


def test_one_that_recovered_or_was_mended_did_not_fail_when_it_ran_last() -> None:
    moved("P" * 20 + "FFPFP", "F")
    assert was(26) == [named(None)]


def test_only_the_build_that_has_it_under_the_new_name_first_says_so() -> None:
    moved("P" * 8 + "FFFF", "FF")
    assert was(14, "failing") == [None]
    assert was(9) == [None]


def test_one_that_passed_under_its_new_name_broke_under_that() -> None:
    moved("P" * 8 + "FFFF", "PF")
    assert was(14) == [None]


def test_what_may_be_another_case_is_not_said_to_be_the_same() -> None:
    moved("P" * 8 + "FFFF", "F")
    run("UPDATE absence SET is_certain = false")
    assert was(13) == [None]


def test_that_it_was_renamed_later_leaves_what_was_said_at_a_build() -> None:
    moved("P" * 8 + "FFFF", "F")
    upload("moved", 14, report(suite=OLD, login="P", **STEADY), complete=True)
    assert was(13) == [named("9")]
