"""What builds lack, as pages and programs read it."""

from __future__ import annotations

import pytest

from tests.factories import age, history, key_of, report, upload
from tracker.queries import missing
from tracker.queries.answers import answer, as_text
from tracker.queries.builds import build
from tracker.store.seen import SeenJob, note_look

pytestmark = pytest.mark.usefixtures("store")

STAYS = "P " * 9 + "P"
GOES = "P " * 9 + "."


def test_the_build_that_lacks_most_comes_first() -> None:
    history("a", stays=STAYS, goes=GOES)
    history("b", stays=STAYS, one=GOES, two=GOES)
    history("c", stays=STAYS)
    assert [(row.job, row.missing, row.expected) for row in missing.lacking(limit=9)] == [
        ("b", 2, 3),
        ("a", 1, 2),
    ]
    assert missing.counts() == missing.Counts(lacking=2, judged=3, silent=0, idle=0)


def test_only_the_newest_complete_build_of_a_job_counts() -> None:
    history("a", stays=STAYS, goes=GOES)
    upload("a", 11, report(stays="P"))
    [row] = missing.lacking(limit=9)
    assert row.label == "10"
    upload("a", 12, report(stays="P", goes="P"), complete=True)
    assert missing.lacking(limit=9) == []


def test_the_losses_of_a_build_count_its_cases() -> None:
    history("a", stays=STAYS, one=GOES, two=GOES)
    [loss] = missing.losses(build("a", "10"))
    assert (loss.cause, loss.cases) == ("removed", 2)
    assert loss.sentence.startswith("2 cases of the suite s are gone.")


def test_the_cases_that_a_build_lacks_come_in_pages() -> None:
    history("a", stays=STAYS, one=GOES, two=GOES)
    row = build("a", "10")
    every = missing.absences(row, limit=9)
    assert {case.name for case in every} == {"one", "two"}
    assert missing.absences(row, limit=1, offset=1) == every[1:]
    assert [case.key for case in missing.absences_after(row, after=None, limit=9)] == sorted(
        case.key for case in every
    )


def test_a_case_says_that_the_newest_build_lacks_it() -> None:
    history("a", stays=STAYS, goes=GOES)
    found = missing.absence("a", key_of("goes"))
    assert found is not None
    assert (found.build, found.case.cause) == ("10", "removed")
    assert missing.absence("a", key_of("stays")) is None


def test_a_job_out_of_use_lacks_nothing() -> None:
    from tracker.store.jobs import add_server

    add_server("east", "https://east.example", prefix="east", username="", patterns=["*"])
    seen = SeenJob("east/a", "a", "https://east.example/a/", "pipeline", is_disabled=True)
    note_look("east", [seen], listed=["a"], now=1)
    history("east/a", stays=STAYS, goes=GOES)
    assert missing.counts() == missing.Counts(lacking=0, judged=0, silent=0, idle=0)
    assert missing.lacking(limit=9) == []


def test_a_job_that_was_not_built_for_long_lacks_nothing() -> None:
    history("a", stays=STAYS, goes=GOES)
    age(10)
    history("young", login="P")
    assert missing.counts() == missing.Counts(lacking=0, judged=1, silent=0, idle=1)
    assert (missing.lacking(limit=9), missing.lacking_after(None, 9)) == ([], [])


def test_the_answer_to_an_upload_says_what_is_missing() -> None:
    history("a", stays=STAYS, goes=GOES)
    told = answer(upload("a", 11, report(stays="P"), complete=True), {}, {})
    assert told.missing == 1
    assert "1 of 2 expected tests did not run: 1 removed.\n" in as_text(told)


def test_the_answer_about_an_incomplete_build_says_nothing_of_missing_tests() -> None:
    history("a", stays=STAYS, goes=STAYS)
    told = answer(upload("a", 11, report(stays="P")), {}, {})
    assert (told.missing, told.shortfall) == (0, "")
