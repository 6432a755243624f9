"""Bytes that are hardly HTTP: a real server refuses them, never with an error of its own."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from tests.conftest import RunningServer, running_gunicorn
from tests.counts import RecordCount
from tracker.settings import Settings

RAW = {
    "bare line feeds": b"POST /api/v1/hooks HTTP/1.1\nHost: t\nContent-Length: 0\n\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n",
    "a blank before the colon": b"GET / HTTP/1.1\r\nHost : t\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost: t\r\nnonsense\r\n\r\n",
    "a zero byte in a header": b"GET / HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: t\r\nHost: u\r\n\r\n",
    "length and chunks": b"POST /api/v1/hooks HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /api/v1/hooks HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n"
    b"Content-Length: 5\r\n\r\nabcde",
    "a long path": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: t\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: t\r\n" + b"X: a\r\n" * 500 + b"\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: t\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "bytes that are no text in the path": b"GET /jobs/\xff\xfe/ HTTP/1.1\r\nHost: t\r\n\r\n",
    "half an escape": b"GET /jobs/%f/%/ HTTP/1.1\r\nHost: t\r\n\r\n",
    "a zero in the path": b"GET /jobs/%00/ HTTP/1.1\r\nHost: t\r\n\r\n",
    "a path above the root": b"GET /../../etc/passwd HTTP/1.1\r\nHost: t\r\n\r\n",
    "a backslash above the root": b"GET /static/..%5c..%5csecret HTTP/1.1\r\nHost: t\r\n\r\n",
    "a number of 400 digits": b"GET /jobs/n/builds/"
    + b"9" * 400
    + b"/ HTTP/1.1\r\nHost: t\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: t\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: t\r\n\r\n",
    "no method": b"\r\n\r\n",
    "an address as a path": b"GET http://elsewhere/ HTTP/1.1\r\nHost: t\r\n\r\n",
    "another beginning of the path": b"GET /x/livez HTTP/1.1\r\nHost: t\r\nSCRIPT_NAME: /x\r\n\r\n",
    "a beginning it has not": b"GET /livez HTTP/1.1\r\nHost: t\r\nSCRIPT_NAME: /x\r\n\r\n",
    "a host that spells nothing": b"GET /api/v1/jobs HTTP/1.1\r\nHost: xn--\r\n\r\n",
    "an origin that is no address": b"POST /actions/budget HTTP/1.1\r\nHost: t\r\n"
    b"Origin: http://[\r\nContent-Length: 0\r\n\r\n",
    "what begins an encrypted connection": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "nothing but zeros": bytes(5000),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all of them."""
    home = tmp_path_factory.mktemp("raw")
    with running_gunicorn(Settings.load({}, home=home, output=home / "output")) as running:
        yield running


def answer(server: RunningServer, data: bytes) -> int | None:
    """The status of the answer to these bytes; None where the connection was closed without one."""
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            line = connection.makefile("rb").readline()
            return int(line.split()[1]) if line.startswith(b"HTTP/") else None
    return None


def test_bytes_that_are_hardly_http_are_refused(
    server: RunningServer, record_count: RecordCount
) -> None:
    before = server.workers()
    answers = {name: answer(server, data) for name, data in RAW.items()}
    record_count(
        "P11", raw_requests=len(RAW), errors=sum((each or 0) >= 500 for each in answers.values())
    )
    # 501 and 505 say that the request asked for what HTTP allows and nobody offers.
    wrong = {name: each for name, each in answers.items() if each in (500, 502, 503, 504)}
    assert wrong == {}
    assert answer(server, b"GET /health/live HTTP/1.1\r\nHost: t\r\n\r\n") == 200
    assert server.workers() == before


@pytest.mark.parametrize("name", ["bare line feeds", "a folded header", "length and chunks"])
def test_what_two_servers_could_read_differently_is_refused(
    server: RunningServer, name: str
) -> None:
    assert answer(server, RAW[name]) in (400, None)


def test_a_client_cannot_say_where_the_tracker_begins(server: RunningServer) -> None:
    assert answer(server, RAW["another beginning of the path"]) == 404
    assert answer(server, RAW["a beginning it has not"]) == 200
