"""JUnit XML: nobody obeys a schema, so what testcase elements say counts, not what suites declare.

Readings where tools differ:

- Error goes before failure, failure before skipped, skipped before passed. (Jenkins' own plugin
  lets skipped win and so hides a failure.) A `status` or `result` attribute counts as much as the
  child element it stands for, and a word that is not known makes the result unknown.
- `flakyFailure` and `flakyError` (Surefire, nextest) are earlier attempts of a test that passed;
  `rerunFailure` and `rerunError` are further attempts, beside the `failure` that decides.
- pytest-rerunfailures writes one element an attempt and leaves the failure out of all but the
  last. Where a suite like pytest's declares as many tests as it has names, and fewer than it has
  elements, and everything before a repeat looks passed, repeats are retries and the last decides.
- Any other repeated name is a result of its own: a test that failed and whose tear-down failed
  too (pytest), a Gradle retry, the same test of two browsers. Nothing that failed is hidden.
- An `error` or `failure` right in a suite (a class that could not be loaded) is the result
  "<init>" of that suite, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from tracker.intake.contract import (
    Attempt,
    Damage,
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
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element

ELEMENTS = ("testcase", "testsuite", "testsuites")
CHECK = "http://check.sourceforge.net/ns"
UNNAMED = "(unnamed)"
SUITE_SET_UP = "<init>"

YEAR = 365 * 86_400.0
MOST_NOTES = 20
MOST_HELD = 10_000

# Children that decide, and children that are attempts before or beside the deciding one.
DECIDING = {
    "error": Status.ERROR,
    "failure": Status.FAILED,
    "skipped": Status.SKIPPED,
    "ignored": Status.SKIPPED,
    "disabled": Status.SKIPPED,
}
TRIES = {
    "flakyFailure": Status.FAILED,
    "rerunFailure": Status.FAILED,
    "flakyError": Status.ERROR,
    "rerunError": Status.ERROR,
}
# What googletest, CTest, CDash, Behave and others write into `status` and `result`.
WORDS = (
    dict.fromkeys(("", "run", "completed", "executed", "passed", "pass", "ok"), Status.PASSED)
    | dict.fromkeys(("success", "successful", "succeeded", "warning"), Status.PASSED)
    | dict.fromkeys(("fail", "failed", "failure"), Status.FAILED)
    | dict.fromkeys(("error", "errored", "broken", "timeout", "aborted"), Status.ERROR)
    | dict.fromkeys(("notrun", "not_run", "not run", "notexecuted"), Status.SKIPPED)
    | dict.fromkeys(("suppressed", "disabled", "skipped", "skip", "ignored"), Status.SKIPPED)
    | dict.fromkeys(("pending", "todo", "untested", "undefined", "blocked"), Status.SKIPPED)
)
# The words, one after the other, of every googletest case that ran.
JUST_RAN = frozenset({"run", "completed", "runcompleted"})
STATUS_WINS = (Status.ERROR, Status.FAILED, Status.SKIPPED, Status.UNKNOWN, Status.PASSED)


def looks_like(head: Head) -> float:
    if head.namespace == CHECK or head.root not in ELEMENTS:
        return 0.0
    return 0.8 if head.root == "testcase" else 0.9


@parser("junit", recognises="JUnit XML: testsuites, testsuite or testcase", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        yield from _records(report, reading)
    except XmlDamage as damage:
        if not reading.found_results:
            raise ReportError(damage.reason, damage.position) from None
        yield from reading.cut_off()
        yield from reading.notes()
        yield Damage(damage.reason, damage.position)
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
            around = parent
            suite = reading.enter(parent)
            yield Suite(suite.path)
        result = suite.take(element)
        if result is not None:
            yield result


class _Reading:
    """One file: the suites that are open, and what people should be told at the end."""

    def __init__(self) -> None:
        self.found_elements = False
        self.found_results = False
        self.odd_times = 0
        self.current: _Suite | None = None
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
        results = [*suite.settled(), *self._set_up_failures(element, suite)]
        if results:
            self.found_results = True
            if suite is not self.current:
                yield Suite(suite.path)
            yield from results
        self.current = None
        parent = element.getparent()
        if parent is not None:
            self._suite(parent).add(suite)
        # What is wrong in a suite is wrong in the sums above it too: once is enough.
        difference = suite.difference()
        if difference and (suite.path or not self._notes):
            self.note(difference)

    def _set_up_failures(self, element: Element, suite: _Suite) -> Iterator[Result]:
        for child in element.iterchildren("{*}error", "{*}failure"):
            status = DECIDING[_local(child)]
            suite.broken += 1
            self.note(
                f"{suite.title} reports a failure outside any test; it is recorded as "
                f"the result {SUITE_SET_UP}"
            )
            message, trace = _message(child), _trace(child)
            yield Result(SUITE_SET_UP, status, None, "", message, trace, child.get("type") or "")

    def cut_off(self) -> Iterator[Record]:
        """What was held back in suites whose end will never come."""
        for suite in self._open.values():
            if results := suite.settled(cut=True):
                yield Suite(suite.path)
                yield from results

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


class _Suite:
    """One suite element while its cases go by: its counts, and the repeats it holds back.

    Whether repeats are retries is known only at the suite's end, so they wait there; first
    occurrences do not, which is what keeps memory bounded.
    """

    def __init__(self, element: Element, reading: _Reading) -> None:
        self.path = () if element is None else _path(element)
        self.title = f'suite "{" / ".join(self.path)[:200]}"' if self.path else "the whole report"
        self._reading = reading
        attributes = {} if element is None else element.attrib
        self._declared_tests = _count(attributes.get("tests"))
        self._declared_broken = _declared_broken(attributes)
        self.cases = self.broken = self.tries = 0
        self.inner_cases = self.inner_broken = self.inner_tries = 0
        self._may_be_reruns = self._declared_tests is not None and _is_like_pytest(attributes)
        self._learn([])
        self._seen: set[int] = set()
        self._not_passed: set[int] = set()
        self._held: list[Result] = []

    def take(self, case: Element) -> Result | None:
        """The result of a case, or None where it has to wait for the suite's end."""
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
        if len(case) or (word and word not in JUST_RAN):
            result = self._take_apart(case, name, duration, classname)
        else:
            result = Result(name, Status.PASSED, duration, classname)
        return self._let_pass(result) if self._may_be_reruns else result

    def _learn(self, keys: list[str]) -> None:
        """Where the attributes stand; a file has few orders, and one call reads all values.

        The value after the last one is "", which is what an attribute that is absent reads as.
        """
        self._keys = keys
        self._name, self._classname, self._time, self._status, self._result = (
            keys.index(key) if key in keys else -1
            for key in ("name", "classname", "time", "status", "result")
        )

    def _odd_time(self, time: str) -> float | None:
        duration = _seconds(time)
        self._reading.odd_times += duration is None
        return duration

    def _take_apart(
        self, case: Element, name: str, duration: float | None, classname: str
    ) -> Result:
        parts = _Parts(case)
        self.tries += len(parts.attempts)
        self.broken += parts.status.is_failure
        return Result(
            name,
            parts.status,
            duration,
            classname,
            parts.message,
            "\n\n".join(parts.traces),
            parts.type,
            "\n".join(parts.stdout),
            "\n".join(parts.stderr),
            tuple(parts.attempts),
        )

    def _let_pass(self, result: Result) -> Result | None:
        """Hold a repeated case back; a repeat of one that did not pass is no silent rerun."""
        key = hash((result.classname, result.name))
        known = len(self._seen)
        self._seen.add(key)
        if len(self._seen) > known:
            if result.status is not Status.PASSED:
                self._not_passed.add(key)
            return result
        self._held.append(result)
        if key in self._not_passed or len(self._held) > MOST_HELD:
            self._may_be_reruns = False
        if result.status is not Status.PASSED:
            self._not_passed.add(key)
        return None

    def settled(self, cut: bool = False) -> list[Result]:
        """The results that were held back: as retries, where the suite shows the sign of them.

        A suite that was cut off may lack the last try, so what looks passed is not known.
        """
        held, self._held = self._held, []
        declared = self._declared_tests or 0
        tests = self.cases - len(held)
        if self._may_be_reruns and (tests <= declared if cut else tests == declared):
            self.cases, self.tries = tests, self.tries + len(held)
            return _as_retries(held, cut)
        return held

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

    def __init__(self, case: Element) -> None:
        self.status = Status.PASSED
        self.message = self.type = ""
        self.traces: list[str] = []
        self.stdout: list[str] = []
        self.stderr: list[str] = []
        self.attempts: list[Attempt] = []
        statuses = [WORDS.get(word.strip().lower(), Status.UNKNOWN) for word in _words(case)]
        children = [(_local(child), child) for child in case]
        statuses += [DECIDING[kind] for kind, _ in children if kind in DECIDING]
        self.status = min(statuses, key=STATUS_WINS.index, default=Status.PASSED)
        for kind, child in children:
            self._read(kind, child)

    def _read(self, kind: str, child: Element) -> None:
        if kind in DECIDING:
            self._read_deciding(DECIDING[kind], child)
        elif kind in TRIES:
            self._read_try(kind, child)
        elif kind == "system-out":
            self.stdout.append(_text(child))
        elif kind == "system-err":
            self.stderr.append(_text(child))

    def _read_deciding(self, status: Status, child: Element) -> None:
        """Keep every text of what decided; a skip beside a failure has nothing to add."""
        if status.is_failure is not self.status.is_failure:
            return
        self.message = self.message or _message(child)
        self.type = self.type or child.get("type") or ""
        if status.is_failure and (trace := _trace(child)):
            self.traces.append(trace)

    def _read_try(self, kind: str, child: Element) -> None:
        time = child.get("time")
        duration = _seconds(time) if time else None
        self.attempts.append(
            Attempt(TRIES[kind], duration, _message(child), _trace(child), child.get("type") or "")
        )


