"""The page of release readiness: the newest releases, or the one that is asked for."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.factories import history, key_of, upload
from tests.factories import report as made
from tracker.errors import UsageError
from tracker.pages import readiness
from tracker.store.rules import add_name_rule

pytestmark = pytest.mark.usefixtures("store")

PASS, FAIL = " ".join("P" * 8), " ".join("F" * 8)


@pytest.fixture
def three(store: object) -> None:
    """Three releases, the newest with a test that broke, and a job of none."""
    add_name_rule("{release}/{module}")
    for release, login in (("1.8", PASS), ("1.9", PASS), ("1.10", FAIL)):
        history(f"{release}/shop", login=login, logout=PASS)
    history("tools", login="P")


@pytest.mark.usefixtures("three")
def test_the_releases_are_there_newest_first() -> None:
    page = readiness.show()
    assert [(each.row.release, each.row.verdict) for each in page.releases] == [
        ("1.10", "not ready"),
        ("1.9", "ready"),
        ("1.8", "ready"),
    ]
    assert page.left_out == 1


@pytest.mark.usefixtures("three")
def test_only_the_newest_releases_are_judged_unasked() -> None:
    upload("1.7/shop", 1, made(login="P"))
    page = readiness.show()
    assert [each.row.release for each in page.releases] == ["1.10", "1.9", "1.8"]
    assert page.others == ("1.7",)


@pytest.mark.usefixtures("three")
def test_one_release_can_be_asked_for_and_held_against_another() -> None:
    page = readiness.show("1.9", "1.10", "3")
    [found] = page.releases
    assert (found.row.release, found.row.bases, found.row.days) == ("1.9", ("release 1.10",), 3)
    assert page.others == ("1.10", "1.8")


@pytest.mark.usefixtures("three")
def test_a_basis_alone_is_that_of_the_newest_release() -> None:
    [found] = readiness.show(basis="1.8").releases
    assert (found.row.release, found.row.bases) == ("1.10", ("release 1.8",))


@pytest.mark.usefixtures("three")
def test_the_lists_have_their_worst_tests() -> None:
    lists = {each.name: each for each in readiness.show().releases[0].lists}
    assert lists["regressed"].count == 1
    assert [row.key for row in lists["regressed"].rows] == [key_of("login")]
    assert lists["new"].rows == ()


@pytest.mark.parametrize("days", ["0", "-1", "seven", "1.5", "99999", "²"])
def test_days_that_are_none_are_refused(days: str) -> None:
    with pytest.raises(UsageError):
        readiness.show(days=days)


def test_the_page_of_a_tracker_without_builds_says_so(client: FlaskClient) -> None:
    page = client.get("/readiness/").text
    assert "not enough runs" in page
    assert "No job belongs to a release." in page


@pytest.mark.usefixtures("three")
def test_the_page_says_the_verdict_and_links_to_the_tests(client: FlaskClient) -> None:
    page = client.get("/readiness/?release=1.10").text
    assert "Of 2 tests: 1 worse than in release 1.9 or release 1.8" in page
    assert '<a href="#r1-regressed">1 regressed</a>' in page
    assert f'href="../jobs/1.10/shop/cases/{key_of("login")}/"' in page
    assert 'href="./?release=1.9"' in page


def test_the_page_says_since_when_a_test_is_broken(client: FlaskClient) -> None:
    history("n", login=" ".join("P" * 30 + "F"), logout=" ".join("P" * 31))
    page = client.get("/readiness/").text
    assert '<h3 id="r1-broken">Newly broken <span class="count">1 of 2</span></h3>' in page
    assert 'Broke in <span class="build"><a href="../jobs/n/builds/31/">#31</a></span>.' in page


def test_the_page_says_what_was_left_out_of_the_sample(client: FlaskClient) -> None:
    history("n", login="P P . .")
    page = client.get("/readiness/").text
    assert "left out: 2 builds that say nothing about tests" in page


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "status"),
    [("release=9", 404), ("basis=<b>", 404), ("days=x", 400), ("release=1.9&basis=1.9", 404)],
)
def test_what_cannot_be_asked_is_answered_in_words(
    client: FlaskClient, query: str, status: int
) -> None:
    answer = client.get(f"/readiness/?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert "<b>" not in answer.text
