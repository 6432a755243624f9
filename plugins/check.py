"""Check's XML (libcheck): `testsuites` in Check's namespace, a `suite` with a title and its tests.

Readings where tools differ:

- The test case (`description`) is a suite within the suite; the test's own name is `id`, and from
  the second round of a loop test on its number belongs to the name.
- A duration below 0 was not measured, which is so for every test that did not succeed.
- `fn` is where the test failed, or where it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from tracker.intake.contract import (
    UNNAMED,
    YEAR,
    Head,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    XmlDamage,
    parser,
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element

NAMESPACE = "http://check.sourceforge.net/ns"
PREFIX = len(NAMESPACE) + 2
TEST = f"{{{NAMESPACE}}}test"
STATUSES = {"success": Status.PASSED, "failure": Status.FAILED, "error": Status.ERROR}


def looks_like(head: Head) -> float:
    return 0.9 if head.root == "testsuites" and head.namespace == NAMESPACE else 0.0


@parser("check", recognises="Check's XML (libcheck)", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    found = is_check = False
    suite = None
    around = title = None
    try:
        for element in xml_elements(report.stream, "test", "suite", "testsuites"):
            is_check = True
            if element.tag != TEST:
                around = None
                continue
            if element.getparent() is not around or title is None:
                around = element.getparent()
                title = _title(around)
            says = {child.tag[PREFIX:]: child.text or "" for child in element}
            named = (title, says.get("description", ""))
            if named != suite:
                suite = named
                yield Suite(tuple(filter(None, named)))
            found = True
            yield _result(element.get("result") or "", says)
    except XmlDamage as damage:
        yield damage.behind(found)
        return
    if not is_check:
        raise ReportError("it holds no testsuites, so it is not Check's XML")


def _title(suite: Element | None) -> str:
    """The title stands before the tests."""
    if suite is None:
        return ""
    title = next(suite.iterchildren("{*}title"), None)
    return "" if title is None else (title.text or "").strip()


def _result(word: str, says: dict[str, str]) -> Result:
    status = STATUSES.get(word, Status.UNKNOWN)
    name = says.get("id", "") or UNNAMED
    iteration = says.get("iteration", "").strip()
    if iteration not in ("", "0"):
        name = f"{name}[{iteration}]"
    file, _, line = says.get("fn", "").rpartition(":")
    folder = says.get("path", "")
    message = says.get("message", "").strip() if status is not Status.PASSED else ""
    return Result(
        name,
        status,
        _seconds(says.get("duration", "")),
        message=message or (f"status {word!r}" if status is Status.UNKNOWN else ""),
        file=f"{folder}/{file}" if file and folder not in ("", ".") else file,
        line=int(line) if line.isdecimal() and len(line) < 10 else None,
        raw_status=word if status is Status.UNKNOWN else "",
    )


def _seconds(text: str) -> float | None:
    """A time in seconds, between 0 and a year; None where it was not measured."""
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return min(value, YEAR) if 0.0 <= value < float("inf") else None
