"""The names under which the tracker answers, and the proxies whose word it takes."""

from __future__ import annotations

import pytest
from flask import request

from tracker.errors import SettingsError
from tracker.settings import Settings
from tracker.web import create_app
from tracker.web.addresses import network


@pytest.fixture
def client_of(settings, store):
    """A client of a tracker with other settings: `client_of(allowed_hosts=…)`."""

    def make(**more):
        its = Settings.load({}, home=settings.home, output=settings.output, **more)
        return create_app(its).test_client()

    return make


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("tracker.example", 200),
        ("tracker.example:8000", 200),
        ("TRACKER.example", 200),
        ("a.ci.example", 200),
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("tracker.example.evil.example", 400),
        ("10.0.0.5", 400),
        ("xci.example", 400),
        ("tracker.example:x", 400),
        ("tracker.example/x", 400),
        ("", 400),
    ],
)
def test_it_answers_to_its_names_alone(client_of, host, status):
    client = client_of(allowed_hosts="Tracker.example, .ci.example")
    for path in ("/", "/api/v1/jobs"):
        assert client.get(path, headers={"Host": host}).status_code == status


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health"])
def test_probes_ask_by_address(client_of, path):
    client = client_of(allowed_hosts="tracker.example")
    assert client.get(path, headers={"Host": "10.0.0.5:8000"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("10.0.0.5:8000", 200), ("[fd00::5]:8000", 200), ("evil.example", 400), ("10.0.0.5.x", 400)],
)
def test_a_node_is_asked_for_its_metrics_by_address(client_of, host, status):
    client = client_of(allowed_hosts="tracker.example")
    assert client.get("/metrics", headers={"Host": host}).status_code == status


def test_nothing_is_changed_by_another_name(client_of, token):
    client = client_of(allowed_hosts="tracker.example")
    headers = {"Host": "evil.example", "Authorization": f"Bearer {token}"}
    assert client.post("/api/v1/ingest?job=n&build=1", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "name", ["*", "*.example", "tracker.example:8000", "https://x", "a b", "."]
)
def test_what_is_no_name_is_refused_at_the_start(client_of, name):
    with pytest.raises(SettingsError, match="allowed_hosts"):
        client_of(allowed_hosts=f"tracker.example,{name}")


def test_by_default_any_name_is_its_own(client):
    assert client.get("/", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize("host", ["", "xn--", "[::1", "tracker:x", "tracker:99999", "a b", "a@b"])
def test_a_host_that_is_no_name_is_refused_before_anything_is_done(settings, store, host):
    app = create_app(settings)
    with app.test_request_context("/api/v1/jobs", environ_overrides={"HTTP_HOST": host}):
        assert app.full_dispatch_request().status_code == 400
    with app.test_request_context("/health/live", environ_overrides={"HTTP_HOST": host}):
        assert app.full_dispatch_request().status_code == 200


# Proxies


@pytest.fixture
def seen(settings, store):
    """From where a request seems to come: `seen("1", "10.0.0.1", forwarded="…")`."""

    def ask(trusted, peer, forwarded="", proto=""):
        its = Settings.load({}, home=settings.home, output=settings.output, trusted_proxies=trusted)
        app = create_app(its)
        app.add_url_rule("/seen", "seen", lambda: f"{request.remote_addr} {request.scheme}")
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": proto}
        headers = {name: value for name, value in headers.items() if value}
        found = app.test_client().get(
            "/seen", headers=headers, environ_overrides={"REMOTE_ADDR": peer}
        )
        return tuple(found.text.split(" "))

    return ask


@pytest.mark.parametrize("trusted", ["", " ", "0"])
def test_nobodys_word_is_taken_by_default(seen, trusted):
    assert seen(trusted, "10.0.0.1", "198.51.100.7", "https") == ("10.0.0.1", "http")


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        ("1", "198.51.100.7", "198.51.100.7"),
        ("1", "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        ("2", "6.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("2", "198.51.100.7", "10.0.0.1"),
        ("1", "", "10.0.0.1"),
    ],
)
def test_as_many_proxies_are_believed_as_are_named(seen, trusted, forwarded, address):
    assert seen(trusted, "10.0.0.1", forwarded)[0] == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", ", ,", "10.0.0.1"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:10.0.0.1", "198.51.100.7, ::ffff:10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "198.51.100.7:49152", "198.51.100.7"),
        ("10.0.0.1", "[2001:db8::7]:49152", "2001:db8::7"),
        ("10.0.0.1", "fe80::7%x status=200", "fe80::7"),
        ("10.0.0.1", "010.0.0.7", "10.0.0.1"),
        ("", "198.51.100.7", ""),
    ],
)
def test_proxies_at_named_addresses_are_believed(seen, peer, forwarded, address):
    assert seen("10.0.0.0/8, fd00::/8", peer, forwarded)[0] == address


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("10.0.0.1", "https", "https"),
        ("10.0.0.1", "http, https", "https"),
        ("10.0.0.1", "gopher", "http"),
        ("203.0.113.9", "https", "http"),
    ],
)
def test_named_proxies_are_believed_on_https_too(seen, peer, proto, scheme):
    assert seen("10.0.0.0/8", peer, "", proto)[1] == scheme


@pytest.mark.parametrize("trusted", ["nginx", "1, 2.3.4", "10.0.0.1/8", "11", "-1"])
def test_what_names_no_proxy_is_refused_at_the_start(client_of, trusted):
    with pytest.raises(SettingsError, match="trusted_proxies"):
        client_of(trusted_proxies=trusted)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("198.51.100.7:49152", "198.51.100.7"),
        ("[2001:db8:1:2::9]:49152", "2001:db8:1:2::/64"),
        ("fe80::9%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_one_client_is_counted_as_one(settings, store, address, counted):
    app = create_app(settings)
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": address}):
        assert network() == counted
