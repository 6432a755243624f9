"""A case: how it stands, its history newest first, and what it said when it failed."""

from __future__ import annotations

import dataclasses

import pytest

from tests.factories import history, jenkins, key_of, report, upload
from tests.pages.reading import words
from tests.pages.short import shorten_lists
from tests.store.test_paces import nights
from tracker.errors import NotFound
from tracker.pages import BY_NAME, case
from tracker.pages.case import CasePage
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.store import identity
from tracker.store.records import About, Change

pytestmark = pytest.mark.usefixtures("store")


def login(picture: str, page: str = "1") -> CasePage:
    """The case `login` with this history; another case ran in every build."""
    history("nightly", login=picture, other=" ".join("P" for _ in picture.split()))
    return case.show("nightly", key_of("login"), page)


@pytest.mark.parametrize(
    ("picture", "word", "results", "since", "before"),
    [
        ("P", "passing", 1, "1", None),
        ("P P P", "passing", 3, "1", None),
        ("F P P", "passing", 2, "2", "1"),
        ("P F", "failing", 1, "2", "1"),
        ("P F E F", "failing", 3, "2", "1"),
        ("F F", "failing", 2, "1", None),
        ("P F S F", "failing", 2, "2", "1"),
        ("P F S", "failing", 1, "2", "1"),
        ("P S U P", "passing", 2, "1", None),
        ("P . F .", "failing", 1, "3", "1"),
        ("F P F P", "passing", 1, "4", "3"),
    ],
)
def test_a_case_stands_as_its_counted_results_in_a_row_say(
    picture: str, word: str, results: int, since: str, before: str | None
) -> None:
    standing = login(picture).standing
    assert standing is not None
    assert (standing.word, standing.results) == (word, results)
    assert standing.since is not None
    assert standing.since.build.label == since
    assert (standing.before and standing.before.build.label) == before


@pytest.mark.parametrize("picture", ["S", "S U S"])
def test_a_case_without_a_counted_result_has_no_standing(picture: str) -> None:
    assert login(picture).standing is None


def test_a_build_that_is_not_judged_does_not_change_how_a_case_stands() -> None:
    history("nightly", login="P P")
    jenkins("nightly", 3, report(login="F"), result="ABORTED")
    page = case.show("nightly", key_of("login"))
    assert page.standing is not None
    assert page.standing.word == "passing"
    assert [row.build.label for row in page.failures] == ["3"]


def test_where_the_beginning_lies_before_this_page_it_is_not_claimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shorten_lists(monkeypatch, 20)
    history("nightly", login="F " * 21)
    page = case.show("nightly", key_of("login"))
    assert page.standing is not None
    assert (page.standing.since, page.standing.results) == (None, 20)
    assert case.show("nightly", key_of("login"), "2").paging.pages == 2


def test_history_has_every_build_newest_first_also_where_the_case_did_not_run() -> None:
    page = login("P . F")
    assert [(row.build.label, row.status) for row in page.history] == [
        ("3", "failed"),
        ("2", None),
        ("1", "passed"),
    ]
    assert [row.build.label for row in page.ran] == ["3", "1"]


def test_the_newest_judged_build_is_named_also_where_the_case_did_not_run() -> None:
    newest = login("P F .").newest_judged
    assert newest is not None
    assert (newest.build.label, newest.status) == ("3", None)


def test_verdicts_stand_at_the_builds_that_brought_them() -> None:
    page = login("F P P P F F")
    assert [row.verdict for row in page.history] == [
        "",
        "regression",
        "",
        "fixed",
        "recovering",
        "new failure",
    ]


def test_a_failure_has_its_message_trace_and_output() -> None:
    [failure] = login("P F").failures
    assert (failure.message, failure.trace) == ("it failed", "at a.b.c")
    assert failure.stdout == "output of login"


def test_a_variant_is_a_case_of_its_own() -> None:
    upload("nightly", 1, report("linux.xml", variant="os=linux", login="F"))
    upload("nightly", 1, report("windows.xml", variant="os=windows", login="P"))
    page = case.show("nightly", key_of("login", variant="os=windows"))
    assert page.case.variant == "os=windows"
    assert [row.status for row in page.history] == ["passed"]


