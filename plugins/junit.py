"""JUnit XML: nobody obeys a schema, so what testcase elements say counts, not what suites declare.

Readings where tools differ:

- Error goes before failure, failure before skipped, skipped before passed. (Jenkins' own plugin
  lets skipped win and so hides a failure.) A `status` or `result` attribute counts as much as the
  child element it stands for, and a word that is not known makes the result unknown. A `warning`
  (PHPUnit) hides nothing and breaks nothing.
- A failure beside `skipped type="todo"` (Node) or a `skipped` that tells of `!mayfail` (Catch2)
  does not count where it comes from: skipped, xfail, as TAP has it.
- `flakyFailure` and `flakyError` (Surefire, nextest) are earlier attempts of a test that passed;
  `rerunFailure` and `rerunError` are further attempts, beside the `failure` that decides. What
  the tries printed stands with what the test printed.
- pytest-rerunfailures writes one element an attempt and leaves the failure out of all but the
  last. Where a suite like pytest's declares as many tests as it has names, and fewer than it has
  elements, and everything before a repeat looks passed, repeats are retries and the last decides.
- Any other repeated name is a result of its own: a test that failed and whose tear-down failed
  too (pytest), a Gradle retry, the same test of two browsers. Nothing that failed is hidden.
- An `error` or `failure` right in a suite (a class that could not be loaded) is the result
  "<init>" of that suite, and a note says so; right in `testsuites` it is trouble of the run.
- The name is the one of the `name` attribute. The display name that JUnit Platform's legacy
  reporter prints stays where it is, in the output: it is free text and may change.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

import msgspec

from tracker.intake.contract import (
    SET_UP,
    UNNAMED,
    YEAR,
    Attempt,
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
    declared_count,
    parser,
    seconds_from_text,
    seconds_within,
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element
Expected: TypeAlias = Literal["", "xfail", "xpass"]

ELEMENTS = ("testcase", "testsuite", "testsuites")
CHECK = "http://check.sourceforge.net/ns"

MOST_NOTES = 20
MOST_HELD = 10_000
MOST_LAYOUTS = 100
MOST_ATTRIBUTES = 1000
# How many cases may stand between two tries of one: workers run side by side.
MOST_BETWEEN_TRIES = 64

# Children that decide, and children that are attempts before or beside the deciding one.
DECIDING = {
    "error": Status.ERROR,
    "failure": Status.FAILED,
    "skipped": Status.SKIPPED,
    "ignored": Status.SKIPPED,
    "disabled": Status.SKIPPED,
    "warning": Status.PASSED,
}
TRIES = {
    "flakyFailure": Status.FAILED,
    "rerunFailure": Status.FAILED,
    "flakyError": Status.ERROR,
    "rerunError": Status.ERROR,
}
STATUS_WINS = (Status.ERROR, Status.FAILED, Status.SKIPPED, Status.UNKNOWN, Status.PASSED)

# What googletest, CTest, CDash, Behave and others write into `status` and `result`, without
# blanks and hyphens: first the words that say no more than we do. Intern writes 0 and 1.
PLAIN = (
    dict.fromkeys(("", "run", "completed", "executed", "passed", "pass", "ok", "0"), Status.PASSED)
    | dict.fromkeys(("success", "successful", "succeeded"), Status.PASSED)
    | dict.fromkeys(("fail", "failed", "failure", "1"), Status.FAILED)
    | dict.fromkeys(("error", "errored"), Status.ERROR)
    | dict.fromkeys(("skipped", "skip"), Status.SKIPPED)
)
WORDS = (
    PLAIN
    | dict.fromkeys(("warning", "fixed", "xpass", "xpassed"), Status.PASSED)
    | dict.fromkeys(("regression", "ambiguous", "uxsuccess", "unexpectedsuccess"), Status.FAILED)
    | dict.fromkeys(("broken", "timeout", "timedout", "aborted", "crashed"), Status.ERROR)
    | dict.fromkeys(
        ("hookerror", "cleanuperror", "panicked", "interrupted", "disconnected"), Status.ERROR
    )
    | dict.fromkeys(("notrun", "notexecuted", "notrunnable", "explicit"), Status.SKIPPED)
    | dict.fromkeys(("suppressed", "disabled", "ignored", "inconclusive"), Status.SKIPPED)
    | dict.fromkeys(("pending", "todo", "untested", "undefined", "blocked"), Status.SKIPPED)
    | dict.fromkeys(("xfail", "xfailed", "expectedfailure"), Status.SKIPPED)
)
NO_GAPS = str.maketrans("", "", " _-")
# The words, one after the other, of every googletest case that ran.
JUST_RAN = frozenset({"run", "completed", "runcompleted"})
# Other names of what we read, the usual one first. Old PHPUnit knows `class` only.
SPELLINGS = (
    ("name",),
    ("classname", "class"),
    ("time",),
    ("status",),
    ("result", "outcome"),
    ("file", "filepath"),
    ("line", "lineno"),
)
# Eclipse and others say with a "true" what a child element says elsewhere.
FLAGS = ("skipped", "ignored", "disabled", "incomplete")
# Attributes that are kept as properties; of a failure that Flank calls flaky the failure counts.
MARKS = ("tags", "flaky")

# What a case was expected to do, by the type of a child or by a word ...
EXPECTED: dict[str, Expected] = {
    "pytest.xfail": "xfail",
    "xfail": "xfail",
    "xfailed": "xfail",
    "expectedfailure": "xfail",
    "xpass": "xpass",
    "xpassed": "xpass",
    "uxsuccess": "xpass",
    "unexpectedsuccess": "xpass",
    "rspec::core::pending::pendingexamplefixederror": "xpass",
}
# ... or by how the message begins: Catch2, pytest before 4, pytest with xfail_strict, Vitest, Jest.
CATCH2_MAY_FAIL = "TEST_CASE tagged with !mayfail"
EXPECTED_MESSAGES: dict[str, Expected] = {
    CATCH2_MAY_FAIL: "xfail",
    "expected test failure": "xfail",
    "xfail-marked test passes unexpectedly": "xpass",
    "[XPASS(strict)]": "xpass",
    "Expect test to fail": "xpass",
    "Error: Failing test passed even though it was supposed to fail": "xpass",
}
EXPECTED_BEGINNINGS = tuple(EXPECTED_MESSAGES)


def looks_like(head: Head) -> float:
    if head.root == "testrun":  # Eclipse's export; other tools use the word as well
        return 0.8 if "<testsuite " in head.text and "<testcase " in head.text else 0.0
    if head.namespace == CHECK or head.root not in ELEMENTS:
        return 0.0
    return 0.8 if head.root == "testcase" else 0.9


@parser(
    "junit", recognises="JUnit XML: testsuites, testsuite or testcase", sniff=looks_like, version=2
)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        told = damage.behind(reading.found_results)
        yield from reading.cut_off()
        yield from reading.notes()
        yield told
        return
    if not reading.found_elements:
        raise ReportError("it holds no testsuite and no testcase, so it is not JUnit XML")
    yield from reading.notes()


def _records(report: ReportFile, reading: _Reading) -> Iterator[Record]:
    around = None
    for element in xml_elements(report.stream, *ELEMENTS):
        tag = element.tag
        if tag != "testcase" and not tag.endswith("}testcase"):
            yield from reading.leave(element)
            continue
        parent = element.getparent()
        suite = reading.current
        if suite is None or parent is not around:
            if suite is not None:
                yield from suite.without_reruns()
            around = parent
            suite = reading.enter(parent)
            yield Suite(suite.path)
        result = suite.take(element)
        if result is not None:
            yield result
        elif not suite.may_be_reruns:
            yield from suite.without_reruns()


class _Reading:
    """One file: the suites that are open, and what people should be told at the end."""

    def __init__(self) -> None:
        self.found_elements = False
        self.found_results = False
        self.odd_times = 0
        self.current: _Suite | None = None
        # Cypress names the file of all suites in an empty one before them.
        self.file_of_root_suite = ""
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._open: dict[Element, _Suite] = {}
        self._notes: list[str] = []
        self._left_out = 0

    def enter(self, element: Element) -> _Suite:
        """The suite around a case; None stands for the lone testcase that is a whole file."""
        self.found_elements = self.found_results = True
        self.current = self._suite(element)
        return self.current

    def _suite(self, element: Element) -> _Suite:
        suite = self._open.get(element)
        if suite is None:
            suite = _Suite(element, self)
            # Other elements are not handed over at their end and would stay here for ever.
            if element is not None and _local(element) in ELEMENTS:
                self._open[element] = suite
        return suite

    def leave(self, element: Element) -> Iterator[Record]:
        """What is only known at the end of a suite."""
        self.found_elements = True
        suite = self._open.pop(element, None) or _Suite(element, self)
        results = [*suite.settled(), *self._outside_tests(element, suite)]
        if results:
            self.found_results = True
            if suite is not self.current:
                yield Suite(suite.path)
            yield from results
        yield from suite.said(element)
        self.current = None
        if element.get("name") == "Root Suite" and not suite.cases:
            self.file_of_root_suite = element.get("file") or ""
        parent = element.getparent()
        if parent is not None:
            self._suite(parent).add(suite)
        # What is wrong in a suite is wrong in the sums above it too: once is enough.
        difference = suite.difference()
        if difference and (suite.path or not self._notes):
            self.note(difference)

    def _outside_tests(
        self, element: Element, suite: _Suite, cut: bool = False
    ) -> Iterator[Result | Trouble]:
        """The failures right in a suite: it could not be set up."""
        for child in element.iterchildren("{*}error", "{*}failure"):
            if cut and child.getnext() is None:
                continue  # it may be open still
            message, trace = _message(child), _trace(child)
            if _local(element) != "testsuite":
                yield Trouble(f"The run reports a failure outside any suite: {message or trace}")
                continue
            suite.broken += 1
            self.note(
                f"{suite.title} reports a failure outside any test; it is recorded as "
                f"the result {SET_UP}"
            )
            status = DECIDING[_local(child)]
            yield Result(SET_UP, status, None, "", message, trace, child.get("type") or "")

    def cut_off(self) -> Iterator[Record]:
        """What was held back in suites whose end will never come."""
        for element, suite in self._open.items():
            results = [
                *suite.settled(cut_in=element),
                *self._outside_tests(element, suite, cut=True),
            ]
            if results and suite is not self.current:
                yield Suite(suite.path)
            yield from results
            yield from suite.said(element, cut=True)
            self.current = suite

    def layout(self, keys: list[str]) -> _Layout:
        """Where attributes of these names stand; most reports have one order or two."""
        known = self._layouts.get(tuple(keys))
        if known is None:
            known = _Layout(keys)
            if len(self._layouts) < MOST_LAYOUTS:
                self._layouts[tuple(keys)] = known
        return known

    def note(self, text: str) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes.append(text)
        else:
            self._left_out += 1

    def notes(self) -> Iterator[Note]:
        yield from map(Note, self._notes)
        if self._left_out:
            yield Note(f"{self._left_out} more notes of this kind were left out")
        if self.odd_times:
            yield Note(f"{self.odd_times} times could not be read as seconds and are left out")


class _Layout:
    """Where the attributes of a case stand among its values.

    The value after the last one is "", which is what an attribute that is absent reads as.
    """

    def __init__(self, keys: list[str]) -> None:
        self.name, self.classname, self.time, self.status, self.result, self.file, self.line = (
            next((keys.index(key) for key in spellings if key in keys), -1)
            for spellings in SPELLINGS
        )
        self.words = [key for key in ("status", "result", "outcome") if key in keys]
        self.flags = [key for key in FLAGS if key in keys]
        self.marks = [key for key in MARKS if key in keys]
        has_both = "result" in keys and "outcome" in keys
        self.is_marked = bool(self.flags or self.marks) or has_both
        self.says_where = self.file >= 0 or self.line >= 0

    def said(self, case: Element) -> list[str]:
        """The words that stand for a status."""
        words = [str(case.get(key)) for key in self.words]
        return words + [key for key in self.flags if case.get(key).lower() == "true"]


class _Suite:
    """One suite element while its cases go by: its counts, and the cases it holds back.

    Whether repeats are retries is known only at the suite's end, so they wait there. The last
    first occurrences wait too, since a report that is cut off may lack their next try. All
    others do not, which is what keeps memory bounded.
    """

    def __init__(self, element: Element, reading: _Reading) -> None:
        self.path = () if element is None else _path(element)
        self.title = f'suite "{" / ".join(self.path)[:200]}"' if self.path else "the whole report"
        self._reading = reading
        attributes = {} if element is None else element.attrib
        self._declared_tests = declared_count(attributes.get("tests"))
        self._declared_broken = _declared_broken(attributes)
        self._declared_skipped = declared_count(attributes.get("skipped"))
        self.cases = self.broken = self.skipped = self.tries = 0
        self.inner_cases = self.inner_broken = self.inner_tries = 0
        self.may_be_reruns = self._declared_tests is not None and _is_like_pytest(element)
        self._file = _file(element) or reading.file_of_root_suite
        self._learn([])
        self._seen: set[int] = set()
        self._not_passed: set[int] = set()
        self._last: deque[Result] = deque()
        self._held: list[Result] = []

    def take(self, case: Element) -> Result | None:
        """The result of a case, or None where it has to wait."""
        self.cases += 1
        keys = case.keys()
        if keys != self._keys:
            self._learn(keys)
        values = case.values()
        values.append("")
        name = values[self._name] or UNNAMED
        classname = values[self._classname]
        time = values[self._time]
        try:
            duration = float(time) if time else None
            if duration is not None and not 0.0 <= duration <= YEAR:
                duration = self._odd_time(time)
        except ValueError:
            duration = self._odd_time(time)
        word = values[self._status] + values[self._result]
        if len(case) or (word and word not in JUST_RAN) or self._is_marked:
            result = self._take_apart(case, name, duration, classname, *self._place(values))
        elif self._says_where:
            file, line = self._place(values)
            result = Result(name, Status.PASSED, duration, classname, file=file, line=line)
        else:
            result = Result(name, Status.PASSED, duration, classname)
        return self._let_pass(result) if self.may_be_reruns else result

    def _learn(self, keys: list[str]) -> None:
        """Where the attributes stand; a file has few orders, and one call reads all values."""
        if len(keys) > MOST_ATTRIBUTES:  # lxml looks for the value of each from the first one on
            raise XmlDamage(f"a case has more than {MOST_ATTRIBUTES} attributes")
        self._keys = keys
        layout = self._layout = self._reading.layout(keys)
        self._name, self._classname, self._time = layout.name, layout.classname, layout.time
        self._status, self._result = layout.status, layout.result
        self._is_marked = layout.is_marked
        self._says_where = layout.says_where or bool(self._file)

    def _place(self, values: list[str]) -> tuple[str, int | None]:
        layout = self._layout
        return values[layout.file] or self._file, declared_count(values[layout.line])

    def _odd_time(self, time: str) -> float | None:
        duration = _seconds(time)
        self._reading.odd_times += duration is None
        return duration

    def _take_apart(
        self,
        case: Element,
        name: str,
        duration: float | None,
        classname: str,
        file: str,
        line: int | None,
    ) -> Result:
        layout = self._layout
        parts = _Parts(case, layout.said(case) if layout.words or layout.flags else [])
        said = parts.said
        for mark in layout.marks:
            said.properties.append((mark, case.get(mark)))
        self.tries += len(parts.attempts)
        self.broken += parts.status.is_failure
        self.skipped += parts.status is Status.SKIPPED
        return Result(
            name,
            parts.status,
            duration,
            classname,
            parts.message,
            "\n\n".join(parts.traces),
            parts.type,
            "\n".join(said.stdout),
            "\n".join(said.stderr),
            tuple(parts.attempts),
            False,
            file or parts.file,
            parts.line if line is None else line,
            parts.raw_status,
            parts.expected,
            tuple(said.properties),
            tuple(said.attachments),
        )

    def _let_pass(self, result: Result) -> Result | None:
        """Hold a repeated case back; a repeat of one that did not pass is no silent rerun."""
        key = hash((result.classname, result.name))
        known = len(self._seen)
        self._seen.add(key)
        if len(self._seen) > known:
            if result.status is not Status.PASSED:
                self._not_passed.add(key)
            self._last.append(result)
            return self._last.popleft() if len(self._last) > MOST_BETWEEN_TRIES else None
        self._held.append(result)
        if key in self._not_passed or len(self._held) > MOST_HELD:
            self.may_be_reruns = False
        if result.status is not Status.PASSED:
            self._not_passed.add(key)
        return None

    def without_reruns(self) -> list[Result]:
        """All that was held back, where the suite turns out to be none that hides reruns."""
        self.may_be_reruns = False
        return self.settled()

    def settled(self, cut_in: Element = None) -> list[Result]:
        """The results that were held back: repeats are retries, where the suite shows the sign.

        A suite that was cut off may lack the last try, so what looks passed is not known there.
        """
        cut = cut_in is not None
        last, held = [*self._last], self._held
        self._last.clear()
        self._held = []
        declared = self._declared_tests or 0
        tests = self.cases - len(held)
        if not self.may_be_reruns or (tests > declared if cut else tests != declared):
            return [*last, *held]
        if cut and held:
            last = [_unknown_if_passed(each) for each in last]
        elif cut and last and self._may_be_tried_again(last[-1], cut_in):
            last[-1] = _unknown_if_passed(last[-1])
        self.cases, self.tries = tests, self.tries + len(held)
        return [*last, *_as_retries(held, cut)]

    def _may_be_tried_again(self, result: Result, suite: Element) -> bool:
        """Whether the last case before a cut may be a try that failed.

        Then failures are still to come, and no other case was begun after it.
        """
        broken, skipped = self._declared_broken, self._declared_skipped
        if broken is not None and broken <= self.broken and (skipped or 0) <= self.skipped:
            return False
        begun = suite[-1].get("name")  # the attributes of an open element may be incomplete
        return begun is None or (begun or UNNAMED) == result.name

    def said(self, element: Element, cut: bool = False) -> Iterator[Suite | Trouble]:
        """The suite's own properties and output, where it has any."""
        children = [*element.iterchildren("{*}properties", "{*}system-out", "{*}system-err")]
        if not children:
            return
        said = _Said()
        for child in children:
            if not cut or child.getnext() is not None:  # else it may be open still
                said.take(_local(child), child)
        stdout, stderr = "\n".join(said.stdout), "\n".join(said.stderr)
        if said.properties or stdout or stderr:
            yield Suite(self.path, tuple(said.properties), stdout, stderr)
        for line in RUN_ABORTED.findall(stderr):
            yield Trouble(line)

    def add(self, inner: _Suite) -> None:
        self.inner_cases += inner.cases + inner.inner_cases
        self.inner_broken += inner.broken + inner.inner_broken
        self.inner_tries += inner.tries + inner.inner_tries

    def difference(self) -> str:
        """In words, where the suite declares other counts than were found; else ""."""
        told = [
            _compared("tests", self._declared_tests, self, self.cases, self.inner_cases),
            _compared("failures", self._declared_broken, self, self.broken, self.inner_broken),
        ]
        words = " and ".join(filter(None, told))
        return f"{self.title} {words}" if words else ""


