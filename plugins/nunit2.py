"""NUnit 2 XML: test-results, as NUnit 2, Pester, MbUnit and others write it.

Readings where tools differ:

- `result` decides, the older `success` where there is none, `executed` where there is neither. A
  failure that is told wins over each of them, and a word that is not known is unknown.
- Inconclusive, NotRunnable and Ignored were skipped. `total` leaves out what did not run, and
  `inconclusive` is in it.
- Names of cases are fully qualified while names of suites may or may not be: the class is what
  the case's name begins with up to the name of a suite around it. What stands around the class
  and is in no name (the assembly's file, a script's) is kept before it.
- A suite may be named by a path: of an assembly the file is kept, of a script what lies below the
  working directory.
- A suite that failed while no case in it did, or whose tear-down failed, is trouble of the run.
- Times have the decimal mark of the machine's locale and never a thousands mark: `1,234` are
  1.234 seconds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import TypeAlias

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
    nunit_exception,
    parser,
    seconds_from_text,
    xml_elements,
)

Pairs: TypeAlias = tuple[tuple[str, str], ...]

ELEMENTS = ("test-case", "test-suite", "results", "test-results")

MOST_TROUBLES = 20
# Of one element; each case has those of its method.
MOST_PROPERTIES = 100

WORDS = (
    dict.fromkeys(("success", "passed", "pass"), Status.PASSED)
    | dict.fromkeys(("failure", "failed", "fail"), Status.FAILED)
    | dict.fromkeys(("error", "cancelled"), Status.ERROR)
    | dict.fromkeys(("ignored", "skipped", "notrunnable", "inconclusive"), Status.SKIPPED)
    | dict.fromkeys(("notrun", "explicit"), Status.SKIPPED)
)
TRUTHS = {"true": Status.PASSED, "false": Status.FAILED}
# Words that say no more than our own.
PLAIN = ("", "Success", "Failure", "Error", "Skipped")

FILES = ("Assembly", "Project", "Test Project")
METHODS = ("ParameterizedTest", "ParameterizedMethod", "GenericMethod", "Theory")
# Suites that are parts of a class' name, or the same class without its arguments.
IN_NAMES = ("Namespace", "GenericFixture", "ParameterizedFixture", "SetUpFixture")
PATH = re.compile(r"[A-Za-z]:[\\/]|[\\/]|\.{1,2}[\\/]|.*\.(dll|exe|nunit|ps1|[cvf][sb]proj)$", re.I)
BUILT = re.compile(r"\.(?:dll|exe)$", re.I)


def looks_like(head: Head) -> float:
    return 0.9 if head.root == "test-results" and not head.namespace else 0.0


@parser("nunit2", recognises="NUnit 2 XML: test-results", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        yield damage.behind(reading.found)
        return
    if not reading.began and not reading.found:
        raise ReportError("it holds no test-results, so it is not NUnit 2 XML")


def _records(report: ReportFile, reading: _Reading) -> Iterator[Record]:
    around, place, path = None, _Place(), None
    for element in xml_elements(report.stream, *ELEMENTS):
        if element.tag != "test-case":
            yield from reading.leave(element)
            around = None
            continue
        parent = element.getparent()
        if parent is not around:
            around, place = parent, _place(parent, reading.folder(element))
        name = place.stand(element.get("name") or "")
        if place.path != path:
            path = place.path
            yield Suite(path, place.carried)
        reading.found += 1
        # Nearly all cases are like this one, and the rest is for those that are not.
        if element.get("result") == "Success" and not len(element) and not place.properties:
            time = element.get("time")
            yield Result(name, Status.PASSED, _seconds(time) if time else None)
            continue
        result = _result(element, name, place)
        reading.count(element, result)
        yield result


class _Place:
    """The suites around a case, outermost first, as (type, name); and the class found last."""

    def __init__(self, suites: Pairs = (), elements: Sequence[XmlElement] = (), folder: str = ""):
        is_method = bool(suites) and suites[-1][0] in METHODS
        fixture = elements[is_method : is_method + 1]
        self.suites = suites
        self.properties = _properties(elements[0]) if is_method else ()
        self.carried = _properties(fixture[0]) if fixture else ()
        self._suite = elements[0] if elements else None
        self._folder = folder
        self.path: tuple[str, ...] = ()
        self.fixture = ""
        self._prefix = "\0"

    @cached_property
    def cause(self) -> str:
        """Why the fixture could not be set up, which NUnit writes on its suite."""
        return "" if self._suite is None else "\n".join(filter(None, _failure(self._suite)))

    def stand(self, name: str) -> str:
        """Find class and path of a case; its name without the class."""
        if not name.startswith(self._prefix):
            self.fixture, depth = _class_of(name, self.suites)
            self.path = _path(self.suites[:depth], self.fixture, self._folder)
            self._prefix = f"{self.fixture}."
        return name.removeprefix(self._prefix).strip() or UNNAMED


class _Reading:
    """One file: what was counted, and the failures below each open suite."""

    def __init__(self) -> None:
        self.began = False
        self.found = self.broken = self.not_run = self.troubles = 0
        self._folder: str | None = None
        self._below: Counter[XmlElement | None] = Counter()

    def folder(self, element: XmlElement) -> str:
        """The working directory of the run, which is told before its suites."""
        if self._folder is None:
            told = element.getroottree().getroot().find("environment")
            self._folder = "" if told is None else (told.get("cwd") or "").replace("\\", "/")
        return self._folder

    def count(self, case: XmlElement, result: Result) -> None:
        self.not_run += result.status is Status.SKIPPED and result.raw_status != "Inconclusive"
        if result.status.is_failure or result.status is Status.UNKNOWN:
            self.broken += result.status.is_failure
            self._below[_suite_around(case)] += 1

    def leave(self, element: XmlElement) -> Iterator[Record]:
        """What is only known at the end of a suite or of the whole."""
        if element.tag == "test-results":
            self.began = True
            yield from self._differences(element)
        if element.tag != "test-suite":
            return
        below = self._below.pop(element, 0) if self._below else 0
        if trouble := _trouble(element, below):
            below += 1
            self.troubles += 1
            if self.troubles <= MOST_TROUBLES:
                yield Trouble(trouble)
        if below:
            self._below[_suite_around(element)] += below

    def _differences(self, run: XmlElement) -> Iterator[Record]:
        if self.troubles > MOST_TROUBLES:
            yield Note(f"{self.troubles - MOST_TROUBLES} more suites failed outside their tests")
        total = declared_count(run.get("total"))
        failures, errors = declared_count(run.get("failures")), declared_count(run.get("errors"))
        if total not in (None, self.found, self.found - self.not_run):
            yield Note(f"the report declares {total} tests, found {self.found}")
        declared = (failures or 0) + (errors or 0)
        if failures is not None and declared != self.broken:
            yield Note(f"the report declares {declared} failures, found {self.broken}")


def _suite_around(element: XmlElement) -> XmlElement | None:
    return next(element.iterancestors("test-suite"), None)


def _place(element: XmlElement | None, folder: str) -> _Place:
    if element is None:
        return _Place()
    suites = list(element.iterancestors("test-suite"))
    if element.tag == "test-suite":
        suites.insert(0, element)
    named = tuple([(each.get("type") or "", each.get("name") or "") for each in reversed(suites)])
    return _Place(named, suites, folder)


def _class_of(name: str, suites: Pairs) -> tuple[str, int]:
    """The class, what the name of the case begins with up to the name of a suite around it; and
    how many suites stand around it, itself among them. Those within it are of its methods."""
    inside = [
        (each, depth)
        for depth, (kind, each) in enumerate(suites, 1)
        if each and kind not in METHODS and not _is_file(kind, each)
    ]
    joined = ".".join(each for each, _ in inside)
    if joined and name.startswith(f"{joined}."):
        return joined, inside[-1][1]
    for suite, depth in reversed(inside):
        if name.startswith(f"{suite}."):
            return suite, depth
        start = name.find(f".{suite}.")
        if start > 0:
            return name[: start + len(suite) + 1], depth
    return inside[-1] if inside else ("", len(suites))


def _path(suites: Pairs, fixture: str, folder: str) -> tuple[str, ...]:
    """The class, behind those names around it that it does not hold itself."""
    around = []
    for kind, name in suites:
        if _is_file(kind, name):
            around.append(_file_name(name, folder))
        elif kind not in METHODS and kind not in IN_NAMES and not _is_part(name, fixture):
            around.append(name)
    return tuple(filter(None, (*around, fixture)))


def _file_name(name: str, folder: str) -> str:
    """What is the same on every machine; where an assembly was built differs on one machine too."""
    name = name.replace("\\", "/").rstrip("/")
    is_below = bool(folder) and name.startswith(f"{folder.rstrip('/')}/")
    if is_below and not BUILT.search(name):
        return name[len(folder.rstrip("/")) + 1 :]
    return name.rpartition("/")[2]


@lru_cache(maxsize=1024)
def _is_file(kind: str, name: str) -> bool:
    """Older reports give no type: the assembly is told by its name."""
    return kind in FILES or (kind not in IN_NAMES and PATH.match(name) is not None)


def _is_part(name: str, fixture: str) -> bool:
    """Whether a suite is the class, a namespace of it, or the class without its arguments."""
    return f".{name.partition('<')[0]}" in f".{fixture}"


def _result(case: XmlElement, name: str, place: _Place) -> Result:
    time = case.get("time")
    status, raw = _outcome(case)
    message, trace = _failure(case)
    if message.startswith("TestFixtureSetUp failed") and not trace:
        trace = place.cause
    if status is Status.UNKNOWN and not message:
        message = f"status '{raw}'" if raw else "the report tells no result"
    return Result(
        name,
        status,
        _seconds(time) if time else None,
        message=message,
        trace=trace,
        type=nunit_exception(message) if status.is_failure else "",
        stdout=(case.findtext("output") or "").strip("\r\n"),
        raw_status=raw,
        properties=place.properties + _properties(case),
    )


def _outcome(case: XmlElement) -> tuple[Status, str]:
    """The status, and the report's word where that says more."""
    word, success = case.get("result") or "", case.get("success") or ""
    executed = (case.get("executed") or "").lower()
    if word:
        status = WORDS.get(word.lower(), Status.UNKNOWN)
    elif executed == "false":
        status = Status.SKIPPED
    elif success:
        word, status = success, TRUTHS.get(success.lower(), Status.UNKNOWN)
    else:
        status = Status.PASSED if executed == "true" else Status.UNKNOWN
    if case.find("failure") is not None and not status.is_failure:
        return Status.FAILED, "" if status is Status.PASSED else word
    return status, "" if word in PLAIN or word.lower() in TRUTHS else word


