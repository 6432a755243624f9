"""Subunit: version 2, packets of bytes, and version 1, lines such as `success: name`.

Readings where tools differ:

- An expected failure is skipped, an unexpected success failed, as the runners of OpenStack have it
  (subunit-stats calls both passed).
- `exists` is no outcome: a test that is only listed is no result, and where none or not all of the
  listed tests ran, the run is in trouble. A test that began and never ended is unknown.
- A test's id is split at the last dot before its parameters: module and class are the suite.
  `setUpClass (module.Class)`, its kin and modules that could not be loaded are the suite's set-up
  and tear-down.
- Text between packets is kept as the output of the run. A packet whose checksum is wrong is damage;
  reading goes on where the next packet stands just behind it, and ends there otherwise.
- A test that failed and has another outcome later was tried again; any other repeat is a result of
  its own.
- Version 1 takes an outcome only for a test that was begun, since tests print what they like; the
  one exception is `setUpClass` and its kin, which are never begun.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Literal

from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    Damage,
    Head,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
    parser,
    seconds_within,
)

SIGNATURE = b"\xb3"
TEST_ID, ROUTE, TIME, TAGS = 0x0800, 0x0400, 0x0200, 0x0080
MIME, FILE = 0x0020, 0x0040
LONGEST = 4 * 1024 * 1024
CHUNK = 64 * 1024

# What the last three bits of a packet's flags mean; 0 says nothing.
WORDS = ("", "exists", "inprogress", "success", "uxsuccess", "skip", "fail", "xfail")
STATUSES = {
    "success": Status.PASSED,
    "successful": Status.PASSED,
    "fail": Status.FAILED,
    "failure": Status.FAILED,
    "error": Status.ERROR,
    "skip": Status.SKIPPED,
    "xfail": Status.SKIPPED,
    "uxsuccess": Status.FAILED,
}
BROKEN = frozenset({"fail", "failure", "error"})
EXPECTED: dict[str, Literal["", "xfail", "xpass"]] = {"xfail": "xfail", "uxsuccess": "xpass"}

# What is said of a test that says nothing itself.
SAID = {"": "it began and never ended", "uxsuccess": "unexpected success"}

BEGIN = re.compile(rb"test(?:ing)?:?[ \t]+(.+)")
OUTCOME = re.compile(rb"(success(?:ful)?|failure|error|skip|xfail|uxsuccess):?[ \t]+(.+)")
DETAILS = re.compile(rb"(.*?)( \[(?: multipart)?)?", re.S)
DETAILS_END = (b"]\n", b"]\r\n")
HEXADECIMAL = re.compile(rb"\s*[0-9A-Fa-f]{1,15}\s*")
DIRECTIVE = re.compile(rb"(tags|time|progress):?[ \t]+(.+)")
ID = re.compile(r"(\w+(?:[.$]\w+)*)\.(\w+(?:[(\[ ].*)?)", re.S)
FIXTURE = re.compile(r"(setUp|tearDown)(?:Class|Module) \((.+)\)")
NOT_LOADED = re.compile(
    r"unittest\.loader\.(?:_FailedTest|ModuleImportFailure|LoadTestsFailure)\.(.+)"
)
EXCEPTION = re.compile(r"((?:\w+\.)*[A-Z]\w*)(?:: |$)")

MOST_TEXT = 256 * 1024


def looks_like(head: Head) -> float:
    """A whole packet whose checksum is right; or a test that begins and ends in lines."""
    if head.root or head.json is not None:
        return 0.0
    return 0.95 if _is_version_2(head.data) else _sureness_of_lines(head.data)


def _is_version_2(data: bytes) -> bool:
    start = -1
    for _ in range(1000):  # hostile bytes may look like very many packets
        start = data.find(SIGNATURE, start + 1)
        if start < 0:
            break
        with suppress(_BadPacket):
            if _packet(data, start) or (start == 0 and _length(data, 0) > len(data)):
                return True
    return False


def _sureness_of_lines(data: bytes) -> float:
    name = None
    for line in data.splitlines()[:5000]:
        if begin := BEGIN.fullmatch(line):
            name = begin[1]
        elif (outcome := OUTCOME.fullmatch(line)) and name is not None:
            found = DETAILS.fullmatch(outcome[2])
            if name in (outcome[2], found and found[1]):
                return 0.85
    return 0.0


@parser(
    "subunit",
    recognises="subunit, version 1 (text) and 2 (binary)",
    sniff=looks_like,
    endings=(".subunit",),
)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    reader = _read_packets if _is_version_2(report.head.data) else _read_lines
    for _ in reader(report.stream, reading):
        yield from reading.out
        reading.out.clear()
    damage = reading.damage
    if not reading.found_tests:
        reason = damage.reason if damage else "it holds no test of subunit"
        raise ReportError(reason, damage.position if damage else "")
    reading.finish()
    yield from reading.out
    if damage:
        yield damage


class _Text:
    """Bytes as they come; of very many only the first."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        if self._size < MOST_TEXT:
            self._parts.append(data)
            self._size += len(data)

    def __str__(self) -> str:
        return b"".join(self._parts).decode("utf-8", "replace")


