"""Asking Jenkins: python-jenkins behind a deadline, a size limit and one family of errors.

python-jenkins has no timeout, follows redirects, reads answers of any size into memory, and calls
everything it does not expect "does not exist". All its HTTP goes
through one method, which is replaced here; its session, authentication and addresses are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

import jenkins
import msgspec
import requests

from tracker.errors import JenkinsError
from tracker.jenkins.deadline import DeadlinePassed, within

CHUNK = 64 * 1024
CONNECT_SECONDS = 10


class Missing(JenkinsError):
    """Jenkins answers 404: the thing is not there, or may not be seen."""


class Refused(JenkinsError):
    """Jenkins wants other credentials: trying again changes nothing."""


class Unreachable(JenkinsError):
    """No usable answer now: down, starting, too slow, cut off. Trying again later helps."""


class Unusable(JenkinsError):
    """An answer that is not Jenkins' API: a login page, a redirect, garbage, too much of it."""


@dataclass(frozen=True)
class Address:
    """A Jenkins and how to get in; `token` never appears in a message."""

    name: str
    url: str
    username: str = ""
    token: str = field(default="", repr=False)
    seconds: float = 30
    max_bytes: int = 64 * 1024 * 1024


class Client:
    """One Jenkins, asked from the main thread; kept for as long as it answers."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._server = _Bounded(
            address.url, address.username or None, address.token or None, CONNECT_SECONDS
        )

    def json(self, path: str, tree: str = "") -> Any:
        """The JSON at `path` (below the server's address, without a leading slash)."""
        with self._ask(f"{path}api/json", {"tree": tree} if tree else None) as answer:
            body = b"".join(self._bounded(answer))
        try:
            return msgspec.json.decode(body, type=dict)
        except (msgspec.DecodeError, RecursionError) as error:
            raise Unusable(
                f"{self._named(path)} answers with something that is not JSON"
                f" ({_described(answer, body)}).",
                "Check the address of the server, and that no login page is in between.",
            ) from error

    def whoami(self) -> str:
        """Who the server takes us for; "anonymous" where it does not say."""
        try:
            answer = self.json("me/")
        except (Missing, Refused):
            self.json("", "mode")  # refused here too: then it is the credentials
            return "anonymous"
        return str(answer.get("fullName") or answer.get("id") or "anonymous")

    def test_report(self, build_path: str, tree: str) -> bytes | None:
        """Jenkins' own reading of a build's reports, as JSON bytes; None where there is none."""
        try:
            with self._ask(f"{build_path}testReport/api/json", {"tree": tree}) as answer:
                return b"".join(self._bounded(answer))
        except Missing:
            return None

    def fetch(self, path: str, write: Callable[[bytes], None]) -> None:
        """Hand the bytes of a file to `write`; a cut one raises Unreachable, however far it got."""
        with self._ask(path, None, {"Accept-Encoding": "identity"}) as answer:
            told = answer.headers.get("Content-Length", "")
            if not told.isdigit() and not _is_chunked(answer):
                raise Unusable(
                    f"{self._named(path)} comes without a length: a cut file could not be told"
                    " from a whole one."
                )
            size = 0
            for chunk in self._bounded(answer):
                size += len(chunk)
                write(chunk)
            if told.isdigit() and int(told) != size:
                raise Unreachable(f"{self._named(path)} was cut: {size} of {told} bytes arrived.")

    def path_of(self, url: str) -> str:
        """The path of something on this server from an address in one of its answers.

        Such addresses may name another host or port than the one asked (they come from the
        server's configured root), and matrix cells have `/./` in them: only the part from `job/`
        on is used, below our own address.
        """
        path = urlsplit(url).path.replace("/./", "/")
        start = path.find("/job/")
        return path[start + 1 :] if start >= 0 else ""

    @contextmanager
    def _ask(
        self, path: str, params: dict[str, str] | None, headers: dict[str, str] | None = None
    ) -> Iterator[requests.Response]:
        """One request from its first byte to its last, in the time it may take."""
        request = requests.Request(
            "GET", self._server.server + path, params=params, headers=headers or {}
        )
        try:
            with within(self.address.seconds):
                answer = self._server.jenkins_request(request, add_crumb=False, stream=True)
                with answer:
                    self._check(answer, path)
                    yield answer
        except DeadlinePassed as error:
            self._server.forget_connections()
            raise Unreachable(
                f"{self._named(path)} did not answer within {self.address.seconds:g} s."
            ) from error
        except jenkins.JenkinsException as error:
            raise Unreachable(
                f"{self._named(path)} does not answer: {_first_line(error)}."
            ) from error
        except requests.RequestException as error:
            raise Unreachable(
                f"{self._named(path)} cannot be reached: {_network_words(error)}."
            ) from error

    def _check(self, answer: requests.Response, path: str) -> None:
        status = answer.status_code
        if status < 300:
            return
        if status in (401, 403):
            who = f"the user {self.address.username!r}" if self.address.username else "anonymous"
            raise Refused(
                f"{self._named(path)} refuses {who} ({status}).",
                "Check user and token; the user needs Overall/Read and Job/Read.",
            )
        if status == 404:
            raise Missing(f"{self._named(path)} is not there (404).")
        if status < 400:
            raise Unusable(
                f"{self._named(path)} sends us on to another address ({status}); that is not"
                " followed.",
                "Give the server's final address.",
            )
        raise Unreachable(f"{self._named(path)} answers {status} {answer.reason}.")

    def _bounded(self, answer: requests.Response) -> Iterator[bytes]:
        size = 0
        for chunk in answer.iter_content(CHUNK):
            size += len(chunk)
            if size > self.address.max_bytes:
                raise Unusable(
                    f"An answer of the server {self.address.name!r} is larger than"
                    f" {self.address.max_bytes // (1024 * 1024)} MB.",
                    "Raise TRACKER_JENKINS_MAX_MB if it may be.",
                )
            yield chunk

    def _named(self, path: str) -> str:
        return f"Jenkins {self.address.name!r} at {self._server.server}{path}"


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Reading an answer: one of another shape than Jenkins gives is Unusable, not a mistake."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise Unusable(
            f"{what} has another shape than Jenkins gives: {error}.",
            "Check the address of the server, and what stands between it and the tracker.",
        ) from error