def _failure(element: XmlElement) -> tuple[str, str]:
    """Message and stack trace: of the failure, else the reason of a skip."""
    told = {each.tag: each for each in element.iterchildren("failure", "reason")}
    for kind in ("failure", "reason"):
        if kind in told:
            parts = {each.tag: each.text or "" for each in told[kind]}
            return parts.get("message", "").strip(), parts.get("stack-trace", "").strip()
    return "", ""


def _properties(element: XmlElement) -> Pairs:
    """Categories and what else a test carries; a leading underscore marks NUnit's own notes."""
    found: list[tuple[str, str]] = []
    for told in element.iterchildren("categories", "properties"):
        is_category = told.tag == "categories"
        for each in islice(told, MOST_PROPERTIES):
            name, value = each.get("name") or "", each.get("value") or ""
            found.append(("Category", name) if is_category else (name, value))
    return tuple(pair for pair in found if pair[0] and not pair[0].startswith("_"))


def _trouble(suite: XmlElement, below: int) -> str:
    """In words, what failed in a suite outside its cases; "" where nothing did."""
    word = (suite.get("result") or "").lower()
    success = (suite.get("success") or "").lower()
    status = WORDS.get(word) if word else TRUTHS.get(success)
    if status not in (Status.FAILED, Status.ERROR):
        return ""
    message, trace = _failure(suite)
    if below and not message.startswith("TearDown"):
        return ""
    name = suite.get("name") or "a suite"
    return "\n".join(filter(None, (f"{name} failed: {message}".rstrip(": "), trace)))


def _seconds(text: str) -> float | None:
    """Seconds, between 0 and a year; None where it cannot be that."""
    told = seconds_from_text(text)
    return _of_locale(text) if told is None else told


def _of_locale(text: str) -> float | None:
    """Of both marks the last one is the decimal mark."""
    digits = "".join(text.split())
    if "," in digits and "." in digits:
        thousands = "," if digits.rindex(",") < digits.rindex(".") else "."
        digits = digits.replace(thousands, "")
    digits = digits.replace(",", ".")
    return seconds_from_text(digits) if digits != text and digits.count(".") < 2 else None
