"""Asking Jenkins: python-jenkins behind a deadline, a size limit and one family of errors.

python-jenkins has no timeout, follows redirects, reads answers of any size into memory, and calls
everything it does not expect "does not exist". All its HTTP goes through one method, which is
replaced here; its session, authentication and addresses are kept.
"""

from __future__ import annotations

import mmap
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import jenkins
import msgspec
import requests

from tracker.errors import JenkinsError, SettingsError
from tracker.intake.strict_json import strict_json
from tracker.jenkins.deadline import DeadlinePassed, is_looked_up, within
from tracker.jenkins.pace import Pace

CHUNK = 64 * 1024
CONNECT_SECONDS = 10
# What is held in memory of an answer; reports go to the disk, and have the limit of the settings.
JSON_BYTES = 6 * 1024 * 1024
REPORT_LIMIT = "TRACKER_JENKINS_MAX_MB says how large a report may be."
# Credentials that are refused lock accounts when they are tried again and again.
REFUSED_PAUSE = 600


class Missing(JenkinsError):
    """Jenkins answers 404: the thing is not there, or may not be seen."""


class Refused(JenkinsError):
    """Jenkins wants other credentials: trying again changes nothing."""

    pause: float | None = REFUSED_PAUSE


class Unreachable(JenkinsError):
    """No usable answer now: down, starting, too slow, cut off. Trying again later helps."""


class TooSlow(Unreachable):
    """The time is up: for one answer, or for all that was to be asked now."""


class Unusable(JenkinsError):
    """An answer that is not Jenkins' API: a login page, a redirect, garbage."""


class TooMuch(Unusable):
    """An answer larger than what is taken."""


@dataclass(frozen=True)
class Address:
    """A Jenkins and how to get in; `token` never appears in a message.

    ca_file    certificates of authorities to believe in place of the usual ones
    seconds    the longest that one answer may take, from first byte to last
    max_bytes  the largest report that is taken
    pace       how often it may be asked; None: as often as one likes
    """

    name: str
    url: str
    username: str = ""
    token: str = field(default="", repr=False)
    ca_file: str = ""
    seconds: float = 30
    max_bytes: int = 64 * 1024 * 1024
    pace: Pace | None = None


@dataclass(frozen=True)
class Heard:
    """What the newest answer said of the server: its version, its clock less ours in seconds."""

    version: str = ""
    clock_ahead: float | None = None


