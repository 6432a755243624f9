"""Scripts of other sites read what the operator lets them, and nothing of what a browser adds."""

from __future__ import annotations

import pytest

from tests.conftest import junit
from tracker.errors import SettingsError
from tracker.settings import Settings
from tracker.web import create_app

OURS = "https://dashboard.example"
JOBS = "/api/v1/jobs"


@pytest.fixture
def shared(settings, store):
    """A client of a tracker that lets two origins read."""
    its = Settings.load(
        {},
        home=settings.home,
        output=settings.output,
        cors_origins=f"{OURS}, http://localhost:3000",
    )
    return create_app(its).test_client()


def fields(response):
    return {name for name, _ in response.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("path", [JOBS, "/index.json", "/"])
def test_by_default_nothing_is_shared(client, path):
    for method in ("GET", "OPTIONS"):
        response = client.open(path, method=method, headers={"Origin": OURS})
        assert not fields(response)
        assert "Origin" not in response.headers.get("Vary", "")


@pytest.mark.parametrize("path", [JOBS, "/index.json", "/about/index.json", "/api/v1/nothing"])
@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000"])
def test_a_named_origin_reads_the_api_and_the_twins_also_their_errors(shared, path, origin):
    response = shared.get(path, headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://dashboard.example.evil.example",
        "http://dashboard.example",
        "https://dashboard.example:444",
        "HTTPS://DASHBOARD.EXAMPLE",
        "null",
        "*",
        "",
    ],
)
def test_another_origin_reads_nothing_and_no_cache_mixes_the_two(shared, origin):
    response = shared.get(JOBS, headers={"Origin": origin})
    assert not fields(response)
    assert "Origin" in response.headers["Vary"]


@pytest.mark.parametrize("path", ["/", "/about/", "/health", "/health/detailed"])
def test_pages_and_probes_are_not_shared(shared, path):
    assert not fields(shared.get(path, headers={"Origin": OURS}))


def test_a_browser_that_asks_before_is_told_what_may_be_sent(shared):
    asking = {"Access-Control-Request-Method": "GET", "Origin": OURS}
    response = shared.options(JOBS, headers=asking)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert response.headers["Access-Control-Max-Age"] == "600"


def test_another_origin_that_asks_before_is_told_nothing(shared):
    asking = {"Access-Control-Request-Method": "GET", "Origin": "https://evil.example"}
    assert not fields(shared.options(JOBS, headers=asking))


def test_where_reading_needs_a_token_asking_before_needs_none(settings, store):
    its = Settings.load({}, home=settings.home, cors_origins=OURS, reading="token")
    client = create_app(its).test_client()
    assert client.options(JOBS, headers={"Origin": OURS}).status_code == 200
    refused = client.get(JOBS, headers={"Origin": OURS})
    assert refused.status_code == 401
    assert refused.headers["Access-Control-Allow-Origin"] == OURS


def test_what_is_sent_is_not_answered_to_a_script(shared, token):
    headers = {"Origin": OURS, "Authorization": f"Bearer {token}"}
    response = shared.post("/api/v1/ingest?job=n&build=1", data=junit(a="P"), headers=headers)
    assert not fields(response)


def test_what_a_browser_adds_is_never_allowed(shared):
    for method in ("GET", "OPTIONS"):
        response = shared.open(JOBS, method=method, headers={"Origin": OURS})
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example",
        "dashboard.example",
        "https://a.example/",
        "https://a.example/x",
        "null",
        "https://A.example",
        "ftp://a.example",
    ],
)
def test_what_is_no_origin_is_refused_at_the_start(settings, origin):
    its = Settings.load({}, home=settings.home, cors_origins=f"{OURS},{origin}")
    with pytest.raises(SettingsError, match="cors_origins"):
        create_app(its)
