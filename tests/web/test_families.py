"""Families for programs, and what people decide of them by forms."""

from __future__ import annotations

import pytest

from tests.factories import DAY, NOW, cluster_all, jenkins, report
from tracker.queries import families
from tracker.store.sql import run
from tracker.store.tokens import create_token

DISK = "the disk of the build machine is full"
LOGIN = "the login page refuses every password"


@pytest.fixture(autouse=True)
def _recorded(store):
    jenkins("nightly", 1, report(suite="disk", message=DISK, a="F", b="F"), started=NOW)
    jenkins("weekly", 1, report(suite="login", message=LOGIN, c="F"), started=NOW + DAY)
    cluster_all()


@pytest.fixture
def both():
    """The numbers of the two families, the larger first."""
    return [row.id for row in families.families(limit=2)]


@pytest.fixture
def send(client, token):
    def post(headers=None, **given):
        form = {"token": token, **given}
        return client.post("/actions/family", data=form, headers=headers or {})

    return post


# Forms


def test_a_form_merges_and_leads_to_the_family_that_is_left(send, both):
    answer = send(family=both[0], what="merge", others=f"{both[1]}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/families/{both[0]}/")
    assert families.merged_into(str(both[1])) == str(both[0])
    assert run("SELECT by FROM decision") == [("ci",)]


def test_a_form_splits_off_what_is_ticked_and_leads_to_the_new_family(send, both):
    send(family=both[0], what="merge", others=str(both[1]))
    [key] = [each.key for each in families.family(str(both[0])).signatures if each.message == LOGIN]
    answer = send(family=both[0], what="split", signature=[key])
    fresh = answer.headers["Location"].split("/")[2]
    assert int(fresh) not in both
    assert [each.key for each in families.family(fresh).signatures] == [key]


def test_a_form_names_and_takes_the_name_away(send, both):
    assert send(family=both[0], what="name", name="Full disk").status_code == 303
    assert families.family_row(str(both[0])).called == "Full disk"
    send(family=both[0], what="name", name="")
    assert families.family_row(str(both[0])).name == ""


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"what": "burn"}, 400, "merge, split and name"),
        ({"what": "merge", "others": "x"}, 400, "is not a number"),
        ({"what": "merge", "others": ""}, 400, "others is missing"),
        ({"what": "merge", "others": "999"}, 404, "no family 999"),
        ({"what": "split", "signature": "xyz"}, 400, "16 hexadecimal digits"),
        ({"what": "split"}, 400, "some must go and some stay"),
        ({"what": "name", "name": "x" * 201}, 400, "at most 200"),
        ({"what": "name", "name": "x", "family": "0"}, 400, "is not a number"),
        ({"what": "name", "name": "x", "family": "999"}, 404, "no family 999"),
        ({"what": "name", "other": "x"}, 400, "is not known here"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_with_words(send, both, given, status, words):
    answer = send(**{"family": both[0], **given})
    assert answer.status_code == status
    assert words in answer.text
    assert run("SELECT count(*) FROM decision") == [(0,)]


def test_without_a_token_that_opens_it_nothing_is_decided(send, both):
    for text in ("", "wrong", create_token("reader", scope="read", now=0)):
        assert send(family=both[0], what="name", name="x", token=text).status_code == 401
    assert run("SELECT count(*) FROM decision") == [(0,)]


def test_a_form_on_a_page_of_another_site_is_refused(send, both):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert send(headers=headers, family=both[0], what="name", name="x").status_code == 403


# The API


def test_the_list_is_in_pages_by_key(client, both):
    first = client.get("/api/v1/families?limit=1").json
    second = client.get(first["next"]).json
    assert [each["id"] for page in (first, second) for each in page["items"]] == sorted(both)
    assert second["next"] is None
    assert first["now"] == {"failures": 3, "jobs": 2, "unsorted": 0, "silent": 0, "idle": 0}


def test_a_family_is_told_with_the_tests_that_fail(client, both):
    told = client.get(f"/api/v1/families/{both[0]}").json
    assert (told["id"], told["failures"], told["jobs"], told["builds"]) == (both[0], 2, 1, 1)
    assert told["url"].endswith(f"/families/{both[0]}/")
    assert [(each["job"], each["build"], each["name"]) for each in told["failing"]] == [
        ("nightly", "1", "a"),
        ("nightly", "1", "b"),
    ]


def test_a_merged_family_leads_to_the_one_it_is_in(client, send, both):
    send(family=both[0], what="merge", others=str(both[1]))
    answer = client.get(f"/api/v1/families/{both[1]}")
    assert (answer.status_code, answer.headers["Location"]) == (
        308,
        f"/api/v1/families/{both[0]}",
    )


def test_where_no_parameter_is_known_the_answer_says_so(client, both):
    assert "There are none: leave it out." in client.get("/api/v1/families/1?what=x").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/families/999", 404),
        ("/api/v1/families/x", 404),
        ("/api/v1/families?after=x", 400),
        ("/api/v1/families?limit=201", 400),
        ("/api/v1/families?what=x", 400),
        ("/api/v1/families/1?what=x", 400),
    ],
)
def test_what_is_not_there_is_told_in_words(client, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
