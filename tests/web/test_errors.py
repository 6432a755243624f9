"""Errors: a page for people, Problem Details for programs, a line for logs; never the inside."""

from __future__ import annotations

import re

import pytest

from tracker.store import reading_time
from tracker.store.connection import close_store
from tracker.web import api, create_app

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CURL = {"Accept": "*/*"}


def test_a_program_gets_problem_details(client):
    response = client.get("/api/v1/jobs/nobody", headers=CURL)
    assert (response.status_code, response.mimetype) == (404, "application/problem+json")
    body = response.json
    assert body.pop("request_id") == response.headers["X-Request-ID"]
    assert "'nobody'" in body.pop("detail")
    assert body == {
        "type": "urn:tracker:problem:not-found",
        "title": "This is not here",
        "status": 404,
        "instance": "/api/v1/jobs/nobody",
    }


@pytest.mark.parametrize(
    ("path", "headers", "mimetype"),
    [
        ("/api/v1/jobs/nobody", HTML, "application/problem+json"),
        ("/jobs/nobody/index.json", HTML, "application/problem+json"),
        ("/jobs/nobody/", {}, "application/problem+json"),
        ("/jobs/nobody/", {"Accept": "application/json"}, "application/problem+json"),
        ("/jobs/nobody/", HTML, "text/html"),
        ("/jobs/nobody/", CURL, "text/html"),
        ("/jobs/nobody/", {"Accept": "text/plain"}, "text/plain"),
        ("/api/v1/jobs/nobody", {"Accept": "text/plain"}, "text/plain"),
    ],
)
def test_an_error_has_the_form_that_was_asked_for(client, path, headers, mimetype):
    response = client.get(path, headers=headers)
    assert (response.status_code, response.mimetype) == (404, mimetype)


def test_a_person_gets_a_page_with_the_id_of_the_request(client):
    response = client.get("/jobs/nobody/", headers=HTML)
    assert "This is not here" in response.text
    assert response.headers["X-Request-ID"] in response.text


def test_a_wrong_address_is_told_where_the_right_ones_are(client):
    assert "/api/v1/openapi.json" in client.get("/api/v1/nothing", headers=CURL).json["detail"]
    text = client.get("/jobs/nobody/", headers=HTML).text
    assert '<a href="../../search/">search</a> finds jobs' in text


def test_an_error_page_finds_its_style_sheet(client):
    text = client.get("/deep/down/nothing/", headers=HTML).text
    [href] = re.findall(r'<link rel="stylesheet" href="([^"]+)"', text)
    assert href.startswith("../../../static/")


@pytest.mark.parametrize("path", ["/", "/api/v1/jobs"])
def test_a_page_that_reads_too_long_is_ended_and_told(client, monkeypatch, path):
    monkeypatch.setattr(reading_time, "_is_over", lambda: True)
    response = client.get(path, headers={"Accept": "application/json"})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert response.mimetype == "application/problem+json"
    assert "took longer than 60 s" in response.json["detail"]
    monkeypatch.undo()
    assert client.get(path).status_code == 200


def test_a_log_gets_one_line(client):
    response = client.get("/jobs/%0d%0a%1b[31m/", headers={"Accept": "text/plain"})
    assert response.text.endswith(f"[{response.headers['X-Request-ID']}]\n")
    assert response.text[:-1].isprintable()


def test_markup_in_a_path_is_text(client):
    assert "<script>" not in client.get("/jobs/<script>/", headers=HTML).text


@pytest.fixture
def broken(settings, store, monkeypatch):
    """A client of an application with a bug behind `/api/v1/jobs`."""

    def fail(*_):
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(api.jobs, "jobs_after", fail)
    return create_app(settings).test_client()


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/plain"])
def test_a_bug_is_a_500_that_shows_nothing_of_the_inside(broken, accept, caplog):
    response = broken.get("/api/v1/jobs", headers={"Accept": accept})
    assert response.status_code == 500
    for word in ("secret", "Traceback", "RuntimeError", ".py"):
        assert word not in response.text
    assert response.headers["X-Request-ID"] in response.text
    assert response.headers["X-Request-ID"] in caplog.text
    assert "the secret inside" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/jobs/a/", "GET, HEAD, OPTIONS"),
        ("PUT", "/api/v1/jobs", "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/ingest", "OPTIONS, POST"),
        ("DELETE", "/api/v1/ingest", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/api/v1/hooks/jenkins", "OPTIONS, POST"),
        ("POST", "/health/live", "GET, HEAD, OPTIONS"),
        ("ODD", "/", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_does_nothing_is_405_with_those_that_do(client, method, path, allowed):
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == allowed


def test_a_request_keeps_the_id_it_came_with(client):
    response = client.get("/", headers={"X-Request-ID": "from-the.proxy_1"})
    assert response.headers["X-Request-ID"] == "from-the.proxy_1"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "<script>", "a;b", "\xe9"])
def test_an_id_that_could_harm_a_log_is_replaced(client, given):
    response = client.get("/", headers={"X-Request-ID": given})
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["X-Request-ID"])


def test_every_request_has_an_id_of_its_own(client):
    ids = {client.get("/health/live").headers["X-Request-ID"] for _ in range(20)}
    assert len(ids) == 20


@pytest.mark.sqlite
def test_a_store_that_cannot_be_opened_is_503_and_worth_another_try(settings):
    settings.home.mkdir()
    settings.database.write_bytes(b"this is no database" * 1000)
    response = create_app(settings).test_client().get("/api/v1/jobs")
    close_store()
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "Restore the newest backup" in response.json["detail"]
