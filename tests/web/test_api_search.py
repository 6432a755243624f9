"""`/api/v1/cases?q=…`."""

from __future__ import annotations

from flask.testing import FlaskClient

from tests.factories import history, key_of

CASES = "/api/v1/cases"


def test_a_test_is_found_with_its_address(client: FlaskClient) -> None:
    history("team/nightly", login="P F", other="P P")
    [row] = client.get(f"{CASES}?q=LOG").json["items"]
    assert row == {
        "job": "team/nightly",
        "key": key_of("login"),
        "suite": "s",
        "name": "login",
        "variant": "",
        "url": f"http://localhost/jobs/team/nightly/cases/{key_of('login')}/",
        "build": "2",
        "status": "failed",
    }


def test_pages_follow_each_other(client: FlaskClient) -> None:
    for job in ("a", "b"):
        history(job, test_one="P", test_two="P")
    address, rows = f"{CASES}?q=test&limit=3", []
    while address:
        answer = client.get(address).json
        rows += [(row["name"], row["job"]) for row in answer["items"]]
        address = answer["next"]
    assert len(rows) == 4
    assert sorted(rows) == [
        ("test_one", "a"),
        ("test_one", "b"),
        ("test_two", "a"),
        ("test_two", "b"),
    ]


def test_without_words_it_is_refused(client: FlaskClient) -> None:
    assert client.get(CASES).status_code == 400
    assert client.get(f"{CASES}?q=x&after=nothing").status_code == 400
