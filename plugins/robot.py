"""Robot Framework: output.xml of versions 2 to 7, and the JSON output that 7.2 brought.

Readings where tools differ:

- A suite tear-down that failed makes every test below the suite failed, as the API of Robot has it;
  the file shows those tests as passed. (One that was skipped makes them skipped.) Rebot has done
  so before it writes. All tests therefore wait for the end of the outermost suite, and of a file
  that breaks off before it nothing counts as passed.
- A set-up or tear-down that failed is shown by its tests. Where none of them failed (they were
  all skipped) it is a result of its own.
- A test that was not `critical` (before Robot 4) and failed is failed, and a property says so.
- `rebot --merge` keeps the last of several tries and tells of the others in its message, in HTML:
  they are read out of it as attempts.
- The trace of a failed test is the keywords that failed in it, innermost first; its output is what
  those keywords logged. Other keywords are dropped as the reading goes on.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, TypeAlias

import msgspec

from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    UNNAMED,
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
    is_cut,
    json_document,
    list_of,
    objects_of,
    parser,
    printed,
    seconds_from_number,
    seconds_from_text,
    seconds_within,
    xml_elements,
)

Element: TypeAlias = Any  # lxml's element

MOST_NOTES = 20
MOST_STEPS = 100
MOST_LOGGED = 32_000
MOST_TAGS = 10_000
# What all the messages, traces and outputs that wait may hold, and how much of one is kept then.
MOST_HELD = 50_000_000
SHORT = 500
# What every test of a suite repeats of its tear-down's failure.
MOST_TORN = 1000
MOST_TOLD_TORN = 4 * MOST_TORN
DEEPEST = 100

STATUSES = {
    "PASS": Status.PASSED,
    "FAIL": Status.FAILED,
    "SKIP": Status.SKIPPED,
    "NOT RUN": Status.SKIPPED,
    "NOT_RUN": Status.SKIPPED,
}
SAYS_IT_ALL = ("PASS", "FAIL", "SKIP")
# What a test is made of: freed as it goes by, since one test may loop for hours.
BODY = ("kw", "for", "iter", "while", "if", "branch", "try", "group")
GENERATORS = ("Robot ", "Rebot ")


def looks_like(head: Head) -> float:
    if head.root == "robot":  # robots of other kinds are described in XML, too
        return 0.9 if "<suite" in head.text or "generator=" in head.text[:2000] else 0.0
    if not isinstance(head.json, dict):
        return 0.0
    generator, suite = head.json.get("generator"), head.json.get("suite")
    if isinstance(generator, str) and generator.startswith(GENERATORS):
        return 0.9
    return 0.8 if isinstance(suite, dict) and suite.get("id") == "s1" else 0.0


@parser(
    "robot",
    recognises="output.xml or output.json of Robot Framework",
    sniff=looks_like,
    endings=(".xml", ".json"),
)
def read(report: ReportFile) -> Iterator[Record]:
    run = _Run()
    is_json = report.head.text.lstrip()[:1] == "{"
    damage = _read_json(report, run) if is_json else _read_xml(report, run)
    if damage is not None and not run.held:
        raise ReportError(damage.reason, damage.position)
    if not run.found_suites:
        raise ReportError("it holds no suite, so it is no output of Robot Framework")
    yield from run.records()
    if damage is not None:
        yield damage


class _Suite:
    """A suite that is open: where its results begin, and how its set-up and tear-down ended."""

    def __init__(self, path: tuple[str, ...], source: str, start: int) -> None:
        self.path = path
        self.source = source
        self.start = start
        self.fixtures: dict[str, tuple[str, str]] = {}
        self.properties: tuple[tuple[str, str], ...] = ()


class _Run:
    """The results that wait, since a tear-down above them may still change them."""

    def __init__(self) -> None:
        self.found_suites = False
        # Rebot writes the statuses as they are after everything.
        self.is_final = False
        self.held: list[Result] = []
        self.open: dict[Any, _Suite] = {}
        self.declared: tuple[int | None, ...] = ()
        self._groups: list[tuple[_Suite, int]] = []
        self._notes: list[str] = []
        self._room, self._shortened = MOST_HELD, 0
        self._tags: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {}

    def begin(self, key: Any, above: tuple[str, ...], name: Any, source: str) -> _Suite:
        self.found_suites = True
        name = _text(name) or _name_of(source)
        path = (*above, name) if name else above
        suite = self.open[key] = _Suite(path, source, len(self.held))
        return suite

    def add(self, suite: _Suite, result: Result) -> None:
        if not self._groups or self._groups[-1][0] is not suite:
            self._groups.append((suite, len(self.held)))
        size = len(result.message) + len(result.trace) + len(result.stdout)
        self._room -= size
        if size and self._room < 0:
            self._shortened += 1
            result = msgspec.structs.replace(
                result, message=result.message[:SHORT], trace=result.trace[:SHORT], stdout=""
            )
        self.held.append(result)

    def end(self, key: Any, message: str) -> None:
        """Let a tear-down that did not pass count for all that ran before it."""
        suite = self.open.pop(key)
        word, text = suite.fixtures.get("teardown", ("", ""))
        if not self.is_final and word in ("FAIL", "SKIP"):
            text = text or message.removeprefix("Suite teardown failed:\n")
            text = text[: MOST_TORN if self._room > 0 else SHORT]
            self._room -= len(text) * (len(self.held) - suite.start)
            for place in range(suite.start, len(self.held)):
                self.held[place] = _torn_down(self.held[place], word, text)
        self._show_fixtures(suite)

    def _show_fixtures(self, suite: _Suite) -> None:
        failed = [
            (name, text)
            for name, kind in ((SET_UP, "setup"), (TEAR_DOWN, "teardown"))
            for word, text in [suite.fixtures.get(kind, ("", ""))]
            if word == "FAIL"
        ]
        if failed and not any(each.status.is_failure for each in self.held[suite.start :]):
            for name, text in failed:
                self.add(suite, Result(name, Status.FAILED, message=text, file=suite.source))

    def properties(
        self, tags: tuple[str, ...], critical: str | None
    ) -> tuple[tuple[str, str], ...]:
        """The tags of a test; many tests have the same ones, which are kept once."""
        known = self._tags.get(tags)
        if known is None:
            known = tuple(("tag", tag) for tag in tags)
            if len(self._tags) < MOST_TAGS:
                self._tags[tags] = known
        return (*known, ("critical", "no")) if critical == "no" else known

    def note(self, text: str) -> None:
        if len(self._notes) < MOST_NOTES:
            self._notes.append(text)

    def records(self) -> Iterator[Record]:
        if self.open and not self.is_final:
            start = min(suite.start for suite in self.open.values())
            self.held[start:] = map(_cut_off, self.held[start:])
        end_of_all = len(self.held)
        for place, (suite, start) in enumerate(self._groups, start=1):
            yield Suite(suite.path, suite.properties)
            end = self._groups[place][1] if place < len(self._groups) else end_of_all
            yield from self.held[start:end]
        if difference := self._difference():
            self.note(difference)
        if self._shortened:
            self._notes.append(f"the texts of {self._shortened} results are cut short")
        yield from map(Note, self._notes)

    def _difference(self) -> str:
        """In words, where the statistics at the end count otherwise than we do."""
        if None in self.declared[:2] or not self.declared:
            return ""
        told = tuple(count or 0 for count in self.declared)
        named = [each.status for each in self.held if each.name not in (SET_UP, TEAR_DOWN)]
        kinds = (Status.PASSED, Status.FAILED, Status.SKIPPED)
        found = tuple(named.count(kind) for kind in kinds)
        if told == found:
            return ""
        words = "declares {} passed, {} failed, {} skipped tests; found {}, {}, {}"
        return f"the report {words.format(*told, *found)}"


def _name_of(source: str) -> str:
    """What Robot calls a suite without a name: its file, without the number that orders it."""
    stem = re.split(r"[/\\]", source)[-1].rpartition(".")[0]
    before, _, behind = stem.partition("__")
    name = (behind or before).replace("_", " ").strip()
    return name.title() if name.islower() else name


def _torn_down(result: Result, word: str, text: str) -> Result:
    """A test whose suite's tear-down failed or was skipped, in Robot's own words."""
    status, message = result.status, result.message
    if len(message) > MOST_TOLD_TORN:  # it stands within many that failed
        is_skipped = word == "SKIP" or status is Status.SKIPPED
        torn = Status.SKIPPED if is_skipped else Status.FAILED
        return result if torn is status else msgspec.structs.replace(result, status=torn)
    if word == "SKIP":
        earlier = f"\n\nEarlier message:\n{message}" if message else ""
        skipped = f"Skipped in parent suite teardown:\n{text}{earlier}"
        return msgspec.structs.replace(result, status=Status.SKIPPED, message=skipped)
    also = f"{message}\n\nAlso parent" if message else "Parent"
    return msgspec.structs.replace(
        result,
        status=status if status is Status.SKIPPED else Status.FAILED,
        message=f"{also} suite teardown failed:\n{text}",
    )


def _cut_off(result: Result) -> Result:
    if result.status is not Status.PASSED:
        return result
    return msgspec.structs.replace(
        result,
        status=Status.UNKNOWN,
        raw_status="PASS",
        message="the report breaks off before the tear-down of its suite, which may have failed",
    )


def _read_xml(report: ReportFile, run: _Run) -> Damage | None:
    reading = _Xml(run)
    try:
        for element in xml_elements(report.stream, "test", "suite", "statistics", "errors", *BODY):
            reading.take(element)
    except XmlDamage as damage:
        return Damage(damage.reason, damage.position)
    return None


class _Xml:
    """What the elements say, each as it ends."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self._steps = _Steps()
        self._parent: Element = None
        self._suite: _Suite | None = None
        self._knows_generator = False

    def take(self, element: Element) -> None:
        tag = element.tag
        if tag == "test":
            self._test(element)
        elif tag == "suite":
            self._end_of_suite(element)
        elif tag == "statistics":
            self.run.declared = _declared(element)
        elif tag == "errors":
            for message in element.iterchildren("msg"):
                if message.get("level") == "ERROR":
                    self.run.note(f"Robot Framework reported: {(message.text or '')[:500]}")
        elif len(element) and element[-1].get("status") in ("FAIL", "SKIP"):
            self._odd_step(element, element[-1])

    def _enter(self, element: Element) -> _Suite:
        """The suite of this element, after those around it."""
        suite = self.run.open.get(element)
        if suite is not None:
            return suite
        if not self._knows_generator:
            root = element.getroottree().getroot()
            self.run.is_final = (root.get("generator") or "").startswith("Rebot")
            self._knows_generator = True
        parent = element.getparent()
        is_inner = parent is not None and parent.tag == "suite"
        path = self._enter(parent).path if is_inner else ()
        return self.run.begin(element, path, element.get("name"), element.get("source") or "")

    def _test(self, test: Element) -> None:
        parent = test.getparent()
        if parent is not self._parent or self._suite is None:
            if parent is None or parent.tag != "suite":
                return
            self._parent, self._suite = parent, self._enter(parent)
        suite, steps = self._suite, self._steps
        status = _status(test)
        word = status.get("status") if status is not None else None
        text = (status.text or "").strip() if status is not None else ""
        # Robot 2 kept it at the test at first.
        critical = test.get("critical") or (status.get("critical") if status is not None else None)
        tags = tuple(_tags(test))
        self.run.add(
            suite,
            _result(
                test.get("name"),
                word,
                _duration(status),
                text,
                steps if word == "FAIL" else None,
                self.run.properties(tags, critical),
                suite.source,
                _count(test.get("line")),
            ),
        )
        if steps.lines:
            self._steps = _Steps()

    def _odd_step(self, element: Element, status: Element) -> None:
        """A keyword or branch that failed or was skipped: a step of its test, or a fixture."""
        parent = element.getparent()
        if parent is not None and parent.tag == "suite":
            kind = (element.get("type") or "").lower()
            if kind in ("setup", "teardown"):
                text = (status.text or "").strip() or _last_message(element)
                self._enter(parent).fixtures[kind] = status.get("status"), text
        elif (
            status.get("status") == "FAIL" and next(element.iterancestors("test"), None) is not None
        ):
            depth = sum(1 for _ in element.iterancestors())
            name = element.get("name") or element.get("type") or element.tag.upper()
            owner = element.get("owner") or element.get("library")
            arguments = [each.text or "" for each in element.iterfind("arg")]
            arguments += [each.text or "" for each in element.iterfind("arguments/arg")]
            logged = [(each.get("level"), each.text) for each in element.iterchildren("msg")]
            self._steps.add(depth, f"{owner}.{name}" if owner else name, arguments, logged)

    def _end_of_suite(self, element: Element) -> None:
        parent = element.getparent()
        if parent is not None and parent.tag == "statistics":
            return
        suite = self._enter(element)
        if element.get("src") and element.find("test") is None:
            self.run.note(f'the tests of "{" / ".join(suite.path)}" are in another file')
        suite.properties = tuple(
            (each.get("name") or "", each.text or "")
            for each in (*element.iterchildren("meta"), *element.iterfind("metadata/item"))
        )
        status = _status(element)
        self.run.end(element, (status.text or "").strip() if status is not None else "")
        self._parent = self._suite = None


