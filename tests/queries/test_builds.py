"""The lists of a build, its counts and its neighbours."""

from __future__ import annotations

import pytest

from tests.factories import (
    DAY,
    NOW,
    builds_of,
    history,
    jenkins,
    key_of,
    record,
    report,
    upload,
)
from tests.queries.growth import rows_read
from tracker.errors import NotFound
from tracker.queries.about import extent
from tracker.queries.answers import answer, as_text
from tracker.queries.builds import (
    LISTS,
    about,
    build,
    builds,
    builds_before,
    count_builds,
    count_results,
    downstream,
    is_running,
    neighbours,
    reports,
    results,
    results_after,
    starter,
)
from tracker.queries.dump import lines
from tracker.queries.rows import at, seconds
from tracker.store.identity import id_of
from tracker.store.records import About, BuildFacts, Change
from tracker.store.seen import note_gone

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
    for label in ("3", "4", "9"):
        for which in LISTS:
            rows = sorted(results("nightly", label, which, limit=99), key=lambda row: row.key)
            half = len(rows) // 2
            after = id_of(rows[half - 1].key) if half else None
            assert results_after("nightly", label, which, after=after, limit=99) == rows[half:]
            assert results_after("nightly", label, which, after=None, limit=half) == rows[:half]
            found += which != "all" and bool(rows)
    assert found >= 6


def test_builds_come_newest_first_in_pages() -> None:
    history("nightly", login="P P P P P")
    assert [row.number for row in builds("nightly", limit=2, offset=1)] == [4, 3]
    assert [row.number for row in builds_before("nightly", (0, 3), 9)] == [2, 1]
    assert [row.number for row in builds_before("nightly", None, 2)] == [5, 4]
    assert count_builds("nightly") == 5


def test_neighbours_are_the_builds_before_and_after() -> None:
    for number in (3, 5, 9):
        upload("nightly", number)
    assert neighbours(build("nightly", "5")) == ("3", "9")
    assert neighbours(build("nightly", "3")) == (None, "5")
    assert neighbours(build("nightly", "9")) == ("5", None)


def test_builds_that_a_build_started() -> None:
    jenkins("nightly", 1)
    jenkins("smoke", 4, upstream_job="nightly", upstream_number=1)
    jenkins("smoke", 5, upstream_job="nightly", upstream_number=2)
    assert [(row.job, row.number) for row in downstream(build("nightly", "1"))] == [("smoke", 4)]


def test_a_build_of_which_nobody_says_what_started_it_has_no_upstream() -> None:
    jenkins("nightly", 1)
    jenkins("smoke", 4, upstream_job="never/recorded", upstream_number=1)
    assert [starter(build("nightly", "1")), starter(build("smoke", "4"))] == [None, None]


def test_of_a_number_in_two_epochs_the_one_that_ran_then_is_upstream() -> None:
    for day in (0, 100):
        jenkins("nightly", 1, started=NOW + day * DAY)
    for number, day in ((4, 1), (5, 101)):
        began = NOW + day * DAY
        jenkins("smoke", number, started=began, upstream_job="nightly", upstream_number=1)
    assert starter(build("smoke", "4")) == build("nightly", "1~0")
    assert starter(build("smoke", "5")) == build("nightly", "1")
    started = [[row.number for row in downstream(build("nightly", label))]
               for label in ("1~0", "1")]  # fmt: skip
    assert started == [[4], [5]]


ABOUT = About(
    display_name="2.4",
    causes=("Started by timer",),
    parameters=(("BRANCH", "main"),),
    changes=(Change("abc", "Ada", "Count twice", NOW),),
    tests=(120, 3, 1),
    estimated=8000,
)


def test_what_else_jenkins_tells_comes_back_as_it_was_recorded() -> None:
    jenkins("nightly", 1, about=ABOUT)
    upload("nightly", 2)
    assert about("nightly", "1") == ABOUT
    assert about("nightly", "2") == About()


def test_the_dump_has_what_else_jenkins_tells() -> None:
    jenkins("nightly", 1, about=ABOUT)
    assert [line for line in lines() if "Count twice" in line]


def test_the_dump_is_silent_on_what_depends_on_when_one_looked() -> None:
    jenkins("nightly", 1)
    before = list(lines())
    note_gone("nightly", [1])
    assert list(lines()) == before


def test_a_build_says_whether_jenkins_has_it_no_more() -> None:
    jenkins("nightly", 1)
    jenkins("nightly", 2)
    note_gone("nightly", [1])
    assert [build("nightly", label).gone for label in ("1", "2")] == [True, False]


