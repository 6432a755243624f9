"""NUnit 3 XML: test-run, suites that nest by namespace, and test-case, which alone is a result.

Readings where tools differ:

- A case is told by its word and its label: Failed with the label Error or Cancelled is an error,
  Warning passed, Inconclusive was skipped. `raw_status` keeps what NUnit itself prints for
  it, "Failed:Error(Parent)".
- The path is the assembly's file and the fixture's full name, which holds the namespaces and the
  fixture's arguments. Suites of one method with many arguments repeat its name and are left out;
  their categories are those of their cases.
- A one-time set-up that failed fails every case below it, and its stack trace is told there. A
  one-time tear-down that failed leaves the cases passed: it is trouble of the run, as is any suite
  that failed while no case in it did (an assembly that could not be loaded).
- pytest-nunit calls every file and class an assembly: its names are those of pytest's JUnit XML,
  `test_c[x]` of the class `tests.test_a.TestB` in the suite `pytest`. Its cases all have a failure
  and a reason, so neither of them decides.
- Explicit tests are left out of `total` by NUnit, so that is no difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

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

MOST_TROUBLES = 20
# Of one element; each case has those of its method.
MOST_PROPERTIES = 100

WORDS = (
    dict.fromkeys(("passed", "success", "warning"), Status.PASSED)
    | dict.fromkeys(("failed", "failure"), Status.FAILED)
    | dict.fromkeys(("error", "cancelled"), Status.ERROR)
    | dict.fromkeys(("skipped", "ignored", "explicit", "notrunnable"), Status.SKIPPED)
    | dict.fromkeys(("inconclusive", "notrun"), Status.SKIPPED)
)
ERROR_LABELS = ("Error", "Cancelled")
# Unity writes label and site into the word, as NUnit prints a state: `Failed:Error(SetUp)`.
STATE = re.compile(r"(\w+)(?::(\w+))?(?:\((\w+)\))?")

FILES = ("Assembly", "Project", "Test Project")
PYTEST = re.compile(r"[^:]+\.py(?:::.*)?")

Properties = tuple[tuple[str, str], ...]

FIXTURES = ("TestFixture", "SetUpFixture")
METHODS = ("ParameterizedMethod", "ParameterizedTest", "GenericMethod", "Theory")


def looks_like(head: Head) -> float:
    return 0.9 if head.root == "test-run" and not head.namespace else 0.0


@parser("nunit3", recognises="NUnit 3 XML: test-run", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        yield damage.behind(reading.found)
        return
    if not reading.began and not reading.found:
        raise ReportError("it holds no test-run, so it is not NUnit 3 XML")


def _records(report: ReportFile, reading: _Reading) -> Iterator[Record]:
    around, place, path = None, NOWHERE, None
    for element in xml_elements(report.stream, "test-case", "test-suite", "test-run"):
        if element.tag != "test-case":
            yield from reading.leave(element)
            around = path = None
            continue
        parent = element.getparent()
        if parent is not around:
            around, place = parent, _place(parent)
        here = place if place.fixture else _place_of(element, place)
        if here.path != path:
            path = here.path
            yield Suite(path)
        reading.found += 1
        # Nearly all cases are like this one, and the rest is for those that are not.
        if element.get("result") == "Passed" and not len(element) and not here.properties:
            name, time = element.get("name") or UNNAMED, element.get("duration")
            name = name.removeprefix(here.prefix) or name
            yield Result(name, Status.PASSED, _seconds(time), here.classname)
            continue
        result = _result(element, here)
        reading.count(result, parent)
        yield result


class _Place(NamedTuple):
    """Where the cases of one suite element stand; `fixture` is "" where only they can tell.

    `set_up` is where the set-up broke that they were not run for, which NUnit writes on the suite.
    """

    files: tuple[str, ...] = ()
    fixture: str = ""
    fallback: str = ""
    properties: Properties = ()
    path: tuple[str, ...] = ()
    prefix: str = ""
    classname: str = ""
    set_up: str = ""


NOWHERE = _Place()


class _Reading:
    """One file: what was counted, and the failures below each open suite."""

    def __init__(self) -> None:
        self.began = False
        self.found = self.broken = self.explicit = self.troubles = 0
        self._below: Counter[XmlElement | None] = Counter()

    def count(self, result: Result, parent: XmlElement | None) -> None:
        self.explicit += result.raw_status.startswith("Skipped:Explicit")
        if result.status.is_failure or result.status is Status.UNKNOWN:
            self.broken += result.status.is_failure
            self._below[parent] += 1

    def leave(self, element: XmlElement) -> Iterator[Record]:
        """What is only known at the end of a suite or of the run."""
        if element.tag == "test-suite":
            yield from self._suite(element)
        elif element.tag == "test-run":
            self.began = True
            yield from self._run(element)

    def _suite(self, suite: XmlElement) -> Iterator[Record]:
        """The output of a suite, and what went wrong around it."""
        below = self._below.pop(suite, 0)
        if trouble := _trouble(suite, below):
            below += 1
            self.troubles += 1
            if self.troubles <= MOST_TROUBLES:
                yield Trouble(trouble)
        if below:
            self._below[suite.getparent()] += below
        kind = suite.get("type")
        is_told = kind in FIXTURES or (
            kind in FILES and not PYTEST.fullmatch(suite.get("name") or "")
        )
        if is_told:
            properties, output = _properties(suite), _output(suite)
            if properties or output:
                place = _place(suite)
                name = "" if kind in FILES else place.fallback
                yield Suite((*place.files, name) if name else place.files, properties, output)

    def _run(self, run: XmlElement) -> Iterator[Record]:
        below = self._below.pop(run, 0)
        if not below and (run.get("result") or "").startswith("Failed"):
            yield Trouble("the run failed, and no test in it did")
        if self.troubles > MOST_TROUBLES:
            yield Note(f"{self.troubles - MOST_TROUBLES} more suites failed outside their tests")
        total, failed = declared_count(run.get("total")), declared_count(run.get("failed"))
        if total not in (None, self.found, self.found - self.explicit):
            yield Note(f"the run declares {total} tests, found {self.found}")
        if failed not in (None, self.broken):
            yield Note(f"the run declares {failed} failures, found {self.broken}")


def _place(suite: XmlElement | None) -> _Place:
    files: list[str] = []
    fixture = fallback = set_up = ""
    broke = False
    properties: Properties = ()
    while suite is not None and suite.tag == "test-suite":
        kind, name = suite.get("type") or "", suite.get("name") or ""
        if not broke and suite.get("site") == "SetUp":
            broke, set_up = True, _failure(suite)[1]
        if kind in FILES and PYTEST.fullmatch(name):
            return _place_of_pytest(name)._replace(set_up=set_up)
        if kind in FILES:
            files.insert(0, _file_name(name or suite.get("fullname") or ""))
        elif kind in METHODS:
            properties = _properties(suite) + properties
        else:
            full = suite.get("fullname") or name
            fallback = fallback or full
            if kind == "TestFixture":
                fixture = fixture or full
        suite = suite.getparent()
    place = _Place(tuple(filter(None, files)), fixture, fallback, properties, set_up=set_up)
    return _settled(place)


def _place_of_pytest(node: str) -> _Place:
    """Of a file, or a class of a file, of pytest: `tests/test_a.py::TestB`."""
    file, *classes = node.split("::")
    module = file.removesuffix(".py").replace("/", ".")
    dotted = ".".join((module, *classes))
    return _Place((), dotted, dotted, (), ("pytest",), f"{node}::", dotted)


def _place_of(case: XmlElement, place: _Place) -> _Place:
    """The place of a case that stands in no fixture."""
    fixture = case.get("classname") or ""
    if not fixture:
        name, full = case.get("name") or "", case.get("fullname") or ""
        is_in_class = bool(name) and full.endswith(f".{name}")
        fixture = full.removesuffix(f".{name}") if is_in_class else place.fallback
    return _settled(place._replace(fixture=fixture))


def _settled(place: _Place) -> _Place:
    if not place.fixture:
        return place._replace(path=place.files)
    return place._replace(path=(*place.files, place.fixture), prefix=f"{place.fixture}.")


def _file_name(name: str) -> str:
    """The last part of a path of any system; where it was checked out is not its name."""
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _result(case: XmlElement, place: _Place) -> Result:
    name = (case.get("name") or case.get("fullname") or "").removeprefix(place.prefix)
    time = case.get("duration") or case.get("time")
    status, raw = _outcome(case.get("result"), case.get("label"), case.get("site"))
    message, trace = _failure(case, status)
    if status is Status.UNKNOWN and not message:
        message = f"status '{raw}'" if raw else "the report tells no result"
    if status.is_failure and not trace and "(Parent)" in raw:
        trace = place.set_up
    return Result(
        name or case.get("methodname") or UNNAMED,
        status,
        _seconds(time),
        place.classname,
        message=message,
        trace=trace,
        type=nunit_exception(message) if status.is_failure else "",
        stdout=_output(case),
        raw_status=raw,
        properties=place.properties + _properties(case),
        attachments=_attachments(case),
    )


def _outcome(word: str | None, label: str | None, site: str | None) -> tuple[Status, str]:
    """The status, and NUnit's own name for it where that says more."""
    word, label, site = word or "", label or "", site or ""
    state = STATE.fullmatch(word)
    if state:
        word, label, site = state[1], label or state[2] or "", site or state[3] or ""
    status = WORDS.get(word.lower(), Status.UNKNOWN)
    if status is Status.FAILED and label in ERROR_LABELS:
        status = Status.ERROR
    raw = f"{word}:{label}" if label else word
    if site not in ("", "Test"):
        raw += f"({site})"
    return status, "" if raw in ("Passed", "Failed", "Skipped") else raw


