"""The page of the numbers behind a verdict."""

from __future__ import annotations

import pytest

from tests.factories import history, key_of
from tests.pages.reading import words
from tracker.errors import NotFound
from tracker.pages import BY_NAME, explain
from tracker.site.links import live_linker
from tracker.site.render import renderer
from tracker.verdicts.verdict import once_in

pytestmark = pytest.mark.usefixtures("store")


def test_the_page_shows_the_verdict_of_now() -> None:
    history("nightly", login="P P P F F", other="P P P P P")
    page = explain.show("nightly", key_of("login"))
    assert (page.state, page.since, page.as_of) == ("failing", "4", "5")


@pytest.mark.parametrize("as_of", ["4", "#4", " 4 "])
def test_the_page_shows_the_verdict_of_the_build_that_is_asked_for(as_of: str) -> None:
    history("nightly", login="P P P F F", other="P P P P P")
    assert explain.show("nightly", key_of("login"), as_of).state == "regression"


@pytest.mark.parametrize(
    ("picture", "often"),
    [("P" * 30 + "F", "less than twice"), ("PPPF" * 6 + "FF", "twice or more")],
)
def test_the_limit_is_that_of_tests_that_failed_as_often_before(picture: str, often: str) -> None:
    history("nightly", login=" ".join(picture), other=" ".join("P" * len(picture)))
    params = {"job": "nightly", "case": key_of("login")}
    page = explain.show(**params)
    said = words(renderer().html(BY_NAME["explain"], params, page, live_linker(), live=True))
    assert f"{once_in(page.verdict.limit)} for tests that failed {often} before" in said


def test_a_build_that_is_not_there_is_not_found() -> None:
    history("nightly", login="P F")
    with pytest.raises(NotFound, match="99"):
        explain.show("nightly", key_of("login"), "99")


def test_the_static_site_has_those_of_cases_that_did_not_always_pass() -> None:
    history("nightly", login="P F", other="P P")
    assert [params["case"] for params in explain.every(60)] == [key_of("login")]


def test_the_page_says_below_which_case_it_is() -> None:
    history("nightly", login="P F", other="P P")
    params = {"job": "nightly", "case": key_of("login")}
    view = explain.show(**params)
    html = renderer().html(BY_NAME["explain"], params, view, live_linker(), live=True)
    crumbs = html.split('class="crumbs"')[1].split("</nav>")[0]
    assert crumbs.index(">nightly<") < crumbs.index(">login<") < crumbs.index(">Why<")