def _status(element: Element) -> Element | None:
    """The status child, which all versions write last."""
    if len(element) and element[-1].tag == "status":
        return element[-1]
    return element.find("status")


def _tags(test: Element) -> Iterator[str]:
    for child in test.iterchildren("tag", "tags"):
        if child.tag == "tag":
            yield child.text or ""
        else:
            yield from (each.text or "" for each in child)


def _last_message(keyword: Element) -> str:
    texts = [each.text for each in keyword.iterchildren("msg") if each.get("level") == "FAIL"]
    return (texts[-1] or "").strip() if texts else ""


def _declared(statistics: Element) -> tuple[int | None, ...]:
    """Passed, failed, skipped of all tests: the last line, as the critical ones came first."""
    lines = statistics.findall("total/stat")
    if not lines:
        return ()
    return tuple(_count(lines[-1].get(key)) for key in ("pass", "fail", "skip"))


def _duration(status: Element | None) -> float | None:
    if status is None:
        return None
    elapsed = status.get("elapsed")
    if elapsed is not None:
        return _seconds(elapsed)
    start, end = status.get("starttime"), status.get("endtime")
    return _between(start, end) if start and end else None


def _between(start: str, end: str) -> float | None:
    """Seconds from one "20240101 10:00:00.000" to another; most lie in one day."""
    try:
        took = _of_day(end) - _of_day(start)
        if start[:8] != end[:8]:
            took += (_day(end) - _day(start)).total_seconds()
    except ValueError:  # "N/A", among others
        return None
    return seconds_within(round(took, 3))


