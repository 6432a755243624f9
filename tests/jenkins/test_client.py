"""The client against a server that misbehaves: the right kind of error, in words, in time."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import RunningDemo, free_port, load_script
from tracker.errors import JenkinsError, SettingsError
from tracker.jenkins import client as client_module
from tracker.jenkins.client import (
    JSON_BYTES,
    Address,
    Client,
    Missing,
    Refused,
    TooMuch,
    TooSlow,
    Unreachable,
    Unusable,
    artifact_path,
    is_whole_json,
    job_path,
)
from tracker.jenkins.deadline import DeadlinePassed, within

TOKEN = "11aa22bb33-secret"
Answer = Callable[[socket.socket], None]


class Misbehaving:
    """A server on loopback that answers each connection by `answer`, whatever is asked."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.answer: Answer = lambda _: None
        self.asked: list[str] = []
        self.open: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            self.asked.append(connection.recv(65536).decode())
            self.answer(connection)
        except OSError:
            pass
        finally:
            if self.answer is not hang:
                connection.close()

    def close(self) -> None:
        # A listener that is only closed keeps its accepting thread for ever.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()
        self.thread.join()


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    misbehaving = Misbehaving()
    yield misbehaving
    misbehaving.close()


def client_of(url: str, seconds: float = 0.5, max_bytes: int = 1024 * 1024) -> Client:
    return Client(Address("main", url, "ci", TOKEN, seconds=seconds, max_bytes=max_bytes))


def says(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Answer:
    """An answer with a length, the true one unless another is given."""
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {told}", "Connection: close", *headers]
    return lambda connection: connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def without_length(body: bytes) -> Answer:
    return lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body)


def hang(connection: socket.socket) -> None:
    """Takes the question and never says a word."""


