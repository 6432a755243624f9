"""xUnit.net XML: assemblies of collections (v2, v3) or one assembly of classes (v1).

Readings where tools differ:

- The path is the assembly's file and the class; a collection is how tests were scheduled, and
  where it has a name of its own it is a property of the suite. A test without a class (other
  writers) stands in its collection. The class is taken off the test's display name.
- `errors` of an assembly are clean-up failures outside any test, and a v1 class may hold a failure
  of its own: they are trouble of the run, not results, and no count of tests has them in it.
- NotRun (v3, explicit tests) was skipped; `total` may or may not have them in it.
- A failure that is told wins over the word beside it.
- Times have at most a decimal mark, which older runners write in the machine's locale: `0,014`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

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
    Trouble,
    XmlDamage,
    XmlElement,
    declared_count,
    parser,
    seconds_from_clock,
    seconds_from_text,
    xml_elements,
)

Properties = tuple[tuple[str, str], ...]
Parts: TypeAlias = dict[Any, XmlElement]

MOST_TROUBLES = 20

WORDS = {
    "pass": Status.PASSED,
    "passed": Status.PASSED,
    "fail": Status.FAILED,
    "failed": Status.FAILED,
    "error": Status.ERROR,
    "skip": Status.SKIPPED,
    "skipped": Status.SKIPPED,
    "notrun": Status.SKIPPED,
}
PLAIN = ("Pass", "Fail", "Skip", "")

# What tells a report from other documents about .NET assemblies: manifests, lists, descriptors.
OF_TESTS = re.compile(
    r"<assembly\b[^<>]*\b(?:run-date|test-framework|total|start-rtf)\s*=|<(?:collection|class)\b"
)
ELEMENTS = ("test", "collection", "class", "error", "assembly", "assemblies")
DEFAULT_COLLECTION = "Test collection for "


def looks_like(head: Head) -> float:
    if head.root not in ("assemblies", "assembly") or head.namespace:
        return 0.0
    if OF_TESTS.search(head.text):
        return 0.9
    is_empty = head.root == "assemblies" and "<assembly" not in head.text
    return 0.6 if is_empty or "</errors>" in head.text or "<errors" in head.text else 0.0


@parser("xunit", recognises="xUnit.net XML (v1, v2, v3): assemblies or assembly", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        yield damage.behind(reading.found)
        return
    if not reading.began and not reading.found:
        raise ReportError("it holds no assembly, so it is not xUnit.net XML")


def _records(report: ReportFile, reading: _Reading) -> Iterator[Record]:
    around, place, fixture, prefix = None, NOWHERE, None, ""
    for element in xml_elements(report.stream, *ELEMENTS):
        if element.tag != "test":
            yield from reading.leave(element)
            around = fixture = None
            continue
        parent = element.getparent()
        if parent is not around:
            around, place, fixture = parent, _place(parent), None
        here = element.get("type") or place.fallback
        if here != fixture:
            fixture, prefix = here, f"{here}." if here else "\0"
            yield _suite(place, fixture)
        reading.found += 1
        result = _result(element, prefix)
        reading.count(result)
        yield result


class _Place(NamedTuple):
    """Where the tests of one collection stand; `fallback` is for those that name no class."""

    files: tuple[str, ...] = ()
    collection: str = ""
    fallback: str = ""


NOWHERE = _Place()


def _place(parent: XmlElement | None) -> _Place:
    if parent is None:
        return NOWHERE
    collection = parent.get("name") or ""
    assembly = next(parent.iterancestors("assembly"), None)
    file = "" if assembly is None else _file_name(assembly.get("name") or "")
    fallback = collection.removeprefix(DEFAULT_COLLECTION)
    is_default = fallback != collection
    return _Place((file,) if file else (), "" if is_default else collection, fallback)


def _suite(place: _Place, fixture: str) -> Suite:
    path = (*place.files, fixture) if fixture else place.files
    if not place.collection or place.collection == fixture:
        return Suite(path)
    return Suite(path, (("collection", place.collection),))


def _file_name(name: str) -> str:
    """The last part of a path of any system; where it was checked out is not its name."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


