"""`/api/v1/missing`: what the newest builds lack, and the cases that one lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import history, key_of

STAYS = "P " * 9 + "P"
GOES = "P " * 9 + "."

Get = Callable[[str], Any]


@pytest.fixture
def get(client: FlaskClient) -> Get:
    """The JSON at a path that answers 200."""

    def get(path: str) -> Any:
        response = client.get(path)
        assert response.status_code == 200, response.text
        return response.json

    return get


def test_builds_that_lack_tests_are_a_list(get: Get) -> None:
    history("team/a", stays=STAYS, goes=GOES)
    body = get("/api/v1/missing")
    [row] = body["items"]
    assert (row["job"], row["number"], row["missing"], row["expected"]) == ("team/a", 10, 1, 2)
    assert row["sentence"] == "1 of 2 expected tests did not run: 1 removed."
    assert [(loss["cause"], loss["cases"]) for loss in row["losses"]] == [("removed", 1)]
    assert row["url"] == "http://localhost/jobs/team/a/builds/10/missing/"


def test_the_list_of_builds_comes_in_pages(get: Get) -> None:
    for job in "abc":
        history(job, stays=STAYS, goes=GOES)
    first = get("/api/v1/missing?limit=2")
    assert [row["job"] for row in first["items"]] == ["a", "b"]
    assert [row["job"] for row in get(first["next"])["items"]] == ["c"]


def test_a_page_goes_on_behind_its_last_build_whatever_comes_before_it(get: Get) -> None:
    for job in "bcd":
        history(job, stays=STAYS, goes=GOES)
    first = get("/api/v1/missing?limit=2")
    history("a", stays=STAYS, one=GOES, two=GOES)
    history("a.b/c", stays=STAYS, goes=GOES)
    assert [row["job"] for row in get(first["next"])["items"]] == ["d"]
    seen, path = [], "/api/v1/missing?limit=1"
    while path:
        body = get(path)
        seen += [row["job"] for row in body["items"]]
        path = body["next"]
    assert seen == ["a", "a.b/c", "b", "c", "d"]


def test_the_cases_of_a_build_come_in_pages_by_key(get: Get) -> None:
    history("a", stays=STAYS, one=GOES, two=GOES)
    first = get("/api/v1/jobs/a/builds/10/missing?limit=1")
    second = get(first["next"])
    assert [row["key"] for row in first["items"] + second["items"]] == sorted(
        [key_of("one"), key_of("two")]
    )
    assert second["next"] is None
    assert first["items"][0]["cause"] == "removed"
    assert (first["missing"], first["expected"]) == (2, 3)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/missing?after=x",
        "/api/v1/missing?after=2",
        "/api/v1/missing?after=1.9223372036854775808.a",
        "/api/v1/jobs/a/builds/10/missing?after=x",
    ],
)
def test_a_cursor_from_elsewhere_is_refused(client: FlaskClient, path: str) -> None:
    history("a", stays=STAYS, goes=GOES)
    assert client.get(path).status_code == 400


def test_a_build_tells_its_counts(get: Get) -> None:
    history("a", stays=STAYS, goes=GOES)
    build = get("/api/v1/jobs/a/builds/10")
    assert [build[name] for name in ("missing", "expected", "newly_skipped", "added")] == [
        1,
        2,
        0,
        0,
    ]
    assert get("/api/v1/jobs/a/builds/9")["expected"] is None