def drip(first: bytes, byte: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(200):
            connection.sendall(byte)
            time.sleep(0.05)

    return answer


CUT_CHUNK = (
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n40\r\n{"jobs": ['
)
LOGIN = b"<!DOCTYPE html><html><body>Please log in</body></html>"
HTML = "Content-Type: text/html;charset=utf-8"

FAULTS: dict[str, tuple[Answer, type[JenkinsError], str]] = {
    "hang": (hang, Unreachable, r"did not answer within 0\.5 s"),
    "headers drip": (
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        Unreachable,
        r"did not answer within 0\.5 s",
    ),
    "body drips": (
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b" "),
        Unreachable,
        r"did not answer within 0\.5 s",
    ),
    "cut with a length": (says("200 OK", b'{"jobs": [', length=99), Unreachable, "answer was cut"),
    "cut chunk": (lambda connection: connection.sendall(CUT_CHUNK), Unreachable, "was cut|closed"),
    "cut without a length": (without_length(b'{"jobs": ['), Unusable, "not JSON"),
    "empty": (says("200 OK"), Unusable, "not JSON"),
    "garbage": (says("200 OK", b"\x00\xff{{{"), Unusable, "not JSON"),
    "deep": (says("200 OK", b"[" * 100_000), Unusable, "not JSON"),
    "no object": (says("200 OK", b"[1, 2]"), Unusable, "not JSON"),
    "null": (says("200 OK", b"null"), Unusable, "not JSON"),
    "login page": (says("200 OK", LOGIN, HTML), Unusable, "an HTML page.*no login page is in"),
    "redirect": (
        says("302 Found", b"", "Location: http://elsewhere.example/"),
        Unusable,
        r"another address \(302\).*final address",
    ),
    "401": (says("401 Unauthorized", LOGIN, HTML), Refused, r"refuses the user 'ci' \(401\)"),
    "403": (says("403 Forbidden", LOGIN, HTML), Refused, r"refuses the user 'ci' \(403\)"),
    "404": (says("404 Not Found", LOGIN, HTML), Missing, r"is not there \(404\)"),
    "429": (says("429 Too Many Requests"), Unreachable, "answers 429 Too Many Requests"),
    "500": (says("500 Oops", LOGIN, HTML), Unreachable, "answers 500 Oops"),
    "502": (says("502 Bad Gateway", LOGIN, HTML), Unreachable, "answers 502 Bad Gateway"),
    "503": (says("503 Starting", LOGIN, HTML), Unreachable, "answers 503 Starting"),
    "closed": (lambda connection: None, Unreachable, "closed the connection|was reset"),
    "no HTTP": (lambda connection: connection.sendall(b"SSH-2.0\r\n\r\n"), Unreachable, "main"),
    "too large": (says("200 OK", b" " * (1024 * 1024 + 1)), JenkinsError, "larger than 1 MB"),
    "gzip that is none": (
        says("200 OK", b"plain", "Content-Encoding: gzip"),
        Unreachable,
        "cannot be reached",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_in_words_and_never_with_the_token(server: Misbehaving, fault: str) -> None:
    server.answer, kind, words = FAULTS[fault]
    with pytest.raises(kind, match=words) as error:
        client_of(server.url).json("job/nightly/", "name")
    assert "'main'" in str(error.value)
    assert TOKEN not in str(error.value)
    assert TOKEN not in repr(client_of(server.url).address)


def test_a_redirect_is_not_followed(server: Misbehaving) -> None:
    server.answer = says("302 Found", b"", f"Location: {server.url}elsewhere")
    with pytest.raises(Unusable):
        client_of(server.url).json("")
    assert len(server.asked) == 1


def test_an_address_where_nobody_listens_is_told() -> None:
    with pytest.raises(Unreachable, match="connection is refused"):
        client_of(f"http://127.0.0.1:{free_port()}/").json("")


def test_a_host_name_that_nobody_knows_is_told() -> None:
    with pytest.raises(Unreachable, match=r"name is not known|cannot be looked up|too long|within"):
        client_of("http://no-such-host.invalid/", seconds=3).json("")


def test_a_server_may_be_silent_for_as_long_as_an_answer_may_take(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "CONNECT_SECONDS", 0.05)
    answer = says("200 OK", b'{"mode": "NORMAL"}')

    def think(connection: socket.socket) -> None:
        time.sleep(0.3)
        answer(connection)

    server.answer = think
    assert client_of(server.url, seconds=30).json("") == {"mode": "NORMAL"}


def test_after_a_fault_the_same_client_can_ask_again(server: Misbehaving) -> None:
    client = client_of(server.url)
    server.answer = hang
    with pytest.raises(Unreachable):
        client.json("")
    server.answer = says("200 OK", b'{"mode": "NORMAL"}')
    assert client.json("") == {"mode": "NORMAL"}


def test_credentials_travel_in_the_header_and_not_in_the_address(server: Misbehaving) -> None:
    server.answer = says("200 OK", b"{}")
    client_of(server.url).json("", "mode")
    [asked] = server.asked
    assert asked.startswith("GET /api/json?tree=mode HTTP/1.1")
    assert "Authorization: Basic " in asked
    assert TOKEN not in asked


# Files.


def fetched(server: Misbehaving, answer: Answer) -> bytes:
    server.answer = answer
    parts: list[bytes] = []
    client_of(server.url).fetch("job/nightly/1/artifact/r.xml", parts.append)
    return b"".join(parts)


def test_a_whole_file_is_handed_over(server: Misbehaving) -> None:
    assert fetched(server, says("200 OK", b"<testsuite/>")) == b"<testsuite/>"
    assert "Accept-Encoding: identity" in server.asked[0]


def test_a_cut_file_is_no_file(server: Misbehaving) -> None:
    with pytest.raises(Unreachable, match="cut"):
        fetched(server, says("200 OK", b"<testsuite>", length=99))


def test_a_file_without_a_length_is_not_taken(server: Misbehaving) -> None:
    with pytest.raises(Unusable, match="without a length"):
        fetched(server, without_length(b"<testsuite/>"))


def test_a_file_that_is_too_large_is_not_taken(server: Misbehaving) -> None:
    with pytest.raises(Unusable, match="TRACKER_JENKINS_MAX_MB"):
        fetched(server, says("200 OK", b" " * (1024 * 1024 + 1)))


def test_a_report_that_is_not_there_is_none(server: Misbehaving) -> None:
    server.answer = says("404 Not Found")
    assert client_of(server.url).test_report("job/nightly/1/", "suites", print) is False


def test_a_report_that_cannot_be_had_now_is_not_none(server: Misbehaving) -> None:
    server.answer = says("503 Starting")
    with pytest.raises(Unreachable):
        client_of(server.url).test_report("job/nightly/1/", "suites", print)


# Against the demo.


def test_without_credentials_we_are_anonymous(demo: RunningDemo) -> None:
    assert Client(Address("main", demo.url)).whoami() == "anonymous"


def test_with_credentials_we_are_their_user() -> None:
    script = load_script("demo_jenkins")
    history = script.make_history(7, 20, script.datetime(2026, 11, 20, tzinfo=script.UTC))
    secured = script.serve(history, user="ci", token=TOKEN)
    thread = threading.Thread(target=secured.serve_forever, daemon=True)
    thread.start()
    try:
        assert client_of(secured.url, 5).whoami() == "ci"
        with pytest.raises(Refused, match="anonymous"):
            Client(Address("main", secured.url)).whoami()
        with pytest.raises(Refused, match="the user 'eve'"):
            Client(Address("main", secured.url, "eve", "wrong")).whoami()
    finally:
        secured.shutdown()
        secured.server_close()
        thread.join()


# Addresses and names.


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("nightly", "job/nightly/"),
        ("team/nightly", "job/team/job/nightly/"),
        ("feature%2Fx", "job/feature%252Fx/"),
        ("Küche #1?", "job/K%C3%BCche%20%231%3F/"),
        ("..", "job/../"),
    ],
)
def test_the_path_of_a_job(name: str, path: str) -> None:
    assert job_path(name) == path


def test_the_path_of_an_artifact() -> None:
    path = artifact_path("job/a/1/", "out/Ü #1 %.xml")
    assert path == "job/a/1/artifact/out/%C3%9C%20%231%20%25.xml"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://other.example:9/job/m/A=1/7/", "job/m/A=1/7/"),
        ("http://x/jenkins/job/m/./A=1/7/", "job/m/A=1/7/"),
        ("http://x/view/all/job/m/7/", "job/m/7/"),
        ("http://x/", ""),
        ("http://[x/job/m/7/", ""),
        ("", ""),
    ],
)
def test_addresses_in_answers_are_taken_below_our_own(url: str, path: str) -> None:
    assert client_of("http://ci.example/").path_of(url) == path