def _day(time: str) -> date:
    return date.fromisoformat(time[:8])


def _of_day(time: str) -> float:
    return int(time[9:11]) * 3600 + int(time[12:14]) * 60 + float(time[15:])


def _read_json(report: ReportFile, run: _Run) -> Damage | None:
    """Keep everything but the test at hand as the text it is: keywords take most of the room."""
    data = report.stream.read()
    document: Any
    damage = None
    try:
        document = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        document, damage = json_document(io.BytesIO(data))
    if not isinstance(document, dict):
        raise ReportError("it is no object, so it is no output of Robot Framework")
    run.is_final = _text(_whole(document.get("generator"))).startswith("Rebot")
    if (suite := document.get("suite")) is not None:
        _json_suite(run, suite, (), 0)
    statistics = _whole(document.get("statistics"))
    total = statistics.get("total") if isinstance(statistics, dict) else None
    if isinstance(total, dict) and not is_cut(total):
        run.declared = tuple(_count(total.get(key)) for key in ("pass", "fail", "skip"))
    for message in objects_of(_whole(document.get("errors"))):
        if message.get("level") == "ERROR":
            run.note(f"Robot Framework reported: {_text(message.get('message'))[:500]}")
    return damage


def _json_suite(run: _Run, value: Any, above: tuple[str, ...], depth: int) -> None:
    if depth > DEEPEST:
        raise ReportError("its suites are nested too deep")
    parts = _opened(value, dict[str, msgspec.Raw])
    if not isinstance(parts, dict):
        parts = {}
    if is_cut(parts) and "name" not in parts:  # Robot writes it behind the tests
        run.note("the tests of a suite that breaks off before its name are left out")
        return
    key = object()
    source = _text(_whole(parts.get("source")))
    suite = run.begin(key, above, _whole(parts.get("name")), source)
    for kind in ("setup", "teardown"):
        fixture = _whole(parts.get(kind))
        if isinstance(fixture, dict):
            word, text = _text(fixture.get("status")), _text(fixture.get("message")).strip()
            suite.fixtures[kind] = word, text
    metadata = _whole(parts.get("metadata"))
    if isinstance(metadata, dict) and not is_cut(metadata):
        suite.properties = tuple((key, _text(each)) for key, each in metadata.items())
    for inner in list_of(_opened(parts.get("suites"), list[msgspec.Raw])):
        _json_suite(run, inner, suite.path, depth + 1)
    for each in list_of(_opened(parts.get("tests"), list[msgspec.Raw])):
        test = _whole(each)
        if isinstance(test, dict) and not is_cut(test):
            run.add(suite, _json_test(run, test, suite.source))
    if not is_cut(parts):
        run.end(key, _text(_whole(parts.get("message"))).strip())