def job_path(name: str) -> str:
    """The path of a job from its full name: `job/team/job/nightly/`."""
    return "".join(f"job/{quote(part, safe='')}/" for part in name.split("/"))


def artifact_path(build_path: str, relative: str) -> str:
    """The path of an artifact of a build."""
    return f"{build_path}artifact/{quote(relative, safe='/')}"


def names_of(
    jobs: Sequence[dict[str, Any]], above: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Full names of the jobs in a tree of folders; folders themselves are left out."""
    for job in jobs:
        name = f"{above}{job.get('name', '')}"
        if "jobs" in job:
            yield from names_of(job["jobs"], f"{name}/")
        elif job.get("name"):
            yield name, job


class _Bounded(jenkins.Jenkins):  # type: ignore[misc]
    """python-jenkins with its one HTTP method made safe: no redirects, bodies never in memory."""

    def _request(self, req: requests.Request, stream: bool | None = None) -> requests.Response:
        prepared = self._session.prepare_request(req)
        settings = self._session.merge_environment_settings(
            prepared.url, {}, True, self._session.verify, None
        )
        answer: requests.Response = self._session.send(
            prepared, timeout=self.timeout, allow_redirects=False, **settings
        )
        return answer

    def _response_handler(self, response: requests.Response) -> requests.Response:
        """Every status comes back as it is: what it means is decided in one place, above."""
        return response

    def forget_connections(self) -> None:
        """Close what was left in the middle of an answer."""
        self._session.close()


def _is_chunked(answer: requests.Response) -> bool:
    return "chunked" in answer.headers.get("Transfer-Encoding", "").lower()


def _described(answer: requests.Response, body: bytes) -> str:
    kind = answer.headers.get("Content-Type", "no type").split(";")[0]
    return f"{kind}, {len(body)} bytes" + (
        ", an HTML page" if b"<html" in body[:2000].lower() else ""
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _network_words(error: requests.RequestException) -> str:
    """What went wrong on the network, without the inside of the library."""
    text = str(error)
    for sign, words in (
        ("Name or service not known", "its name is not known"),
        ("Temporary failure in name resolution", "its name cannot be looked up now"),
        ("Connection refused", "the connection is refused"),
        ("CERTIFICATE_VERIFY_FAILED", "its certificate cannot be verified"),
        ("timed out", "it takes too long"),
        ("Connection reset", "the connection was reset"),
        ("Remote end closed", "it closed the connection"),
        ("Connection broken", "the answer was cut"),
        ("IncompleteRead", "the answer was cut"),
    ):
        if sign in text:
            return words
    return type(error).__name__