def _words(case: Element) -> Iterator[str]:
    for attribute in ("status", "result"):
        word = case.get(attribute)
        if word is not None:
            yield word


def _as_retries(held: list[Result], cut: bool) -> list[Result]:
    """Repeats as further tries. A try that was tried again did not pass, whatever it looks like."""
    retries = []
    has_later: set[tuple[str, str]] = set()
    for result in reversed(held):
        key = (result.classname, result.name)
        looks_passed = result.status is Status.PASSED
        hidden = looks_passed and (cut or key in has_later)
        retries.append(_retry(result, Status.UNKNOWN if hidden else result.status))
        has_later.add(key)
    return retries[::-1]


def _retry(result: Result, status: Status) -> Result:
    return Result(
        result.name,
        status,
        result.duration,
        result.classname,
        result.message,
        result.trace,
        result.type,
        result.stdout,
        result.stderr,
        result.attempts,
        retry=True,
    )


# Names


def _is_like_pytest(suite: Any) -> bool:
    """Whether pytest may have written this suite: its names may be set, its attributes not."""
    return "hostname" in suite and not any(each in suite for each in ("id", "package", "file"))


JAVASCRIPT_FILE = re.compile(r"\.[cm]?[jt]sx?$")
STRESS_RUN = re.compile(r"@stress-\d+$")


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
    return (name,)


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


