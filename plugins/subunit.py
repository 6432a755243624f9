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

import re
import struct
import zlib
from collections.abc import Iterator
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
)

SIGNATURE = 0xB3
VERSION_2 = 0x2000
TEST_ID, ROUTE, TIME, TAGS = 0x0800, 0x0400, 0x0200, 0x0080
MIME, FILE = 0x0020, 0x0040
HEADER = struct.Struct(">H")
SECONDS = struct.Struct(">I")
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
DIRECTIVE = re.compile(rb"(tags|time|progress):?[ \t]+(.+)")
ID = re.compile(r"(\w+(?:[.$]\w+)*)\.(\w+(?:[(\[ ].*)?)", re.S)
FIXTURE = re.compile(r"(setUp|tearDown)(?:Class|Module) \((.+)\)")
NOT_LOADED = re.compile(
    r"unittest\.loader\.(?:_FailedTest|ModuleImportFailure|LoadTestsFailure)\.(.+)"
)
EXCEPTION = re.compile(r"((?:\w+\.)*[A-Z]\w*)(?:: |$)")

MOST_TEXT = 256 * 1024
YEAR = 365 * 86_400.0


def looks_like(head: Head) -> float:
    """A whole packet whose checksum is right; or a test that begins and ends in lines."""
    if head.root or head.json is not None:
        return 0.0
    return 0.95 if _is_version_2(head.data) else _sureness_of_lines(head.data)


def _is_version_2(data: bytes) -> bool:
    start = data.find(SIGNATURE)
    for _ in range(1000):  # hostile bytes may look like very many packets
        if start < 0:
            break
        try:
            if _packet(data, start) is not None:
                return True
        except _BadPacket:
            pass
        start = data.find(SIGNATURE, start + 1)
    return _begins_with_long_packet(data)


def _begins_with_long_packet(data: bytes) -> bool:
    try:
        return data[:1] == b"\xb3" and _length(data, 0)[1] > len(data)
    except _BadPacket:
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


@parser("subunit", recognises="subunit, version 1 (text) and 2 (binary)", sniff=looks_like)
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
        test = self._tests.pop((test_id, route), None) or _Test()
        self.found_tests = True
        self._listed.discard(test_id)
        self._results += 1
        duration = None
        if time is not None and test.began is not None:
            duration = min(max(round(time - test.began, 6), 0.0), YEAR)
        path, name = _place(test_id)
        if path != self._path:
            self._path = path
            self.out.append(Suite(path))
        retry = (path, name) in self._failed
        if word in BROKEN:
            self._failed.add((path, name))
        elif retry:
            self._failed.discard((path, name))
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


# Version 2


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
    tags: tuple[str, ...] = ()
    mime: str = ""
    file: str | None = None
    content: bytes = b""


def _read_packets(stream: BinaryIO, reading: _Reading) -> Iterator[None]:
    """Packets, and the text between them."""
    data, start, offset, is_over = b"", 0, 0, False
    text = 0  # how many bytes of text stand right before `start`
    while True:
        if not is_over and len(data) - start < CHUNK:
            kept = max(start - min(text, 3), 0)
            chunk = stream.read(CHUNK)
            data, start, offset = data[kept:] + chunk, start - kept, offset + kept
            is_over = not chunk
        if start >= len(data):
            return
        end = data.find(SIGNATURE, start)
        if end != start:
            end = len(data) if end < 0 else end
            reading.other.add(data[start:end])
            text += end - start
            start = end
            continue
        try:
            packet = _packet(data, start)
            while packet is None and not is_over:
                chunk = stream.read(CHUNK)
                data += chunk
                is_over = not chunk
                packet = _packet(data, start)
            if packet is None:
                raise _BadPacket("the file ends in the middle of a packet", len(data) - start)
        except _BadPacket as bad:
            if _is_inside_character(data[start - min(text, 3) : start]):
                reading.other.add(b"\xb3")
                text, start = text + 1, start + 1
                continue
            reading.damaged(bad.reason, offset + start)
            start, text = start + bad.length, 0
            if not bad.length or data[start : start + 1] not in (b"\xb3", b""):
                return
            continue
        start, text = start + packet.length, 0
        _take_packet(packet, reading)
        if reading.out:
            yield


def _is_inside_character(before: bytes) -> bool:
    """Whether the byte 0xB3 would go on with a character of UTF-8, as in "\u00f3"."""
    for back, byte in enumerate(reversed(before), 1):
        if byte >= 0xC0:
            return back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)
        if byte < 0x80:
            return False
    return False


