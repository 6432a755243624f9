"""Whatever changes something comes from a page of ours, or from no browser at all."""

from __future__ import annotations

import pytest

from tests.factories import history
from tracker.settings import Settings
from tracker.store import passwords
from tracker.store.people import add_person
from tracker.web import create_app

PASSWORD = "four unrelated words here"
ANNA = ("anna", PASSWORD)


def sending():
    """Every route that takes something else than reading, with its methods."""
    app = create_app(Settings.load({}, home="/nowhere", output="/nowhere"))
    return sorted(
        (method, str(rule).replace("<key>", "x"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    )


@pytest.fixture(autouse=True)
def _anna(store, monkeypatch):
    monkeypatch.setattr(passwords, "METHOD", "scrypt:1024:8:1")
    add_person("anna", PASSWORD, now=1)


def test_there_are_routes_that_something_is_sent_to():
    assert ("POST", "/actions/budget") in sending()


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": ""},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://["},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(("method", "path"), sending())
def test_a_page_of_another_site_sends_nothing_with_the_browsers_password(
    client, method, path, headers
):
    response = client.open(path, method=method, auth=ANNA, headers=headers)
    assert response.status_code == 403
    assert "page of another site" in response.text


@pytest.mark.parametrize(("method", "path"), sending())
def test_nothing_is_sent_by_nobody(client, method, path):
    assert client.open(path, method=method).status_code in (400, 401)


@pytest.mark.parametrize(
    "headers", [each for each in FOREIGN if each != {"Origin": "null"}], ids=str
)
def test_a_page_of_another_site_sends_nothing_with_a_token_in_the_form(client, token, headers):
    form = {"job": "n", "budget": "0.5", "token": token}
    assert client.post("/actions/budget", data=form, headers=headers).status_code == 403


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_bearer_token_is_added_by_no_browser(client, token, headers):
    headers = {**headers, "Authorization": f"Bearer {token}"}
    response = client.post("/api/v1/ingest?job=n&build=1&complete=true", headers=headers)
    assert response.status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Origin": "http://localhost"},
    ],
    ids=str,
)
def test_our_own_page_and_a_program_send_with_a_password(client, headers):
    history("n", login="P")
    form = {"job": "n", "budget": "0.5"}
    response = client.post("/actions/budget", data=form, auth=ANNA, headers=headers)
    assert response.status_code == 303


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_is_not_sending(client, method):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.open("/", method=method, headers=headers).status_code == 200