# Limits.


def test_no_question_is_asked_when_the_time_is_up(server: Misbehaving) -> None:
    client = client_of(server.url)
    with client.limited(0), pytest.raises(TooSlow, match=r"time for asking Jenkins 'main' was up"):
        client.json("job/nightly/")
    assert server.asked == []


def test_the_time_for_all_questions_cuts_that_of_one(server: Misbehaving) -> None:
    server.answer = hang
    client = client_of(server.url, seconds=60)
    with client.limited(0.3), pytest.raises(TooSlow):
        client.json("job/nightly/")
    with client.limited(60):
        server.answer = says("200 OK", b"{}")
        assert client.json("") == {}


def test_an_answer_is_held_in_memory_only_up_to_a_limit(server: Misbehaving) -> None:
    server.answer = says("200 OK", b" " * (JSON_BYTES + 1))
    with pytest.raises(TooMuch, match="larger than 6 MB"):
        client_of(server.url, 10, 2 * JSON_BYTES).json("job/nightly/")


def test_a_server_that_asks_for_patience_is_given_it(server: Misbehaving) -> None:
    server.answer = says("503 Starting", b"", "Retry-After: 120")
    with pytest.raises(Unreachable) as error:
        client_of(server.url).json("")
    assert error.value.pause == 120


def test_refused_credentials_are_not_tried_again_soon(server: Misbehaving) -> None:
    server.answer = says("401 Unauthorized")
    with pytest.raises(Refused) as error:
        client_of(server.url).json("")
    assert error.value.pause is not None
    assert error.value.pause >= 600


