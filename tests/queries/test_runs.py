"""Regression runs: which builds are one run, and what is not there."""

from __future__ import annotations

import pytest

from tests.examples import examples
from tests.factories import DAY, NOW, jenkins, report, upload
from tracker.errors import NotFound
from tracker.queries import runs
from tracker.queries.runs import AbsentJob, roots, run
from tracker.store.engine import engine
from tracker.store.jobs import add_server, track_job
from tracker.store.models import Job, Server

pytestmark = pytest.mark.usefixtures("store")

MINUTE = 60_000
CHILDREN = examples(200, 1000)
LOGIN = report(login="P")


def start(
    job: str, number: int, by: str, *reports: object, above: int = 1, **facts: object
) -> None:
    """Record a build that build `above` of the job `by` started."""
    told = {"started": NOW, "upstream_job": by, "upstream_number": above, **facts}
    jenkins(job, number, *(reports or (LOGIN,)), **told)  # type: ignore[arg-type]


def tree(job: str, label: str = "1") -> list[tuple[str, int]]:
    """The builds of a run with how many are above each."""
    return [(f"{row.build.job}#{row.build.label}", row.depth) for row in run(job, label).builds]


def standings(job: str, label: str = "1") -> dict[str, str]:
    return {row.build.job: row.standing for row in run(job, label).builds}


def absent(job: str, label: str) -> list[tuple[str, str, int, int]]:
    return [(row.job, row.standing, row.ran, row.runs) for row in run(job, label).absent]


# Which builds are one run


def test_a_run_is_a_build_with_all_that_it_started_in_turn() -> None:
    jenkins("top", 1, started=NOW)
    start("b", 7, "top")
    start("a", 3, "top")
    start("deep", 9, "a", above=3)
    start("other", 1, "top", above=2)
    assert tree("top") == [("top#1", 0), ("a#3", 1), ("deep#9", 2), ("b#7", 1)]


@pytest.mark.parametrize(("job", "label"), [("top", "1"), ("a", "3"), ("deep", "9")])
def test_every_build_of_a_run_shows_the_same_run(job: str, label: str) -> None:
    jenkins("top", 1, started=NOW)
    start("a", 3, "top")
    start("deep", 9, "a", above=3)
    assert tree(job, label) == [("top#1", 0), ("a#3", 1), ("deep#9", 2)]


def test_a_build_alone_is_a_run_of_one() -> None:
    jenkins("alone", 1, LOGIN)
    found = run("alone", "1")
    assert (found.complete, len(found.builds), found.absent) == (True, 1, ())


def test_a_run_begins_with_the_topmost_build_that_is_recorded() -> None:
    start("a", 3, "never/recorded", above=12)
    start("deep", 9, "a", above=3)
    assert tree("deep", "9") == [("a#3", 0), ("deep#9", 1)]
    assert run("deep", "9").root.upstream_job == "never/recorded"


def test_builds_of_another_server_belong_to_the_run_by_their_names_here() -> None:
    jenkins("top", 1, started=NOW)
    start("west/folder/test", 5, "top")
    start("west/deep", 6, "west/folder/test", above=5)
    names = ["top#1", "west/folder/test#5", "west/deep#6"]
    assert [name for name, _ in tree("west/deep", "6")] == names


@pytest.mark.parametrize("label", ["1", "2", "3"])
def test_builds_that_started_one_another_are_one_run_that_ends(label: str) -> None:
    for number, above in ((1, 3), (2, 1), (3, 2)):
        start("round", number, "round", above=above, started=NOW + number)
    start("side", 1, "round", above=2)
    expected = [("round#1", 0), ("round#2", 1), ("round#3", 2), ("side#1", 2)]
    assert tree("round", label) == expected


def test_a_build_that_is_said_to_have_started_itself_is_a_run_of_one() -> None:
    start("own", 1, "own")
    assert tree("own") == [("own#1", 0)]


def test_a_build_below_a_circle_shows_the_circle() -> None:
    for number, above in ((1, 2), (2, 1)):
        start("round", number, "round", above=above, started=NOW + number)
    start("below", 1, "round", above=2)
    assert tree("below") == [("round#1", 0), ("round#2", 1), ("below#1", 2)]


