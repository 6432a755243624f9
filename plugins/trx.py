"""TRX, Visual Studio's test results: TestRun with Results, TestDefinitions and a ResultSummary.

Readings where tools differ:

- One result right in Results is one test. What stands in its InnerResults (data rows, tests of an
  ordered test) is not counted: rows are properties, what failed in them is told in the trace.
- No outcome is an error, as MSTest writes it for a test whose host was stopped; a result that has
  no name either is none, and trouble. Inconclusive, NotExecuted, NotRunnable and Pending were
  skipped. Completed says nothing of passing or failing.
- The class is that of the TestDefinition, without its assembly's name and version; it is taken
  off the test's name. `dotnet test` writes definitions behind the results, so results wait for
  them; what a cut file does not define is left out, since nobody knows where it belongs.
- A run that failed while no result did is trouble of the run, as is every RunInfo that tells an
  error: the test host crashed, the data collector failed.
- Counters count data rows or not, and `notExecuted` is 0 in all reports of `dotnet test`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tracker.intake.contract import (
    UNNAMED,
    Damage,
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
    xml_elements,
)

MOST_ROWS = 100
# Of one definition, as all its results have them.
MOST_PROPERTIES = 100
MOST_TROUBLES = 20
LONGEST_CLASS = 2_000
NAMESPACES = (
    "http://microsoft.com/schemas/VisualStudio/TeamTest/2010",
    "http://microsoft.com/schemas/VisualStudio/TeamTest/2006",
)

RESULTS = frozenset(
    f"{kind}Result"
    for kind in ("UnitTest", "WebTest", "ManualTest", "GenericTest", "LoadTest", "Test")
) | {"TestResultAggregation"}
DEFINITIONS = frozenset(
    f"{kind}Test"
    for kind in (
        "Unit",
        "Web",
        "Manual",
        "Generic",
        "Load",
        "Ordered",
        "CodedWeb",
        "DeclarativeWeb",
        "PlainTextManual",
    )
)
ELEMENTS = (
    *sorted(RESULTS),
    *sorted(DEFINITIONS),
    *("TestDefinitions", "TestEntry", "Results", "ResultSummary", "TestRun"),
)

WORDS = (
    dict.fromkeys(("passed", "passedbutrunaborted", "warning"), Status.PASSED)
    | {"failed": Status.FAILED}
    | dict.fromkeys(("", "error", "timeout", "aborted", "disconnected"), Status.ERROR)
    | dict.fromkeys(("inconclusive", "notexecuted", "notrunnable", "pending"), Status.SKIPPED)
)
FAILURES = (Status.FAILED, Status.ERROR)
PLAIN = ("", "Passed", "Failed", "Error")
GOOD_RUNS = ("Completed", "Passed", "Warning", "NotExecuted", "")
# What failed or erred says so itself; a run that stopped may lack tests nobody tells of.
EXPLAINED_RUNS = ("Failed", "Error", "Inconclusive")
BAD_INFOS = ("Error", "Failed", "Aborted", "Timeout", "Disconnected")

# `Shop.TillTest, Shop, Version=1.0.0.0`; a comma within arguments of a fixture is not meant.
ASSEMBLY = re.compile(r",\s*[^,\"'()<>\[\]]+(?:,\s*\w+=[^,]*)*$")
QUALIFIED = re.compile(r"((?:[A-Za-z_][\w+`]*\.)+)[A-Za-z_]\w*(?:[(<].*)?", re.S)
ECHO = re.compile(r"\[xUnit\.net [\d:.]+\].*\[(?:FAIL|SKIP)\]", re.S)
EXCEPTION = re.compile(r"(?:.*? threw exception: ?\s*)?([A-Za-z_][\w.+`]*(?:Exception|Error)) ?: ")

Properties = tuple[tuple[str, str], ...]


def looks_like(head: Head) -> float:
    return 0.95 if head.root == "TestRun" and head.namespace in NAMESPACES else 0.0


@parser(
    "trx",
    recognises="TRX of Visual Studio and `dotnet test`: TestRun",
    sniff=looks_like,
    endings=(".trx", ".xml"),
)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        yield from reading.placed(cut=not reading.began)
        if not reading.found:
            raise ReportError(*reading.in_words(damage)) from None
        if reading.began:  # only characters were damaged, the run was read to its end
            yield from reading.verdict()
        yield Damage(*reading.in_words(damage))
        return
    if not reading.began and not reading.found:
        raise ReportError("it holds no TestRun, so it is not TRX")
    yield from reading.placed()
    yield from reading.verdict()


def _records(report: ReportFile, reading: _Reading) -> Iterator[Record]:
    kinds: dict[Any, str] = {}
    for element in xml_elements(report.stream, *ELEMENTS):
        tag = element.tag
        kind = kinds.get(tag)
        if kind is None:
            kind = kinds[tag] = _local(element)
        if kind in RESULTS:
            reading.take(element)
            if reading.is_defined:
                yield from reading.placed()
        elif kind in DEFINITIONS:
            reading.define(element)
        elif kind == "TestDefinitions":
            reading.is_defined = True
            yield from reading.placed()
        elif kind == "ResultSummary":
            reading.summary(element)
        elif kind == "TestRun":
            reading.began = True


class _Test(msgspec.Struct, frozen=True, gc=False):
    """What a definition tells of a test."""

    path: tuple[str, ...]
    prefix: str
    properties: Properties


class _Told(msgspec.Struct, frozen=True, gc=False):
    """What a result tells beside its name and duration; nearly all passed tests tell nothing."""

    message: str
    trace: str
    type: str
    stdout: str
    stderr: str
    raw_status: str
    properties: Properties
    attachments: tuple[str, ...]


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    """A result that has no place yet."""

    identity: str
    name: str
    status: Status
    duration: float | None
    told: _Told | None


class _Row(msgspec.Struct, frozen=True, gc=False):
    """One inner result."""

    name: str
    outcome: str
    text: str
    stdout: str


class _Reading:
    """One file: its definitions, and the results that wait for theirs."""

    def __init__(self) -> None:
        self.began = self.is_defined = False
        self.found = self.broken = 0
        self._inner = self._lost = self._empty = 0
        self._tests: dict[str, _Test] = {}
        self._known: dict[Any, _Test] = {}
        self._waiting: list[_Waiting] = []
        self._rows: list[_Row] = []
        self._path: tuple[str, ...] | None = None
        self._results: XmlElement | None = None
        self._outcome = ""
        self._declared: tuple[int | None, int | None] = (None, None)
        self._infos: list[tuple[str, str]] = []

    def take(self, element: XmlElement) -> None:
        """A result waits for its place; an inner one waits for the result around it."""
        parent = element.getparent()
        if parent is not self._results:
            if parent is not None and _local(parent) == "InnerResults":
                self._rows.append(_row(element))
                return
            self._results = parent
        if not element.get("testName") and not element.get("outcome") and not len(element):
            self._empty += 1
            return
        rows: list[_Row] = []
        if self._rows:
            rows, self._rows = self._rows, []
            self._inner += len(rows)
        self._waiting.append(_result(element, rows))

    def define(self, element: XmlElement) -> None:
        if identity := element.get("id"):
            self._tests[identity] = _test(element, self._known)

    def placed(self, cut: bool = False) -> Iterator[Record]:
        """The results that waited; in a cut file only those whose definitions were not cut off."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            test = self._tests.get(each.identity)
            if test is None:
                if cut:
                    self._lost += 1
                    continue
                test = _undefined(each.name)
            self.found += 1
            self.broken += each.status in FAILURES
            if test.path != self._path:
                self._path = test.path
                yield Suite(test.path)
            yield _placed(each, test)

    def in_words(self, damage: XmlDamage) -> tuple[str, str]:
        reason = damage.reason
        if self._lost:
            reason += f"; the classes of {self._lost} results come behind it, so they are left out"
        return reason, damage.position

    def summary(self, summary: XmlElement) -> None:
        self._outcome = summary.get("outcome") or ""
        counters = summary.find("{*}Counters")
        if counters is not None:
            names = ("failed", "error", "timeout", "aborted", "disconnected")
            broken = [declared_count(counters.get(name)) for name in names]
            failed = None if broken[0] is None else sum(filter(None, broken))
            self._declared = declared_count(counters.get("total")), failed
        for info in summary.iterfind("{*}RunInfos/{*}RunInfo"):
            text = "".join(map(str, info.itertext())).strip()
            self._infos.append((info.get("outcome") or "Error", text))

    def verdict(self) -> Iterator[Record]:
        """Crashes and other things that went wrong outside any result, and counts that differ."""
        told = [info for info in dict.fromkeys(self._infos) if not self._is_echo(*info)]
        troubles = [text or outcome for outcome, text in told if outcome in BAD_INFOS]
        is_told = bool(troubles) or (self.broken and self._outcome in EXPLAINED_RUNS)
        if self._outcome not in GOOD_RUNS and not is_told:
            alone = "" if self.broken else ", and no result in it failed"
            troubles = [f"the run's outcome is {self._outcome}{alone}"]
        if self._empty:
            yield Trouble(f"{self._empty} results have neither name nor outcome")
        yield from map(Trouble, troubles[:MOST_TROUBLES])
        if len(troubles) > MOST_TROUBLES:
            yield Trouble(f"{len(troubles) - MOST_TROUBLES} more errors of the run")
        notes = [text for outcome, text in told if outcome not in BAD_INFOS and text]
        yield from map(Note, notes[:MOST_TROUBLES])
        total, failed = self._declared
        if total not in (None, self.found, self.found + self._inner + self._empty):
            yield Note(f"the run declares {total} tests, found {self.found}")
        # Whether a failed data row counts beside its test is told by no attribute.
        if failed is not None and not 0 <= failed - self.broken <= self._inner:
            yield Note(f"the run declares {failed} failures, found {self.broken}")

    def _is_echo(self, outcome: str, text: str) -> bool:
        """xUnit.net's adapter logs each test that failed or was skipped; the results tell that."""
        return ECHO.fullmatch(text) is not None and (outcome not in BAD_INFOS or self.broken > 0)