def _compared(what: str, declared: int | None, suite: _Suite, own: int, inner: int) -> str:
    """Some count nested suites and some do not, and Surefire counts every attempt."""
    tries, inner_tries = suite.tries, suite.inner_tries
    if declared in (None, own, own + inner, own + tries, own + inner + tries + inner_tries):
        return ""
    return f"declares {declared} {what}, found {own + inner}"


class _Parts:
    """What the children and the words of one case say."""

    def __init__(self, case: Element, words: list[str]) -> None:
        self.status = Status.PASSED
        self.message = self.type = self.file = self.raw_status = ""
        self.line: int | None = None
        self.expected: Expected = ""
        self.was_expected = False
        self.traces: list[str] = []
        self.attempts: list[Attempt] = []
        self.said = _Said()
        children = [(_local(child), child) for child in case]
        deciding = [(kind, child) for kind, child in children if kind in DECIDING]
        if words or deciding:
            self._judge(words, deciding)
        for kind, child in children:
            if kind in DECIDING:
                self._read_deciding(DECIDING[kind], child)
            elif kind in TRIES:
                self._read_try(kind, child)
            else:
                self.said.take(kind, child)
        if self.status is Status.UNKNOWN and not self.message:
            self.message = f"status '{self.raw_status}'"

    def _judge(self, words: list[str], deciding: list[tuple[str, Element]]) -> None:
        """The status, and the report's word for it where that says more."""
        statuses = [DECIDING[kind] for kind, _ in deciding] + [_status_of(each) for each in words]
        self.status = min(statuses, key=STATUS_WINS.index) if len(statuses) > 1 else statuses[0]
        for word in words:
            self.expected = self.expected or EXPECTED.get(_bare(word), "")
            if not self.raw_status and _says_more(word, self.status):
                self.raw_status = word
        for kind, child in deciding:
            if not self.raw_status and kind not in PLAIN and DECIDING[kind] is self.status:
                self.raw_status = kind
            if kind == "skipped" and child.get("type") == "todo":
                self.raw_status = "todo"
            if kind == "skipped" and self.status.is_failure and _may_fail(child):
                self.was_expected = True
        if self.was_expected:
            self.status, self.expected = Status.SKIPPED, "xfail"

    def _read_deciding(self, status: Status, child: Element) -> None:
        """Keep every text of what decided; a skip beside a failure has nothing to add."""
        if status.is_failure is not self.status.is_failure and not self.was_expected:
            return
        message, kind = _message(child), child.get("type") or ""
        self.message = self.message or message
        self.type = self.type or kind
        self.file = self.file or child.get("file") or ""
        self.line = declared_count(child.get("line")) if self.line is None else self.line
        self.expected = self.expected or _expected(kind, message)
        if status.is_failure and (trace := _trace(child)):
            self.traces.append(trace)

    def _read_try(self, kind: str, child: Element) -> None:
        time = child.get("time")
        duration = _seconds(time) if time else None
        self.attempts.append(
            Attempt(TRIES[kind], duration, _message(child), _trace(child), child.get("type") or "")
        )
        for output in child.iterchildren("{*}system-out", "{*}system-err"):
            self.said.take(_local(output), output)