class _Test:
    """A test between its first mention and its outcome."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.tags: dict[str, None] = {}
        self.texts: dict[str, _Text] = {}
        self.attachments: list[str] = []

    def attach(self, name: str, mime: str, data: bytes) -> None:
        if mime and not mime.startswith(("text/", "application/json")):
            if name not in self.attachments:
                self.attachments.append(name)
            return
        self.texts.setdefault(name, _Text()).add(data)


class _Reading:
    """One report: the tests that run, those that were listed, and what goes out."""

    def __init__(self) -> None:
        self.out: list[Record] = []
        self.damage: Damage | None = None
        self.found_tests = False
        self.planned: int | None = None
        self.other = _Text()
        self._tests: dict[tuple[str, str], _Test] = {}
        self._listed: set[str] = set()
        self._failed: set[tuple[tuple[str, ...], str]] = set()
        self._results = 0
        self._path: tuple[str, ...] | None = None

    def damaged(self, reason: str, position: int) -> None:
        self.damage = self.damage or Damage(reason, f"byte {position}")

    def list(self, test_id: str) -> None:
        self.found_tests = True
        self._listed.add(test_id)

    def test(self, test_id: str, route: str = "") -> _Test:
        self.found_tests = True
        test = self._tests.get((test_id, route))
        if test is None:
            test = self._tests[test_id, route] = _Test()
        return test

    def end(self, test_id: str, word: str, time: float | None, route: str = "") -> None:
        test = self.test(test_id, route)
        del self._tests[test_id, route]
        self._listed.discard(test_id)
        self._results += 1
        duration = None
        if time is not None and test.began is not None:
            duration = seconds_within(round(time - test.began, 6))
        path, name = _place(test_id)
        if path != self._path:
            self._path = path
            self.out.append(Suite(path))
        retry = (path, name) in self._failed
        self._failed.discard((path, name))
        if word in BROKEN:
            self._failed.add((path, name))
        self.out.append(_result(name, word, duration, test, retry))

    def finish(self) -> None:
        if self._tests:
            self.out.append(Trouble(f"{len(self._tests)} tests began and never ended"))
        for test_id, route in list(self._tests):
            self.end(test_id, "", None, route)
        if self._listed:
            count = len(self._listed)
            self.out.append(Trouble(f"{count} tests were listed and never ran"))
        if self.planned is not None and self.planned > self._results:
            self.out.append(Trouble(f"planned {self.planned} tests, found {self._results}"))
        if other := str(self.other).strip("\r\n"):
            self.out.append(Suite((), stdout=other))


class _BadPacket(Exception):
    """These bytes are no packet, or a damaged one of `length` bytes."""

    def __init__(self, reason: str, length: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.length = length


@dataclass(slots=True)
class _Packet:
    length: int
    word: str
    test_id: str = ""
    route: str = ""
    time: float | None = None
    tags: Sequence[str] = ()
    mime: str = ""
    file: str | None = None
    content: bytes = b""


def _read_packets(stream: BinaryIO, reading: _Reading) -> Iterator[None]:
    """Packets, and the text between them."""
    data, start, offset, is_over = b"", 0, 0, False
    text = 0  # where the text right before `start` begins
    ahead = CHUNK
    while True:
        if not is_over and len(data) - start < ahead:
            chunk = stream.read(ahead)
            data, start, text, offset = data[text:] + chunk, start - text, 0, offset + text
            is_over = not chunk
        if start == len(data):
            return
        end = data.find(SIGNATURE, start)
        if end != start:
            end = len(data) if end < 0 else end
            reading.other.add(data[start:end])
            start, text = end, max(text, end - 3)
            continue
        try:
            packet = _packet(data, start)
            if packet is None and not is_over:
                ahead = LONGEST
                continue
            if packet is None:
                raise _BadPacket("the file ends in the middle of a packet", len(data) - start)
        except _BadPacket as bad:
            if _is_inside_character(data[text:start]):
                reading.other.add(SIGNATURE)
                start += 1
                continue
            reading.damaged(bad.reason, offset + start)
            text = start = start + bad.length
            if not bad.length or not data.startswith(SIGNATURE, start):
                return
            continue
        text = start = start + packet.length
        ahead = CHUNK
        _take_packet(packet, reading)
        if reading.out:
            yield


def _is_inside_character(before: bytes) -> bool:
    """Whether the byte 0xB3 would go on with a character of UTF-8, as in "\u00f3"."""
    for back, byte in enumerate(reversed(before[-3:]), 1):
        if byte >= 0xC0:
            return back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


def _take_packet(packet: _Packet, reading: _Reading) -> None:
    if not packet.test_id:
        reading.other.add(packet.content)
    elif packet.word == "exists":
        reading.list(packet.test_id)
    else:
        test = reading.test(packet.test_id, packet.route)
        if test.began is None:
            test.began = packet.time
        for tag in packet.tags:
            test.tags[tag] = None
        if packet.file is not None:
            test.attach(packet.file, packet.mime, packet.content)
        if packet.word not in ("", "inprogress"):
            reading.end(packet.test_id, packet.word, packet.time, packet.route)


def _packet(data: bytes, start: int) -> _Packet | None:
    """The packet at a place; None where `data` ends in the middle of it."""
    length = _length(data, start)
    end = start + length
    if not length or end > len(data):
        return None
    body = data[start : end - 4]
    if zlib.crc32(body) != int.from_bytes(data[end - 4 : end], "big"):
        raise _BadPacket("the checksum of a packet is wrong", length)
    try:
        return _read_packet(length, body)
    except (IndexError, UnicodeDecodeError):
        raise _BadPacket("a packet says more than it holds", length) from None


def _length(data: bytes, start: int) -> int:
    """How long the packet at a place says to be; 0 where that is not there yet."""
    head = data[start + 1 : start + 6]
    if head and head[0] >> 4 != 2:
        raise _BadPacket("what stands here is no packet of subunit")
    if len(head) < 5:
        return 0
    size = head[2] >> 6
    length = int.from_bytes(head[2 : 3 + size], "big") & (1 << 6 + 8 * size) - 1
    if head[1] & 8 or size == 3 or not 8 <= length <= LONGEST:
        raise _BadPacket("what stands here is no packet of subunit")
    return length


def _read_packet(length: int, body: bytes) -> _Packet:
    """The fields of a packet, which stand one behind the other."""
    flags = int.from_bytes(body[1:3], "big")
    packet = _Packet(length, WORDS[flags & 7])
    fields = io.BytesIO(body)
    fields.seek(4 + (body[3] >> 6))
    if flags & TIME:
        packet.time = int.from_bytes(fields.read(4), "big") + _number(fields) / 1e9
    if flags & TEST_ID:
        packet.test_id = _bytes(fields).decode()
    if flags & TAGS:
        packet.tags = sorted([_bytes(fields).decode() for _ in range(_number(fields))])
    if flags & MIME:
        packet.mime = _bytes(fields).decode()
    if flags & FILE:
        packet.file = _bytes(fields).decode()
        packet.content = _bytes(fields)
    if flags & ROUTE:
        packet.route = _bytes(fields).decode()
    return packet


def _number(fields: io.BytesIO) -> int:
    """A number, whose first two bits tell how many more bytes it has."""
    first = fields.read(1)
    if first < b"\x40":
        return first[0]
    size = first[0] >> 6
    return int.from_bytes(first + fields.read(size), "big") & (1 << 6 + 8 * size) - 1


def _bytes(fields: io.BytesIO) -> bytes:
    size = _number(fields)
    data = fields.read(size)
    if len(data) < size:
        raise IndexError
    return data


def _read_lines(stream: BinaryIO, reading: _Reading) -> Iterator[None]:
    lines = _Lines(stream, reading)
    while line := lines.next():
        lines.take(line)
        if reading.out:
            yield


class _Lines:
    """A text stream: the tests that run, and the time and the tags that count for the next one."""

    def __init__(self, stream: BinaryIO, reading: _Reading) -> None:
        self._stream = stream
        self._reading = reading
        self._position = 0
        self._running: dict[bytes, None] = {}
        self._time: float | None = None
        self._tags: dict[str, None] = {}

    def next(self) -> bytes:
        line = self._stream.readline()
        if self._position == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        self._position += len(line)
        return line

    def take(self, line: bytes) -> None:
        text = line.rstrip(b"\r\n")
        begin, outcome = BEGIN.fullmatch(text), OUTCOME.fullmatch(text)
        if not line.endswith(b"\n") and (begin or (outcome and outcome[2] not in self._running)):
            place = self._position - len(line)
            self._reading.damaged("the file ends in the middle of a line", place)
        elif outcome and self._takes_outcome(outcome[1].decode(), outcome[2]):
            pass
        elif begin:
            self._running[begin[1]] = None
            test = self._reading.test(_text(begin[1]))
            test.began = self._time
            test.tags.update(self._tags)
        elif directive := DIRECTIVE.fullmatch(text):
            self._take_directive(directive[1], _text(directive[2]))
        else:
            self._reading.other.add(line)

    def _takes_outcome(self, word: str, rest: bytes) -> bool:
        """Whether this is the outcome of a test, and not something that a test printed."""
        name, details = rest, b""
        if rest not in self._running and (found := DETAILS.fullmatch(rest)):
            name, details = found[1], found[2] or b""
        test_id = _text(name)
        if name not in self._running and not FIXTURE.fullmatch(test_id):
            return False
        if details and not self._reads_details(self._reading.test(test_id), word, details):
            self._reading.damaged("the file ends inside the details of a test", self._position)
            return True
        self._running.pop(name, None)
        self._reading.end(test_id, word, self._time)
        return True

    def _reads_details(self, test: _Test, word: str, kind: bytes) -> bool:
        """Whether the bracket that ends them came."""
        if kind != b" [":
            return self._reads_parts(test)
        text = _Text()
        while line := self.next():
            if line in DETAILS_END:
                test.texts["reason" if word == "skip" else "traceback"] = text
                return True
            text.add(line[1:] if line.startswith(b" ]") else line)
        return False

    def _reads_parts(self, test: _Test) -> bool:
        """Parts with a content type, a name, and chunks with their length before them."""
        while line := self.next():
            if line in DETAILS_END:
                return True
            if line.startswith(b"Content-Type:"):
                mime = _text(line.partition(b":")[2]).strip()
                name = _text(self.next().rstrip(b"\r\n"))
                test.attach(name, mime, b"")
                for chunk in self._chunks():
                    test.attach(name, mime, chunk)
        return False

    def _chunks(self) -> Iterator[bytes]:
        """Up to one that has no length."""
        while line := self.next():
            left = int(line, 16) if HEXADECIMAL.fullmatch(line) else None
            if left == 0:
                return
            while left and (chunk := self._stream.read(min(left, CHUNK))):
                self._position += len(chunk)
                left -= len(chunk)
                yield chunk

    def _take_directive(self, kind: bytes, text: str) -> None:
        if kind == b"time":
            self._time = _timestamp(text)
        elif kind == b"tags":
            self._take_tags(text)
        elif (number := text.lstrip("+")).isdecimal() and len(number) < 10:
            planned = self._reading.planned or 0
            self._reading.planned = int(number) + (planned if text.startswith("+") else 0)

    def _take_tags(self, text: str) -> None:
        last = next(reversed(self._running), None)
        tags = self._tags if last is None else self._reading.test(_text(last)).tags
        for tag in text.split():
            if tag.startswith("-"):
                tags.pop(tag[1:], None)
            else:
                tags[tag] = None


def _place(test_id: str) -> tuple[tuple[str, ...], str]:
    """The suite and the name that an id tells."""
    if found := ID.fullmatch(test_id):
        if failed := NOT_LOADED.fullmatch(test_id):
            return (failed[1],), SET_UP
        return (found[1],), found[2]
    if fixture := FIXTURE.fullmatch(test_id):
        return (fixture[2],), SET_UP if fixture[1] == "setUp" else TEAR_DOWN
    return (), test_id


def _result(name: str, word: str, duration: float | None, test: _Test, retry: bool) -> Result:
    """A test with its outcome; no word says that none came."""
    properties = tuple([("tag", tag) for tag in test.tags])
    if word == "success" and not (test.texts or test.attachments or retry):
        return Result(name, Status.PASSED, duration, properties=properties)
    texts = {key: str(text).strip("\r\n") for key, text in test.texts.items()}
    reason, stderr = texts.pop("reason", ""), texts.pop("stderr", "")
    traces = [text for key, text in texts.items() if key.startswith("traceback") and text]
    printed = [text for key, text in texts.items() if not key.startswith("traceback") and text]
    exception, message = _exception(traces[0]) if traces else ("", SAID.get(word, ""))
    expected = EXPECTED.get(word, "")
    return Result(
        name,
        STATUSES.get(word, Status.UNKNOWN),
        duration,
        message=reason or message,
        trace="\n\n".join(traces),
        type=exception,
        stdout="\n".join(printed),
        stderr=stderr,
        retry=retry,
        raw_status=expected and word if word else "inprogress",
        expected_failure=expected,
        properties=properties,
        attachments=tuple(test.attachments),
    )


def _exception(trace: str) -> tuple[str, str]:
    """The type and the message that end a Python trace; else its last line."""
    lines = trace.splitlines()
    frames = [place for place, line in enumerate(lines) if line.startswith("  ")]
    told = lines[frames[-1] + 1 :] if frames else lines
    for place, line in enumerate(told):
        if found := EXCEPTION.match(line):
            rest = "\n".join([line[found.end() :], *told[place + 1 :]])
            return found[1], rest.strip() or found[1]
    return "", next((line.strip() for line in reversed(lines) if line.strip()), "")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _timestamp(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None