def test_a_child_belongs_to_the_epoch_that_ran_when_it_began() -> None:
    for day in (0, 100, 200):
        jenkins("top", 1, started=NOW + day * DAY)
    for number, day in ((1, 0), (2, 150), (3, 201)):
        start("child", number, "top", started=NOW + day * DAY + MINUTE)
    assert tree("child", "1") == [("top#1~0", 0), ("child#1", 1)]
    assert tree("child", "2") == [("top#1~1", 0), ("child#2", 1)]
    assert tree("child", "3") == [("top#1", 0), ("child#3", 1)]
    assert tree("top", "1~1") == [("top#1~1", 0), ("child#2", 1)]


@pytest.mark.parametrize("began", [None, NOW - DAY])
def test_a_child_that_began_before_them_all_belongs_to_the_newest_epoch(began: int | None) -> None:
    for day in (0, 100):
        jenkins("top", 1, started=NOW + day * DAY)
    start("child", 1, "top", started=began)
    assert tree("child") == [("top#1", 0), ("child#1", 1)]
    assert tree("top", "1~0") == [("top#1~0", 0)]


def test_a_chain_of_builds_is_followed_however_long() -> None:
    jenkins("chain", 1, started=NOW)
    for number in range(2, 90):
        start("chain", number, "chain", above=number - 1)
    assert len(tree("chain", "89")) == 89
    assert tree("chain", "89")[-1] == ("chain#89", 88)


def test_many_children_cost_no_more_statements_than_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jenkins("top", 1, started=NOW)
    start("child/0", 1, "top")
    few = statements(monkeypatch, "top")
    for number in range(1, CHILDREN):
        start(f"child/{number}", 1, "top")
    assert len(tree("top")) == CHILDREN + 1
    assert statements(monkeypatch, "top") == few <= 8


def statements(monkeypatch: pytest.MonkeyPatch, job: str) -> int:
    """How many statements a run costs."""
    seen: list[str] = []
    database = engine().database
    execute = database.execute_sql

    def noted(sql: str, *rest: object) -> object:
        seen.append(sql)
        return execute(sql, *rest)  # type: ignore[no-untyped-call]

    with monkeypatch.context() as patched:
        patched.setattr(database, "execute_sql", noted)
        run(job, "1")
    return len(seen)


def test_a_run_beyond_the_limit_is_cut_and_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_BUILDS", 3)
    jenkins("top", 1, started=NOW)
    start("a", 1, "top")
    assert (run("top", "1").is_cut, run("top", "1").complete) == (False, True)
    start("a", 2, "top")
    start("a", 3, "top")
    found = run("top", "1")
    assert (found.is_cut, found.complete, len(found.builds)) == (True, False, 3)


def test_nothing_is_called_missing_that_may_have_been_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_BUILDS", 3)
    for number in (1, 2):
        jenkins("top", number, started=NOW + number * DAY)
        for job in "abcd"[number - 1 :]:
            start(job, number, "top", above=number, started=NOW + number * DAY)
    assert (run("top", "2").is_cut, run("top", "2").absent) == (True, ())


def test_a_build_that_is_not_there_is_told_in_words() -> None:
    jenkins("top", 1)
    with pytest.raises(NotFound, match="no build 2"):
        run("top", "2")


# Sums


def test_the_counts_of_a_run_are_sums_over_its_builds() -> None:
    # The third of the builds is the one in which what failed in the first is fixed.
    for number, letters in ((1, ("P", "F", "P")), (2, ("P", "P", "P")), (3, ("F", "P", "E"))):
        jenkins("top", number, report(login=letters[0], logout="S"), started=NOW + number * DAY)
        facts = {"above": number, "started": NOW + number * DAY}
        start("a", number, "top", report(suite="a", login=letters[1], odd="U"), **facts)
        start("b", number, "top", report(suite="b", login=letters[2], fresh="F"), **facts)
    found = run("top", "3")
    counts = found.totals
    assert (counts.total, counts.passed, counts.failed, counts.error) == (6, 1, 2, 1)
    assert (counts.skipped, counts.unknown) == (1, 1)
    assert (found.regressions, found.new_failures, found.fixed) == (2, 0, 1)
    assert (run("top", "1").new_failures, run("top", "1").newly_broken) == (2, 2)


# How each build stands


