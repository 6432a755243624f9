"""nginx as it is shipped: real requests through it, to the tracker and to one who listens."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import RunningServer, running_gunicorn
from tests.deploy.in_front import (
    NAME,
    SHIPPED,
    SITE,
    UNCOUNTED,
    Behind,
    Nginx,
    behind,
    has_ipv6,
    needed,
    nginx,
    received,
    status_of,
)
from tests.factories import history
from tracker.queries import dump
from tracker.settings import Settings
from tracker.site.publish import publish
from tracker.site.render import renderer
from tracker.store import connection
from tracker.store.tokens import create_token
from tracker.web.headers import CONTENT_SECURITY_POLICY

REPORT = b"<testsuite name='s'><testcase name='a'/><testcase name='b'/></testsuite>"
POST = "POST /api/v1/ingest?job=n&build=1&name=r.xml HTTP/1.1"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("nginx")
    return Settings.load({}, home=folder / "home", output=folder / "output")


@pytest.fixture(scope="module")
def tracker(settings: Settings) -> Iterator[RunningServer]:
    connection.open_store(settings.store)
    history("nightly", login="P F")
    publish(settings.output, renderer(), newest=5, keep=2, now=0)
    connection.close_store()
    with running_gunicorn(settings) as server:
        yield server


@pytest.fixture(scope="module")
def front(tracker: RunningServer, settings: Settings) -> Iterator[Nginx]:
    with nginx(settings.home / "front", tracker.port, settings.output / "site") as running:
        yield running


@pytest.fixture(scope="module")
def listener() -> Iterator[Behind]:
    with behind() as server:
        yield server


@pytest.fixture(scope="module")
def before_listener(listener: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with nginx(tmp_path_factory.mktemp("nginx") / "front", listener.port) as running:
        yield running


def stored(settings: Settings) -> list[str]:
    connection.open_store(settings.store)
    try:
        return [line for line in dump.lines() if '"n"' in line]
    finally:
        connection.close_store()


def post(*headers: str, body: bytes) -> bytes:
    return "\r\n".join([POST, f"Host: {NAME}", *headers, "", ""]).encode() + body


def test_a_page_is_served_with_the_headers_of_both(front: Nginx) -> None:
    head = front.get("/").split(b"\r\n\r\n")[0].decode()
    assert head.startswith("HTTP/1.1 200")
    assert head.count("Strict-Transport-Security") == 1
    assert "default-src 'none'" in head


def test_it_listens_on_both_kinds_of_addresses(front: Nginx) -> None:
    """A name with an AAAA record brings clients over IPv6."""
    for name in ("tracker.conf", "site.conf"):
        text = (SHIPPED / name).read_text()
        assert re.findall(r"listen (\d.*);", text) == re.findall(r"listen \[::\]:(.*);", text)
    if not has_ipv6():
        pytest.skip("this machine has no address of IPv6")
    with front.connect(source="::1") as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        assert status_of(received(connection)) == 200


def test_an_upload_arrives(front: Nginx, tracker: RunningServer) -> None:
    bearer = f"Authorization: Bearer {tracker.token}"
    data = post(bearer, f"Content-Length: {len(REPORT)}", "Connection: close", body=REPORT)
    assert status_of(front.send(data.replace(b"job=n&", b"job=whole&"))) == 201


def test_a_request_without_encryption_is_sent_to_the_encrypted_address(front: Nginx) -> None:
    with socket.create_connection(("127.0.0.1", front.plain), 20) as client:
        client.sendall(f"GET /a?b=c HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = received(client)
    assert status_of(answer) == 301
    assert f"Location: https://{NAME}/a?b=c\r\n".encode() in answer


def test_another_name_is_not_answered(front: Nginx) -> None:
    with pytest.raises(ssl.SSLError):
        front.connect("other.example.org")
    with socket.create_connection(("127.0.0.1", front.plain), 20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: other.example.org\r\n\r\n")
        assert received(client) == b""


def test_what_a_client_says_of_its_way_is_replaced(
    before_listener: Nginx, listener: Behind
) -> None:
    listener.heard.clear()
    forged = [
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-Proto: gopher",
        "X-Forwarded-Host: evil",
        "X-Forwarded-Prefix: /evil",
        "X-Real-IP: 6.6.6.6",
        "Forwarded: for=6.6.6.6",
    ]
    before_listener.get("/", *forged)
    assert "X-Forwarded-For: 127.0.0.1\r\n" in listener.text
    assert "X-Forwarded-Proto: https\r\n" in listener.text
    assert f"X-Forwarded-Host: {NAME}\r\n" in listener.text
    assert not re.search(r"6\.6\.6\.6|evil|gopher", listener.text)


@pytest.mark.parametrize(
    "length",
    [
        length if not length % 6 else pytest.param(length, marks=pytest.mark.nightly)
        for length in range(len(REPORT))
    ],
)
def test_a_cut_upload_does_not_reach_the_tracker(
    before_listener: Nginx, listener: Behind, length: int
) -> None:
    listener.heard.clear()
    with before_listener.connect_bare() as client:
        client.sendall(post(f"Content-Length: {len(REPORT)}", body=REPORT[:length]))
    assert listener.heard == []


@pytest.mark.parametrize("end", [b"", b"0", b"0\r", b"0\r\n", b"0\r\n\r"])
def test_a_chunked_upload_without_its_end_does_not_reach_the_tracker(
    before_listener: Nginx, listener: Behind, end: bytes
) -> None:
    listener.heard.clear()
    chunks = b"%x\r\n%s\r\n" % (len(REPORT), REPORT)
    with before_listener.connect_bare() as client:
        client.sendall(post("Transfer-Encoding: chunked", body=chunks + end))
    assert listener.heard == []


def test_a_cut_upload_is_not_stored(
    front: Nginx, tracker: RunningServer, settings: Settings
) -> None:
    bearer = f"Authorization: Bearer {tracker.token}"
    with front.connect_bare() as client:
        client.sendall(post(bearer, f"Content-Length: {len(REPORT)}", body=REPORT[:40]))
    assert status_of(front.get("/health/live")) == 200
    assert stored(settings) == []


def test_a_length_over_the_limit_is_refused_before_it_is_read(
    before_listener: Nginx, listener: Behind
) -> None:
    listener.heard.clear()
    with before_listener.connect_bare() as client:
        client.sendall(post("Content-Length: 10000000000", body=b""))
        assert (status_of(client.recv(100)), listener.heard) == (413, [])


def test_chunks_over_the_limit_are_refused_and_never_cut(
    before_listener: Nginx, listener: Behind
) -> None:
    listener.heard.clear()
    chunks = (b"10000\r\n" + b" " * 65536 + b"\r\n") * 20 + b"0\r\n\r\n"
    answer = before_listener.send(post("Transfer-Encoding: chunked", body=chunks))
    assert status_of(answer) in (413, 0)
    assert listener.heard == []


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: tracker.example.org\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 5", "Content-Length: 60"),
        ("Content-Length: 5", "Transfer-Encoding: chunked, identity"),
        ("Content-Length: 5", "Transfer-Encoding : chunked"),
        ("Content-Length: 5", "Transfer-Encoding:\x0bchunked"),
        ("Content-Length: 5", "X: y\r\n Transfer-Encoding: chunked"),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5", "Host: other.example.org"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
        ("Content-Length: 5\nTransfer-Encoding: chunked",),
    ],
    ids=ascii,
)
def test_no_request_hides_in_the_body_of_another(
    before_listener: Nginx, listener: Behind, headers: tuple[str, ...]
) -> None:
    """Refused, or passed on as the one request that it is."""
    listener.heard.clear()
    data = post(*headers, body=b"0\r\n\r\n" + SMUGGLED)
    before_listener.send(data.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost", 1))
    assert "smuggled HTTP" not in listener.text
    assert listener.text.count(" HTTP/1.") <= 1


def test_uploads_that_stand_still_keep_nobody_waiting(front: Nginx) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(60):
            client = slow.enter_context(front.connect_bare())
            client.sendall(post("Content-Length: 1000", body=b"<"))
        assert {front.probe("127.0.0.2") for _ in range(10)} == {200}


def test_one_address_may_hold_only_so_many_connections(front: Nginx) -> None:
    with contextlib.ExitStack() as slow:
        for _ in range(60):
            client = slow.enter_context(front.connect_bare(source="127.0.0.3"))
            client.sendall(post("Content-Length: 1000", body=b"<"))
        assert front.probe("127.0.0.3") == 429


def test_an_address_that_asks_without_end_is_told_to_wait(before_listener: Nginx) -> None:
    asked = (before_listener.probe("127.0.0.4") for _ in range(2000))
    assert next(status for status in asked if status != 200) == 429


def test_an_address_that_sends_without_end_is_told_to_wait(before_listener: Nginx) -> None:
    """Whatever tokens it makes up."""
    sent = (
        before_listener.send(
            post(f"Authorization: {number}", "Connection: close", "Content-Length: 0", body=b""),
            source="127.0.0.6",
        )
        for number in range(2000)
    )
    assert next(status for each in sent if (status := status_of(each)) != 200) == 429


def sent_at_once(front: Nginx, sources: Sequence[str]) -> Iterator[int]:
    """The status of an upload from each of these addresses, all with one token, as they come."""
    data = post("Authorization: one", "Connection: close", "Content-Length: 0", body=b"")
    with contextlib.ExitStack() as held:
        clients = [held.enter_context(front.connect_bare(source=each)) for each in sources]
        for client in clients:
            client.sendall(data)
        while clients:
            for client in select.select(clients, [], [])[0]:
                clients.remove(client)
                yield status_of(received(client))


def test_a_token_that_sends_without_end_is_told_to_wait(before_listener: Nginx) -> None:
    """From however many addresses. A hundred uploads wait for their turn, others are refused."""
    sources = [f"127.0.1.{number % 20}" for number in range(300)]
    assert 429 in sent_at_once(before_listener, sources)


def test_the_network_of_the_builds_is_not_limited(before_listener: Nginx) -> None:
    assert set(sent_at_once(before_listener, [UNCOUNTED] * 300)) == {200}


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_who_watches_comes_through_with_a_token_from_anywhere(
    front: Nginx, settings: Settings, source: str
) -> None:
    """The tracker itself tells who has none, and so browsers ask for name and password."""
    connection.open_store(settings.store)
    token = create_token(f"watch-{source}", now=0, scope="read")
    connection.close_store()
    for path in ("/metrics", "/health/detailed"):
        asking = f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
        assert status_of(front.send(f"{asking}\r\n".encode(), source=source)) == 401
        asking += f"Authorization: Bearer {token}\r\n"
        assert status_of(front.send(f"{asking}\r\n".encode(), source=source)) == 200


def test_the_site_has_its_own_name_and_its_compressed_twins(front: Nginx) -> None:
    head = front.get("/", "Accept-Encoding: gzip", name=SITE).split(b"\r\n\r\n")[0].decode()
    assert head.startswith("HTTP/1.1 200")
    assert "Content-Encoding: gzip" in head
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", "form-action 'none'")
    assert f"Content-Security-Policy: {policy}\r\n" in head


@pytest.mark.parametrize("path", ["/manifest.json", "/.publish.lock", "/../tracker.db"])
def test_the_site_shows_nothing_else(front: Nginx, path: str) -> None:
    assert status_of(front.get(path, name=SITE)) in (400, 404)


def test_the_site_takes_nothing(front: Nginx) -> None:
    assert status_of(front.get("/", name=SITE, method="PUT")) in (403, 405)


def test_the_limit_of_a_body_is_the_limit_of_the_tracker() -> None:
    default = Settings.__struct_defaults__[
        Settings.__struct_fields__.index("max_upload_mb") - len(Settings.__struct_fields__)
    ]
    assert f"client_max_body_size {default}m;" in (SHIPPED / "tracker.conf").read_text()


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["-H", "-B", "-X"], ids=["headers", "bodies", "reads"])
def test_an_attack_of_slow_clients_keeps_nobody_waiting(
    front: Nginx, kind: str, tmp_path: Path
) -> None:
    program = needed("slowhttptest")
    attack = [program, kind, "-c", "200", "-r", "100", "-l", "8", "-i", "2", "-p", "3"]
    attack += ["-u", f"http://127.0.0.1:{front.bare}/"]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(attack, stdout=said, stderr=said, cwd=tmp_path)
        answers = []
        while process.poll() is None:
            answers.append(front.probe("127.0.0.2"))
            time.sleep(0.1)
    assert len(answers) > 10
    assert set(answers) == {200}
