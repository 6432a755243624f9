"""Jenkins' own files on disk: junitResult.xml, and the one that its Robot plugin keeps.

Both are a `result` with `suites`, as XStream writes Java objects. A matrix or Maven build has one
a cell or module.

Readings where tools differ:

- A case failed where it has an error, even an empty one, and even where it is skipped too.
- It passed only where the file says that it was not skipped and does not say that it is failing
  since some build; else it is not known.
- Tries before the last one (`flakyFailures`, `rerunFailures`) are earlier attempts.
- The Robot plugin writes `passed`, milliseconds, and suites within suites.
- It is XML 1.1, which allows references to control characters, and the colours of a terminal are
  such. Nobody here reads XML 1.1, so each of them becomes a question mark.
- Pipeline stages are among the properties of a suite: they are no part of its name, as they are
  none in the report that Jenkins read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias

from tracker.intake.contract import (
    UNNAMED,
    Attempt,
    Head,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    XmlDamage,
    parser,
    seconds_from_text,
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element

PIECE = 65_536
# References to characters below 32, but for tab, line feed and carriage return.
CONTROL = re.compile(
    rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[1245-9]|2\d|3[01]));", re.IGNORECASE
)
LONGEST = 12
TRIES = ("flakyFailures", "rerunFailures")


def looks_like(head: Head) -> float:
    """The suites stand at the beginning, behind a few numbers at most."""
    if head.root != "result" or "<suites" not in head.text:
        return 0.0
    if any(part in head.text for part in ("<suites/>", "<suite>", "<case>", "<cases/>")):
        return 0.9
    return 0.0


@parser("jenkins_junitresult", recognises="Jenkins' junitResult.xml on its disk", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    found = is_result = False
    around = None
    legible = _Legible(report.stream)
    stream = io.BufferedReader(legible, PIECE)
    try:
        for element in xml_elements(stream, "case", "suite", "suites", "result"):
            is_result = True
            if element.tag != "case":
                around = None
                continue
            if element.getparent() is not around or around is None:
                around = element.getparent()
                yield _suite(next(element.iterancestors("suite"), None))
            found = True
            yield _result(element)
    except XmlDamage as damage:
        yield damage.behind(found)
        return
    if not is_result:
        raise ReportError("it holds no result, so it is not Jenkins' junitResult.xml")
    if legible.replaced:
        yield Note(f"{legible.replaced} control characters were replaced by '?'")


class _Legible(io.RawIOBase):
    """The report with a question mark in place of each reference to a control character."""

    def __init__(self, stream: BinaryIO) -> None:
        self.replaced = 0
        self._stream = stream
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = b""
        while not data and (piece := self._stream.read(len(buffer) - LONGEST)):
            data, self._rest = _before_reference(self._rest + piece)
        if not data:
            data, self._rest = self._rest, b""
        if b"&#" in data:
            data, count = CONTROL.subn(b"?", data)
            self.replaced += count
        buffer[: len(data)] = data
        return len(data)


def _before_reference(data: bytes) -> tuple[bytes, bytes]:
    """The data and the reference at its end that may go on in the next piece."""
    place = data.rfind(b"&", -LONGEST)
    if place < 0 or b";" in data[place:]:
        return data, b""
    return data[:place], data[place:]


def _suite(suite: Element | None) -> Suite:
    """The suite around cases; what it says of itself stands before them."""
    if suite is None:
        return Suite(())
    path = [_name(each) for each in (suite, *suite.iterancestors("suite"))]
    blocks = suite.find("enclosingBlockNames")
    stages = [] if blocks is None else [each.text or "" for each in blocks]
    return Suite(
        tuple([name for name in reversed(path) if name]),
        (("stage", " / ".join(reversed(stages))),) if stages else (),
        suite.findtext("stdout") or "",
        suite.findtext("stderr") or "",
    )


def _name(suite: Element) -> str:
    """The Robot plugin writes a suite's name behind the suites in it, and a safe one before."""
    return suite.findtext("duplicateSafeName") or suite.findtext("name") or ""


def _result(case: Element) -> Result:
    says = {child.tag: child.text or "" for child in case}
    if "passed" in says:
        return _of_robot(says)
    name = says.get("testName") or UNNAMED
    classname = says.get("className", "")
    duration = seconds_from_text(says.get("duration", ""))
    stdout, stderr = says.get("stdout", ""), says.get("stderr", "")
    if "errorStackTrace" in says or "errorDetails" in says:
        trace = says.get("errorStackTrace", "")
        message = says.get("errorDetails", "") or trace.strip().partition("\n")[0]
        status = Status.FAILED
    elif says.get("skipped") == "true":
        status, message, trace = Status.SKIPPED, says.get("skippedMessage", ""), ""
    elif says.get("skipped") == "false" and says.get("failedSince", "0") == "0":
        status, message, trace = Status.PASSED, "", ""
    else:
        status, trace = Status.UNKNOWN, ""
        message = "it says neither that it failed, nor that it passed"
    return Result(
        name,
        status,
        duration,
        classname,
        message,
        trace,
        "",
        stdout,
        stderr,
        _attempts(case) if any(name in says for name in TRIES) else (),
        properties=_properties(case) if "properties" in says else (),
    )


def _of_robot(says: dict[str, str]) -> Result:
    words = {"true": Status.PASSED, "false": Status.FAILED}
    status = words.get(says["passed"], Status.UNKNOWN)
    message = says.get("errorMsg", "")
    if says.get("skipped") == "true":
        status = Status.SKIPPED
    elif status is Status.UNKNOWN:
        message = message or f"status {says['passed']!r}"
    milliseconds = seconds_from_text(says.get("duration", ""))
    return Result(
        says.get("name") or UNNAMED,
        status,
        None if milliseconds is None else milliseconds / 1000,
        message=message,
        raw_status=says["passed"] if status is Status.UNKNOWN else "",
        properties=(("critical", says["critical"]),) if says.get("critical") else (),
    )


def _attempts(case: Element) -> tuple[Attempt, ...]:
    tries = [each for kind in case.iterchildren(*TRIES) for each in kind]
    return tuple(
        [
            Attempt(
                Status.FAILED,
                None,
                each.findtext("message") or "",
                each.findtext("stackTrace") or "",
                each.findtext("type") or "",
            )
            for each in tries
        ]
    )


def _properties(case: Element) -> tuple[tuple[str, str], ...]:
    """A Java map: entries of two strings."""
    pairs = [[part.text or "" for part in entry] for entry in case.find("properties")]
    return tuple([(pair[0], pair[1]) for pair in pairs if len(pair) == 2])