def _bare(word: str) -> str:
    return word.strip().lower().translate(NO_GAPS)


def _status_of(word: str) -> Status:
    return WORDS.get(_bare(word), Status.UNKNOWN)


def _may_fail(skipped: Element) -> bool:
    """Whether this stands beside failures that do not count."""
    return bool(skipped.get("type") == "todo" or skipped.get("message") == CATCH2_MAY_FAIL)


def _says_more(word: str, status: Status) -> bool:
    """Whether a word says more of a case than its status, or is not known at all."""
    return _bare(word) not in PLAIN and _status_of(word) in (status, Status.UNKNOWN)


def _expected(kind: str, message: str) -> Expected:
    """Whether a child says that its test was expected to fail, and did or did not."""
    if message.startswith(EXPECTED_BEGINNINGS):
        return next(said for start, said in EXPECTED_MESSAGES.items() if message.startswith(start))
    return EXPECTED.get(kind.lower(), "")


class _Said:
    """What a case or a suite says beside its results: output, properties, attachments."""

    def __init__(self) -> None:
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.properties: list[tuple[str, str]] = []
        self.attachments: list[str] = []

    def take(self, kind: str, child: Element) -> None:
        if kind == "system-out":
            self._print(self.stdout, _text(child))
        elif kind == "system-err":
            self._print(self.stderr, _text(child))
        elif kind == "properties":
            for each in child.iterchildren("{*}property"):
                self._property(each)
        elif kind == "property":
            self._property(child)
        elif kind == "tags":
            self.properties += [("tag", _value(each)) for each in child]
        elif kind == "attachments":
            self.attachments += filter(None, map(_attached, child))

    def _print(self, printed: list[str], text: str) -> None:
        if not text:
            return
        printed.append(text)
        if "[[" in text:
            self.attachments += ATTACHMENT.findall(text)
            self.properties += PROPERTY.findall(text)

    def _property(self, element: Element) -> None:
        name, value = element.get("name") or "", _value(element)
        items = [each.get("name") or "" for each in element.iterchildren("{*}item")]
        if items:  # Xray puts whole files into them
            self.attachments += items
        elif ATTACHED.fullmatch(name):
            self.attachments.append(value)
        elif name or value:
            self.properties.append((name, value))