def test_each_build_of_a_run_has_its_standing() -> None:
    jenkins("top", 1, LOGIN, started=NOW)
    start("fine", 1, "top")
    start("unstable", 1, "top", report(login="F"), result="UNSTABLE")
    start("running", 1, "top", result=None)
    start("early", 1, "top", report("bad.xml", failure="No XML."), result="FAILURE")
    jenkins("broken", 1, result="FAILURE", upstream_job="top", upstream_number=1)
    jenkins("deploy", 1, result="SUCCESS", upstream_job="top", upstream_number=1)
    start("failed", 1, "top", report(login="F"), result="FAILURE")
    start("aborted", 1, "top", result="ABORTED")
    start("unbuilt", 1, "top", result="NOT_BUILT")
    start("lost", 1, "top", result=None, state="lost")
    start("coming", 1, "top", result="SUCCESS", complete=False)
    assert standings("top") == {
        "top": "recorded",
        "fine": "recorded",
        "unstable": "recorded",
        "running": "running",
        "early": "incomplete",
        "broken": "failed before its tests",
        "deploy": "recorded",
        "failed": "recorded",
        "aborted": "aborted",
        "unbuilt": "not built",
        "lost": "lost",
        "coming": "incomplete",
    }
    found = run("top", "1")
    assert not found.complete
    assert found.open == (
        ("running", 1),
        ("failed before its tests", 1),
        ("aborted", 1),
        ("not built", 1),
        ("lost", 1),
        ("incomplete", 2),
    )


def test_a_build_of_which_only_uploads_tell_is_incomplete_until_they_end() -> None:
    upload("top", 1, LOGIN)
    assert standings("top") == {"top": "incomplete"}
    upload("top", 1, complete=True)
    assert standings("top") == {"top": "recorded"}


def test_a_job_that_only_starts_others_does_not_fail_before_its_tests() -> None:
    jenkins("top", 1, result="FAILURE", started=NOW)
    start("a", 1, "top", report(login="F"), result="UNSTABLE")
    assert run("top", "1").complete


def test_a_job_that_has_tests_fails_before_them_whatever_it_starts() -> None:
    jenkins("top", 1, LOGIN, started=NOW - DAY)
    jenkins("top", 2, result="FAILURE", started=NOW)
    start("a", 1, "top", above=2)
    assert standings("top", "2") == {"top": "failed before its tests", "a": "recorded"}


# What is not there


def past(runs: int, ran: int, *, first: int = 1) -> None:
    """Builds of `top`, in the newest `ran` of which it started `child`."""
    for place in range(runs):
        number = first + place
        began = NOW + number * DAY
        jenkins("top", number, started=began, duration=MINUTE)
        if place >= runs - ran:
            start("child", number, "top", above=number, started=began, duration=MINUTE)


def later(number: int, after: int) -> None:
    """Something else that happened so many ms after build `number` of `top` ended."""
    jenkins("elsewhere", 1, started=NOW + number * DAY + MINUTE + after, duration=0)


@pytest.mark.parametrize(
    ("runs", "ran", "expected"),
    [(10, 10, True), (10, 9, True), (10, 5, True), (10, 4, False), (3, 2, True), (3, 1, False),
     (1, 1, True), (10, 0, False)],
)  # fmt: skip
def test_a_job_that_at_least_half_of_the_last_runs_started_is_missing(
    runs: int, ran: int, expected: bool
) -> None:
    past(runs, ran)
    jenkins("top", 50, started=NOW + 50 * DAY, duration=MINUTE)
    later(50, DAY)
    assert absent("top", "50") == ([("child", "missing", ran, runs)] if expected else [])
    assert run("top", "50").complete is not expected


def test_only_the_last_ten_runs_before_this_one_count() -> None:
    past(5, 5)
    past(10, 4, first=6)
    jenkins("top", 16, started=NOW + 16 * DAY, duration=MINUTE)
    assert absent("top", "16") == []
    past(10, 10, first=17)
    assert absent("top", "16") == []


def test_runs_that_were_aborted_or_still_run_say_nothing_of_what_is_usual() -> None:
    past(4, 4)
    for number in range(5, 12):
        jenkins("top", number, result="ABORTED", started=NOW + number * DAY)
    jenkins("top", 12, result=None, started=NOW + 12 * DAY)
    jenkins("top", 13, started=NOW + 13 * DAY, duration=MINUTE)
    later(13, DAY)
    assert absent("top", "13") == [("child", "missing", 4, 4)]


