"""Forms: who may send them, from where, and where they lead."""

from __future__ import annotations

import pytest

from tests.factories import NOW, history
from tracker.settings import Settings
from tracker.store.backfills import backfill_of
from tracker.store.jobs import add_server, track_job
from tracker.store.tokens import create_token
from tracker.store.work import claim
from tracker.web import create_app

JOB = "team/nightly #1%2F"
PAGE = "/jobs/team/nightly%20%231%252F/"
HTML = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def _job(store):
    add_server("main", "https://ci.example/")
    track_job(JOB, server="main", jenkins_name=JOB)


@pytest.fixture
def send(client, token):
    """Send the form as a browser does: `send(builds="200", headers={…})`."""

    def post(headers=None, **given):
        form = {"job": JOB, "builds": "60", "token": token, **given}
        form = {name: value for name, value in form.items() if value is not None}
        return client.post("/actions/backfill", data=form, headers={**HTML, **(headers or {})})

    return post


def test_older_builds_are_asked_for_and_the_jobs_page_tells_how_far_that_is(send, client):
    response = send(builds="200")
    assert (response.status_code, response.headers["Location"]) == (303, PAGE)
    filling = backfill_of(JOB)
    assert (filling.wanted, filling.numbers) == (200, None)
    task = claim(["backfill"], now=NOW * 2, lease_ms=1)
    assert task.key == JOB
    page = client.get(response.headers["Location"])
    assert "Jenkins was not asked yet which of the newest 200 builds it has" in page.text


@pytest.mark.parametrize("scope", ["ingest", "admin"])
def test_a_token_that_may_send_opens_a_form(send, scope):
    assert send(token=create_token("other", scope=scope, now=0)).status_code == 303


def test_blanks_around_a_pasted_token_do_not_matter(send, token):
    assert send(token=f" {token}\n").status_code == 303


@pytest.mark.parametrize("scope", ["hook", "read"])
def test_a_token_of_another_scope_opens_no_form(send, scope):
    response = send(token=create_token("other", scope=scope, now=0))
    assert response.status_code == 401
    assert backfill_of(JOB) is None


@pytest.mark.parametrize("given", [None, "", "  ", "rt_wrong"])
def test_without_a_good_token_a_page_says_what_to_do(send, given):
    response = send(token=given)
    assert (response.status_code, response.mimetype) == (401, "text/html")
    assert "A token is needed" in response.text
    assert (
        "Go back and enter one of scope <code>ingest</code> or <code>admin</code>" in response.text
    )
    assert backfill_of(JOB) is None


def test_a_token_in_a_header_does_not_stand_for_the_one_in_the_form(send, token):
    response = send(token="", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


def test_no_answer_repeats_the_token(send):
    for given in ({"token": "rt_secret"}, {"token": "rt_secret", "builds": "x"}):
        response = send(**given)
        assert "rt_secret" not in response.text + str(response.headers)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"builds": None}, "builds is missing"),
        ({"builds": "0"}, "is not a number"),
        ({"builds": "-1"}, "is not a number"),
        ({"builds": "many"}, "is not a number"),
        ({"builds": "100001"}, "are more than 100000"),
        ({"job": ""}, "A job cannot be called"),
        ({"job": "a/../b"}, "dotted folder"),
        ({"other": "x"}, "is not known here"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_words(send, given, words):
    response = send(**given)
    assert response.status_code == 400
    assert words in response.text
    assert backfill_of(JOB) is None


def test_the_most_builds_that_can_be_asked_for_can_be(send):
    assert send(builds="100000").status_code == 303


def test_a_job_of_no_server_has_nothing_to_read_from(send):
    history("uploads", login="P")
    for name in ("uploads", "nobody"):
        response = send(job=name)
        assert response.status_code == 404
        assert "is read from a Jenkins" in response.text


def test_a_form_that_is_too_large_is_not_read(send):
    assert send(job="a" * 70_000).status_code == 413


# Forms on pages of others


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Origin": ""},
    ],
    ids=str,
)
def test_a_form_on_a_page_of_another_site_is_refused_before_its_token_is_tried(send, headers):
    for given in ({}, {"token": "wrong"}):
        response = send(headers=headers, **given)
        assert response.status_code == 403
        assert "sent from a page of another site" in response.text
    assert backfill_of(JOB) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_a_form_on_our_own_page_is_read_also_behind_a_proxy_that_ends_tls(send, headers):
    assert send(headers=headers).status_code == 303


def test_a_form_at_the_address_that_people_reach_the_tracker_at_is_ours(tmp_path, store, token):
    settings = Settings.load({}, home=tmp_path / "home", base_url="https://tracker.example/x")
    client = create_app(settings).test_client()
    form = {"job": JOB, "builds": "60", "token": token}
    for origin, status in (("https://tracker.example", 303), ("https://other.example", 403)):
        response = client.post("/actions/backfill", data=form, headers={"Origin": origin})
        assert response.status_code == status


def test_without_a_base_url_an_origin_without_a_host_is_not_ours(send):
    assert send(headers={"Origin": "file://"}).status_code == 403


def test_looking_at_an_action_does_nothing(client):
    response = client.get("/actions/backfill", headers=HTML)
    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


# Explaining a name


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("team/nightly", "/settings/names/team/nightly/"),
        (" /team/nightly/ ", "/settings/names/team/nightly/"),
        ("a b/ü?#%", "/settings/names/a%20b/%C3%BC%3F%23%25/"),
        ("x/pages/2", "/settings/names/x/pages/2/"),
    ],
)
def test_a_name_leads_to_the_page_about_it(client, name, place):
    response = client.get("/actions/explain", query_string={"name": name})
    assert (response.status_code, response.headers["Location"]) == (303, place)
    assert client.get(place).status_code == 200


@pytest.mark.parametrize("query", [{}, {"name": ""}, {"name": "a//b"}, {"name": "a", "x": "1"}])
def test_what_is_no_name_is_refused(client, query):
    response = client.get("/actions/explain", query_string=query, headers=HTML)
    assert (response.status_code, response.mimetype) == (400, "text/html")


def test_below_a_folder_of_a_proxy_forms_lead_below_it(client, token):
    below = {"SCRIPT_NAME": "/tracker"}
    form = {"job": JOB, "builds": "60", "token": token}
    sent = client.post("/actions/backfill", data=form, environ_overrides=below)
    asked = client.get("/actions/explain?name=a", environ_overrides=below)
    assert sent.headers["Location"] == f"/tracker{PAGE}"
    assert asked.headers["Location"] == "/tracker/settings/names/a/"