def test_a_lost_build_is_not_judged() -> None:
    jenkins("nightly", 1, report(login="F"), result=None, state="lost")
    row = build("nightly", "1")
    assert (row.state, row.judged, row.newly_broken) == ("lost", False, 0)


def test_a_build_runs_while_jenkins_says_so() -> None:
    jenkins("nightly", 1, result=None)
    jenkins("nightly", 2)
    upload("nightly", 3)
    assert [is_running("nightly", label) for label in ("1", "2", "3", "4")] == [True] + [False] * 3
    assert not is_running("nobody", "1")


@pytest.mark.parametrize("label", ["7", "1~1", str(2**70), "0"])
def test_a_build_that_is_not_there_is_told_in_words(label: str) -> None:
    upload("nightly", 1)
    with pytest.raises(NotFound, match=f"no build {label} of the job 'nightly'"):
        build("nightly", label)


def test_a_row_tells_what_is_known_of_the_build() -> None:
    jenkins("nightly", 1, result="UNSTABLE", started=NOW, duration=1500, branch="main", commit="c")
    row = build("nightly", "1")
    assert row.started is not None
    assert row.started.timestamp() * 1000 == NOW
    assert (row.duration, row.branch, row.commit, row.result) == (1.5, "main", "c", "UNSTABLE")


def test_a_build_known_by_uploads_is_finished_once_it_is_complete() -> None:
    upload("nightly", 1)
    assert build("nightly", "1").state == "receiving"
    upload("nightly", 1, complete=True)
    assert build("nightly", "1").state == "finished"


def test_a_running_build_is_not_complete_whatever_an_upload_says() -> None:
    jenkins("nightly", 1, result=None)
    upload("nightly", 1, complete=True)
    assert not build("nightly", "1").complete


def test_reports_come_with_what_is_wrong_with_them() -> None:
    upload(
        "nightly", 1, report("b.xml", failure="cut off"), report("a.xml", x="P", warnings=("w",))
    )
    assert [
        (row.name, row.failure, row.warnings, row.cases) for row in reports("nightly", "1")
    ] == [
        ("a.xml", "", ("w",), 1),
        ("b.xml", "cut off", (), 0),
    ]


def test_the_extent_counts_jobs_builds_and_results() -> None:
    history("nightly", login="P P", logout="P .")
    jenkins("smoke", 1, started=NOW)
    found = extent()
    assert (found.jobs, found.builds, found.results) == (2, 3, 3)
    assert found.newest_build == at(NOW)


def test_times_outside_the_calendar_are_no_times() -> None:
    assert at(10**18) is None
    assert at(None) is None
    assert seconds(None) is None


# What whoever sent results is told.


def test_an_answer_names_what_is_newly_broken() -> None:
    history("nightly", login="P", logout="P")
    done = upload("nightly", 2, report(login="F", born="F", logout="P"))
    said = answer(done, {"x.xml": "cut off"}, {"r.xml": ("odd",)})
    assert [(case.name, case.verdict) for case in said.new] == [
        ("born", "new failure"),
        ("login", "regression"),
    ]
    assert (said.regressions, said.new_failures, said.warnings) == (1, 1, ("r.xml: odd",))


def test_an_answer_shows_some_of_many_and_says_how_many_more() -> None:
    done = upload("nightly", 1, report(**{f"case{place}": "F" for place in range(30)}))
    said = answer(done, {}, {})
    assert len(said.new) == 20
    assert "and 10 more" in as_text(said)


def test_an_answer_as_text_has_nothing_that_steers_a_terminal() -> None:
    done = upload("nightly", 1, report(suite="a\x1b[31m", **{"b\rc": "F"}))
    text = as_text(answer(done, {}, {}))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert text.splitlines()[0] == (
        "nightly #1: 1 tests, 1 failed, 0 skipped; 0 regressions, 1 new failures, 0 fixed"
    )


def test_an_answer_about_an_older_epoch_is_about_that_build() -> None:
    jenkins("nightly", 1, report(a="P"), started=NOW)
    jenkins("nightly", 1, report(a="F", b="F"), started=NOW + 10**11)
    done = jenkins("nightly", 1, report("late.xml", c="P"), started=NOW)
    assert (done.epoch, answer(done, {}, {}).totals.total) == (0, 2)


def test_pictures_with_nothing_run_are_builds_without_reports() -> None:
    assert [len(found) for _, found in builds_of(login="P .")] == [1, 0]


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
