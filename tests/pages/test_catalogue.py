"""What pages show of the catalogue: on a case, beside failures of a build, in data and the API."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from tests.factories import NOW, history, key_of, report, upload
from tracker.pages import BY_NAME, build, case
from tracker.site.links import live_linker, static_linker
from tracker.site.render import as_json, renderer
from tracker.store.catalogue import Catalogue, IssueFacts, TestFacts, take_catalogue

pytestmark = pytest.mark.usefixtures("store")

ADDRESS = "https://bugs.example/B-1"


def tell(url: str = ADDRESS) -> None:
    take_catalogue(
        Catalogue(
            tests=(
                TestFacts(
                    "", "login", case_ref="T-1", testrail_ref="C100", priority="P0", is_removed=True
                ),
            ),
            issues=(IssueFacts("B-1", url=url, status="Open", summary="Größe", refs=("T-1",)),),
        ),
        now=NOW,
    )


def html(page: str, live: bool = True, **params: str) -> str:
    shown = BY_NAME[page]
    links = live_linker() if live else static_linker(())
    return renderer().html(shown, params, shown.show(**params), links, live=live)


@pytest.mark.parametrize("live", [True, False])
def test_a_case_shows_its_priority_ids_and_known_issues(live: bool) -> None:
    history("nightly", login="P F")
    tell()
    text = html("case", live, job="nightly", case=key_of("login"))
    for said in (
        "<dd>P0</dd>",
        "<dd>T-1</dd>",
        "<dd>C100</dd>",
        "Größe",
        "no longer in the sources",
    ):
        assert said in text
    assert f'<a class="external" href="{ADDRESS}"' in text


def test_a_case_that_the_catalogue_does_not_know_shows_nothing_of_it() -> None:
    history("nightly", login="P F", other="P P")
    tell()
    view = case.show("nightly", key_of("other"))
    assert view.catalogue is None
    assert 'id="catalogue"' not in html("case", job="nightly", case=key_of("other"))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "", "//x"])
def test_an_address_that_is_none_of_the_web_is_no_link(url: str) -> None:
    history("nightly", login="P F")
    tell(url)
    for text in (
        html("case", job="nightly", case=key_of("login")),
        html("build", job="nightly", build="2"),
    ):
        assert "B-1" in text
        assert 'class="external"' not in text


@pytest.mark.parametrize("live", [True, False])
def test_a_build_shows_priority_and_known_issues_beside_its_failures(live: bool) -> None:
    history("nightly", login="P P F", other="P P F")
    tell()
    text = html("build", live, job="nightly", build="3")
    assert text.count('<span class="priority">P0</span>') == text.count(f'href="{ADDRESS}"') > 0
    assert "Failures by priority: P0 1, none 1." in text


def test_what_passed_has_no_priority_beside_it() -> None:
    history("nightly", login="P", other="F")
    tell()
    [everything] = [each for each in build.show("nightly", "1").lists if each.name == "all"]
    assert {row.name: row.priority for row in everything.rows} == {"login": "", "other": ""}


def test_without_a_catalogue_no_priorities_are_counted() -> None:
    history("nightly", login="P F")
    assert build.show("nightly", "2").priorities == ()
    assert "Failures by priority" not in html("build", job="nightly", build="2")


def test_a_list_with_a_page_of_its_own_shows_priorities_too() -> None:
    upload("nightly", 1, report(login="F"))
    tell()
    assert ">P0<" in html("results", job="nightly", build="1", list="all")


def test_the_catalogue_is_in_the_data_of_the_pages() -> None:
    history("nightly", login="P F")
    tell()
    found = json.loads(as_json(case.show("nightly", key_of("login"))))["catalogue"]
    assert (found["priority"], found["issues"][0]["url"]) == ("P0", ADDRESS)
    view = json.loads(as_json(build.show("nightly", "2")))
    assert view["priorities"] == [{"priority": "P0", "failures": 1}]


def test_the_catalogue_is_in_the_answer_for_programs(client: FlaskClient) -> None:
    history("nightly", login="P F", other="P P")
    tell()
    found = client.get(f"/api/v1/jobs/nightly/cases/{key_of('login')}").json["catalogue"]
    assert (found["case_ref"], found["issues"][0]["key"]) == ("T-1", "B-1")
    assert client.get(f"/api/v1/jobs/nightly/cases/{key_of('other')}").json["catalogue"] is None
