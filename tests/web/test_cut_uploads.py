"""A cut upload is never taken for a whole one: raw sockets against a real Gunicorn."""

from __future__ import annotations

import base64
import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import running_gunicorn
from tests.examples import examples
from tracker.queries import dump
from tracker.settings import Settings
from tracker.store import connection

# Every prefix from the first `/>` on has a whole test in it.
REPORT = (
    b"<testsuite name='s'><testcase name='a'/><testcase name='b'><failure/></testcase></testsuite>"
)
IN_LINES = {
    "a.tap": b"TAP version 13\n1..3\nok 1 - a\nnot ok 2 - b\n  ---\n  at: x\n  ...\nok 3 - c\n",
    "go.ndjson": b"".join(
        b'{"Action":"%s","Package":"p","Test":"Test%s"}\n' % pair
        for pair in ((b"run", b"A"), (b"pass", b"A"), (b"run", b"B"), (b"fail", b"B"))
    ),
}
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    home = tmp_path_factory.mktemp("cut")
    return Settings.load({}, home=home / "home", output=home / "output")


@pytest.fixture(scope="module")
def server(settings):
    with running_gunicorn(settings, TRACKER_MAX_UPLOAD_MB="1") as server:
        yield server


@pytest.fixture(autouse=True)
def nothing_is_stored(server, settings):
    yield
    connection.open_store(settings.store)
    stored = list(dump.lines())
    connection.close_store()
    assert stored == []
    assert [path for path in settings.spool.rglob("*") if path.is_file()] == []


def send(server, body, *headers, path="/api/v1/ingest?job=n&build=1"):
    """The status of the answer to these bytes, then nothing more; None where there is none."""
    head = [f"POST {path} HTTP/1.1", "Host: tracker", f"Authorization: Bearer {server.token}"]
    head += [*headers, "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        try:
            client.sendall("\r\n".join(head).encode() + body)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while data := client.recv(65536):
                answer += data
        except ConnectionError:
            return None
    return int(answer.split(b" ", 2)[1]) if answer else None


def chunked(*chunks, end=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


CHUNKED = "Transfer-Encoding: chunked"


def refusals(server, bodies, *headers, **path):
    with ThreadPoolExecutor(4) as pool:
        return set(pool.map(lambda body: send(server, body, *headers, **path), bodies))


def count(record_count, bodies):
    record_count("P2", cuts=len(bodies), stored=0)  # `nothing_is_stored` looks


def test_a_report_cut_at_any_byte_is_refused(server, record_count):
    bodies = [REPORT[:length] for length in range(len(REPORT))]
    count(record_count, bodies)
    assert refusals(server, bodies, f"Content-Length: {len(REPORT)}") == {400}


def test_a_chunked_report_cut_at_any_byte_is_refused(server, record_count):
    whole = chunked(REPORT[:50], REPORT[50:])
    bodies = [whole[:length] for length in range(0, len(whole), examples(3, 1))]
    count(record_count, bodies)
    assert refusals(server, bodies, CHUNKED) <= {400, None}


@pytest.mark.parametrize("name", IN_LINES)
def test_a_report_in_lines_cut_at_any_byte_is_refused(server, record_count, name):
    """Each line is a whole record: nothing in what is left tells that more was to come."""
    whole = IN_LINES[name]
    path = f"/api/v1/ingest?job=n&build=1&name={name}"
    bodies = [whole[:length] for length in range(0, len(whole), examples(9, 1))]
    count(record_count, bodies)
    length = f"Content-Length: {len(whole)}"
    assert refusals(server, bodies, length, path=path) == {400}


@pytest.mark.parametrize("end", [b"", b"0", b"0\r", b"0\r\n", b"0\r\n\r"])
def test_a_chunked_report_without_its_end_is_refused(server, end):
    assert send(server, chunked(REPORT, end=end), CHUNKED) in (400, None)


@pytest.mark.parametrize(
    "body",
    [
        b"xyz\r\n" + REPORT + b"\r\n0\r\n\r\n",
        b"-5\r\n" + REPORT + b"\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\n" + REPORT,
        b"%x\r\n%s0\r\n\r\n" % (len(REPORT), REPORT),
        b"%x\r\n%sxx0\r\n\r\n" % (len(REPORT), REPORT),
        b"%x\r\n%s\r\nnothing\r\n\r\n" % (len(REPORT), REPORT),
    ],
)
def test_chunks_that_are_none_are_refused(server, body):
    assert send(server, body, CHUNKED) in (400, None)


def test_a_chunked_report_over_the_limit_is_refused_and_never_cut(server):
    padding = [b" " * 65536] * 17
    assert send(server, chunked(REPORT, *padding), CHUNKED) in (413, None)


def test_a_length_over_the_limit_is_refused_at_once(server):
    assert send(server, REPORT, f"Content-Length: {10 * 1024 * MEGABYTE}") == 413


def test_a_length_that_is_too_long_is_refused(server):
    assert send(server, REPORT, f"Content-Length: {len(REPORT) + 1}") == 400


def test_a_wrong_digest_is_refused(server):
    digest = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    headers = (f"Content-Length: {len(REPORT)}", f"Content-Digest: sha-256=:{digest}:")
    assert send(server, REPORT, *headers) == 400


@pytest.mark.parametrize(
    "headers",
    [
        (f"Content-Length: {len(REPORT)}", CHUNKED),
        (f"Content-Length: {len(REPORT)}", "Content-Length: 5"),
        (f"Content-Length: {len(REPORT)}", "Host: other"),
        ("Content-Length: -1",),
        ("Content-Length: 0x10",),
        (f"Content-Length: +{len(REPORT)}",),
        ("Transfer-Encoding: chunked, gzip",),
    ],
)
def test_headers_that_contradict_each_other_are_refused(server, headers):
    assert send(server, REPORT, *headers) in (400, 501, None)


def test_a_cut_multipart_upload_is_refused(server):
    part = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n'
    whole = part + REPORT + b"\r\n--B--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=B"
    for left in (10, 80, len(whole) - 8):
        body = whole[:left]
        assert send(server, body, kind, f"Content-Length: {len(whole)}") in (400, None)
        assert send(server, body, kind, f"Content-Length: {len(body)}") == 400


def test_a_cut_knock_is_refused(server):
    path = "/api/v1/hooks/jenkins"
    assert send(server, b"job=n&number=1", "Content-Length: 15", path=path) in (400, None)
