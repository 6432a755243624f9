"""A build: its lists, its neighbours, what started it and what it started, its reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import DAY, NOW, history, jenkins, report, upload
from tracker.errors import NotFound
from tracker.pages import build
from tracker.pages.build import BuildPage, ResultList

pytestmark = pytest.mark.usefixtures("store")


def of(page: BuildPage, name: str) -> ResultList:
    return next(found for found in page.lists if found.name == name)


def names(page: BuildPage, name: str) -> list[str]:
    return [row.name for row in of(page, name).rows]


@pytest.fixture
def rich_build(store: Path) -> BuildPage:
    history(
        "nightly",
        broken="P P F",
        first=1,
        fresh=". . E",
        old="P F F",
        mended="F F P",
        skipped="P P S",
        fine="P P P",
    )
    return build.show("nightly", "3")


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("new", ["broken", "fresh"]),
        ("failing", ["old"]),
        ("fixed", ["mended"]),
        ("skipped", ["skipped"]),
        ("failed", []),
        ("all", ["broken", "fine", "fresh", "mended", "old", "skipped"]),
    ],
)
def test_each_list_has_its_cases(rich_build: BuildPage, name: str, cases: list[str]) -> None:
    assert names(rich_build, name) == cases
    assert of(rich_build, name).count == len(cases)


def test_what_is_newly_broken_says_how(rich_build: BuildPage) -> None:
    assert [row.verdict for row in of(rich_build, "new").rows] == ["regression", "new failure"]


def test_what_still_fails_says_since_when(rich_build: BuildPage) -> None:
    [row] = of(rich_build, "failing").rows
    assert (row.since, row.age) == ("2", 1)


def test_failures_of_a_build_that_is_not_judged_have_a_list_of_their_own() -> None:
    history("nightly", login="P")
    jenkins("nightly", 2, report(login="F"), result="ABORTED")
    page = build.show("nightly", "2")
    assert (names(page, "failed"), names(page, "new"), names(page, "failing")) == (
        ["login"],
        [],
        [],
    )


def test_a_list_of_500_is_on_the_page_one_of_501_is_not() -> None:
    for number, size in ((1, 500), (2, 501)):
        upload("long", number, report(**{f"case{place}": "P" for place in range(size)}))
    assert len(of(build.show("long", "1"), "all").rows) == 500
    assert of(build.show("long", "2"), "all") == ResultList("all", 501, ())


def test_of_a_long_list_of_failures_the_first_500_are_shown() -> None:
    upload("long", 1, report(**{f"case{place:03}": "F" for place in range(501)}))
    found = of(build.show("long", "1"), "new")
    assert (found.count, len(found.rows), found.rows[-1].name) == (501, 500, "case499")


def test_neighbours_are_the_builds_before_and_after() -> None:
    history("nightly", login="P P P")
    ends = [(build.show("nightly", label).previous, build.show("nightly", label).next)
            for label in ("1", "2", "3")]  # fmt: skip
    assert ends == [(None, "2"), ("1", "3"), ("2", None)]


def test_neighbours_go_over_the_border_of_epochs() -> None:
    for number, day in ((1, 0), (2, 1), (1, 100)):
        jenkins("nightly", number, report(login="P"), started=NOW + day * DAY)
    assert build.show("nightly", "1~0").next == "2"
    assert build.show("nightly", "1").previous == "2"


def test_builds_know_what_started_them_and_what_they_started() -> None:
    history("up", login="P")
    jenkins("down", 4, report(login="P"), upstream_job="up", upstream_number=1)
    assert build.show("down", "4").upstream == "1"
    assert [(row.job, row.label) for row in build.show("up", "1").downstream] == [("down", "4")]


def test_an_upstream_build_that_is_not_recorded_has_no_label() -> None:
    jenkins("down", 4, report(login="P"), upstream_job="gone", upstream_number=1)
    page = build.show("down", "4")
    assert (page.upstream, page.build.upstream_job) == (None, "gone")


def test_reports_come_by_name_with_what_was_wrong_with_them() -> None:
    upload(
        "nightly",
        1,
        report("b.xml", failure="This is no XML."),
        report("a.xml", warnings=("odd",), login="P"),
    )
    told = [
        (row.name, row.cases, row.failure, row.warnings)
        for row in build.show("nightly", "1").reports
    ]
    assert told == [("a.xml", 1, "", ("odd",)), ("b.xml", 0, "This is no XML.", ())]


@pytest.mark.parametrize("label", ["2", "1~7", "9" * 19])
def test_a_build_that_is_not_recorded_is_not_found(label: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound, match=f"no build {label}"):
        build.show("nightly", label)


def test_the_static_site_has_the_newest_builds_of_each_job() -> None:
    history("a", login="P P P")
    history("b", login="P")
    assert list(build.every(2)) == [
        {"job": "a", "build": "3"},
        {"job": "a", "build": "2"},
        {"job": "b", "build": "1"},
    ]