def _json_test(run: _Run, test: dict[str, Any], source: str) -> Result:
    word, tags = test.get("status"), test.get("tags")
    steps = None
    if word == "FAIL":
        steps = _Steps()
        _json_steps(steps, test, 0)
    return _result(
        test.get("name"),
        word,
        _seconds(test.get("elapsed_time")),
        _text(test.get("message")).strip(),
        steps,
        run.properties(tuple(map(_text, tags)) if isinstance(tags, list) else (), None),
        source,
        _count(test.get("lineno")),
    )


def _json_steps(steps: _Steps, item: dict[str, Any], depth: int) -> None:
    """The steps that failed below this test or step, innermost first."""
    if depth > DEEPEST:
        return
    body = [item.get("setup"), *list_of(item.get("body")), item.get("teardown")]
    for child in objects_of(body):
        if child.get("status") != "FAIL":
            continue
        _json_steps(steps, child, depth + 1)
        logged = [
            (_text(each.get("level")), _text(each.get("message")))
            for each in objects_of(child.get("body"))
            if each.get("type") == "MESSAGE"
        ]
        name = _text(child.get("name")) or _text(child.get("type")) or UNNAMED
        owner = _text(child.get("owner"))
        arguments = [_text(each) for each in list_of(child.get("args"))]
        steps.add(depth, f"{owner}.{name}" if owner else name, arguments, logged)


