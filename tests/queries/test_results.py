"""The lists of a build: what is in them, in which order and in pages, and how long they are."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history, jenkins, judge_all, key_of, record, report, upload
from tests.queries.growth import rows_read
from tracker.queries.answers import answer, as_text
from tracker.queries.builds import build
from tracker.queries.results import LISTS, count_results, results, results_after
from tracker.store.identity import id_of
from tracker.store.judging import judge_waiting, set_budget
from tracker.store.records import BuildFacts

pytestmark = pytest.mark.usefixtures("store")


def names(number: int, which: str) -> list[str]:
    return [row.name for row in results("nightly", str(number), which, limit=99)]


PICTURES = {
    "broke": "P P F F",
    "born": ". . F F",
    "mended": "P F F P",
    "steady": "P F E F",
    "resting": "P P S S",
    "odd": "P P U P",
    "fine": "P P P P",
}


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("new", ["born", "broke"]),
        ("failing", ["mended", "steady"]),
        ("fixed", []),
        ("skipped", ["odd", "resting"]),
        ("failed", []),
        ("all", ["born", "broke", "fine", "mended", "odd", "resting", "steady"]),
    ],
)
def test_each_list_of_a_build(which: str, expected: list[str]) -> None:
    history("nightly", **PICTURES)
    assert names(3, which) == expected


def test_what_was_broken_and_passed_is_recovering() -> None:
    history("nightly", **PICTURES)
    [row] = results("nightly", "4", "recovering", limit=9)
    assert (row.name, row.verdict, row.status, row.since) == ("mended", "recovering", "passed", "2")


def told(number: int, which: str) -> list[tuple[str, bool]]:
    rows = results("nightly", str(number), which, limit=9)
    return [(row.sentence, row.is_of_break) for row in rows]


def test_what_is_broken_says_why_it_was_a_break_until_it_is_said_otherwise() -> None:
    history("nightly", login=" ".join("P" * 30 + "FFPFFPFPP"))
    [(why, _)] = told(31, "new")
    assert told(31, "new") == [(why, False)]
    assert told(32, "failing") == [(why, True)]
    assert told(34, "failing") == [("Failed in 3 of 4 results since it broke.", False)]
    assert told(35, "failing") == told(39, "recovering") == [("", False)]
    assert told(38, "recovering") != told(39, "recovering")


def test_what_was_broken_and_passed_often_enough_is_fixed() -> None:
    history("nightly", mended="P F F P P", other="P F F P F")
    [row] = results("nightly", "5", "fixed", limit=9)
    assert (row.name, row.verdict, row.status, row.since) == ("mended", "fixed", "passed", "2")


def test_what_still_passes_after_it_was_fixed_is_not_listed_again() -> None:
    history("nightly", login="P F F P P P")
    assert (names(5, "fixed"), names(6, "fixed"), names(6, "recovering")) == (["login"], [], [])


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_every_list_is_as_long_as_its_count(which: str, number: int) -> None:
    history("nightly", **PICTURES)
    assert count_results(build("nightly", str(number)), which) == len(names(number, which))


def test_an_older_build_keeps_its_own_lists() -> None:
    history("nightly", login="P F F P P F")
    assert (names(2, "new"), names(3, "failing"), names(4, "recovering")) == (["login"],) * 3
    assert (names(5, "fixed"), names(6, "new"), names(5, "recovering")) == (
        ["login"],
        ["login"],
        [],
    )


def test_age_counts_judged_builds_since_the_first_failure() -> None:
    history("nightly", login="P F F")
    jenkins("nightly", 4, report(login="F"), result="ABORTED")
    history("nightly", first=5, login="F")
    [row] = results("nightly", "5", "failing", limit=9)
    assert (row.since, row.age) == ("2", 2)


def test_age_counts_builds_in_which_the_case_did_not_run() -> None:
    history("nightly", login="F . F", other="P P P")
    [row] = results("nightly", "3", "failing", limit=9)
    assert (row.since, row.age) == ("1", 2)


def test_a_new_failure_has_the_age_0() -> None:
    history("nightly", login="P F")
    [row] = results("nightly", "2", "new", limit=9)
    assert (row.age, row.since, row.message) == (0, "2", "it failed")


def test_failures_of_a_build_that_is_not_judged_are_listed_as_failed() -> None:
    jenkins("nightly", 1, report(login="F", logout="P", help="S"), result="ABORTED")
    assert (names(1, "failed"), names(1, "failing"), names(1, "new")) == (["login"], [], [])
    assert count_results(build("nightly", "1"), "failed") == 1
    assert build("nightly", "1").still_failing == 0


def test_lists_are_in_the_order_of_suite_name_and_variant() -> None:
    upload(
        "nightly",
        1,
        report("1", suite="b", x="F"),
        report("2", suite="a", z="F", y="F"),
        report("3", suite="a", variant="os=linux", y="F"),
    )
    rows = results("nightly", "1", "all", limit=9)
    assert [(row.suite, row.name, row.variant) for row in rows] == [
        (("a",), "y", ""),
        (("a",), "y", "os=linux"),
        (("a",), "z", ""),
        (("b",), "x", ""),
    ]


@pytest.mark.parametrize("which", ["all", "new"])
def test_pages_over_more_than_500_rows_have_each_row_once(which: str) -> None:
    many = [f"case{place:04}" for place in range(1203)]
    upload("nightly", 1, report(**dict.fromkeys(many, "F")))
    seen: list[str] = []
    for offset in range(0, 2000, 500):
        page = results("nightly", "1", which, limit=500, offset=offset)
        seen += [row.name for row in page]
    assert seen == many


def test_pages_of_all_follow_a_change_of_the_build() -> None:
    upload("nightly", 1, report(a="P", b="P"))
    assert names(1, "all") == ["a", "b"]
    record(BuildFacts("nightly", 1), report(b="P", c="F"), replace=True)
    assert names(1, "all") == ["b", "c"]


def test_keyset_pages_have_each_row_once_in_the_order_of_keys() -> None:
    many = [f"case{place}" for place in range(25)]
    upload("nightly", 1, report(**dict.fromkeys(many, "P")))
    keys: list[str] = []
    after = None
    while page := results_after("nightly", "1", status=None, after=after, limit=10):
        keys += [row.key for row in page]
        after = id_of(keys[-1])
    assert keys == sorted(map(key_of, many))


def test_keyset_pages_can_be_of_one_status() -> None:
    history("nightly", **PICTURES)
    rows = results_after("nightly", "3", status=1, after=None, limit=99)
    assert sorted(row.name for row in rows) == ["born", "broke", "mended"]


def test_keyset_pages_can_be_of_each_list() -> None:
    history("nightly", **PICTURES)
    jenkins("nightly", 9, report(login="F", logout="S"), result="ABORTED")
    found = 0
    unjudged = ("failed", "skipped", "all")
    judged = [which for which in LISTS if which != "failed"]
    for label, lists in (("3", judged), ("4", judged), ("9", unjudged)):
        for which in lists:
            rows = sorted(results("nightly", label, which, limit=99), key=lambda row: row.key)
            half = len(rows) // 2
            after = id_of(rows[half - 1].key) if half else None
            assert results_after("nightly", label, which, after=after, limit=99) == rows[half:]
            assert results_after("nightly", label, which, after=None, limit=half) == rows[:half]
            found += which != "all" and bool(rows)
    assert found >= 6


def test_a_list_costs_the_same_after_a_long_history(monkeypatch: pytest.MonkeyPatch) -> None:
    history("young", login="P F F")
    history("old", login="P P P P P P P P F F")
    lists = {"young": "3", "old": "10"}
    assert [results(*build, "failing", limit=9)[0].age for build in lists.items()] == [1, 1]
    young, old = (
        rows_read(monkeypatch, lambda build=build: results(*build, "failing", limit=9))
        for build in lists.items()
    )
    assert young == old


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("ABORTED", "not judged"),
        ("NOT_BUILT", "not judged"),
        (None, "not judged yet"),
        ("FAILURE", "0 regressions, 1 new failures, 0 fixed"),
    ],
)
def test_an_answer_tells_builds_that_are_never_judged_from_those_that_wait(
    result: str | None, said: str
) -> None:
    jenkins("nightly", 1, report(login="P"))
    jenkins("nightly", 2, report(login="P"), result=result)
    told = answer(upload("nightly", 2, report("late.xml", logout="F")), {}, {})
    [first, *_] = as_text(told).splitlines()
    assert first == f"nightly #2: 2 tests, 1 failed, 0 skipped; {said}"


def test_an_answer_about_a_build_that_waits_to_be_judged_says_so_instead_of_nothing_new() -> None:
    history("nightly", login="P P P P P F", logout="P P P P P F")
    set_budget("nightly", 0.9, now=NOW)
    known = answer(upload("nightly", 6), {}, {})
    replaced = answer(record(BuildFacts("nightly", 6), report(login="F"), replace=True), {}, {})
    for said, failed in ((known, 2), (replaced, 1)):
        assert not said.has_verdicts
        text = f"nightly #6: {failed} tests, {failed} failed, 0 skipped; not judged yet\n"
        assert as_text(said) == text
    judge_all()
    again = answer(upload("nightly", 6), {}, {})
    assert again.has_verdicts
    assert "1 regressions" in as_text(again)


def test_no_failure_is_called_one_of_an_incident_while_episodes_are_away() -> None:
    """One that is broken since an earlier build would be among them."""
    cases = {f"case{place}": "P P P P P F" for place in range(30)}
    history("nightly", old="P P P F F F", **cases)
    assert len(names(6, "incident")) == build("nightly", "6").in_incident == 30
    set_budget("nightly", 0.9, now=NOW)
    assert judge_waiting("nightly", now=NOW, builds=1)
    assert build("nightly", "6").in_incident == 30
    assert names(6, "incident") == []