# Lines in an output, as Jenkins, GitLab and Testmo read them, and a property's name.
# None goes on over the beginning of another, so hostile text is looked at once.
ATTACHMENT = re.compile(r"\[\[ATTACHMENT\|((?:(?!\[\[).)+?)\]\]")
PROPERTY = re.compile(r"\[\[PROPERTY\|([^=\[\]\n]+)=((?:(?!\[\[).)*?)\]\]")
ATTACHED = re.compile(r"(testrail_)?attachments?[_-]?\d*", re.I)
# JunitXml.TestLogger tells of a test host that crashed in the error output of a suite only.
RUN_ABORTED = re.compile(
    r"^Error - (.*test run was aborted.*|.*[Tt]est host process crashed.*)", re.M
)


def _value(element: Element) -> str:
    value = element.get("value")
    return _text(element).strip() if value is None else str(value)


def _attached(element: Element) -> str:
    """The path of an attachment: an attribute, an element inside, or the text."""
    for attribute in ("path", "href", "file", "src"):
        if value := element.get(attribute):
            return str(value)
    inside = next(element.iterchildren("{*}filePath", "{*}path"), element)
    return _text(inside).strip() or element.get("name") or ""


def _as_retries(held: list[Result], cut: bool) -> list[Result]:
    """Repeats as further tries. A try that was tried again did not pass, whatever it looks like."""
    retries = []
    has_later: set[tuple[str, str]] = set()
    for result in reversed(held):
        key = (result.classname, result.name)
        known = _unknown_if_passed(result) if cut or key in has_later else result
        retries.append(msgspec.structs.replace(known, retry=True))
        has_later.add(key)
    return retries[::-1]


