"""Caddy as it is shipped: its own judgement, and a real one on loopback."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, free_port
from tests.deploy.in_front import NAME, Behind, behind, needed, received, wait_for
from tracker.settings import Settings

SHIPPED = ROOT / "deploy" / "caddy" / "Caddyfile"


@pytest.fixture(scope="module")
def listener() -> Iterator[Behind]:
    with behind() as server:
        yield server


@contextlib.contextmanager
def running_caddy(folder: Path, behind: int, *, minute: str = "m") -> Iterator[int]:
    """The port of a Caddy that serves without certificates what is shipped with them.

    A `minute` of what it waits may be shorter.
    """
    port = free_port()
    text = SHIPPED.read_text().replace("{\n\tservers {", "{\n\tadmin off\n\tservers {", 1)
    text = re.sub(
        r"^(\w+\.example\.org) \{", rf"http://\1:{port} {{\n\tbind 127.0.0.1", text, flags=re.M
    )
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = re.sub(r"(write|read_body) (\d+)m\n", rf"\1 \g<2>{minute}\n", text)
    (folder / "Caddyfile").write_text(re.sub(r"max_size \w+", "max_size 1MB", text))
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [needed("caddy"), "run", "--config", str(folder / "Caddyfile")],
            env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)},
            stdout=said,
            stderr=said,
        )
    try:
        wait_for(process, port, folder / "said")
        yield port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def caddy(listener: Behind, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_caddy(tmp_path_factory.mktemp("caddy"), listener.port) as port:
        yield port


def ask(port: int, *headers: str, path: str = "/", source: str = "127.0.0.1") -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {NAME}:{port}", *headers, "Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", port), 20, (source, 0)) as client:
        client.sendall("\r\n".join(lines).encode())
        return received(client)


def asked_of_caddy(what: str, home: Path) -> subprocess.CompletedProcess[str]:
    """What it says itself of the file that is shipped."""
    return subprocess.run(
        [needed("caddy"), what, "--config", str(SHIPPED), "--adapter", "caddyfile"],
        env={**os.environ, "HOME": str(home), "XDG_DATA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_caddy_accepts_the_file(tmp_path: Path) -> None:
    done = asked_of_caddy("validate", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "not formatted" not in done.stderr


def test_the_limit_of_a_body_is_the_limit_of_the_tracker(tmp_path: Path) -> None:
    """In bytes, as Caddy understands it: its MB are 1,000,000."""
    [limit] = re.findall(r'"max_size":(\d+)', asked_of_caddy("adapt", tmp_path).stdout)
    assert int(limit) == Settings.load({}).max_upload_mb * 1024 * 1024


def test_a_largest_body_may_take_its_time(tmp_path: Path) -> None:
    said = asked_of_caddy("adapt", tmp_path).stdout
    [limit] = re.findall(r'"max_size":(\d+)', said)
    [nanoseconds] = re.findall(r'"write_timeout":(\d+)', said)
    slowest = 8 * int(limit) / (int(nanoseconds) / 1e9)
    assert f"{slowest / 1e6:.1f} Mbit/s" in SHIPPED.read_text()
    assert f"{slowest / 1e6:.1f} Mbit/s" in (ROOT / "deploy" / "operating.md").read_text()
    assert slowest < 4e6


def test_a_body_that_is_too_slow_has_no_answer_from_caddy_itself(tmp_path: Path) -> None:
    """Its own is an empty 200, which says to a sender that the report is stored."""
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        running_caddy(tmp_path, silent.getsockname()[1], minute="00ms") as port,
        socket.create_connection(("127.0.0.1", port), 20) as client,
    ):
        head = f"POST /a HTTP/1.1\r\nHost: {NAME}:{port}\r\nContent-Length: 100\r\n\r\n"
        client.sendall(head.encode() + b"<")
        assert received(client) == b""


def test_a_request_is_passed_on_with_one_header_of_security(caddy: int) -> None:
    answer = ask(caddy).decode()
    assert answer.startswith("HTTP/1.1 200")
    assert answer.count("Strict-Transport-Security") == 1


def test_what_a_client_says_of_its_way_is_replaced(caddy: int, listener: Behind) -> None:
    listener.heard.clear()
    forged = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Host: evil", "X-Forwarded-Proto: gopher"]
    ask(caddy, *forged, "X-Forwarded-Prefix: /evil", "Forwarded: for=6.6.6.6", "X-Real-IP: 6.6.6.6")
    assert "X-Forwarded-For: 127.0.0.1\r\n" in listener.text
    assert not re.search(r"6\.6\.6\.6|evil|gopher", listener.text)


@pytest.mark.parametrize("path", ["/metrics", "/health/detailed"])
def test_who_watches_is_passed_on_as_one_who_comes_through_a_proxy(
    caddy: int, listener: Behind, path: str
) -> None:
    """By which the tracker knows that a token is needed."""
    listener.heard.clear()
    ask(caddy, "Authorization: Bearer x", path=path, source="127.0.0.2")
    assert f"GET {path} " in listener.text
    assert "Authorization: Bearer x\r\n" in listener.text
    assert "X-Forwarded-For: 127.0.0.2\r\n" in listener.text


def test_a_body_over_the_limit_is_not_passed_on(caddy: int, listener: Behind) -> None:
    listener.heard.clear()
    head = f"POST /a HTTP/1.1\r\nHost: {NAME}:{caddy}\r\nContent-Length: 9000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", caddy), 20) as client:
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + b" " * 9_000_000)
            client.shutdown(socket.SHUT_WR)
        received(client)
    assert len(listener.text) < 2_000_000
