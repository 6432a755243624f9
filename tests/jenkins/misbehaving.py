"""A Jenkins that goes wrong in every way there is, at the paths that one names."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

Answer = Callable[[socket.socket, "Misbehaving"], None]
MEGABYTE = b" " * (1024 * 1024)


class Misbehaving:
    """Answers `answers[path]` well; for a path that begins with one of `faults`, by its fault.

    `headers` go with every good answer; `asked` has the paths that were asked for.
    """

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.faults: dict[str, Answer] = {}
        self.headers: list[str] = []
        self.asked: list[str] = []
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.threads = [threading.Thread(target=self._serve, daemon=True)]
        self.threads[0].start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._one, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _one(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = connection.recv(65536).decode("latin-1")
            path = request.split(" ")[1].partition("?")[0].removeprefix("/")
            self.asked.append(path)
            fault = next(
                (each for start, each in self.faults.items() if _begins(path, start)), None
            )
            if fault is not None:
                fault(connection, self)
            elif path in self.answers:
                answer = self.answers[path]
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                send(connection, "200 OK", body, *self.headers)
            else:
                send(connection, "404 Not Found", b"<html>not here</html>")

    def is_silent(self) -> bool:
        """Whether an answer may never come to its end."""
        return any(fault in (hang, drip) for fault in self.faults.values())

    def close(self) -> None:
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()


def _begins(path: str, start: str) -> bool:
    """ "" is the root alone: the look at all jobs."""
    return path == "api/json" if start == "" else path.startswith(start)


def send(
    connection: socket.socket, status: str, body: bytes, *headers: str, length: int | None = None
) -> None:
    """An answer with a length, the true one unless another is given."""
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {told}", "Connection: close", *headers]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)


def says(status: str, body: bytes = b"<html>Jenkins</html>", *headers: str) -> Answer:
    return lambda connection, _: send(connection, status, body, *headers)


def hang(_connection: socket.socket, server: Misbehaving) -> None:
    """Take the question and never say a word."""
    server.ended.wait()


def drip(connection: socket.socket, server: Misbehaving) -> None:
    """A byte now and then, for ever: no read ever times out."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")
    while not server.ended.wait(0.05):
        connection.sendall(b" ")


def half(connection: socket.socket, _: Misbehaving) -> None:
    """Half of what was promised."""
    send(connection, "200 OK", b'{"jobs": [{"name": "nig', length=9999)


def half_without_length(connection: socket.socket, _: Misbehaving) -> None:
    """Half of an answer whose length nobody told, as very old controllers send them."""
    connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n{"jobs": [{"name": "nig')


def huge(connection: socket.socket, _: Misbehaving) -> None:
    """300 MB."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 314572800\r\n\r\n")
    for _megabyte in range(300):
        connection.sendall(MEGABYTE)


def no_tls(connection: socket.socket, _: Misbehaving) -> None:
    """What a plain server says to a greeting in TLS."""
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


LOGIN = b"<!DOCTYPE html><html><body><form>Please log in</form></body></html>"
READY = b"<html>Please wait while Jenkins is getting ready to work</html>"
# Each fault with what people are told of it.
FAULTS: dict[str, tuple[Answer, str]] = {
    "hang": (hang, r"did not answer within"),
    "drip": (drip, r"did not answer within"),
    "half body": (half, r"cut|closed"),
    "half body without a length": (half_without_length, r"not JSON|cut|without a length"),
    "garbage": (says("200 OK", b"\x00\xff{{{"), r"not JSON|another shape|cut|no JSON"),
    "300 MB": (huge, r"larger than"),
    "login page": (says("200 OK", LOGIN), r"HTML page|no JSON|HTML"),
    "401": (says("401 Unauthorized"), r"refuses the user 'ci' \(401\)"),
    "403": (says("403 Forbidden"), r"refuses the user 'ci' \(403\)"),
    "500": (says("500 Oops"), r"answers 500"),
    "503": (says("503 Service Unavailable", READY), r"answers 503.*starting"),
    "redirect": (says("302 Found", b"", "Location: http://elsewhere.example/"), r"another address"),
}