class Client:
    """One Jenkins, asked from the main thread; kept for as long as it answers."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.heard = Heard()
        self._host = urlsplit(address.url).hostname or ""
        self._until = float("inf")
        self._has_ranges: bool | None = None
        self._server = _Bounded(
            address.url,
            address.username or None,
            address.token or None,
            (CONNECT_SECONDS, address.seconds),
        )
        self._server.believe(address.ca_file)

    @property
    def is_out_of_time(self) -> bool:
        """Whether the time for all that was to be asked now is up."""
        return time.monotonic() >= self._until

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """All that is asked inside ends within `seconds`: TooSlow at the first that would not."""
        before = self._until
        self._until = min(before, time.monotonic() + seconds)
        try:
            yield
        finally:
            self._until = before

    def json(self, path: str, tree: str = "") -> Any:
        """The JSON at `path` (below the server's address, without a leading slash)."""
        with self._ask(f"{path}api/json", {"tree": tree} if tree else None) as answer:
            body = b"".join(self._bounded(answer, min(JSON_BYTES, self.address.max_bytes), ""))
        try:
            return _decoded(body)
        except ValueError as error:
            raise Unusable(
                f"{self._named(path)} answers with something that is not JSON"
                f" ({_described(answer, body)}).",
                "Check the address of the server, and that no login page is in between.",
            ) from error

    def whoami(self) -> str:
        """Who the server takes us for; "anonymous" where it does not say."""
        try:
            answer = self.json("me/")
        except JenkinsError:  # very old controllers answer 500 to anonymous
            self.json("", "mode")  # refused here too: then it is the credentials
            return "anonymous"
        return str(answer.get("fullName") or answer.get("id") or "anonymous")

    @property
    def has_ranges(self) -> bool:
        """Whether the server knows `{0,50}` behind a list; very old ones answer 500 to it."""
        if self._has_ranges is None:
            try:
                self.json("", "jobs[name]{0,1}")
                self._has_ranges = True
            except Unreachable as error:
                if error.answered != 500:
                    raise
                self.json("", "mode")  # raises where it was not the range
                self._has_ranges = False
        return self._has_ranges

    def test_report(self, build_path: str, tree: str, write: Callable[[bytes], None]) -> bool:
        """Hand Jenkins' own reading of a build's reports to `write`, as JSON; False for none."""
        try:
            with self._ask(f"{build_path}testReport/api/json", {"tree": tree}) as answer:
                for chunk in self._bounded(answer, self.address.max_bytes):
                    write(chunk)
        except Missing:
            return False
        return True

    def fetch(
        self, path: str, write: Callable[[bytes], None], *, needs_length: bool = True
    ) -> None:
        """Hand the bytes of a file to `write`; a cut one raises Unreachable, however far it got.

        A file without a length is Unusable, unless it does not need one: then nobody here can
        tell whether it was cut.
        """
        with self._ask(path, None, {"Accept-Encoding": "identity"}) as answer:
            told = _count(answer.headers.get("Content-Length", ""))
            if needs_length and told is None and not _is_chunked(answer):
                raise Unusable(
                    f"{self._named(path)} comes without a length: a cut file could not be told"
                    " from a whole one."
                )
            size = 0
            for chunk in self._bounded(answer, self.address.max_bytes):
                size += len(chunk)
                write(chunk)
            if told is not None and told != size:
                raise Unreachable(f"{self._named(path)} was cut: {size} of {told} bytes arrived.")

    def can_fetch(self, path: str) -> bool:
        """Whether a file may be had: its first byte is asked for; False where it is refused."""
        try:
            with self._ask(path, None, {"Accept-Encoding": "identity", "Range": "bytes=0-0"}):
                return True
        except (Missing, Refused):
            return False

    def path_of(self, url: str) -> str:
        """The path of something on this server from an address in one of its answers.

        Such addresses may name another host or port than the one asked (they come from the
        server's configured root), and matrix cells have `/./` in them: only the part from `job/`
        on is used, below our own address; "" where it is no such address.
        """
        try:
            path = urlsplit(url).path.replace("/./", "/")
        except ValueError:
            return ""
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
        with ExitStack() as held:
            seconds = self._time_left(path, held)
            try:
                with within(seconds):
                    answer = self._server.jenkins_request(request, add_crumb=False, stream=True)
                    with answer:
                        self._check(answer, path)
                        yield answer
            except DeadlinePassed as error:
                self._server.forget_connections()
                raise TooSlow(
                    f"{self._named(path)} did not answer within {seconds:.3g} s."
                ) from error
            except jenkins.JenkinsException as error:
                raise Unreachable(
                    f"{self._named(path)} does not answer: {_first_line(error)}."
                ) from error
            except requests.RequestException as error:
                raise Unreachable(
                    f"{self._named(path)} cannot be reached: {_network_words(error)}.",
                    _network_remedy(error),
                ) from error

    def _time_left(self, path: str, held: ExitStack) -> float:
        """Wait for our turn; how many seconds the answer may take."""
        try:
            if self.address.pace is not None:
                held.enter_context(self.address.pace.turn(self._until))
            left = min(self._until - time.monotonic(), self.address.seconds)
            if left <= 0:
                raise TimeoutError
        except TimeoutError as error:
            raise TooSlow(
                f"The time for asking Jenkins {self.address.name!r} was up before {path or 'it'}"
                " could be asked."
            ) from error
        if not is_looked_up(self._host, left):
            raise TooSlow(
                f"{self._named(path)} cannot be reached: looking up its name takes more than"
                f" {left:.3g} s."
            )
        return left

    def _check(self, answer: requests.Response, path: str) -> None:
        self.heard = _heard(answer)
        status = answer.status_code
        if status < 300:
            return
        if status in (401, 403):
            who = f"the user {self.address.username!r}" if self.address.username else "anonymous"
            refused = Refused(
                f"{self._named(path)} refuses {who} ({status}).",
                "Check user and token; the user needs Overall/Read and Job/Read.",
            )
            refused.answered = status
            raise refused
        if status == 404:
            raise Missing(f"{self._named(path)} is not there (404).")
        if status < 400:
            raise Unusable(
                f"{self._named(path)} sends us on to another address ({status}); that is not"
                " followed.",
                "Give the server's final address.",
            )
        error = Unreachable(
            f"{self._named(path)} answers {status} {answer.reason}.",
            "It may be starting." if status == 503 else "",
        )
        error.answered = status
        wanted = _count(answer.headers.get("Retry-After", ""))
        if wanted is not None:
            error.pause = min(wanted, REFUSED_PAUSE)
        raise error

    def _bounded(
        self, answer: requests.Response, most: int, remedy: str = REPORT_LIMIT
    ) -> Iterator[bytes]:
        size = 0
        for chunk in answer.iter_content(CHUNK):
            size += len(chunk)
            if size > most:
                raise TooMuch(
                    f"An answer of the server {self.address.name!r} is larger than"
                    f" {most // (1024 * 1024)} MB.",
                    remedy,
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


def is_whole_json(path: Path) -> bool:
    """Whether a file is one JSON document to its end: an answer without a length may be cut.

    One that only a lenient reader takes is none here.
    """
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            msgspec.json.decode(memoryview(data), type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            return False
    return True


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

    def believe(self, ca_file: str) -> None:
        """Take the certificates in a file for the authorities, where one is named."""
        if not ca_file:
            return
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise SettingsError(
                f"The certificates in {ca_file} cannot be read: {error.strerror or error}.",
                "Correct it with `tracker server add … --ca-file FILE`.",
            ) from error
        self._session.verify = ca_file

    def forget_connections(self) -> None:
        """Close what was left in the middle of an answer."""
        self._session.close()


def _decoded(body: bytes) -> Any:
    """The object that an answer holds; ValueError for another.

    Jenkins writes control characters in texts as they are, which no strict reader takes.
    """
    try:
        return msgspec.json.decode(body, type=dict)
    except (ValueError, RecursionError):
        return msgspec.json.decode(strict_json(body), type=dict)


def _count(header: str) -> int | None:
    """The number that a header tells; None where it tells none."""
    return int(header) if header.isascii() and header.isdigit() and len(header) < 19 else None


def _is_chunked(answer: requests.Response) -> bool:
    return "chunked" in answer.headers.get("Transfer-Encoding", "").lower()


def _heard(answer: requests.Response) -> Heard:
    return Heard(answer.headers.get("X-Jenkins", ""), _clock_ahead(answer.headers.get("Date", "")))


def _clock_ahead(date: str) -> float | None:
    """Seconds between a time of HTTP and our clock; None where there is none."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None


def _described(answer: requests.Response, body: bytes) -> str:
    kind = answer.headers.get("Content-Type", "no type").split(";")[0]
    return f"{kind}, {len(body)} bytes" + (
        ", an HTML page" if b"<html" in body[:2000].lower() else ""
    )


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]


def _network_remedy(error: requests.RequestException) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Name the file of your authority with --ca-file, or mend the server's certificate."
    return ""


def _network_words(error: requests.RequestException) -> str:
    """What went wrong on the network, without the inside of the library."""
    text = str(error)
    for sign, words in (
        ("Name or service not known", "its name is not known"),
        ("Temporary failure in name resolution", "its name cannot be looked up now"),
        ("Connection refused", "the connection is refused"),
        ("CERTIFICATE_VERIFY_FAILED", "its certificate cannot be verified"),
        ("WRONG_VERSION_NUMBER", "it does not speak TLS there"),
        ("SSLError", "no safe connection can be made"),
        ("timed out", "it takes too long"),
        ("Connection reset", "the connection was reset"),
        ("Remote end closed", "it closed the connection"),
        ("Connection broken", "the answer was cut"),
        ("IncompleteRead", "the answer was cut"),
    ):
        if sign in text:
            return words
    return type(error).__name__