def _test(element: XmlElement, known: dict[Any, _Test]) -> _Test:
    """Most definitions tell no more than the class, and tests of one class share it."""
    method, has_more = None, element.get("priority") is not None
    for part in element:
        tag = str(part.tag)
        if tag.endswith("TestMethod"):
            method = part
        elif not tag.endswith("Execution"):
            has_more = True
    key = "", "", element.get("storage") or ""
    if method is not None:
        key = method.get("className") or "", method.get("codeBase") or "", key[2]
    if has_more:
        return _defined(*key, _categories(element))
    test = known.get(key)
    if test is None:
        test = known[key] = _defined(*key, ())
    return test


def _defined(fixture: str, file: str, storage: str, properties: Properties) -> _Test:
    if "," in fixture and len(fixture) < LONGEST_CLASS:
        fixture = ASSEMBLY.sub("", fixture).strip()
    file = (file or storage).replace("\\", "/").rpartition("/")[2]
    return _Test(tuple(filter(None, (file, fixture))), _prefix(fixture), properties)


def _undefined(name: str) -> _Test:
    """Where a test stands that nothing defines: its name may hold its class."""
    named = QUALIFIED.fullmatch(name)
    fixture = named[1][:-1] if named else ""
    return _Test((fixture,) if fixture else (), _prefix(fixture), ())