def _unknown_if_passed(result: Result) -> Result:
    if result.status is not Status.PASSED:
        return result
    return msgspec.structs.replace(result, status=Status.UNKNOWN)


def _is_like_pytest(suite: Element) -> bool:
    """Whether pytest may have written this suite: its names may be set, its attributes not."""
    keys = suite.keys()
    return (
        _local(suite) == "testsuite"
        and "hostname" in keys
        and not any(each in keys for each in ("id", "package", "file"))
    )


JAVASCRIPT_FILE = re.compile(r"\.[cm]?[jt]sx?$")
STRESS_RUN = re.compile(r"@stress-\d+$")
# unittest-xml-reporting puts the start of the run behind the name of a class.
RUN_TIME = re.compile(r"-20\d{12}$")


def _path(element: Element) -> tuple[str, ...]:
    """The names of the suites around and of this one; the root `testsuites` is no suite."""
    suites = [each for each in (element, *element.iterancestors()) if _local(each) == "testsuite"]
    root = element.getroottree().getroot()
    parts = [part for suite in reversed(suites) for part in _names(suite, root)]
    return tuple(part for part in parts if part)


def _names(suite: Element, root: Element) -> tuple[str, ...]:
    name, package = suite.get("name") or "", suite.get("package") or ""
    if package and not name.startswith(package):
        name = f"{package}.{name}" if name else package
    if root.get("uuid"):  # nextest counts the rounds of a stress run in the name
        name = STRESS_RUN.sub("", name)
    if root.get("id") is not None and JAVASCRIPT_FILE.search(name):
        # Playwright writes one suite a file and project, and the project only as the host's name.
        return name, suite.get("hostname") or ""
    return (_without_folders(RUN_TIME.sub("", name)),)


