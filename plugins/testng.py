"""TestNG XML: testng-results with suites, tests, classes, and one test-method an invocation.

Readings where tools differ:

- Configuration methods (`is-config`) are no results. One that failed is trouble of the run, and
  each skipped test of its class that gives no reason itself tells of it.
- `retried="true"`, which TestNG writes with the status SKIP, is an earlier attempt of the next
  result of the same method, instance and parameters; one without such a result failed. So the
  results of a class wait for its end.
- The name is the method with its parameters, `method(1, a)`, and the instance where a factory
  made several: `method(1, a) [instance]`. Java's object hashes are taken off: they change in
  every run.
- An invocation that failed within its success percentage (SUCCESS_PERCENTAGE_FAILURE) passed, as
  TestNG has it; its word and what was thrown are kept.
- The declared counts are of many minds about retries, configuration and ignored methods; any sum
  that fits is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

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
    Trouble,
    XmlDamage,
    XmlElement,
    declared_count,
    parser,
    seconds_from_text,
    xml_elements,
)

Parts: TypeAlias = dict[Any, XmlElement]

MOST_TROUBLES = 20
# Of one method, as each of its invocations has them.
MOST_GROUPS = 100

ELEMENTS = ("test-method", "class", "test", "suite", "group", "testng-results")
ALLOWED = "SUCCESS_PERCENTAGE_FAILURE"
WORDS = {
    "PASS": Status.PASSED,
    "FAIL": Status.FAILED,
    "SKIP": Status.SKIPPED,
    ALLOWED: Status.PASSED,
}
# `Money@1b2c3d`, `[I@1b2c3d`: what Java prints of an object that does not print itself.
HASH = re.compile(
    r"((?<![\w.])(?:[a-z_]\w*\.)+[\w$]+|(?<!\[)\[+(?:[BCDFIJSZ]|L[\w.$]+;))"
    r"@[0-9a-f]{1,8}(?![\w.@-])"
)
LAST_WORD = re.compile(r"(?<![\w$])([\w$]+)\(")


def looks_like(head: Head) -> float:
    return 0.9 if head.root == "testng-results" and not head.namespace else 0.0


@parser("testng", recognises="TestNG XML: testng-results", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    try:
        for element in xml_elements(report.stream, *ELEMENTS):
            tag = element.tag
            if tag == "test-method":
                yield from reading.method(element)
            elif tag == "class":
                yield from reading.settled()
            elif tag == "group":
                reading.group(element)
            elif tag == "testng-results":
                yield from reading.end(element)
    except XmlDamage as damage:
        held = list(reading.settled(cut=True))
        told = damage.behind(reading.found)
        yield from held
        yield told
        return
    if not reading.began and not reading.found:
        raise ReportError("it holds no testng-results, so it is not TestNG XML")


class _Reading:
    """One file: the results of the class that is open, and the counts of the whole."""

    def __init__(self) -> None:
        self.began = False
        self.found = self.broken = self.retried = self.configurations = self.troubles = 0
        self._class: XmlElement | None = None
        self._path: tuple[str, ...] = ()
        self._held: list[tuple[Result, bool]] = []
        self._reason = ""
        self._groups: dict[tuple[str, str], tuple[str, ...]] = {}

    def method(self, method: XmlElement) -> Iterator[Record]:
        self.began = True
        parent = method.getparent()
        if parent is not self._class:
            yield from self.settled()
            self._class, self._path = parent, _path(parent)
        fixture = self._path[-1] if self._path else ""
        if method.get("is-config") == "true":
            self.configurations += 1
            yield from self._configuration(method, fixture)
            return
        # Invocations wait in their order; what they are is settled at the end of the class.
        is_retried = method.get("retried") == "true"
        known = self._groups
        groups = known.get((fixture, method.get("name") or ""), ()) if known else ()
        self._held.append((_result(method, fixture, groups), is_retried))

    def _configuration(self, method: XmlElement, fixture: str) -> Iterator[Record]:
        word = method.get("status") or ""
        if WORDS.get(word) in (Status.PASSED, Status.SKIPPED):
            return
        self.troubles += 1
        parts = {each.tag: each for each in method}
        name = ".".join(filter(None, (fixture, _name(method, parts, fixture))))
        message, trace, _ = _exception(parts)
        what = "failed" if word == "FAIL" else f"has the status '{word}'"
        self._reason = self._reason or f"configuration method {name} {what}: {message}".rstrip(": ")
        if self.troubles <= MOST_TROUBLES:
            told = f"configuration method {name} {what}"
            yield Trouble("\n".join(filter(None, (told, trace or message))))

    def settled(self, cut: bool = False) -> Iterator[Record]:
        """The results of the class that ends here, with their earlier attempts."""
        held, self._held = self._held, []
        reason, self._reason = self._reason, ""
        self._class = None
        if not held:
            return
        yield Suite(self._path)
        for result in _with_attempts(held, cut):
            self.found += 1
            self.broken += result.status.is_failure
            self.retried += len(result.attempts)
            if reason and result.status is Status.SKIPPED and not result.message:
                result = _explained(result, reason)
            yield result

    def group(self, group: XmlElement) -> None:
        """The groups of a suite are told before its tests."""
        name = group.get("name") or ""
        for method in group.iterchildren("method"):
            key = method.get("class") or "", method.get("name") or ""
            known = self._groups.get(key, ())
            if name and len(known) < MOST_GROUPS and name not in known:
                self._groups[key] = (*known, name)

    def end(self, root: XmlElement) -> Iterator[Record]:
        self.began = True
        yield from self.settled()
        if self.troubles > MOST_TROUBLES:
            yield Trouble(f"{self.troubles - MOST_TROUBLES} more configuration methods failed")
        total, ignored = declared_count(root.get("total")), declared_count(root.get("ignored")) or 0
        every = self.found + self.retried
        fitting = {
            count + more
            for count in (self.found, every)
            for more in (0, ignored, self.configurations)
        }
        if total is not None and total not in fitting:
            yield Note(f"the report declares {total} tests, found {self.found}")
        failed = declared_count(root.get("failed"))
        # Failed configuration methods, and attempts of older versions, may be in it.
        if failed is not None and not 0 <= failed - self.broken <= self.retried + self.troubles:
            yield Note(f"the report declares {failed} failures, found {self.broken}")


def _path(element: XmlElement | None) -> tuple[str, ...]:
    """Suite, test and class."""
    if element is None:
        return ()
    around = [element, *element.iterancestors("test", "suite")]
    return tuple(filter(None, (each.get("name") or "" for each in reversed(around))))


def _with_attempts(held: list[tuple[Result, bool]], cut: bool) -> list[Result]:
    """Results as they decided; what was retried goes to the next of its name, or the last one."""
    settled: list[Result] = []
    places: dict[str, int] = {}
    waiting: dict[str, list[Result]] = {}
    for result, is_retried in held:
        if is_retried:
            waiting.setdefault(result.name, []).append(result)
            continue
        places[result.name] = len(settled)
        settled.append(_after(waiting.pop(result.name, ()), result))
    for name, tries in waiting.items():
        if name in places:
            settled[places[name]] = _after(tries, settled[places[name]])
        else:
            settled.append(_last_of(tries, cut))
    return settled


def _after(tries: list[Result] | tuple[()], result: Result) -> Result:
    if not tries:
        return result
    return _changed(result, attempts=(*map(_attempt, tries), *result.attempts))


def _last_of(tries: list[Result], cut: bool) -> Result:
    """What was to be tried again and was not: it failed, unless the next try was cut off."""
    *before, last = tries
    attempts = tuple(map(_attempt, before))
    if cut:
        message = "the report ends before it was tried again"
        return _changed(last, attempts=attempts, status=Status.UNKNOWN, message=message)
    return _changed(last, attempts=attempts, status=Status.FAILED)


def _attempt(result: Result) -> Attempt:
    """A try that was tried again did not pass; TestNG calls it skipped."""
    return Attempt(Status.FAILED, result.duration, result.message, result.trace, result.type)


def _explained(result: Result, reason: str) -> Result:
    return _changed(result, attempts=result.attempts, message=reason)


def _changed(
    result: Result,
    attempts: tuple[Attempt, ...],
    status: Status | None = None,
    message: str | None = None,
) -> Result:
    return Result(
        result.name,
        result.status if status is None else status,
        result.duration,
        message=result.message if message is None else message,
        trace=result.trace,
        type=result.type,
        stdout=result.stdout,
        attempts=attempts,
        raw_status=result.raw_status,
        properties=result.properties,
    )


def _result(method: XmlElement, fixture: str, groups: tuple[str, ...]) -> Result:
    parts = {each.tag: each for each in method}
    time = method.get("duration-ms")
    duration = seconds_from_text(time, 1000) if time else None
    word = method.get("status") or ""
    name, output = _name(method, parts, fixture), _output(parts)
    properties = _properties(method, parts, groups)
    if word == "PASS" and not output and not properties:
        return Result(name, Status.PASSED, duration)
    status = WORDS.get(word, Status.UNKNOWN)
    message = trace = kind = ""
    if word != "PASS":  # an exception that was expected is told of passed ones too
        message, trace, kind = _exception(parts)
    if status is Status.UNKNOWN and not message:
        message = f"status '{word}'" if word else "the report tells no status"
    return Result(
        name,
        status,
        duration,
        message=message,
        trace=trace,
        type=kind,
        stdout=output,
        raw_status=word if word == ALLOWED or status is Status.UNKNOWN else "",
        properties=properties,
    )


def _name(method: XmlElement, parts: Parts, fixture: str) -> str:
    name, instance = method.get("name") or "", method.get("test-instance-name") or ""
    if not name or name == instance:  # older versions write the instance over the method
        named = LAST_WORD.search(method.get("signature") or "")
        name = named[1] if named else name
    is_told = not instance or instance == fixture or name.startswith(instance)
    if "params" in parts:
        values = [_value(each) for each in parts["params"]]
        name += f"({', '.join(values)})" if values else ""
    if not is_told:
        name += f" [{instance}]"
    return (HASH.sub(r"\1", name) if "@" in name else name) or UNNAMED


def _value(param: XmlElement) -> str:
    for value in param:
        if value.get("is-null") != "true":
            return (value.text or "").strip()
    return "null"


def _exception(parts: Parts) -> tuple[str, str, str]:
    """Message, stack trace and class of what was thrown."""
    told = parts.get("exception")
    if told is None:
        return "", "", ""
    texts = {each.tag: (each.text or "").strip() for each in told}
    trace = texts.get("full-stacktrace") or texts.get("short-stacktrace") or ""
    message = texts.get("message") or trace.partition("\n")[0].strip()
    return message, trace, told.get("class") or ""


def _output(parts: Parts) -> str:
    return "\n".join([(line.text or "").strip() for line in parts.get("reporter-output", ())])


def _properties(
    method: XmlElement, parts: Parts, groups: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    found = [("group", group) for group in groups]
    if value := method.get("description"):
        found.append(("description", value))
    if value := method.get("groups"):
        found.append(("groups", value))
    for each in parts.get("attributes", ()):
        if told := each.get("name"):
            found.append((told, (each.text or "").strip()))
    return tuple(found)
