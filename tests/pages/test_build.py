"""A build: its lists, its neighbours, what started it and what it started, its reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import DAY, NOW, history, jenkins, judge_all, record, report, upload
from tests.pages import reading
from tests.store.test_paces import nights
from tracker.errors import NotFound
from tracker.pages import BY_NAME, build, job, results, run
from tracker.pages.build import BuildPage, ResultList, RunOf
from tracker.queries.columns import at
from tracker.queries.jenkins_says import Artifact, ChangeRow, Counted, JenkinsSays, Parameter
from tracker.site.charts import failures
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.site.text import moment
from tracker.store import sql
from tracker.store.backfills import ask_backfill, note_backfilled, plan_backfill
from tracker.store.jobs import add_server, track_job
from tracker.store.judging import judge_waiting, set_budget
from tracker.store.records import About, BuildFacts, Change
from tracker.store.seen import note_gone

pytestmark = pytest.mark.usefixtures("store")


def of(page: BuildPage, name: str) -> ResultList:
    return next(found for found in page.lists if found.name == name)


def names(page: BuildPage, name: str) -> list[str]:
    return [row.name for row in of(page, name).rows]


@pytest.fixture
def rich_build(store: Path) -> BuildPage:
    history(
        "nightly",
        broken="P P P F",
        first=1,
        fresh=". . . E",
        old="P P F F",
        mended="F F P P",
        better="P F F P",
        skipped="P P P S",
        fine="P P P P",
    )
    return build.show("nightly", "4")


@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("new", ["broken", "fresh"]),
        ("failing", ["old"]),
        ("fixed", ["mended"]),
        ("recovering", ["better"]),
        ("suspect", []),
        ("flaky", []),
        ("incident", []),
        ("skipped", ["skipped"]),
        ("failed", []),
        ("all", ["better", "broken", "fine", "fresh", "mended", "old", "skipped"]),
    ],
)
def test_each_list_has_its_cases(rich_build: BuildPage, name: str, cases: list[str]) -> None:
    assert names(rich_build, name) == cases
    assert of(rich_build, name).count == len(cases)


def test_what_is_newly_broken_says_how(rich_build: BuildPage) -> None:
    assert [row.verdict for row in of(rich_build, "new").rows] == ["regression", "new failure"]


def test_what_still_fails_says_since_when(rich_build: BuildPage) -> None:
    [row] = of(rich_build, "failing").rows
    assert (row.since, row.age) == ("3", 1)


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


# What Jenkins tells


def told(about: About | None, *reports: str, **facts: object) -> JenkinsSays:
    """What the page of a build says that Jenkins tells of it."""
    made = [report(name, suite=name, login="P") for name in reports]
    jenkins("nightly", 12, *made, about=about, **facts)
    return build.show("nightly", "12").told


def test_all_that_jenkins_tells_is_on_the_page() -> None:
    about = About(
        display_name="2.4 rc1",
        description="Of the night.",
        node="linux-07",
        causes=("Started by timer",),
        parameters=(("BRANCH", "main"),),
        changes=(Change("abc", "Ada", "Count twice", NOW), Change("def")),
        more_changes=2,
        culprits=("Ada",),
        artifacts=("a.log",),
        more_artifacts=7,
        tests=(120, 3, 1),
        estimated=480_000,
    )
    assert told(about) == JenkinsSays(
        display_name="2.4 rc1",
        description="Of the night.",
        node="linux-07",
        causes=("Started by timer",),
        parameters=(Parameter("BRANCH", "main"),),
        changes=(ChangeRow("abc", "Ada", "Count twice", at(NOW)), ChangeRow("def", "", "", None)),
        more_changes=2,
        culprits=("Ada",),
        artifacts=(Artifact("a.log", "", False),),
        more_artifacts=7,
        counted=Counted(120, 3, 1),
        estimated=480.0,
    )


def test_of_a_build_of_which_jenkins_tells_nothing_more_the_page_has_nothing() -> None:
    assert told(None) == JenkinsSays("", "", "", (), (), (), 0, (), (), 0, None, None)


@pytest.mark.parametrize(("name", "shown"), [("#12", ""), ("#1", "#1"), ("2.4", "2.4")])
def test_the_name_that_jenkins_gives_every_build_is_no_news(name: str, shown: str) -> None:
    assert told(About(display_name=name)).display_name == shown


@pytest.mark.parametrize(
    "url", ["https://jenkins.example/job/n/12/", "https://jenkins.example/job/n/12"]
)
def test_an_artifact_leads_to_where_jenkins_serves_it(url: str) -> None:
    found = told(About(artifacts=("out/a b/log#1.txt",)), url=url).artifacts
    assert [row.url for row in found] == [
        "https://jenkins.example/job/n/12/artifact/out/a%20b/log%231.txt"
    ]


def test_an_artifact_of_a_build_that_jenkins_has_no_more_leads_nowhere() -> None:
    told(About(artifacts=("a.log",)), url="https://jenkins.example/job/n/12/")
    note_gone("nightly", [12])
    assert [row.url for row in build.show("nightly", "12").told.artifacts] == [""]


def test_the_artifacts_that_are_reports_here_are_marked() -> None:
    artifacts = ("a.xml", "a.xml.log", "all.zip", "al", "b.xml")
    found = told(About(artifacts=artifacts), "a.xml", "all.zip/sub/c.xml").artifacts
    assert [row.path for row in found if row.is_report] == ["a.xml", "all.zip"]


# What Jenkins counted


def counted(tests: tuple[int, int, int] | None, **facts: object) -> Counted | None:
    """What the page says of Jenkins' count of a build with 4 results, 2 of which failed."""
    made = report(a="P", b="F", c="E", d="S")
    jenkins("nightly", 1, made, about=About(tests=tests), **facts)
    return build.show("nightly", "1").otherwise_counted


