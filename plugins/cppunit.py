"""CppUnit's XmlOutputter and AUnit's XML: `TestRun` with the failed tests and the successful ones.

Readings where tools differ:

- CppUnit writes `acme::BasketTest::adds`, AUnit `Basket test : adds`: what stands before the last
  separator is the suite.
- `Error` (an exception) is an error, `Assertion` a failure. Another word among the failed tests
  is a failure.
- AUnit may be told to leave the successful tests out; they are in the statistics alone then, and
  a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from tracker.intake.contract import (
    UNNAMED,
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

PARTS = ("<FailedTests", "<SuccessfulTests", "<Statistics")
FAILURES = {"Assertion": Status.FAILED, "Error": Status.ERROR}
BRACKET = re.compile(r"[<(\[]")
TESTS = frozenset({"Test", "FailedTest"})


def looks_like(head: Head) -> float:
    """Visual Studio's `TestRun` has a namespace."""
    if head.root != "TestRun" or head.namespace:
        return 0.0
    return 0.9 if any(part in head.text for part in PARTS) else 0.0


@parser("cppunit", recognises="CppUnit's and AUnit's XML", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    found = 0
    declared: int | None = None
    is_run = False
    suite = None
    try:
        for element in xml_elements(
            report.stream, "Test", "FailedTest", "FailedTests", "SuccessfulTests", "Statistics"
        ):
            is_run = True
            if element.tag == "Statistics":
                declared = _count(_child(element, "Tests"))
            if element.tag not in TESTS:
                continue
            found += 1
            path, result = _of_test(element)
            if path != suite:
                suite = path
                yield Suite(path)
            yield result
    except XmlDamage as damage:
        yield damage.behind(found)
        return
    if not is_run:
        raise ReportError("it holds no lists of tests, so it is not CppUnit's XML")
    if declared not in (None, found):
        yield Note(f"the whole report declares {declared} tests, found {found}")


def _of_test(test: Element) -> tuple[tuple[str, ...], Result]:
    says = {child.tag: (child.text or "").strip() for child in test}
    around, name = _names(says.get("Name", ""))
    duration = seconds_from_text(test.get("elapsed") or "")
    parent = test.getparent()
    listed_in = "" if parent is None else parent.tag
    kind = says.get("FailureType", "")
    if listed_in == "SuccessfulTests" and not kind:
        return around, Result(name, Status.PASSED, duration)
    if not kind and listed_in != "FailedTests":
        message = "it stands in no list, so how it ended is not known"
        return around, Result(name, Status.UNKNOWN, duration, message=message)
    text = says.get("Message", "")
    message, _, rest = text.partition("\n")
    exception, trace = test.find("Exception"), text if rest else ""
    if exception is not None:
        message = _child(exception, "Information") or message
        trace = _child(exception, "Traceback") or trace
    location = test.find("Location")
    return around, Result(
        name,
        FAILURES.get(kind, Status.FAILED),
        duration,
        message=message,
        trace=trace,
        type="" if exception is None else _child(exception, "Message"),
        file="" if location is None else _child(location, "File"),
        line=None if location is None else _count(_child(location, "Line")),
        raw_status="" if kind in FAILURES else kind,
    )


def _names(full_name: str) -> tuple[tuple[str, ...], str]:
    """The suite and the test: what stands before the last separator, and what after it."""
    around, separator, name = full_name.rpartition(" : ")
    if not separator:
        place = _last_colons(full_name)
        around, name = full_name[: max(place, 0)], full_name[place + 2 if place >= 0 else 0 :]
    return ((around,) if around else ()), name or full_name or UNNAMED


def _last_colons(name: str) -> int:
    """Where the last `::` stands that is not within template arguments or brackets, or -1."""
    if not BRACKET.search(name):
        return name.rfind("::")
    depth, place = 0, -1
    for index, letter in enumerate(name):
        depth += (letter in "<([") - (letter in ">)]")
        if letter == ":" and depth <= 0 and name.startswith("::", index):
            place = index
    return place


def _child(element: Element, name: str) -> str:
    text: str = element.findtext(name) or ""
    return text.strip()


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