def _take_packet(packet: _Packet, reading: _Reading) -> None:
    word, test_id = packet.word, packet.test_id
    if not test_id:
        reading.other.add(packet.content)
        return
    if word == "exists":
        reading.list(test_id)
        return
    test = reading.test(test_id, packet.route)
    if test.began is None:
        test.began = packet.time
    if packet.tags:
        test.tags.update(dict.fromkeys(packet.tags))
    if packet.file is not None:
        test.attach(packet.file, packet.mime, packet.content)
    if word not in ("", "inprogress"):
        reading.end(test_id, word, packet.time, packet.route)


def _length(data: bytes, start: int) -> tuple[int, int]:
    """The flags and the length of a packet; the length is 0 where it is not there yet."""
    if len(data) < start + 6:
        if len(data) > start + 1 and data[start + 1] >> 4 != 2:
            raise _BadPacket("what stands here is no packet of subunit")
        return 0, 0
    flags = HEADER.unpack_from(data, start + 1)[0]
    first = data[start + 3]
    size = first >> 6
    if flags & 0xF008 != VERSION_2 or size == 3:
        raise _BadPacket("what stands here is no packet of subunit")
    length = int.from_bytes(data[start + 3 : start + 4 + size], "big") & (1 << 6 + 8 * size) - 1
    if not 8 <= length <= LONGEST:
        raise _BadPacket("what stands here is no packet of subunit")
    return flags, length


def _packet(data: bytes, start: int) -> _Packet | None:
    """The packet at a place; None where `data` ends in the middle of it."""
    flags, length = _length(data, start)
    end = start + length
    if not length or end > len(data):
        return None
    body = data[start : end - 4]
    if zlib.crc32(body) != SECONDS.unpack_from(data, end - 4)[0]:
        raise _BadPacket("the checksum of a packet is wrong", length)
    packet = _Packet(length, WORDS[flags & 7])
    try:
        _fill(packet, flags, body)
    except (IndexError, struct.error, UnicodeDecodeError):
        raise _BadPacket("a packet says more than it holds", length) from None
    return packet


def _fill(packet: _Packet, flags: int, body: bytes) -> None:
    """The fields of a packet, in their order."""
    place = 4 + (body[3] >> 6)
    if flags & TIME:
        seconds = SECONDS.unpack_from(body, place)[0]
        nanoseconds, place = _number(body, place + 4)
        packet.time = seconds + nanoseconds / 1e9
    if flags & TEST_ID:
        packet.test_id, place = _string(body, place)
    if flags & TAGS:
        count, place = _number(body, place)
        tags = []
        for _ in range(count):
            tag, place = _string(body, place)
            tags.append(tag)
        packet.tags = tuple(sorted(tags))
    if flags & MIME:
        packet.mime, place = _string(body, place)
    if flags & FILE:
        packet.file, place = _string(body, place)
        packet.content, place = _bytes(body, place)
    if flags & ROUTE:
        packet.route, place = _string(body, place)


def _number(body: bytes, place: int) -> tuple[int, int]:
    first = body[place]
    size = first >> 6
    if not size:
        return first, place + 1
    end = place + 1 + size
    if end > len(body):
        raise IndexError
    return int.from_bytes(body[place:end], "big") & (1 << 6 + 8 * size) - 1, end


def _bytes(body: bytes, place: int) -> tuple[bytes, int]:
    length, place = _number(body, place)
    end = place + length
    if end > len(body):
        raise IndexError
    return body[place:end], end


def _string(body: bytes, place: int) -> tuple[str, int]:
    text, place = _bytes(body, place)
    return text.decode(), place


# Version 1


def _read_lines(stream: BinaryIO, reading: _Reading) -> Iterator[None]:
    lines = _Lines(reading)
    position = 0
    for line in stream:
        if position == 0:
            line = line.removeprefix(b"\xef\xbb\xbf")
        lines.take(line, position)
        position += len(line)
        if reading.out:
            yield
    lines.finish(position)