def _failure(element: XmlElement, status: Status = Status.FAILED) -> tuple[str, str]:
    """Message and stack trace: of the failure, else the reason of a skip or a warning."""
    told = {each.tag: each for each in element.iterchildren("failure", "reason")}
    decides = status.is_failure or status is Status.UNKNOWN
    for kind in ("failure", "reason") if decides else ("reason",):
        if kind in told:
            parts = {each.tag: each.text or "" for each in told[kind]}
            return parts.get("message", "").strip(), parts.get("stack-trace", "").strip("\r\n")
    return "", ""


def _properties(element: XmlElement) -> Properties:
    """Categories and what else a test carries; a leading underscore marks NUnit's own notes."""
    for told in element.iterchildren("properties"):
        few = islice(told, MOST_PROPERTIES)
        pairs = [(each.get("name") or "", each.get("value") or "") for each in few]
        return tuple(pair for pair in pairs if pair[0] and not pair[0].startswith("_"))
    return ()


def _attachments(case: XmlElement) -> tuple[str, ...]:
    return tuple(
        (path.text or "").strip()
        for told in case.iterchildren("attachments")
        for path in told.iter("filePath")
    )


def _output(element: XmlElement) -> str:
    return next(((each.text or "").strip("\r\n") for each in element.iterchildren("output")), "")


def _trouble(suite: XmlElement, below: int) -> str:
    """In words, what failed in a suite outside its cases; "" where nothing did."""
    state = STATE.fullmatch(suite.get("result") or "")
    if state is None or WORDS.get(state[1].lower()) not in (Status.FAILED, Status.ERROR):
        return ""
    site = suite.get("site") or state[3] or ""
    if below and site != "TearDown":
        return ""
    message, trace = _failure(suite)
    what = {"TearDown": "one-time tear-down of ", "SetUp": "one-time set-up of "}.get(site, "")
    name = suite.get("fullname") or suite.get("name") or "a suite"
    return "\n".join(filter(None, (f"{what}{name} failed: {message}".rstrip(": "), trace)))


def _seconds(time: str | None) -> float | None:
    """Loggers of other locales write a decimal comma."""
    return seconds_from_text(time.replace(",", ".")) if time else None
