"""Cases that broke together are one event, with the builds and revisions in between."""

from __future__ import annotations

import pytest

from tests.factories import history, jenkins, report, upload
from tests.queries.growth import rows_read
from tracker.queries.events import events_of
from tracker.queries.places import Called
from tracker.queries.turns import Turn

pytestmark = pytest.mark.usefixtures("store")

HEALTHY = {f"calm{n}": " ".join("P" * 33) for n in range(3)}


def two_breaks() -> None:
    """Two cases break in #31, and one in #20."""
    history(
        "nightly",
        first=1,
        one=" ".join("P" * 30 + "FFF"),
        two=" ".join("P" * 30 + "FFF"),
        alone=" ".join("P" * 19 + "F" * 14),
        **HEALTHY,
    )


def test_cases_that_broke_in_one_build_are_one_event() -> None:
    two_breaks()
    [event] = events_of("nightly", "33")
    assert (event.cases, event.likely) == (2, "31")
    assert [name for _, name in event.some] == ["one", "two"]


def test_a_case_that_broke_alone_is_no_event() -> None:
    two_breaks()
    assert events_of("nightly", "25") == []


def test_an_event_tells_how_many_of_its_cases_broke_now() -> None:
    two_breaks()
    broke_in = next(n for n in range(31, 34) if events_of("nightly", str(n)))
    [now], [later] = events_of("nightly", str(broke_in)), events_of("nightly", "33")
    assert now.new == 2
    assert later.new == (2 if broke_in == 33 else 0)


def test_an_event_names_the_builds_and_revisions_in_which_its_cases_turned() -> None:
    for number in range(1, 34):
        letter = "F" if number > 30 else "P"
        jenkins(
            "nightly", number, report(one=letter, two=letter, calm="P"), commit=f"c{number:039}"
        )
    [event] = events_of("nightly", "33")
    passed, failed = Called("30", f"c{30:039}"), Called("31", f"c{31:039}")
    assert (event.turn, event.turned) == (Turn(passed, failed), 2)


def test_the_turn_of_an_event_is_that_of_most_of_its_cases() -> None:
    sharp, late = " ".join("P" * 30 + "FFF"), " ".join("P" * 28 + "..FFF")
    history("nightly", one=sharp, two=sharp, late=late, **HEALTHY)
    [event] = events_of("nightly", "33")
    assert (event.cases, event.turned) == (3, 2)
    assert event.turn == Turn(Called("30", ""), Called("31", ""))


def test_the_turn_is_the_one_that_was_known_in_the_build_asked_for() -> None:
    two_breaks()
    history("nightly", first=34, one="P F", two="P F", calm0="P P")
    [event] = events_of("nightly", "33")
    assert event.turn == Turn(Called("30", ""), Called("31", ""))


def test_a_window_without_a_good_build_has_no_beginning() -> None:
    upload("nightly", 1, report(one="F", two="F", calm="P"), complete=True)
    [event] = events_of("nightly", "1")
    assert (event.after, event.by) == (None, "1")


def test_a_window_whose_first_build_counts_no_more_is_left_out_until_it_is_judged_anew() -> None:
    broke = "P F" + " F" * 26
    pictures = dict.fromkeys(("one", "two"), broke)
    later = dict.fromkeys(("three", "four"), " ".join("P" * 26 + "FF"))
    history("nightly", **pictures, **later)
    assert [event.cases for event in events_of("nightly", "28")] == [2, 2]
    jenkins("nightly", 1, result="ABORTED")
    assert [event.cases for event in events_of("nightly", "28")] == [2]


def test_a_window_narrows_with_the_failures_that_follow() -> None:
    two_breaks()
    wide, narrow = (
        int(event.by) - int(event.after or 0)
        for event in (events_of("nightly", "32")[0], events_of("nightly", "33")[0])
    )
    assert narrow < wide


def test_a_later_failure_changes_no_window_on_the_page_of_an_older_build() -> None:
    two_breaks()
    before = events_of("nightly", "33")
    history("nightly", first=34, one="F F F", two="F F F", alone="F F F", calm0="P P P")
    assert events_of("nightly", "33") == before


def test_events_cost_the_same_after_a_long_history(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(job: str, before: int) -> int:
        picture = " ".join("P" * before + "F")
        history(job, one=picture, two=picture)
        [event] = events_of(job, str(before + 1))
        assert (event.cases, event.by) == (2, str(before + 1))
        return rows_read(monkeypatch, lambda: events_of(job, str(before + 1)))

    assert read("young", 16) == read("old", 40)
