"""`/api/v1`: comparisons, the readiness of releases, and facets."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import DAY, NOW, history, jenkins, key_of, report
from tests.store.test_paces import nights
from tracker.store.records import About
from tracker.store.rules import add_name_rule

COMPARE, READINESS = "/api/v1/compare", "/api/v1/readiness"


def body(client: FlaskClient, path: str, **query: object) -> Any:
    given = {name: str(value) for name, value in query.items()}
    answer = client.get(path, query_string=given) if given else client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/json"
    return answer.json


def everything(client: FlaskClient, path: str, **query: object) -> list[dict[str, Any]]:
    """All items of a list, by following `next`."""
    page = body(client, path, **query)
    items = list(page["items"])
    while page["next"]:
        page = body(client, page["next"])
        items += page["items"]
    return items


@pytest.fixture
def two(store: object) -> None:
    history("n", gone="P .", **{f"case{place}": "P F" for place in range(5)})


@pytest.fixture
def releases(store: object) -> None:
    add_name_rule("{release}/{module}")
    good, bad = " ".join("P" * 8), " ".join("F" * 8)
    for release, letters in (("1.9", good), ("1.10", bad)):
        history(f"{release}/shop", logout=good, **{f"case{n}": letters for n in range(5)})


@pytest.mark.usefixtures("two")
def test_a_comparison_is_a_sentence_its_counts_and_a_list(client: FlaskClient) -> None:
    found = body(client, COMPARE, a="n/builds/1", b="n")
    assert found["sentence"].startswith("Of 5 tests that both ran: 5 fail only in")
    assert found["counts"]["missing"] == 1
    assert found["a"]["builds"][0]["label"] == "1"
    assert found["list"] == "new"
    [first, *_] = found["items"]
    assert (first["before"], first["after"], first["message"]) == ("passed", "failed", "it failed")
    assert first["url"] == f"http://localhost/jobs/n/cases/{first['key']}/"


@pytest.mark.usefixtures("two")
def test_another_list_of_a_comparison(client: FlaskClient) -> None:
    found = body(client, COMPARE, a="n/builds/1", b="n", list="missing")
    assert [row["key"] for row in found["items"]] == [key_of("gone")]


@pytest.mark.usefixtures("two")
def test_without_a_a_build_is_held_against_the_one_before(client: FlaskClient) -> None:
    assert body(client, COMPARE, b="n/builds/2")["a"]["name"] == "n #1"


@pytest.mark.usefixtures("two")
def test_following_next_reads_every_test_of_a_comparison_once(client: FlaskClient) -> None:
    keys = [row["key"] for row in everything(client, COMPARE, a="n/builds/1", b="n", limit=2)]
    assert keys == sorted(key_of(f"case{place}") for place in range(5))


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("a=n", 400),
        ("a=n&b=nobody", 404),
        ("a=n&b=n&list=nonsense", 400),
        ("a=n&b=n&after=nonsense", 400),
        ("a=n&b=n&limit=0", 400),
        ("a=n&b=n&what=1", 400),
        ("a=n%00&b=n", 400),
    ],
)
def test_a_comparison_that_means_nothing_is_refused(
    client: FlaskClient, query: str, status: int
) -> None:
    answer = client.get(f"{COMPARE}?{query}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.usefixtures("releases")
def test_the_releases_are_a_list_newest_first(client: FlaskClient) -> None:
    names = [row["name"] for row in everything(client, "/api/v1/releases", limit=1)]
    assert names == ["1.10", "1.9"]
    gone = body(client, "/api/v1/releases", after="1.9.5")
    assert [row["name"] for row in gone["items"]] == ["1.9"]


@pytest.mark.usefixtures("releases")
def test_readiness_is_a_verdict_and_a_list(client: FlaskClient) -> None:
    found = body(client, READINESS)
    assert (found["release"], found["verdict"]) == ("1.10", "not ready")
    assert found["sentence"].startswith("Of 6 tests: 5 worse than in release 1.9")
    assert found["counts"]["regressed"] == 5
    assert found["items"][0]["job"] == "1.10/shop"
    assert body(client, READINESS, release="1.9")["verdict"] == "ready"
    assert body(client, READINESS, basis="1.9", days=3, list="new")["items"] == []


@pytest.mark.usefixtures("store")
def test_readiness_tells_its_days_and_what_was_left_out_of_them(client: FlaskClient) -> None:
    for day, result in enumerate(["SUCCESS", "SUCCESS", "ABORTED"]):
        jenkins("n", day + 1, report(login="P"), result=result, started=NOW + day * DAY)
    found = body(client, READINESS)
    assert (found["builds"], found["builds_left_out"]) == (2, 1)
    assert (found["first"], found["last"]) == ("2026-11-18T11:06:40Z", "2026-11-19T11:06:40Z")


@pytest.mark.usefixtures("releases")
def test_following_next_reads_every_test_of_a_release_once(client: FlaskClient) -> None:
    keys = [row["key"] for row in everything(client, READINESS, limit=2)]
    assert keys == sorted(key_of(f"case{place}") for place in range(5))


@pytest.mark.usefixtures("releases")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("release=9", 404),
        ("basis=9", 404),
        ("days=0", 400),
        ("days=x", 400),
        ("list=nonsense", 400),
        ("after=nonsense", 400),
        ("after=0123456789abcdef", 400),
        ("what=1", 400),
    ],
)
def test_a_readiness_that_means_nothing_is_refused(
    client: FlaskClient, query: str, status: int
) -> None:
    answer = client.get(f"{READINESS}?{query}")
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_the_facets_of_a_case(client: FlaskClient) -> None:
    for number in range(1, 25):
        bad = number % 3 == 0
        node = "win" if bad else f"linux-{number % 3}"
        jenkins("n", number, report(login="F" if bad else "P", ok="P"), about=About(node=node))
    found = body(client, f"/api/v1/jobs/n/cases/{key_of('login')}/facets")
    assert found["facets"]["finding"]["sets"] == [[["agent", "win"]]]
    assert found["facets"]["sentence"].startswith("Fails on agent=win only")
    assert body(client, f"/api/v1/jobs/n/cases/{key_of('ok')}/facets")["facets"] is None
    assert client.get(f"/api/v1/jobs/n/cases/{key_of('no')}/facets").status_code == 404


@pytest.mark.usefixtures("store")
def test_a_case_tells_since_when_it_is_slower(client: FlaskClient) -> None:
    nights([500.0] * 25 + [1500.0] * 5)
    found = body(client, f"/api/v1/jobs/nightly/cases/{key_of('login')}")["pace"]
    assert (found["pace"], found["likely"], found["noticed"]) == ("slower", "26", "29")
    assert found["now"]["runs"] == 4
    assert body(client, f"/api/v1/jobs/nightly/cases/{key_of('other1')}")["pace"] is None