def _prefix(fixture: str) -> str:
    return f"{fixture}." if fixture else "\0"


def _categories(element: XmlElement) -> Properties:
    found = [
        ("category", each.get("TestCategory") or "")
        for each in element.iterfind("{*}TestCategory/{*}TestCategoryItem")
    ]
    found += [("owner", each.get("name") or "") for each in element.iterfind("{*}Owners/{*}Owner")]
    found += [
        (_text(each, "Key"), _text(each, "Value"))
        for each in element.iterfind("{*}Properties/{*}Property")
    ]
    found += [
        ("description", _text(element, "Description")),
        ("priority", element.get("priority") or ""),
    ]
    return tuple(pair for pair in found if all(pair))[:MOST_PROPERTIES]


def _placed(waiting: _Waiting, test: _Test) -> Result:
    name, told = waiting.name.removeprefix(test.prefix) or UNNAMED, waiting.told
    if told is None and not test.properties:
        return Result(name, waiting.status, waiting.duration)
    told = told or _Told("", "", "", "", "", "", (), ())
    return Result(
        name,
        waiting.status,
        waiting.duration,
        message=told.message,
        trace=told.trace,
        type=told.type,
        stdout=told.stdout,
        stderr=told.stderr,
        raw_status=told.raw_status,
        properties=test.properties + told.properties,
        attachments=told.attachments,
    )