@pytest.mark.parametrize("tests", [(5, 2, 1), (4, 3, 1), (4, 1, 1), (0, 0, 0)])
def test_what_jenkins_counted_otherwise_is_said(tests: tuple[int, int, int]) -> None:
    assert counted(tests) == Counted(*tests)


def test_errors_are_failures_and_skipped_results_may_be_counted_otherwise() -> None:
    assert counted((4, 2, 0)) is None


def test_what_jenkins_did_not_count_is_not_compared() -> None:
    assert counted(None) is None


@pytest.mark.parametrize("facts", [{"result": None}, {"result": "ABORTED"}, {"complete": False}])
def test_a_build_that_is_not_all_in_is_not_compared(facts: dict[str, object]) -> None:
    assert counted((120, 3, 0), **facts) is None


# The run that a build belongs to


def chain() -> None:
    """`top` started `middle`, which started `leaf`."""
    jenkins("top", 1, started=NOW)
    jenkins("middle", 2, started=NOW, upstream_job="top", upstream_number=1)
    jenkins("leaf", 3, started=NOW, upstream_job="middle", upstream_number=2)


@pytest.mark.parametrize(
    ("job", "label", "run"),
    [
        ("top", "1", RunOf("top", "1")),
        ("middle", "2", RunOf("top", "1")),
        ("leaf", "3", RunOf("leaf", "3")),
    ],
)
def test_a_build_leads_to_the_page_of_its_run(job: str, label: str, run: RunOf) -> None:
    chain()
    assert build.show(job, label).run == run


def test_a_build_that_no_other_belongs_to_leads_to_no_run() -> None:
    jenkins("alone", 1)
    jenkins("orphan", 1, upstream_job="never/recorded", upstream_number=7)
    assert [build.show(job, "1").run for job in ("alone", "orphan")] == [None, None]


# A build that runs


def test_a_build_has_been_running_since_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    jenkins("nightly", 1, result=None, started=NOW)
    jenkins("nightly", 2, result=None)
    monkeypatch.setattr(build, "now_ms", lambda: NOW + 180_000)
    assert build.show("nightly", "1").running_for() == 180
    assert build.show("nightly", "2").running_for() == 0


def test_a_build_that_begins_in_the_future_has_not_run_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    jenkins("nightly", 1, result=None, started=NOW)
    monkeypatch.setattr(build, "now_ms", lambda: NOW - 5000)
    assert build.show("nightly", "1").running_for() == 0


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


def test_of_many_reports_those_are_there_that_were_not_read_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(build, "ROWS", 2)
    whole = (report(f"{name}.xml", **{name: "P"}) for name in "abd")
    upload("nightly", 1, *whole, report("c.xml", failure="This is no XML."))
    found = build.show("nightly", "1")
    assert [row.name for row in found.reports] == ["a.xml", "c.xml"]
    assert found.report_count == 4


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