def _whole(value: Any) -> Any:
    """A part of the document that was kept as text, read; None where it is none."""
    if not isinstance(value, msgspec.Raw):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return json_document(io.BytesIO(bytes(value)))[0]


def _opened(value: Any, shape: Any) -> Any:
    """An object or array whose parts are still text."""
    if not isinstance(value, msgspec.Raw):
        return value
    try:
        return msgspec.json.decode(value, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _whole(value)


def _text(value: object) -> str:
    return printed(value, most=1000)


class _Steps:
    """The keywords of one test that failed, and what they logged, up to a limit."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.logged: list[str] = []
        self._depth = self._length = 0

    def add(
        self, depth: int, name: str, arguments: list[str], logged: Iterable[tuple[Any, Any]]
    ) -> None:
        if len(self.lines) >= MOST_STEPS:
            return
        indent = "  in " if self.lines and depth < self._depth else ""
        self._depth = depth
        self.lines.append(indent + "    ".join((name, *arguments))[:1000])
        for level, text in logged:
            text = (text or "")[:MOST_LOGGED]
            if level != "FAIL" and self._length < MOST_LOGGED:  # that one is the message
                self._length += len(text)
                self.logged.append(f"{level or 'INFO'}: {text}")


def _result(
    name: Any,
    word: Any,
    duration: float | None,
    message: str,
    steps: _Steps | None,
    properties: tuple[tuple[str, str], ...],
    source: str,
    line: int | None,
) -> Result:
    status = STATUSES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    attempts: tuple[Attempt, ...] = ()
    if message.startswith("*HTML*"):
        message, attempts = _merged(message)
    elif "re-executed" in message:
        message, attempts = _tries(message)
    raw = "" if word in SAYS_IT_ALL else _text(word)
    if status is Status.UNKNOWN:
        message = message or (f"status {raw!r}" if raw else "it has no status")
    return Result(
        _text(name) or UNNAMED,
        status,
        duration,
        message=message,
        trace="\n".join(steps.lines) if steps else "",
        stdout="\n".join(steps.logged) if steps else "",
        attempts=attempts,
        raw_status=raw,
        properties=properties,
        file=source,
        line=line,
    )


TAG = re.compile(r"<[a-zA-Z/][^<>]*>")
BREAK = re.compile(r"<(?:br|hr)\s*/?>", re.I)
TOLD = re.compile(r"^(New|Old) (status|message):\s*(.*)", re.S)


def _merged(message: str) -> tuple[str, tuple[Attempt, ...]]:
    """A message in HTML as plain text, and the tries that `rebot --merge` tells of in it."""
    plain = BREAK.sub("\n", message.removeprefix("*HTML*").lstrip())
    plain = html.unescape(TAG.sub("", plain)).strip()
    return _tries(plain) if "re-executed" in plain else (plain, ())


def _tries(text: str) -> tuple[str, tuple[Attempt, ...]]:
    """The message of the last try, and the tries before it, oldest first."""
    tries: list[tuple[str, list[str]]] = []
    for line in text.split("\n"):
        found = TOLD.match(line)
        if found and found[2] == "status":
            tries.append((found[3].strip(), []))
        elif found and tries:
            tries[-1][1][:] = [found[3]]
        elif tries:
            tries[-1][1].append(line)
    if len(tries) < 2:
        return text, ()
    last, *others = tries
    attempts = [
        Attempt(STATUSES.get(word, Status.UNKNOWN), None, "\n".join(lines).strip())
        for word, lines in reversed(others)
    ]
    return "\n".join(last[1]).strip(), tuple(attempts)


def _count(value: Any) -> int | None:
    if type(value) is int:
        return value if 0 <= value < 10**9 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return None


def _seconds(value: Any) -> float | None:
    return seconds_from_text(value) if isinstance(value, str) else seconds_from_number(value)