class _Reading:
    """One file: the counts of the assembly that is open, and what went wrong outside its tests."""

    def __init__(self) -> None:
        self.began = False
        self.found = self.troubles = 0
        self._before = self._broken = self._not_run = self._errors = 0

    def count(self, result: Result) -> None:
        if result.status is not Status.PASSED:
            self._broken += result.status.is_failure
            self._not_run += result.raw_status == "NotRun"

    def leave(self, element: XmlElement) -> Iterator[Record]:
        """What is told at the end of anything but a test."""
        if element.tag in ("collection", "class"):
            yield from self._class(element)
        elif element.tag == "error":
            yield from self._error(element)
        elif element.tag in ("assembly", "assemblies"):
            yield from self._end(element)

    def _class(self, element: XmlElement) -> Iterator[Record]:
        """A class of v1 may tell a failure of its own, of what its tests share."""
        for failure in element.iterchildren("failure"):
            yield from self._trouble(f"{element.get('name') or 'a class'} failed", failure)

    def _error(self, error: XmlElement) -> Iterator[Record]:
        self._errors += 1
        kind, name = error.get("type") or "error", error.get("name") or ""
        for failure in error.iterchildren("failure"):
            yield from self._trouble(f"{kind} of {name}" if name else kind, failure)
            return
        yield from self._trouble(f"{kind} of {name}" if name else kind, error)

    def _trouble(self, what: str, failure: XmlElement) -> Iterator[Record]:
        self.troubles += 1
        if self.troubles <= MOST_TROUBLES:
            message, trace = _failure(failure)
            yield Trouble("\n".join(filter(None, (f"{what}: {message}".rstrip(": "), trace))))

    def _end(self, element: XmlElement) -> Iterator[Record]:
        self.began = True
        if element.tag == "assembly":
            yield from self._differences(element)
            self._before = self.found
            self._broken = self._not_run = self._errors = 0
        if element.getparent() is None and self.troubles > MOST_TROUBLES:
            yield Trouble(f"{self.troubles - MOST_TROUBLES} more failures outside any test")

    def _differences(self, assembly: XmlElement) -> Iterator[Record]:
        name = _file_name(assembly.get("name") or "") or "an assembly"
        tests = self.found - self._before
        errors = declared_count(assembly.get("errors"))
        if errors and not self._errors:
            yield Trouble(f"{name} declares {errors} errors outside its tests and tells none")
        total, failed = (
            declared_count(assembly.get("total")),
            declared_count(assembly.get("failed")),
        )
        if total not in (None, tests, tests - self._not_run):
            yield Note(f"{name} declares {total} tests, found {tests}")
        if failed not in (None, self._broken):
            yield Note(f"{name} declares {failed} failures, found {self._broken}")


def _result(test: XmlElement, prefix: str) -> Result:
    name = test.get("name") or test.get("method") or UNNAMED
    if name.startswith(prefix):
        name = name[len(prefix) :] or UNNAMED
    time = test.get("time")
    duration = _seconds(time) if time else seconds_from_clock(test.get("time-rtf") or "")
    word = test.get("result") or ""
    file, line = test.get("source-file") or "", declared_count(test.get("source-line"))
    parts = {each.tag: each for each in test}
    traits = _traits(parts.pop("traits", ()))
    if word == "Pass" and not parts:
        return _passed(name, duration, file, line, traits)
    status = _status(word, parts)
    message, trace, kind = _told(parts)
    if status is Status.UNKNOWN and not message:
        message = f"status '{word}'" if word else "the report tells no result"
    warnings = tuple(("warning", _text(each).strip()) for each in parts.get("warnings", ()))
    return Result(
        name,
        status,
        duration,
        message=message,
        trace=trace,
        type=kind,
        stdout=_text(parts.get("output")).strip("\r\n"),
        file=file,
        line=line,
        raw_status="" if word in PLAIN else word,
        properties=traits + warnings,
        attachments=tuple(each.get("name") or "" for each in parts.get("attachments", ())),
    )


def _passed(
    name: str, duration: float | None, file: str, line: int | None, traits: Properties
) -> Result:
    """Nearly all tests are one of these."""
    if not file and not traits:
        return Result(name, Status.PASSED, duration)
    return Result(name, Status.PASSED, duration, file=file, line=line, properties=traits)


def _status(word: str, parts: Parts) -> Status:
    status = WORDS.get(word.lower(), Status.UNKNOWN)
    if "failure" in parts and not status.is_failure:
        return Status.FAILED
    return Status.SKIPPED if not word and "reason" in parts else status


def _told(parts: Parts) -> tuple[str, str, str]:
    """Message, stack trace and exception of a failure; the reason of a skip."""
    if "failure" in parts:
        failure = parts["failure"]
        return *_failure(failure), failure.get("exception-type") or ""
    return _text(parts.get("reason")).strip(), "", ""


def _failure(element: XmlElement) -> tuple[str, str]:
    parts = {each.tag: each.text or "" for each in element}
    message = parts.get("message", "").strip() or (element.text or "").strip()
    return message, parts.get("stack-trace", "").strip("\r\n")


def _traits(traits: Iterable[XmlElement]) -> Properties:
    pairs = [(each.get("name") or "", each.get("value") or "") for each in traits]
    return tuple(pair for pair in pairs if pair[0])


def _text(element: XmlElement | None) -> str:
    return "" if element is None else "".join(map(str, element.itertext()))


def _seconds(text: str) -> float | None:
    """Seconds, between 0 and a year; None where it cannot be that."""
    told = seconds_from_text(text.replace(",", ".") if "," in text else text)
    return seconds_from_clock(text) if told is None else told