def test_a_case_of_another_job_is_not_found() -> None:
    history("nightly", login="P")
    history("other", logout="P")
    with pytest.raises(NotFound, match="ran in the job 'other'"):
        case.show("other", key_of("login"))


@pytest.mark.parametrize("key", ["f" * 16, "nothing", ""])
def test_a_key_that_names_no_case_is_not_found(key: str) -> None:
    history("nightly", login="P")
    with pytest.raises(NotFound):
        case.show("nightly", key)


@pytest.mark.parametrize("page", ["0", "2"])
def test_a_page_that_is_not_there_is_not_found(page: str) -> None:
    with pytest.raises(NotFound, match=f"no page {page}"):
        login("P P", page)


def test_the_static_site_has_the_cases_that_did_not_always_pass_of_late() -> None:
    history("nightly", fine="P P P", long_ago="F P P", skipped="P P S", broken="P P F")
    keys = {params["case"] for params in case.every(2)}
    assert keys == {key_of("skipped"), key_of("broken")}


def test_a_case_that_did_not_run_in_the_newest_builds_has_no_static_page() -> None:
    history("nightly", lost="F . .", fine="P P P")
    assert list(case.every(2)) == []


def test_what_the_suites_said_is_that_of_the_newest_build_where_the_case_failed() -> None:
    suite = identity.suite_id(("s",))
    for number, letter in enumerate("FFP", start=1):
        made = report(login=letter)
        told = {suite: (None, f"output {number}", "")}
        contents = dataclasses.replace(made.contents, suite_runs=told)
        upload("nightly", number, dataclasses.replace(made, contents=contents))
    page = case.show("nightly", key_of("login"))
    assert [(run.suite, run.stdout) for run in page.suite_runs] == [(("s",), "output 2")]


def test_a_case_that_never_failed_shows_nothing_of_its_suites() -> None:
    assert login("P P").suite_runs == ()


def test_a_slower_case_says_so_and_has_a_page_though_it_always_passed() -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    found = case.show("nightly", key_of("login")).pace
    assert found is not None
    assert (found.pace, found.likely) == ("slower", "26")
    assert list(case.every(30)) == [{"job": "nightly", "case": key_of("login"), "page": "1"}]
    assert list(case.every(1)) == []


def test_an_incident_is_left_out_of_the_counts_and_of_the_window() -> None:
    picture = "P P P P P P F P P P P P"
    for number, letter in enumerate(picture.split(), 1):
        rest = dict.fromkeys((f"test_{each}" for each in range(12)), letter)
        mine = letter if number < 11 else "F"
        upload("nightly", number, report(message="no database", login=mine, **rest))
    page = case.show("nightly", key_of("login"))
    assert [row.build.label for row in page.failed_in_incidents] == ["7"]
    assert [row.build.label for row in page.counted] == ["12", "11", "10", "9", "8", *"654321"]
    assert page.broke is not None
    assert page.broke.likely == "11"
    history("quiet", login=picture.replace("F", ".")[:-3] + "F F")
    assert page.broke == case.show("quiet", key_of("login")).broke


def said_of_login() -> str:
    return words(html_of_login())


def html_of_login() -> str:
    params = {"job": "nightly", "case": key_of("login"), "page": "1"}
    page = case.show("nightly", key_of("login"))
    return renderer().html(BY_NAME["case"], params, page, live_linker(), live=True)


def test_what_is_broken_says_first_when_it_passed_last_and_then_how_wide_the_window_is() -> None:
    login("P " * 30 + "F F")
    page = case.show("nightly", key_of("login"))
    assert page.broke is not None
    said = f"With 99 % it broke after #{page.broke.after} and by #31."
    assert '</span>. <span class="quiet">With' in html_of_login()
    assert f"It last passed in #30 and fails since #31. {said}" in said_of_login()