def test_version_and_clock_are_heard_in_passing(server: Misbehaving) -> None:
    server.answer = says(
        "200 OK", b"{}", "X-Jenkins: 2.541.1", "Date: Wed, 01 Jan 2020 00:00:00 GMT"
    )
    client = client_of(server.url)
    client.json("")
    assert client.heard.version == "2.541.1"
    assert client.heard.clock_ahead is not None
    assert client.heard.clock_ahead < -DAYS


DAYS = 365 * 86_400


@pytest.mark.parametrize(
    ("body", "text"), [(b"\x1b[1m", "\x1b[1m"), (b"\xfc", "\ufffd"), (b"\\ud83d", "?")]
)
def test_a_text_that_no_strict_reader_takes_is_read(
    server: Misbehaving, body: bytes, text: str
) -> None:
    server.answer = says("200 OK", b'{"description": "' + body + b'"}')
    assert client_of(server.url).json("") == {"description": text}


@pytest.mark.parametrize("length", ["\xb2", "-5", "5" * 5000])
def test_a_number_in_a_header_that_is_none_is_passed_over(server: Misbehaving, length: str) -> None:
    server.answer = says("503 Starting", b"", f"Retry-After: {length}")
    with pytest.raises(Unreachable) as caught:
        client_of(server.url).json("")
    assert caught.value.pause is None


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Jan 2020 00:00:00 GMT"])
def test_a_clock_that_is_not_told_is_not_known(server: Misbehaving, date: str) -> None:
    server.answer = says("200 OK", b"{}", f"Date: {date}")
    client = client_of(server.url)
    client.json("")
    assert client.heard.clock_ahead is None


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (b'{"a": [1]}', True),
        (b'{"a": [1]', False),
        (b'{"a": "\x1b"}', False),
        (b"", False),
        (b"<html>", False),
    ],
)
def test_a_cut_document_is_told_from_a_whole_one(tmp_path: Path, text: bytes, whole: bool) -> None:
    (tmp_path / "answer").write_bytes(text)
    assert is_whole_json(tmp_path / "answer") is whole


def test_an_old_server_that_refuses_ranges_has_none(server: Misbehaving) -> None:
    def old(connection: socket.socket) -> None:
        refuses = says("500 Oops", b"plain", "Content-Encoding: gzip")
        (refuses if "%7B0%2C1%7D" in server.asked[-1] else says("200 OK", b"{}"))(connection)

    server.answer = old
    assert not client_of(server.url).has_ranges


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Starting", "504 Gateway Timeout"])
def test_a_passing_trouble_does_not_decide_that_there_are_no_ranges(
    server: Misbehaving, status: str
) -> None:
    def passing(connection: socket.socket) -> None:
        says(status)(connection) if len(server.asked) == 1 else says("200 OK", b"{}")(connection)

    server.answer = passing
    client = client_of(server.url)
    with pytest.raises(Unreachable):
        _ = client.has_ranges
    assert client.has_ranges


def test_a_name_that_is_looked_up_for_ever_does_not_hold_a_question_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: ended.wait(60))
    with pytest.raises(TooSlow, match="looking up its name"):
        client_of("http://ci.example/", 0.2).json("")
    ended.set()


def test_a_server_that_is_down_is_not_taken_for_an_old_one(server: Misbehaving) -> None:
    server.answer = says("503 Starting")
    with pytest.raises(Unreachable):
        _ = client_of(server.url).has_ranges


def test_certificates_that_are_none_are_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SettingsError, match="--ca-file"):
        Client(Address("main", "https://ci.example/", ca_file=str(tmp_path / "ca.pem")))


# The deadline.


def test_a_deadline_ends_what_waits() -> None:
    with pytest.raises(DeadlinePassed), within(0.05):
        time.sleep(5)


def test_a_deadline_that_was_met_does_not_ring_later() -> None:
    with within(0.05):
        pass
    time.sleep(0.1)


def test_a_deadline_outside_the_main_thread_is_refused() -> None:
    said: list[str] = []

    def ask() -> None:
        try:
            with within(1):
                pass
        except RuntimeError as error:
            said.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert said == ["Jenkins is only asked from the main thread of a process"]