def test_a_build_says_that_its_verdicts_may_change_while_older_ones_are_read() -> None:
    history("nightly", login="P F")
    add_server("main", "https://ci.example/")
    track_job("nightly", server="main", jenkins_name="nightly")
    assert build.show("nightly", "2").filling is None
    ask_backfill("nightly", builds=9, now=NOW)
    plan_backfill("nightly", [2, 1], [], now=NOW)
    note_backfilled("nightly", done=1, now=NOW)
    filling = build.show("nightly", "2").filling
    assert filling is not None
    assert (filling.done, filling.total) == (1, 2)
    note_backfilled("nightly", done=2, now=NOW)
    assert build.show("nightly", "2").filling is None


def test_what_became_slower_is_on_the_page_of_the_build_that_showed_it() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    shown = build.show("nightly", "29").paces
    assert (shown.count, [row.name for row in shown.rows]) == (1, ["login"])
    assert build.show("nightly", "30").paces == build.Paces(0, ())


def test_only_the_first_of_many_paces_are_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROWS", 0)
    nights([500.0] * 25 + [1500.0] * 4)
    assert build.show("nightly", "29").paces == build.Paces(1, ())


def test_tests_that_are_new_are_held_against_the_builds_that_were_looked_at() -> None:
    history("nightly", login="P P", fresh=". P")
    said = "1 test of 2 was in none of the complete builds looked at before, ten at most"
    assert said in words_of("build", job="nightly", build="2")


# While its job is judged again


def html_of(name: str, **params: str) -> str:
    page = BY_NAME[name]
    return renderer().html(page, params, page.show(**params), live_linker(), live=True)


def words_of(name: str, **params: str) -> str:
    return reading.words(html_of(name, **params))


AGAIN = "This job is judged again. Until that is done, verdicts may still change."


def test_a_list_whose_rows_are_away_says_that_they_come_back() -> None:
    """The counts of the newest build stay, of what it broke nothing is known meanwhile."""
    history("nightly", login="P P P P F", logout="P P P P F", fine="P P P P P")
    params = {"job": "nightly", "build": "5"}
    lists = {"name": "results", **params, "list": "new"}
    assert not of(build.show(**params), "new").comes_back
    assert not results.show("nightly", "5", "new").comes_back
    set_budget("nightly", 0.9, now=NOW)
    assert judge_waiting("nightly", now=NOW, builds=1)
    html, text = html_of("build", **params), words_of("build", **params)
    away = "This list comes back when this build has been judged again."
    assert f"missing results do not count. {away}" in text
    assert "on pages of their own" not in text
    assert '"results/new/' not in html
    assert AGAIN in text
    assert "Failures, not judged 2 of 3 All that failed, while this build waits" in text
    assert names(build.show(**params), "failed") == ["login", "logout"]
    assert "2 of 3 results" in words_of(**{**lists, "list": "failed"})
    text = words_of(**lists)
    assert f"{AGAIN} {away}" in text
    assert "This list is empty" not in text
    judge_all()
    for each in (words_of("build", **params), words_of(**lists)):
        assert "judged again" not in each
    assert of(build.show(**params), "failed").count == 0


def test_what_broke_stands_before_all_that_is_known_besides() -> None:
    history("nightly", login="P P P P F", logout="P P P P F", fine="P P P P P")
    html = html_of("build", job="nightly", build="5")
    places = [html.index(f'id="{each}"') for each in ("together", "new")]
    assert places == sorted(places)
    assert places[-1] < html.index('class="facts"')


def test_of_a_commit_the_page_shows_the_first_digits_and_keeps_the_rest() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    jenkins("nightly", 1, report(login="P"), commit=commit)
    shown = f'<code title="{commit}">0123456789</code>'
    assert shown in html_of("build", job="nightly", build="1")


def test_of_a_build_that_began_nobody_knows_when_it_is_said_when_its_reports_came() -> None:
    upload("nightly", 1, report(login="P"), started=None)
    said = f"received {moment(at(NOW))}"
    params = {"job": "nightly", "build": "1"}
    for text in (words_of("build", **params), words_of("job", job="nightly"), words_of("home")):
        assert said in text
        assert "time unknown" not in text


def test_of_a_build_without_results_nothing_is_said_to_have_failed_or_not() -> None:
    jenkins("nightly", 1, result=None)
    text = words_of("build", job="nightly", build="1")
    assert "Nothing failed" not in text
    assert "Nothing was skipped" not in text
    jenkins("nightly", 1, report(login="P"), result=None)
    text = words_of("build", job="nightly", build="1")
    assert "Nothing failed. " in text
    assert "Nothing was skipped" in text


