"""Every answer of every route has the security headers, errors and files included."""

from __future__ import annotations

import pytest

from tests.conftest import junit
from tracker.pages import PAGES
from tracker.settings import Settings
from tracker.site.render import renderer
from tracker.web import create_app
from tracker.web.headers import CONTENT_SECURITY_POLICY, SECURITY

VALUES = {"name": "x", "path": "x", "key": "0", "number": "1", "family": "1"}


def routes():
    app = create_app(Settings.load({}, home="/nowhere", output="/nowhere"))
    return [
        (method, str(rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
    ]


def assert_safe(response):
    for name, value in SECURITY.items():
        assert response.headers.getlist(name) == [value], name
    assert response.headers["X-Request-ID"]
    assert "Cache-Control" in response.headers
    assert "Server" not in response.headers
    response.close()


@pytest.mark.parametrize(("method", "route"), routes())
def test_every_route_of_the_map_has_safe_headers(client, method, route):
    path = route.replace("<path:", "<")
    for name, value in VALUES.items():
        path = path.replace(f"<{name}>", value)
    assert "<" not in path, "a new kind of route needs a value in VALUES"
    assert_safe(client.open(path, method=method))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/about", 308),
        ("POST", "/", 405),
        ("POST", "/api/v1/ingest", 401),
        ("GET", "/api/v1/jobs?limit=0", 400),
        ("OPTIONS", "/", 200),
        ("POST", "/actions/budget", 401),
        ("POST", "/api/v1/ingest?job=n&build=1", 401),
        ("PUT", "/api/v1/ingest", 405),
        ("GET", "/static/nothing.css", 404),
        ("GET", "/health/detailed", 401),
    ],
)
def test_errors_and_redirects_have_safe_headers(client, method, path, status):
    response = client.open(path, method=method)
    assert response.status_code == status
    assert_safe(response)


def with_settings(settings, **more):
    return create_app(Settings.load({}, home=settings.home, output=settings.output, **more))


@pytest.mark.parametrize(
    ("more", "headers", "status"),
    [
        ({"reading": "token"}, {}, 401),
        ({"allowed_hosts": "tracker.example"}, {"Host": "evil.example"}, 400),
        ({"requests_per_minute": 1, "trusted_proxies": "1"}, {"X-Forwarded-For": "192.0.2.1"}, 429),
        ({"cors_origins": "https://a.example"}, {"Origin": "https://a.example"}, 200),
    ],
    ids=["reading", "host", "limit", "cors"],
)
def test_answers_of_what_stands_before_the_routes_have_safe_headers(
    settings, store, more, headers, status
):
    client = with_settings(settings, **more).test_client()
    client.get("/api/v1/jobs", headers=headers)
    response = client.get("/api/v1/jobs", headers=headers)
    assert response.status_code == status
    assert_safe(response)


def test_a_page_of_another_site_gets_safe_headers_too(client):
    response = client.post("/actions/budget", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert_safe(response)


@pytest.mark.parametrize("path", ["/", "/nothing", "/health/live", "/api/v1/jobs?limit=0"])
def test_browsers_are_told_to_stay_with_https_where_that_is_how_people_come(settings, store, path):
    for base_url, told in (
        ("https://tracker.example", ["max-age=31536000"]),
        ("http://tracker.example", []),
        ("", []),
    ):
        client = with_settings(settings, base_url=base_url).test_client()
        assert client.get(path).headers.getlist("Strict-Transport-Security") == told


@pytest.mark.parametrize("status", [401, 403])
def test_what_was_refused_no_cache_keeps(client, status):
    headers = {"Sec-Fetch-Site": "cross-site"} if status == 403 else {}
    response = client.post("/actions/budget", headers=headers)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_bug_is_answered_with_safe_headers(settings, store, monkeypatch):
    monkeypatch.setattr("tracker.web.api.jobs.jobs_after", lambda *_: 1 / 0)
    response = create_app(settings).test_client().get("/api/v1/jobs")
    assert response.status_code == 500
    assert_safe(response)


def test_pages_and_their_304_have_safe_headers(client, upload):
    upload(junit(one="P"), job="n", build=1)
    for page in PAGES:
        for params in page.every(10):
            path = "/" + "".join(f"{part}/" for part in page.segments(params))
            response = client.get(path)
            assert_safe(response)
            again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
            assert again.status_code == 304
            assert_safe(again)


def test_files_have_safe_headers(client):
    for name in renderer().assets.files:
        response = client.get(f"/static/{name}")
        assert response.status_code == 200
        assert_safe(response)


def test_the_policy_allows_nothing_that_is_not_ours():
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
    for word in ("unsafe", "http", "data:", "*"):
        assert word not in CONTENT_SECURITY_POLICY


def test_answers_about_health_are_never_kept(client):
    for path in ("/health", "/health/live", "/health/ready"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
