"""Builds of a job: their rows, their neighbours, what started them, their reports."""

from __future__ import annotations

import pytest

from tests.factories import (
    DAY,
    NOW,
    builds_of,
    history,
    jenkins,
    report,
    upload,
)
from tracker.errors import NotFound
from tracker.queries.about import extent
from tracker.queries.answers import answer, as_text
from tracker.queries.builds import (
    about,
    build,
    builds,
    builds_before,
    count_builds,
    downstream,
    is_running,
    neighbours,
    reports,
    starter,
)
from tracker.queries.columns import at, seconds
from tracker.queries.dump import lines
from tracker.store.records import About, Change
from tracker.store.seen import note_gone

pytestmark = pytest.mark.usefixtures("store")


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
