"""The controller as a server on the loopback address, and what tests let happen to it."""

import base64
import gzip
import hmac
import re
import secrets
import sys
import threading
from collections import Counter
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit

from scripts import demo_moves, demo_truth
from scripts.demo_history import History
from scripts.demo_hudson import HudsonManners, HudsonSite, flattened
from scripts.demo_moves import Changes
from scripts.demo_pages import Answer, Manners, Request, answer, in_chunks
from scripts.demo_reports import Words
from scripts.demo_site import Site

Dialect = Literal["jenkins", "hudson"]
REMEMBERED = 50_000


class DemoServer(ThreadingHTTPServer):
    """A controller on the loopback address.

    `requests` counts what was asked, by path; `asked` has each path and its query, decoded.
    `history` is what it serves now: the methods below change it between two requests.
    """

    daemon_threads = True

    def __init__(
        self,
        history: History,
        port: int,
        user: str | None,
        token: str | None,
        dialect: Dialect = "jenkins",
        words: Words = Words.THREE,
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.login = f"{user}:{token}".encode() if user is not None else None
        self.user = user
        self.is_hudson = dialect == "hudson"
        self.manners: Manners = HudsonManners() if self.is_hudson else Manners()
        self.words = Words.OLDEST if self.is_hudson else words
        self.counting = threading.Lock()
        self.requests: Counter[str] = Counter()
        self.asked: list[tuple[str, str]] = []
        self.changing = threading.Lock()
        self._serve(flattened(history) if self.is_hudson else history)
        self.restart()

    def count(self, path: str, query: str) -> None:
        with self.counting:
            self.requests[path] += 1
            self.asked.append((path, unquote_plus(query)))
            if len(self.asked) > 2 * REMEMBERED:
                del self.asked[:REMEMBERED]

    def truth(self) -> dict[str, object]:
        """What is true of the history as it is now."""
        return demo_truth.truth(self.history)

    def finish(
        self, job: str, number: int, result: str | None = None, changes: Changes | None = None
    ) -> None:
        """A running build ends: with `result`, or the one its cases give it.

        The cases repeat their results of the build before, but for `changes`: letters (P, F, E,
        S, or `.` for a case that did not run) by (suite, name, variant).
        """
        self._change(lambda now: demo_moves.finish(now, job, number, result, changes))

    def add_build(
        self,
        job: str,
        result: str | None = None,
        changes: Changes | None = None,
        running: bool = False,
        upstream: tuple[str, int] | None = None,
    ) -> int:
        """One more build, as `finish` has it unless it is still `running`; its number.

        `upstream` is the job and the number of the build that it followed.
        """
        self._change(lambda now: demo_moves.add_build(now, job, result, changes, running, upstream))
        return self.site.jobs[job].builds[-1].number

    def delete_build(self, job: str, number: int) -> None:
        self._change(lambda now: demo_moves.delete_build(now, job, number))

    def rename(self, job: str, new: str) -> None:
        self._change(lambda now: demo_moves.rename(now, job, new))

    def delete_job(self, job: str) -> None:
        self._change(lambda now: demo_moves.delete_job(now, job))

    def disable(self, job: str, disabled: bool = True) -> None:
        self._change(lambda now: demo_moves.disable(now, job, disabled))

    def restart(self) -> None:
        """As if it had been started again: another session, other crumbs, the same history."""
        self.session = secrets.token_hex(4)
        self.crumb = secrets.token_hex(32)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news; anything else is a bug worth its traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def _change(self, changed: Callable[[History], History]) -> None:
        with self.changing:
            self._serve(changed(self.history))

    def _serve(self, history: History) -> None:
        kind = HudsonSite if self.is_hudson else Site
        self.history = history
        self.site = kind(history, self.url, self.user, self.words)


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    # Head and body leave together; two small writes would wait for each other's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.count(url.path, url.query)
        self._send(self._refused() or self._found(url.path, url.query))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        self.server.count(url.path, url.query)
        self.close_connection = True
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), 1 << 20) if length.isdecimal() else 0)
        self._send(self._refused() or self._no_writing())

    def version_string(self) -> str:
        return self.server.manners.server

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged; `asked` has what was asked."""

    def _refused(self) -> Answer | None:
        login = self.server.login
        if login is None or hmac.compare_digest(self._credentials(), login):
            return None
        return self.server.manners.refused(self.path, "Authorization" in self.headers)

    def _credentials(self) -> bytes:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        try:
            return base64.b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            return b""

    def _found(self, path: str, query: str) -> Answer:
        decoded = tuple(unquote(part) for part in path.split("/") if part not in ("", "."))
        asked = parse_qs(query, keep_blank_values=True)
        numbers = [asked.get(name, ["0"])[0] for name in ("depth", "start")]
        manners = self.server.manners
        if not all(re.fullmatch(r"[0-9]{1,12}", number) for number in numbers):
            return manners.page(HTTPStatus.INTERNAL_SERVER_ERROR, "not a number")
        if any("/" in part for part in decoded):
            return manners.missing()
        depth, start = map(int, numbers)
        tree = asked["tree"][0] if "tree" in asked else None
        request = Request(decoded, tree, min(depth, 999), start)
        return answer(self.server.site, manners, self.server.crumb, request)

    def _no_writing(self) -> Answer:
        crumb = self.headers.get(self.server.manners.crumb_field, "")
        by_token = self.server.login is not None
        if not by_token and not hmac.compare_digest(crumb.encode(), self.server.crumb.encode()):
            return self.server.manners.no_crumb()
        return self.server.manners.no_writing()

    def _send(self, answer: Answer) -> None:
        body = answer.body
        accepted = _accepts_gzip(self.headers.get("Accept-Encoding", ""))
        is_packed = answer.packed and accepted
        if is_packed:
            body = gzip.compress(body, compresslevel=5, mtime=0)
        in_chunks = answer.streamed and self._takes_chunks()
        if answer.streamed and not in_chunks:
            self.close_connection = True
        self.send_response(answer.status)
        closing = {"Connection": "close"} if self.close_connection else {}
        told = {
            **closing,
            **self.server.manners.headers(self.server.session),
            **dict(answer.headers),
        }
        for name, value in told.items():
            self.send_header(name, value)
        if is_packed or (answer.mislabelled and accepted):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", answer.type)
        if in_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        elif not answer.streamed:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send_chunks(body) if in_chunks else self.wfile.write(body)

    def _takes_chunks(self) -> bool:
        return self.request_version != "HTTP/1.0" and not self.server.is_hudson

    def _send_chunks(self, body: bytes) -> None:
        for chunk in in_chunks(body):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.replace(" ", "").partition(";q=")
        if name in ("gzip", "*"):
            return weight.strip("0.") != "" if weight else True
    return False