def _without_folders(name: str) -> str:
    """PHPUnit calls the outermost suite like the absolute path of its configuration."""
    last = name.replace("\\", "/").rpartition("/")[2]
    is_configuration = last.startswith("phpunit") and last.endswith((".xml", ".dist"))
    return last if is_configuration else name


def _file(suite: Element) -> str:
    """The file that a suite, or one around it, says it is in."""
    around = () if suite is None else (suite, *suite.iterancestors())
    named = (each.get("file") or each.get("filepath") for each in around)
    return next(filter(None, named), "")


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text(element: Element) -> str:
    if len(element):
        return "".join(element.itertext()).strip("\r\n")
    return (element.text or "").strip("\r\n")


def _trace(element: Element) -> str:
    """The text; Surefire puts it into a child, others put the output of the try beside it."""
    if not len(element):
        return _text(element)
    stack = next(element.iterchildren("{*}stackTrace", "{*}stack-trace"), None)
    return "".join(_own_text(element)).strip() if stack is None else _text(stack)


def _own_text(element: Element) -> Iterable[str]:
    yield element.text or ""
    for child in element:
        if _local(child) not in ("system-out", "system-err"):
            yield from child.itertext()
        yield child.tail or ""


def _message(element: Element) -> str:
    """The message, or the first line of the text where there is none."""
    if message := element.get("message"):
        return str(message)
    inside = next(element.iterchildren("{*}message"), None)
    if inside is not None and (message := _text(inside).strip()):
        return message
    return next((line.strip() for line in _trace(element).splitlines() if line.strip()), "")


