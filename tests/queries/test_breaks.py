"""Between which builds a broken case broke, as pages say it."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, history, key_of, report, upload
from tracker.queries.breaks import when_broke
from tracker.queries.events import events_of
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def broke(**pictures: str) -> str:
    history("nightly", **{name: " ".join(letters) for name, letters in pictures.items()})
    return when_broke("nightly", key_of("login"))


def test_a_break_that_was_fixed_before_is_not_taken_for_this_one() -> None:
    picture = "P" * 30 + "F" * 20 + "P" * 20 + "FF"
    assert broke(login=picture, logout=picture).endswith("and by #71 (99 %), most likely in #71.")
    [event] = events_of("nightly", "72")
    assert (event.likely, event.by) == ("71", "71")


def test_a_window_closes_with_further_failures() -> None:
    assert broke(login="P" * 30 + "FF").startswith("Broke after #")
    history("nightly", first=33, login=" ".join("F" * 22))
    assert when_broke("nightly", key_of("login")) == "Broke in #31 (99 %); #30 was still good."


def test_a_case_that_passes_again_for_now_is_still_broken() -> None:
    assert broke(login="P" * 30 + "FFPFFP").endswith("most likely in #31.")


@pytest.mark.parametrize("picture", ["P" * 9, "PF" * 20, "P" * 30 + "F" * 8 + "P" * 9])
def test_a_case_that_is_not_broken_has_no_such_builds(picture: str) -> None:
    assert broke(login=picture) == ""


def test_a_case_that_never_passed_has_no_good_build_to_name() -> None:
    assert broke(login="FF") == "Broke by #1 (99 %), most likely in #1."


def test_a_build_of_an_older_epoch_is_called_by_its_label() -> None:
    for day, number in enumerate([*range(1, 31), *range(26, 31)]):
        ran = report(login="P" if day < 30 else "F")
        upload("nightly", number, ran, started=NOW + day * DAY, complete=True)
    said = "Broke after #27~0 and by #26 (99 %), most likely in #26."
    assert when_broke("nightly", key_of("login")) == said


def test_builds_that_changed_epochs_are_named_when_they_were_judged_again() -> None:
    assert broke(login="P" * 30 + "FF")
    run("UPDATE build SET epoch = 1")
    assert when_broke("nightly", key_of("login")) == ""
