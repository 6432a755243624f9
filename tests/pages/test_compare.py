"""The pages of comparing: two sides by one address, a build beside the one before it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.factories import history, jenkins, key_of, report, upload
from tests.pages.reading import words
from tracker.errors import NotFound
from tracker.pages import compare
from tracker.queries.compare import LISTS
from tracker.store.rules import add_name_rule
from tracker.store.sql import run

pytestmark = pytest.mark.usefixtures("store")


def test_a_comparison_has_every_list_with_its_count() -> None:
    history("n", broke="P F", mended="F P")
    page = compare.show("n/builds/1", "n")
    assert [each.name for each in page.lists] == list(LISTS)
    counts = {each.name: each.count for each in page.lists if each.count}
    assert counts == {"new": 1, "fixed": 1}
    assert [row.name for row in page.lists[0].rows] == ["broke"]


def test_a_list_shows_its_first_500_tests_and_counts_them_all() -> None:
    history("n", **{f"case{place:03}": "P F" for place in range(501)})
    new = compare.show("n/builds/1", "n").lists[0]
    assert (new.count, len(new.rows)) == (501, 500)


def test_where_nothing_is_asked_each_job_has_its_newest_build_and_the_one_before() -> None:
    history("a", login="P P")
    history("b", login="P")
    jenkins("a", 3, report(login="P"), result="ABORTED")
    page = compare.show()
    assert page.compared is None
    assert [(row.job, row.label, row.before) for row in page.newest] == [("a", "2", "1")]


def test_a_build_is_compared_with_the_judged_build_before_it() -> None:
    history("team/n", login="P")
    jenkins("team/n", 2, report(login="F"), result="ABORTED")
    upload("team/n", 3, report(login="F"), complete=True)
    page = compare.changes("team/n", "3")
    assert (page.a, page.b) == ("team/n/builds/1", "team/n/builds/3")
    assert page.lists[0].count == 1


def test_a_side_says_how_many_jobs_are_left_out_of_it(client: FlaskClient) -> None:
    add_name_rule("{release}/{module}")
    history("2/core", login="P")
    history("2/shop", login="P")
    run("UPDATE job SET standing = 'disabled' WHERE name = '2/shop'")
    text = words(client.get("/compare/?a=2/core&b=release:2").text)
    assert "b, in question 2/core #1, time unknown without 1 job out of use" in text


def test_the_first_build_of_a_job_has_nothing_before_it() -> None:
    history("n", login="P")
    page = compare.changes("n", "1")
    assert page.compared is None
    assert page.build == "1"


def test_a_build_that_there_is_not_is_not_compared() -> None:
    history("n", login="P")
    with pytest.raises(NotFound):
        compare.changes("n", "7")


def test_there_is_a_page_for_each_of_the_newest_builds() -> None:
    history("n", login="P P P")
    assert list(compare.every_change(2)) == [
        {"job": "n", "build": "3"},
        {"job": "n", "build": "2"},
    ]


def text(client: FlaskClient, path: str, status: int = 200, **query: str) -> str:
    answer = client.get(path, query_string=query)
    assert answer.status_code == status, answer.text
    return answer.text


def test_one_address_shows_a_comparison_with_links_to_its_tests(client: FlaskClient) -> None:
    history("team/n", login="P F")
    page = text(client, "/compare/", a="team/n/builds/1", b="team/n")
    assert "Of 1 test that both ran: 1 fails only in team/n #2, 0 fixed, 0 still failing." in page
    assert f'href="../jobs/team/n/cases/{key_of("login")}/"' in page
    assert 'value="team/n/builds/1"' in page
    assert "?a=team/n&amp;b=team/n/builds/1" in page


def test_the_twin_of_a_comparison_is_its_data(client: FlaskClient) -> None:
    history("n", login="P F")
    body = client.get("/compare/index.json?a=n/builds/1&b=n").json
    assert body["compared"]["counts"]["new"] == 1
    assert body["lists"][0]["rows"][0]["name"] == "login"


@pytest.mark.parametrize(
    ("a", "b", "status"),
    [
        ("nobody", "n", 404),
        ("n", "", 400),
        ("n", "n/builds/99", 404),
        ("n/best/0", "n", 400),
        ("n\x00", "n", 404),
        ("\ud800", "n", 404),
        ("release:<b>", "n", 404),
        ("%", "n", 404),
    ],
)
def test_a_side_that_means_nothing_is_answered_in_words(
    client: FlaskClient, a: str, b: str, status: int
) -> None:
    history("n", login="P P")
    asked = {"a": a.encode("utf-8", "surrogatepass"), "b": b}
    shown = client.get("/compare/", query_string=asked, headers={"Accept": "text/html"})
    assert shown.status_code == status
    assert "<b>" not in shown.text


def test_a_parameter_that_is_not_known_is_refused(client: FlaskClient) -> None:
    assert "nonsense" in text(client, "/compare/", 400, nonsense="1")


def test_the_page_of_a_build_leads_to_what_it_changed(client: FlaskClient) -> None:
    history("n", login="P F")
    assert 'href="compare/"' in text(client, "/jobs/n/builds/2/")
    assert 'href="compare/"' not in text(client, "/jobs/n/builds/1/")
    assert "Compared with the build before" in text(client, "/jobs/n/builds/2/compare/")
    assert "no judged build before" in text(client, "/jobs/n/builds/1/compare/")


def test_an_incident_on_a_side_is_said(client: FlaskClient) -> None:
    cases = [f"case{place}" for place in range(60)]
    history("n", **dict.fromkeys(cases, "P P"))
    upload("n", 3, report(message="no database", **dict.fromkeys(cases, "F")), complete=True)
    assert "was an incident" in text(client, "/jobs/n/builds/3/compare/")