def test_a_window_that_says_no_more_than_the_results_is_left_out() -> None:
    login("P " * 30 + "F " * 24)
    said = said_of_login()
    assert "It last passed in #30 and fails since #31." in said
    assert "With 99 %" not in said


def test_what_never_passed_has_failed_since_its_first_result() -> None:
    login(". . F F")
    assert "It never passed, and fails since #3." in said_of_login()


def test_what_is_broken_says_whose_changes_came_with_the_first_failure() -> None:
    login("P P P P P")
    about = About(changes=(Change("abc", "Ada", "Count twice"),))
    jenkins("nightly", 6, report(login="F", other="P"), about=about)
    assert (
        "1 change in #6 by Ada: Count twice · #6 compared with the build before" in said_of_login()
    )


def test_where_no_change_is_told_the_builds_are_compared() -> None:
    login("P P P P P F")
    assert "fails since #6." in said_of_login()
    assert "#6 compared with the build before" in said_of_login()
    assert "change in" not in said_of_login()


def test_a_failure_in_an_incident_is_told_by_itself_and_breaks_no_row_of_passes() -> None:
    for number, letter in enumerate("PPPPFP", 1):
        upload("nightly", number, report(**{f"test_{each}": letter for each in range(12)}))
        page = case.show("nightly", key_of("test_0"))
        params = {"job": "nightly", "case": key_of("test_0"), "page": "1"}
        said = words(renderer().html(BY_NAME["case"], params, page, live_linker(), live=True))
        if number == 5:
            assert "healthy its last 4 counted results passed." in said
            assert "In the newest judged build, #5, it failed in an incident." in said
    assert "healthy its last 5 counted results passed." in said
    assert "It failed in an incident, #5, which is not counted." in said


def lead(picture: str) -> str:
    """What the page says first of a case with this history, one letter a build."""
    page = login(" ".join(picture))
    params = {"job": "nightly", "case": key_of("login"), "page": "1"}
    said = words(renderer().html(BY_NAME["case"], params, page, live_linker(), live=True))
    return said.split("Why?")[0]


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        ("P" * 30 + "F", "regression in #31. 1 failure; by chance"),
        ("P" * 30 + "FF", "2 judged builds. When it broke: 1 failure; by chance"),
        ("P" * 30 + "FFPFF", "As of #34: Failed in 3 of 4 results since it broke."),
        ("P" * 30 + "FFPF", "4 judged builds. Failed in 3 of 4 results since it broke."),
        (
            "P" * 30 + "FFPFPPFP",
            "7 judged builds ago. Passed once after 4 failures; fixed after 3 more",
        ),
        ("P" * 30 + "FFPFPPFPP", "As of #38: Passed once after 4 failures; fixed after 3 more"),
        ("P" * 30 + "FFFP", "fixed after it broke in #31 ( time unknown ), 3 judged builds ago."),
        ("PPF" * 8, "22 judged builds. Failed in 8 of the newest 24 results"),
        ("PPF" * 8 + "PP", "As of #24: Failed in 8 of the newest 24 results"),
    ],
)
def test_a_sentence_of_an_older_build_names_it(picture: str, said: str) -> None:
    assert said in lead(picture)


def test_a_name_that_was_taken_back_is_told_as_one_of_before() -> None:
    suites = {"a": "shop.CartTest", "b": "shop.cart.CartTest"}
    names = dict.fromkeys((f"case{each}" for each in "ABCDEFGH"), "P")
    for number, suite in enumerate("aaaaaaaabba", 1):
        upload("nightly", number, report(suite=suites[suite], **names), complete=True)
        if number in (10, 11):
            params = {"job": "nightly", "case": key_of("caseA", suites["a"]), "page": "1"}
            page = case.show(**params)
            html = renderer().html(BY_NAME["case"], params, page, live_linker(), live=True)
            other = "caseA shop.cart.CartTest"
            is_back = number == 11
            assert (f"It is now called {other}, since #9." in words(html)) is not is_back
            assert (f"It was called {other} from #9 until #11." in words(html)) is is_back


def test_a_case_that_runs_as_ever_says_nothing_of_that() -> None:
    assert login("P P P").pace is None
