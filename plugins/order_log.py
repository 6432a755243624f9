"""The order logs of the earlier application: a line `[10.1.0.1] PASSED path::Class::test` a test.

They stand in the order in which the tests ran; the address is that of the setup on which one ran.
The file is called `<time>_<tag>_<topology>.order.txt`, and `re_run_<tag>_<topology>.order.txt`
where it runs again what had failed; it tells no time, no message and no count.

- The names are those of pytest's JUnit XML, which lies beside it: `test` of the class
  `path.Class` in the suite `pytest`; `::` within brackets separates nothing.
- A last line without its end is one that may be cut: it is damage, and no result. (That whole
  lines are missing at the end cannot be seen.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO, Literal, cast

from tracker.intake.contract import (
    Damage,
    Facets,
    Head,
    Note,
    Record,
    ReportError,
    ReportFile,
    Rerun,
    Result,
    Status,
    Suite,
    parser,
    text_lines,
)

LINE = re.compile(r"\s*\[([^\[\]\s]{0,100})\]\s+([A-Za-z_]+)\s+(\S.*::.*\S)\s*")
NAME = re.compile(r"(re_run_)?(?:\d[\d.:T-]{5,}_)*[^_]+_(.+)\.order\.txt", re.I)
SUITE = "pytest"
WORDS = {
    "PASSED": Status.PASSED,
    "FAILED": Status.FAILED,
    "ERROR": Status.ERROR,
    "SKIPPED": Status.SKIPPED,
    "XFAIL": Status.SKIPPED,
    "XPASS": Status.PASSED,
}
EXPECTED: dict[str, Literal["xfail", "xpass"]] = {"XFAIL": "xfail", "XPASS": "xpass"}


def looks_like(head: Head) -> float:
    """Most lines are of the one kind; the last one may be cut where the head ends."""
    lines = [line for line in head.text.splitlines()[:200] if line.strip()]
    known = sum(LINE.fullmatch(line) is not None for line in lines)
    return 0.8 if known and known >= len(lines) / 2 else 0.0


@parser(
    "order_log",
    recognises="the earlier application's *.order.txt",
    sniff=looks_like,
    endings=(".order.txt",),
)
def read(report: ReportFile) -> Iterator[Record]:
    yield from _about(re.split(r"[/\\]", report.name)[-1])
    yield Suite((SUITE,))
    others = count = 0
    stream = _Watched(report.stream)
    for line in _whole_lines(stream):
        if found := LINE.fullmatch(line):
            yield _result(found[1], found[2], found[3], count)
            count += 1
        else:
            others += bool(line.strip())
    if not count:
        raise ReportError("it holds no whole line `[address] STATUS path::Class::test`")
    if others:
        yield Note(f"{others} lines are of another kind and were left out")
    if not stream.has_line_end:
        yield Damage("the last line has no end, so it may be cut")


def _whole_lines(stream: _Watched) -> Iterator[str]:
    """The lines, but for a last one that has no end."""
    held: tuple[str, ...] = ()
    for line in text_lines(cast(BinaryIO, stream)):
        yield from held
        held = (line,)
    if stream.has_line_end:
        yield from held


class _Watched:
    """A stream that remembers whether what was read of it last had the end of a line."""

    def __init__(self, stream: BinaryIO) -> None:
        self.has_line_end = True
        self._stream = stream

    def readline(self) -> bytes:
        return self._seen(self._stream.readline())

    def __iter__(self) -> Iterator[bytes]:
        return map(self._seen, self._stream)

    def read(self) -> bytes:
        """All that is left: so is read what is UTF-16."""
        return self._seen(self._stream.read())

    def _seen(self, data: bytes) -> bytes:
        if data:
            self.has_line_end = data.endswith((b"\n", b"\n\0"))
        return data


def _about(name: str) -> Iterator[Record]:
    """What the file's name says of the run."""
    if name.lower().startswith("re_run_"):
        yield Rerun()
    if found := NAME.fullmatch(name):
        yield Facets((("topology", found[2]),))


def _result(address: str, word: str, nodeid: str, place: int) -> Result:
    status = WORDS.get(word.upper(), Status.UNKNOWN)
    classname, name, file = _names(nodeid)
    return Result(
        name,
        status,
        classname=classname,
        message=f"status {word!r}" if status is Status.UNKNOWN else "",
        file=file,
        raw_status=word if status is Status.UNKNOWN else "",
        expected_failure=EXPECTED.get(word.upper(), ""),
        properties=(("setup_ip", address), ("order", str(place))),
    )


def _names(nodeid: str) -> tuple[str, str, str]:
    """Class and name as pytest's JUnit XML has them, and the file."""
    address, bracket, parameters = nodeid.partition("[")
    place, _, name = address.rpartition("::")
    classname, file = _place(place)
    return classname, name + bracket + parameters, file


@lru_cache(1024)
def _place(place: str) -> tuple[str, str]:
    """Of `tests/test_a.py::TestB` the class `tests.test_a.TestB` and the file."""
    file, *classes = place.split("::")
    module = file.replace("\\", "/").replace("/", ".").removesuffix(".py")
    return ".".join([module, *classes]), file