def test_two_builds_of_a_job_in_one_run_count_once() -> None:
    past(2, 1)
    start("child", 99, "top", above=2, started=NOW + 2 * DAY)
    jenkins("top", 3, started=NOW + 3 * DAY, duration=MINUTE)
    assert [row[2:] for row in absent("top", "3")] == [(1, 2)]


def test_children_of_another_epoch_are_not_counted() -> None:
    past(2, 2)
    for number in (1, 2, 3):
        jenkins("top", number, started=NOW + (100 + number) * DAY, duration=MINUTE)
        start("child", 100 + number, "top", above=number, started=NOW + (100 + number) * DAY)
    jenkins("top", 4, started=NOW + 104 * DAY, duration=MINUTE)
    later(104, DAY)
    assert absent("top", "4") == [("child", "missing", 5, 5)]
    assert absent("top", "2~0") == []


def test_a_job_that_is_there_is_not_missing() -> None:
    past(5, 5)
    assert run("top", "5").complete


def test_what_a_build_further_down_usually_starts_is_missing_there() -> None:
    for number in (1, 2, 3):
        began = {"above": number, "started": NOW + number * DAY, "duration": MINUTE}
        jenkins("top", number, started=NOW + number * DAY, duration=MINUTE)
        start("middle", number, "top", **began)
        if number < 3:
            start("leaf", number, "middle", **began)
    later(3, DAY)
    [found] = run("top", "3").absent
    assert found == AbsentJob("leaf", "middle", "3", 2, 2, "missing", "")


def test_a_job_may_still_start_while_the_one_above_it_runs() -> None:
    past(3, 3)
    jenkins("top", 4, result=None, started=NOW + 4 * DAY)
    later(4, 2 * DAY)
    assert absent("top", "4") == [("child", "not started yet", 3, 3)]


@pytest.mark.parametrize(
    ("after", "standing"),
    [(0, "not started yet"), (60 * MINUTE - 1, "not started yet"), (60 * MINUTE, "missing")],
)
def test_a_job_may_still_start_for_an_hour(after: int, standing: str) -> None:
    past(3, 3)
    jenkins("top", 4, started=NOW + 4 * DAY, duration=MINUTE)
    later(4, after)
    assert absent("top", "4") == [("child", standing, 3, 3)]


def test_what_happened_on_another_server_does_not_end_the_wait() -> None:
    past(3, 3)
    jenkins("top", 4, started=NOW + 4 * DAY, duration=MINUTE)
    add_server("west", "https://west.example", prefix="west")
    track_job("elsewhere")
    Job.update(server=Server.get(Server.name == "west")).where(Job.name == "elsewhere").execute()
    later(4, DAY)
    assert absent("top", "4") == [("child", "not started yet", 3, 3)]


def test_a_build_that_nobody_knows_the_time_of_is_not_waited_for() -> None:
    past(3, 3)
    jenkins("top", 4)
    assert absent("top", "4") == [("child", "missing", 3, 3)]


def test_a_job_that_is_disabled_in_jenkins_says_so() -> None:
    past(3, 3)
    jenkins("top", 4, started=NOW + 4 * DAY, duration=MINUTE)
    Job.update(standing="disabled").where(Job.name == "child").execute()
    assert [row.in_jenkins for row in run("top", "4").absent] == ["disabled"]


# Which builds runs begin with


def test_runs_begin_with_builds_that_started_others_and_were_started_by_none() -> None:
    jenkins("top", 1, started=NOW)
    jenkins("top", 2, started=NOW)
    start("a", 3, "top", above=2)
    start("deep", 9, "a", above=3)
    assert [roots(job, 9) for job in ("top", "a", "deep")] == [["2"], [], []]


def test_a_run_below_a_build_that_is_not_recorded_begins_where_it_is_known() -> None:
    start("a", 3, "never/recorded")
    start("deep", 9, "a", above=3)
    assert roots("a", 9) == ["3"]


def test_only_the_newest_builds_are_looked_at() -> None:
    for number in (1, 2, 3):
        jenkins("top", number, started=NOW)
        start("a", number, "top", above=number)
    assert roots("top", 2) == ["3", "2"]


def test_of_a_number_in_two_epochs_a_run_begins_with_the_one_that_started_others() -> None:
    for day in (0, 100):
        jenkins("top", 1, started=NOW + day * DAY)
    start("a", 1, "top", started=NOW + MINUTE)
    assert roots("top", 9) == ["1~0"]