def _result(element: XmlElement, rows: list[_Row]) -> _Waiting:
    identity, name = element.get("testId") or "", element.get("testName") or UNNAMED
    time = element.get("duration")
    duration = _seconds(time) if time else None
    word = element.get("outcome") or ""
    if word == "Passed" and not len(element):
        return _Waiting(identity, name, Status.PASSED, duration, None)
    status = WORDS.get(word.lower(), Status.UNKNOWN)
    return _Waiting(identity, name, status, duration, _told(element, status, word, rows))


def _told(element: XmlElement, status: Status, word: str, rows: list[_Row]) -> _Told:
    output = next(element.iterchildren("{*}Output"), None)
    message, trace = _error(output)
    stdout = _text(output, "StdOut")
    broken = [row for row in rows if row.text]
    message = message or _reason(status, word, stdout, broken)
    traces = (trace, *(f"{row.name}: {row.outcome}\n{row.text}" for row in broken))
    exception = EXCEPTION.match(message) if status.is_failure else None
    return _Told(
        message,
        "\n\n".join(filter(None, traces)),
        exception[1] if exception else "",
        "\n".join(filter(None, (stdout, *(row.stdout for row in rows)))),
        _text(output, "StdErr"),
        "" if word in PLAIN else word,
        _as_properties(rows) + _messages(output),
        _attachments(element),
    )


def _reason(status: Status, word: str, stdout: str, broken: list[_Row]) -> str:
    """A message for a result that has none."""
    if status is Status.SKIPPED:  # adapters print the reason of a skip
        return stdout.strip().partition("\n")[0].strip()
    if status is Status.UNKNOWN:
        return f"status '{word}'"
    if status.is_failure and broken:
        return broken[0].text.partition("\n")[0]
    return "" if word else "the report tells no outcome"


def _row(element: XmlElement) -> _Row:
    name, number = element.get("testName") or UNNAMED, element.get("dataRowInfo")
    outcome = element.get("outcome") or "Error"
    output = next(element.iterchildren("{*}Output"), None)
    text = ""
    if WORDS.get(outcome.lower()) is not Status.PASSED:
        text = "\n".join(filter(None, _error(output)))
    name = f"{name} (row {number})" if number else name
    return _Row(name, outcome, text, _text(output, "StdOut"))


def _as_properties(rows: list[_Row]) -> Properties:
    told = tuple(("row", f"{row.name}: {row.outcome}") for row in rows[:MOST_ROWS])
    more = len(rows) - MOST_ROWS
    return (*told, ("row", f"{more} more rows")) if more > 0 else told


def _messages(output: XmlElement | None) -> Properties:
    if output is None:
        return ()
    messages = (each for part in output.iterchildren("{*}TextMessages") for each in part)
    return tuple(("message", each.text.strip()) for each in messages if each.text)


def _error(output: XmlElement | None) -> tuple[str, str]:
    error = None if output is None else next(output.iterchildren("{*}ErrorInfo"), None)
    return _text(error, "Message").strip(), _text(error, "StackTrace")


def _attachments(element: XmlElement) -> tuple[str, ...]:
    found = []
    for part in element.iterchildren("{*}ResultFiles", "{*}CollectorDataEntries"):
        files = part.iter("{*}ResultFile", "{*}A")
        found += [each.get("path") or each.get("href") or "" for each in files]
    return tuple(filter(None, found))


def _text(element: XmlElement | None, child: str) -> str:
    if element is None:
        return ""
    texts = ((each.text or "").strip("\r\n") for each in element.iterchildren(f"{{*}}{child}"))
    return next(texts, "")


def _local(element: XmlElement) -> str:
    return str(element.tag).rpartition("}")[2]


def _seconds(text: str) -> float | None:
    """Of a time span, `1.02:03:04.1234567` with days; None where it is none."""
    told = seconds_from_clock(text.removeprefix("-"))
    is_back = told is not None and text.startswith("-")  # a clock that was set back
    return 0.0 if is_back else told