def test_a_list_of_which_some_rows_are_away_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "ROWS", 3)
    row = build.CaseRow("0" * 16, (), "login", "", "failed", None, "")
    assert ResultList("new", 2, (row,), True).comes_back
    assert not ResultList("new", 2, (row,), False).comes_back
    assert not ResultList("new", 9, (row,) * 3, True).comes_back
    assert not ResultList("all", 9, (), True).comes_back


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        ("P" * 30 + "FF", "Failing since Duration ✗ failing login s When it broke:"),
        ("P" * 30 + "FF", "since #31, 2 judged builds"),
        ("P" * 30 + "FFFP", "Broke in Duration ✓ fixed login s Passed once after 3 failures."),
        ("P" * 30 + "FFFP", "#31, 3 judged builds before"),
        ("P" * 30 + "FFPFP", "Broke in Duration ↗ recovering login s Passed once"),
        ("PPF" * 8, "Flaky since Duration ≈ flaky login s Failed in 8 of"),
        ("PPF" * 8, "since #3, 22 judged builds"),
    ],
)
def test_a_list_says_what_the_builds_are_that_it_names(picture: str, says: str) -> None:
    history("nightly", login=" ".join(picture))
    assert says in words_of("build", job="nightly", build=str(len(picture)))


def test_what_is_newly_broken_says_under_which_name_it_failed_already() -> None:
    steady = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")
    for number, letter in enumerate("P" * 8 + "FFFF" + "F", 1):
        suite = "shop.CartTest" if number < 13 else "shop.cart.CartTest"
        upload("nightly", number, report(suite=suite, login=letter, **steady), complete=True)
    said = "It was called login shop.CartTest, failing since #9."
    assert said in words_of("build", job="nightly", build="13")
    assert said in words_of("results", job="nightly", build="13", list="new")
    assert said in words_of("home")


def test_a_build_that_was_rewritten_says_that_it_is_not_judged_yet() -> None:
    history("nightly", login="P P P P P F", logout="P P P P P F", slow="P P P P P .")
    set_budget("nightly", 0.9, now=NOW)
    record(BuildFacts("nightly", 6), report(login="P", logout="F"), replace=True)
    params = {"job": "nightly", "build": "6"}
    text = words_of("build", **params)
    assert "1 of 2 failed; what is new in it is not judged yet." in text
    assert "Failures, not judged 1 of 2" in text
    for said in ("newly broken", "Nothing is", "Nothing that", "Broke together"):
        assert said not in text
    assert "What is new in #6 is not judged yet: 1 of 2 failed." in words_of("job", job="nightly")
    assert "not judged yet, so nothing is said" in words_of("absences", **params)
    drawn = failures(job.show("nightly").trend)
    assert [piece.kind for piece in drawn.bars[-1].pieces] == ["failed unjudged"]
    judge_all()
    assert "1 newly broken" in words_of("build", **params)


def test_what_arrives_when_a_build_can_be_judged_no_more_is_listed_apart() -> None:
    history("nightly", login="P F F")
    sql.run("UPDATE job SET judged_from = (SELECT id FROM build WHERE number = 3)")
    upload("nightly", 2, report("late.xml", late="F"))
    text = words_of("build", job="nightly", build="2")
    assert "2 of 2 failed: 1 newly broken, 0 still failing, 1 not judged; 0 fixed." in text
    assert "Failures, not judged 1 of 2 They came when the build could be judged no more: " in text
    drawn = failures(job.show("nightly").trend)
    assert [piece.kind for piece in drawn.bars[1].pieces] == ["newly", "failed unjudged"]


def test_the_page_of_a_run_says_how_many_of_its_jobs_are_judged_again() -> None:
    jenkins("top", 1, report(login="P"), started=NOW)
    jenkins("leaf", 1, report(login="P"), started=NOW, upstream_job="top", upstream_number=1)
    history("other", login="P")
    set_budget("other", 0.9, now=NOW)
    assert "judged again" not in words_of("run", job="top", build="1")
    for name, said in (("leaf", "1 job of this run is"), ("top", "2 jobs of this run are")):
        set_budget(name, 0.9, now=NOW)
        assert f"{said} judged again." in words_of("run", job="top", build="1")
    assert run.show("leaf", "1").judged_again == ("leaf", "top")