# Texts


def _text(element: Element) -> str:
    if len(element):
        return "".join(element.itertext()).strip("\r\n")
    return (element.text or "").strip("\r\n")


def _trace(element: Element) -> str:
    """The text; Surefire puts it into a child, beside the output of that try."""
    stack = next(element.iterchildren("{*}stackTrace"), None)
    return _text(element if stack is None else stack)


def _message(element: Element) -> str:
    """The message, or the first line of the text where there is none."""
    if message := element.get("message"):
        return str(message)
    return next((line.strip() for line in _trace(element).splitlines() if line.strip()), "")


# Numbers


def _count(text: str | None) -> int | None:
    """A declared count; None where there is none, or none that could be one."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _declared_broken(attributes: Any) -> int | None:
    failures, errors = _count(attributes.get("failures")), _count(attributes.get("errors"))
    if failures is None and errors is None:
        return None
    return (failures or 0) + (errors or 0)


def _seconds(text: str) -> float | None:
    """A time in seconds, between 0 and a year as Jenkins has it; None where it cannot be one."""
    try:
        value = float(text)
    except ValueError:
        return _odd_seconds(text)
    if 0.0 <= value <= YEAR:
        return value
    return min(max(value, 0.0), YEAR) if abs(value) < float("inf") else None


GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+|\d+(,\d+)*\.\d*", re.ASCII)
DECIMAL_COMMA = re.compile(r"(\d+|\d{1,3}(\.\d{3})+),\d+", re.ASCII)


def _odd_seconds(text: str) -> float | None:
    """Times of other locales: `1,234.56`, `1.234,56`, `1 234,5`, `0,5`.

    One comma and exactly three digits are thousands, unless a zero leads: `0,123` is a fraction.
    """
    digits = "".join(text.split())
    if GROUPED.fullmatch(digits):
        return _seconds(digits.replace(",", ""))
    if DECIMAL_COMMA.fullmatch(digits):
        return _seconds(digits.replace(".", "").replace(",", "."))
    return None