class _Lines:
    """The state of a text stream: the tests that run, and what an outcome brings along."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._running: dict[bytes, None] = {}
        self._time: float | None = None
        self._tags: dict[str, None] = {}
        self._name = b""
        self._word = ""
        self._details: _Text | None = None
        self._parts: _Parts | None = None

    def take(self, line: bytes, position: int) -> None:
        if self._parts:
            if self._parts.take(line):
                self._end()
        elif self._details:
            self._take_detail(line)
        elif line.endswith(b"\n"):
            self._take_line(line.rstrip(b"\r\n"), line)
        else:
            self._take_open_line(line, position)

    def _take_line(self, text: bytes, line: bytes) -> None:
        outcome = OUTCOME.fullmatch(text)
        if outcome and self._takes_outcome(outcome[1].decode(), outcome[2]):
            return
        if begin := BEGIN.fullmatch(text):
            self._running[begin[1]] = None
            test = self._reading.test(_text(begin[1]))
            test.began = self._time
            test.tags.update(self._tags)
        elif directive := DIRECTIVE.fullmatch(text):
            self._take_directive(directive[1], _text(directive[2]))
        else:
            self._reading.other.add(line)

    def _take_open_line(self, line: bytes, position: int) -> None:
        """The last line, whose end is missing; only a whole name is taken for one."""
        found = OUTCOME.fullmatch(line)
        if found and found[2] in self._running:
            self._take_line(line, line)
        elif BEGIN.fullmatch(line) or found:
            self._reading.damaged("the file ends in the middle of a line", position)
        else:
            self._reading.other.add(line)

    def _takes_outcome(self, word: str, rest: bytes) -> bool:
        """Whether this is the outcome of a test, and not something that a test printed."""
        name, suffix = rest, b""
        if rest not in self._running and (found := DETAILS.fullmatch(rest)):
            name, suffix = found[1], found[2] or b""
        if name not in self._running and not FIXTURE.fullmatch(_text(name)):
            return False
        self._name, self._word = name, word
        if suffix == b" [":
            self._details = _Text()
        elif suffix:
            self._parts = _Parts(self._test())
        else:
            self._end()
        return True

    def _test(self) -> _Test:
        return self._reading.test(_text(self._name))

    def _take_detail(self, line: bytes) -> None:
        if line in (b"]\n", b"]\r\n"):
            name = "reason" if self._word == "skip" else "traceback"
            self._test().texts[name] = self._details or _Text()
            self._end()
        elif self._details:
            self._details.add(line[1:] if line.startswith(b" ]") else line)

    def _end(self) -> None:
        self._running.pop(self._name, None)
        self._details = self._parts = None
        self._reading.end(_text(self._name), self._word, self._time)

    def _take_directive(self, kind: bytes, text: str) -> None:
        if kind == b"time":
            self._time = _timestamp(text)
            return
        if kind == b"tags":
            last = next(reversed(self._running), None)
            tags = self._tags if last is None else self._reading.test(_text(last)).tags
            for tag in text.split():
                if tag.startswith("-"):
                    tags.pop(tag[1:], None)
                else:
                    tags[tag] = None
            return
        number = text.lstrip("+")
        if number.isdigit() and len(number) < 10:
            planned = self._reading.planned or 0
            self._reading.planned = int(number) + (planned if text.startswith("+") else 0)

    def finish(self, position: int) -> None:
        if self._details or self._parts:
            self._reading.damaged("the file ends inside the details of a test", position)


class _Parts:
    """Details in parts: a content type, a name, and chunks with their length before them."""

    def __init__(self, test: _Test) -> None:
        self._test = test
        self._mime = ""
        self._name: str | None = None
        self._left = 0

    def take(self, line: bytes) -> bool:
        """One line more; True at the end of it all."""
        if self._left:
            self._take_chunk(line)
        elif self._name is not None:
            self._take_length(line)
        elif self._mime:
            self._name = _text(line.rstrip(b"\r\n"))
            self._test.attach(self._name, self._mime, b"")
        elif line.startswith(b"Content-Type:"):
            self._mime = _text(line[len(b"Content-Type:") :]).strip()
        return self._name is None and not self._mime and line == b"]\n"

    def _take_length(self, line: bytes) -> None:
        digits, _, rest = line.partition(b"\n")
        try:
            self._left = int(digits.strip(), 16)
        except ValueError:
            return
        if self._left <= 0:
            self._left, self._name, self._mime = 0, None, ""
        elif rest:
            self._take_chunk(rest)

    def _take_chunk(self, line: bytes) -> None:
        chunk, rest = line[: self._left], line[self._left :]
        self._left -= len(chunk)
        self._test.attach(self._name or "", self._mime, chunk)
        if rest:  # a chunk need not end with its line
            self._take_length(rest)


# Both


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