def _declared_broken(attributes: Any) -> int | None:
    failures, errors = (
        declared_count(attributes.get("failures")),
        declared_count(attributes.get("errors")),
    )
    if failures is None and errors is None:
        return None
    return (failures or 0) + (errors or 0)


def _seconds(text: str) -> float | None:
    """A time in seconds, between 0 and a year as Jenkins has it; None where it cannot be one."""
    told = seconds_from_text(text)
    return _odd_seconds("".join(text.split())) if told is None else told


GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+|\d+(,\d+)*\.\d*", re.ASCII)
DECIMAL_COMMA = re.compile(r"(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)
WITH_UNIT = re.compile(r"(\d[\d.,]*)(ms|msecs?|s|secs?|seconds?|m|mins?|minutes?)", re.ASCII | re.I)
UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
ISO_OR_CLOCK = (
    re.compile(r"P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?", re.ASCII | re.I),
    re.compile(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d(?:[.,]\d+)?)", re.ASCII),
)


def _odd_seconds(text: str) -> float | None:
    """Times of other locales and forms: `1,234.56`, `1.234,56`, `0,5`, `12ms`, `PT1.5S`, `0:00:01`.

    One comma and exactly three digits are thousands, unless a zero leads: `0,123` is a fraction.
    """
    if GROUPED.fullmatch(text):
        return seconds_from_text(text.replace(",", ""))
    if DECIMAL_COMMA.fullmatch(text):
        return seconds_from_text(text.replace(".", "").replace(",", "."))
    if found := WITH_UNIT.fullmatch(text):
        value, unit = _seconds(found[1]), found[2].lower()
        scale = UNITS["ms" if unit.startswith("ms") else unit[0]]
        return None if value is None else seconds_within(value * scale)
    for form in ISO_OR_CLOCK:
        if found := form.fullmatch(text):
            days, hours, minutes, seconds = (
                float((part or "0").replace(",", ".")) for part in found.groups()
            )
            return seconds_within(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    return None
