"""TAP 12, 13 and 14: lines `ok` and `not ok`, with subtests, YAML blocks and directives.

What counts as a test, a plan, a subtest or neither follows tap-parser, the reference. Readings
where tools differ:

- Results are the leaves. A test with subtests is their suite, under the name that its `# Subtest`
  comment or its own line gives; it is a result itself only where it fails though none of its
  leaves does, or where it has none.
- A TODO that fails is skipped as an expected failure; one that passes is skipped too, and marked
  as an unexpected pass. SKIP goes before `not ok`.
- A plan that is missing or not met, a number that is repeated or lies outside the plan, tests
  after the plan and a bail out are troubles of the run, as are lines that are not TAP where the
  report asks for `pragma +strict`. What follows a bail out or a closing plan is not counted.
- A test without description is called by its number.
- Where neither a plan nor a line's end says that the last test line is whole, it is left out; so
  are the results of a subtest whose name would still have come.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import BinaryIO, Literal, cast

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
    parser,
    text_lines,
)

POINT = re.compile(r"(not )?ok(?: ([0-9]+)(?=[ {]|$))?(?: -(?= ))?( .*|\{)?$", re.S)
PLAIN = re.compile(r"ok ([0-9]+) (?:- )?([^\s#\\{](?:[^#\\{]*[^\s#\\{])?)$")
PLAN = re.compile(r"([0-9]+)\.\.([0-9]+)(?:\s+(?:#\s*(.*))?)?$")
CLEAR_POINT = re.compile(r"(not )?ok(?: [0-9]+)?(?: - \S.*)?$|(not )?ok [0-9]+ ")
VERSION = re.compile(r"TAP version ([0-9]+)$", re.I)
BAIL_OUT = re.compile(r"bail out!(.*)$", re.I)
PRAGMA = re.compile(r"pragma ([+-])([\w-]+)$", re.A)
SUBTEST = re.compile(r"# Subtest(?:: (.*))?$")
INNER = re.compile(r"(?: {4})+([^ ].*)$", re.S)
DIRECTIVE_SIGN = re.compile(r"(?:(?<=\s)|^)(?<!\\)#")
TIME = re.compile(r"(?:time=|duration_ms )([0-9.]+)(ms|s)?$", re.I)
TODO_OR_SKIP = re.compile(r"(todo|skip)\S*\b(.*)$", re.I | re.S)
BATS_TIME = re.compile(r" in ([0-9]+)ms$")  # `bats --timing` writes it behind every name
# Check writes "file:case:test: " and then what happened.
CHECK_NAME = re.compile(r"(([^\s:]+\.(?:c|cc|cpp|cxx|h|check)):.+?:\w+): (.*)$", re.S)
PHPUNIT_OUTCOME = re.compile(r"(?:Failure|Error): (?=[\w\\]+::)")
ESCAPED = re.compile(r"\\([\\#])")

YAML_KEY = re.compile(r"([A-Za-z_][\w -]*?)\s*:(?:\s+(.*))?$")
PLACE = re.compile(r"(?:file://)?([^\s()'\"]+?):(\d+)(?::\d+)?\)?$")
# Where Test::More and bats say in comments where a test stands.
WRITTEN_AT = re.compile(
    r"(?:at (\S+) line (\d+)\.?$|\(?(?:in|from) .*?file (\S+), line (\d+)\)?)", re.M
)
NO_MESSAGE = re.compile(
    r"Failed (?:\(TODO\) )?test|Looks like|at \S+ line \d|\(?(?:in|from) .*file "
)

MOST_TEXT = 64 * 1024
BIG = 10**15
YEAR = 365 * 86_400.0


def looks_like(head: Head) -> float:
    """A version, or a plan and what fits it; test lines alone where they are most of it."""
    if head.root or head.json is not None:
        return 0.0
    has_plan = False
    plain = numbered = others = 0
    for line in head.text.splitlines()[:2000]:
        if VERSION.match(line):
            return 0.95
        if PLAN.match(line):
            has_plan = True
        elif POINT.match(line):
            plain += 1
            numbered += bool(CLEAR_POINT.match(line))
        elif BAIL_OUT.match(line):
            return 0.7
        else:
            others += bool(line) and not line.startswith(("#", " ", "\t"))
    if has_plan and (plain or not others):
        return 0.9 if plain >= others else 0.7
    return 0.6 if numbered > others else 0.0


@parser("tap", recognises="TAP, the Test Anything Protocol, 12 to 14", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    ends = _Ends(report.stream)
    root, out = reading.root, reading.out
    line, waiting, may_skim = "", None, False
    for line in text_lines(cast(BinaryIO, io.BufferedReader(ends))):
        # Most lines are of one kind, and this is all that they need.
        plain = PLAIN.match(line) if may_skim else None
        if plain and int(plain[1][:15]) == root.last_number + 1:
            if waiting:
                yield waiting
            else:
                root.settle()
                reading.enter(())
                yield from out
                out.clear()
            root.count += 1
            root.last_number += 1
            waiting = Result(plain[2], Status.PASSED)
            continue
        if waiting:  # this line may still belong to it
            root.current = _Point(True, waiting.name)
            waiting = None
        root.take(line)
        may_skim = reading.may_skim
        if out:
            yield from out
            out.clear()
    if waiting:
        root.current = _Point(True, waiting.name)
    reading.finish(line, is_ended=ends.newline)
    yield from out


class _Ends(io.RawIOBase):
    """A stream that remembers whether its last line had an end, which `text_lines` takes off."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.newline = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        data = self._stream.read(len(view))
        if data:
            self.newline = b"\n" in data[-2:]  # in UTF-16 it is one of the last two
            view[: len(data)] = data
        return len(data)


class _Point:
    """One test line, and the diagnostics below it."""

    word = reason = ""
    duration: float | None = None
    closes: _Level | None = None
    yaml: list[str] | None = None
    comments: list[str] | None = None

    def __init__(self, ok: bool, name: str, is_buffered: bool = False) -> None:
        self.ok = ok
        self.name = name
        self.is_buffered = is_buffered


class _Reading:
    """One report: the levels that are open, what goes out, and what people have to be told."""

    def __init__(self) -> None:
        self.out: list[Record] = []
        self.root = _Level(self, None, "")
        self.is_tap = self.is_bailing = False
        self.dialect: str | None = None
        self.after_plan = self.lost = self.lost_failed = 0
        self._path: tuple[str, ...] | None = None
        self._other: list[str] = []
        self._other_size = 0

    def put(self, path: tuple[str, ...], result: Result) -> None:
        self.enter(path)
        self.out.append(result)

    def enter(self, path: tuple[str, ...]) -> None:
        if path != self._path:
            self._path = path
            self.out.append(Suite(path))

    def keep_other(self, line: str) -> None:
        """A line that is no TAP: what the tests printed."""
        if self._other_size < MOST_TEXT:
            self._other.append(line)
            self._other_size += len(line) + 1

    def trouble(self, text: str) -> None:
        self.out.append(Trouble(text))

    def bail_out(self, level: _Level, reason: str) -> None:
        self.is_bailing = True
        level.settle()
        level.is_over = True
        above = level.parent
        while above:
            above.current = None  # the lines that would have closed its subtests never came
            above.is_over = True
            above = above.parent
        self.root.end(is_cut=False)
        self.trouble(f"Bail out! {reason}".strip())

    @property
    def may_skim(self) -> bool:
        """Whether a plain test line means just that: nothing is open, and no dialect spoken."""
        root = self.root
        return not (root.child or root.yaml_indent or root.is_over or self.dialect != "")

    def finish(self, last: str, is_ended: bool) -> None:
        """Of a last line without an end only the plan may say whether it is whole."""
        level = self.root.innermost()
        is_point = bool(level.current and not level.yaml_indent and POINT.match(last.lstrip(" ")))
        is_open = is_point and not is_ended
        if not self.is_tap and not self.root.count:
            raise ReportError("it holds no line of TAP")
        if self.is_bailing:
            self._tell()
            return
        is_cut = not self.root.is_complete()
        if is_cut and is_open:
            level.current = None
            self.trouble(f"the report breaks off in the middle of a line: {last.strip()[:200]}")
        elif is_open:
            self.out.append(Note("the last line has no end; it may be cut off"))
        self.root.end(is_cut)
        self._tell()

    def _tell(self) -> None:
        if self.after_plan:
            self.trouble(f"{self.after_plan} tests stand after the plan and are not counted")
        if self.lost:
            self.trouble(
                f"the report breaks off inside a subtest that has no name yet; {self.lost} results "
                f"({self.lost_failed} failed) are left out"
            )
        if self._other:
            self.out.append(Suite((), stdout="\n".join(self._other)))


class _Level:
    """The document itself, or one subtest while it is open."""

    def __init__(
        self, reading: _Reading, parent: _Level | None, name: str, is_buffered: bool = False
    ) -> None:
        self.reading = reading
        self.parent = parent
        self.name = name
        self.is_buffered = is_buffered
        self.is_strict: bool = parent is not None and parent.is_strict
        self.current: _Point | None = None
        self.child: _Level | None = None
        self.leaves = self.failed = self.count = 0
        self.plan: tuple[int, int] | None = None
        self.is_over = False
        self._announced: str | None = None
        self.yaml_indent = ""
        self._yaml: list[str] = []
        self._yaml_size = 0
        self._held: list[tuple[tuple[str, ...], Result]] = []
        self.last_number = 0  # all numbers up to this one were seen
        self._lowest, self._highest = BIG, 0
        self._other_numbers: set[int] = set()
        self.repeated = self.foreign = 0

    def innermost(self) -> _Level:
        level = self
        while level.child:
            level = level.child
        return level

    # Lines

    def take(self, line: str) -> None:
        """One line, without the indent of this level."""
        found = POINT.match(line)
        if found and not (self.child or self.yaml_indent or self.is_over):
            self._announced = None
            self.settle()
            self._begin_point(None, *found.groups())
        elif line.startswith((" ", "\t")):
            if not self.reading.is_bailing:
                self._take_indented(line)
        elif self.reading.is_bailing:
            return
        elif found:
            self._take_point(line, found)
        elif line:
            self._take_unindented(line)
        elif self.child:
            self.child.take(line)
        elif self.yaml_indent:
            self._keep_yaml("")

    def _take_unindented(self, line: str) -> None:
        if line == "}" and self.child and self.child.is_buffered:
            self.settle()
        elif line == "{" and self.current and self.current.yaml and not self.child:
            self.current.is_buffered = True
        elif line.startswith("#") and not SUBTEST.match(line):
            self._take_comment(line)
        elif version := VERSION.match(line):
            self._take_version(line, _number(version[1]))
        else:
            self._take_word(line)

    def _take_word(self, line: str) -> None:
        plan, pragma, bail = PLAN.match(line), PRAGMA.match(line), BAIL_OUT.match(line)
        subtest = SUBTEST.match(line)
        if not (plan or pragma or bail or subtest):
            self._take_other(line)
            return
        self._close_yaml_as_text()
        self._announced = None
        if self.is_over:
            self._take_other(line)
        elif subtest:
            self._announced = subtest[1] or ""
        elif bail:
            self.reading.is_tap = True
            self.reading.bail_out(self, _unescaped(bail[1]))
        elif plan:
            self._take_plan(line, plan)
        elif pragma and self.child:
            self._take_other(line)
        elif pragma:
            self.settle()
            if pragma[2] == "strict":
                self.is_strict = pragma[1] == "+"

    def _take_version(self, line: str, version: int) -> None:
        if self.parent:
            return
        self.reading.is_tap = True
        self._close_yaml_as_text()
        self._announced = None
        if self.plan or self.count or version < 13:
            self._take_other(line)

    def _take_comment(self, line: str) -> None:
        point = self.current
        if point and not point.ok and not self.yaml_indent:
            point.comments = point.comments or []
            if len(point.comments) < 500:
                point.comments.append(line[1:])

    def _take_other(self, line: str) -> None:
        self.reading.keep_other(line)
        level: _Level | None = self
        while level and self.is_strict:
            level.foreign += 1
            level = level.parent

    def _take_plan(self, line: str, found: re.Match[str]) -> None:
        start, end = _number(found[1]), _number(found[2])
        is_odd = end < start and end != 0 and start != 1
        if self.plan or self.child or is_odd:
            if not self.plan and not self.child:
                self.settle()
            self._take_other(line)
            return
        self.settle()
        self.reading.is_tap = True
        self.plan = (start, end)
        self.is_over = bool(self.count) or end == 0
        if end == 0 and self.parent is None:
            reason = _unescaped(found[3] or "")
            self.reading.out.append(Note(f"no tests are planned: {reason}".rstrip(": ")))

    def _take_indented(self, line: str) -> None:
        if self.child and line.startswith("    "):
            self.child.take(line[4:])
            return
        if self.yaml_indent:
            if line.startswith(self.yaml_indent):
                self._take_yaml(line)
                return
            self._close_yaml_as_text()
        stripped = line.lstrip(" \t")
        if stripped == "---" and self.current:
            self.yaml_indent = line[: len(line) - 3]
        elif self._begins_child(line):
            self._begin_child(line)
        elif stripped.startswith("#"):
            self._take_comment(stripped)
        elif stripped:
            self._take_other(line)

    # Subtests

    def _begins_child(self, line: str) -> bool:
        if not line.startswith("    "):
            return False
        if self._announced is not None or (self.current and self.current.is_buffered):
            return True
        if SUBTEST.match(line, 4):
            return True
        inner = INNER.match(line)
        text = inner[1] if inner else ""
        return bool(
            POINT.match(text)
            or PLAN.match(text)
            or SUBTEST.match(text)
            or VERSION.match(text)
            or PRAGMA.match(text)
            or BAIL_OUT.match(text)
        )

    def _begin_child(self, line: str) -> None:
        point = self.current
        line = line[4:]
        if point and point.is_buffered:
            if point.closes:
                point.closes._name_held(point.name)
            self.child = _Level(self.reading, self, point.name, is_buffered=True)
            point.closes = self.child
        else:
            self.settle()
            named = self._announced
            if named is None and (subtest := SUBTEST.match(line)):
                named, line = subtest[1] or "", ""
            self.child = _Level(self.reading, self, (named or "").strip())
        self._announced = None
        self.reading.is_tap = True
        if line:
            self.child.take(line)

    def put(self, path: tuple[str, ...], result: Result) -> None:
        """A result of this level or of one inside it; it waits where this one has no name yet."""
        self.leaves += 1
        self.failed += result.status.is_failure
        if self.parent is None:
            self.reading.put(path, result)
        elif self.name:
            self.parent.put((self.name, *path), result)
        else:
            self._held.append((path, result))

    def _name_held(self, name: str) -> None:
        """The line that closes this subtest has come, and with it the name."""
        if self.name or self.parent is None:
            return
        self.name = name
        for path, result in self._held:
            self.parent.put((name, *path), result)
        self._held.clear()

    # Test lines

    def _take_point(self, line: str, found: re.Match[str]) -> None:
        """A test line that ends more than the one before it."""
        self._close_yaml_as_text()
        self._announced = None
        if self.is_over:
            self.reading.after_plan += 1
            self._take_other(line)
            return
        child = self.child
        if child and not child.is_buffered:
            self._leave_child()
        else:
            self.settle()
            child = None
        self._begin_point(child, *found.groups())

    def _begin_point(
        self, closes: _Level | None, failed: str | None, number: str | None, rest: str | None
    ) -> None:
        if rest and ("#" in rest or "\\" in rest or rest.endswith("{")):
            point = _point_of(not failed, rest)
        else:
            point = _Point(not failed, rest.strip() if rest else "")
        self.current = point
        self.count += 1
        if number is not None:
            self._count_number(_number(number))
        if closes:
            point.closes = closes
        if not point.name:
            point.name = number or str(self.count)

    def _count_number(self, number: int) -> None:
        if number == self.last_number + 1 and not self._other_numbers:
            self.last_number = number
            return
        self._lowest = min(self._lowest, number)
        self._highest = max(self._highest, number)
        if 0 < number <= self.last_number or number in self._other_numbers:
            self.repeated += 1
        elif number < BIG:
            self._other_numbers.add(number)

    def settle(self) -> None:
        """The line that was read last but one is whole now: its result goes out."""
        point = self.current
        if child := self.child:
            self._leave_child()
            if point is None or point.closes is not child:
                child._name_held(UNNAMED)
        if self.yaml_indent:
            self.yaml_indent = ""
            self._yaml, self._yaml_size = [], 0
        if point is None:
            return
        self.current = None
        inner = point.closes
        if inner is None:
            self.put((), self._result(point))
            return
        inner._name_held(point.name)
        fails = not point.ok and not point.word
        if not inner.leaves or (fails and not inner.failed):
            self.put((), self._result(point))

    def _leave_child(self) -> None:
        child, self.child = self.child, None
        if child:
            child.end(is_cut=False)

    def _result(self, point: _Point) -> Result:
        name, duration = point.name, point.duration
        if self.reading.dialect is None:
            self.reading.dialect = _dialect(name)
        if self.reading.dialect == "bats" and (timed := BATS_TIME.search(name)):
            name, duration = name[: timed.start()], _seconds(timed[1], 1000.0)
        elif self.reading.dialect == "check" and (found := CHECK_NAME.match(name)):
            name = found[1]
            if not point.ok:
                point.comments = [found[3], *(point.comments or ())]
        if point.ok and not point.word and not point.yaml:
            return Result(name, Status.PASSED, duration)
        return _full_result(point, name, duration)

    # YAML blocks

    def _take_yaml(self, line: str) -> None:
        text = line[len(self.yaml_indent) :]
        if text != "...":
            self._keep_yaml(text)
            return
        if self.current:
            self.current.yaml = self._yaml
        self.yaml_indent = ""
        self._yaml, self._yaml_size = [], 0

    def _keep_yaml(self, text: str) -> None:
        if self._yaml_size < MOST_TEXT:
            self._yaml.append(text)
            self._yaml_size += len(text) + 1

    def _close_yaml_as_text(self) -> None:
        """The block never ended: its lines were no YAML, but they may still tell something."""
        if not self.yaml_indent:
            return
        if self.current:
            self.current.comments = [*(self.current.comments or ()), *self._yaml]
        self.settle()
        self._take_other("---")

    # The end

    def is_complete(self) -> bool:
        """Whether the plan says that nothing is missing."""
        if self.plan is None or (self.child and self.child.is_buffered):
            return False
        if self.current and self.current.is_buffered and not self.current.closes:
            return False
        start, end = self.plan
        return end == 0 or self.count == end - start + 1

    def end(self, is_cut: bool) -> None:
        """No line of this level follows."""
        point = self.current
        if is_cut and point and point.is_buffered and not point.closes:
            self.current = None
            self._trouble(f'breaks off where the subtest "{point.name[:200]}" begins')
        if self.child:
            child = self.child
            child.end(is_cut)
            if is_cut and child.is_buffered:
                self.current = None
                self._trouble("is not closed", child)
            if is_cut:
                self.reading.lost += len(child._held)
                self.reading.lost_failed += sum(r.status.is_failure for _, r in child._held)
                child._held.clear()
            self.child = None
            if self.current is None or self.current.closes is not child:
                child._name_held(UNNAMED)
        self.settle()
        if not self.reading.is_bailing:
            self._judge()

    def _judge(self) -> None:
        if self.plan:
            start, end = self.plan
            planned = end - start + 1 if end else 0
            if self.count != planned or (end == 0 and start != 1):
                self._trouble(f"planned {planned} tests, found {self.count}")
        elif self.count or self.parent is None:
            self._trouble(f"has no plan; found {self.count} tests")
        if self.repeated:
            self._trouble(f"repeats {self.repeated} test numbers")
        if self.plan and self._has_numbers_outside(*self.plan):
            self._trouble("has test numbers outside its plan")
        if self.foreign:
            self._trouble(f"has {self.foreign} lines that are not TAP, and asks for strict reading")

    def _has_numbers_outside(self, start: int, end: int) -> bool:
        lowest = min(self._lowest, 1 if self.last_number else BIG)
        return lowest < start or max(self.last_number, self._highest) > end

    def _trouble(self, what: str, level: _Level | None = None) -> None:
        names = []
        about: _Level | None = level or self
        while about and about.parent:
            names.append(about.name or UNNAMED)
            about = about.parent
        who = f'subtest "{" / ".join(reversed(names))[:200]}"' if names else "the report"
        self.reading.trouble(f"{who} {what}")


def _point_of(ok: bool, rest: str) -> _Point:
    """A line with a directive, an escape or an opened brace."""
    brace = rest.endswith("{")
    rest = rest[:-1] if brace else rest
    masked = rest.replace("\\\\", "\n\n")  # a line has no ends of its own
    sign = DIRECTIVE_SIGN.search(masked)
    text = rest[: sign.start()] if sign else rest
    directive = rest[sign.end() :] if sign else ""
    found = _directive(directive.strip().removesuffix("{").rstrip())
    if found is None:
        text = rest + ("{" if brace else "")
    name = text.rstrip()
    if name.endswith("{"):
        name, brace = name[:-1], True
    point = _Point(ok, ESCAPED.sub(r"\1", name).strip(), brace)
    if found:
        point.word, point.reason, point.duration = found
    return point


def _directive(text: str) -> tuple[str, str, float | None] | None:
    if time := TIME.match(text):
        return "", "", _seconds(time[1], 1.0 if (time[2] or "").lower() == "s" else 1000.0)
    if found := TODO_OR_SKIP.match(text):
        reason = ESCAPED.sub(r"\1", found[2]).strip(" \t:-")
        return found[1].upper(), reason, None
    return None


def _dialect(name: str) -> str:
    """Who writes more into a name than the name, as the first name of a report shows."""
    if BATS_TIME.search(name):
        return "bats"
    return "check" if CHECK_NAME.match(name) else ""


def _full_result(point: _Point, name: str, duration: float | None) -> Result:
    """A test that did not simply pass, or that has something to tell."""
    details = _Details(point.yaml or [])
    status = Status.PASSED if point.ok else Status.FAILED
    expected: Literal["", "xfail", "xpass"] = ""
    if point.word:
        status = Status.SKIPPED
    if point.word == "TODO":
        expected = "xpass" if point.ok else "xfail"
    message, trace, file, line = details.message, details.trace(), details.file, details.line
    said = "\n".join(point.comments or ()) or message
    if said and not file:
        file, line = _written_at(said)
    if point.comments:
        trace = f"{trace}\n{said}".strip("\n")
    if not message or WRITTEN_AT.search(message):
        message = _message_of(said.splitlines()) or message
    return Result(
        PHPUNIT_OUTCOME.sub("", name, count=1),
        status,
        details.duration if duration is None else duration,
        message=point.reason or message,
        trace="" if point.ok else trace,
        type=details.type,
        stdout=trace if point.ok else "",
        file=file,
        line=line,
        raw_status=point.word and f"{'' if point.ok else 'not '}ok # {point.word}",
        expected_failure=expected,
        properties=details.properties,
    )


# Diagnostics


class _Details:
    """What a YAML block says, read line by line: its first level, and the blocks below it."""

    def __init__(self, lines: list[str]) -> None:
        self._entries: dict[str, list[str]] = {}
        self._rest: list[str] = []
        kept = self._rest
        for line in _dedented(lines).splitlines():
            found = YAML_KEY.match(line)
            if found and found[1] not in self._entries:
                kept = self._entries[found[1]] = [found[2] or ""]
            else:
                kept.append(line)
        self.duration = _seconds(self._take("duration_ms"), 1000.0)
        self.message = self._take("message") or self._take("error")
        self._stack = self._take("stack") or self._take("trace") or self._take("backtrace")
        self.file, self.line = self._place()
        severity = self._take("severity")
        self.properties = (("severity", severity),) if severity else ()
        is_node = "failureType" in self._entries or "code" in self._entries
        self.type = self._take("name") if is_node else self._take("exception")
        if " ".join(self._entries.get("type", ())) in ("'test'", "'suite'"):
            self._take("type")  # node's word for the kind of test

    def trace(self) -> str:
        """All that has no place of its own, and the stack."""
        lines = list(self._rest)
        for key, (first, *more) in self._entries.items():
            lines += [f"{key}: {first}".rstrip(), *more]
        rest = "\n".join(lines).strip("\n")
        return "\n\n".join(filter(None, (rest, self._stack)))

    def _take(self, key: str) -> str:
        entry = self._entries.pop(key, None)
        if entry is None:
            return ""
        first, *more = entry
        if first[:1] in ("|", ">") or (not first and more):
            return _dedented(more)
        return _scalar(" ".join([first, *(each.strip() for each in more)]).strip())

    def _place(self) -> tuple[str, int | None]:
        file, line = self._take("file"), self._take("line")
        if file:
            return file, _line(line)
        at = self._entries.get("at", [])
        keys = (YAML_KEY.match(each.strip()) for each in at)
        inner = {found[1]: found[2] or "" for found in keys if found}
        if file := _scalar(inner.get("fileName") or inner.get("file") or ""):
            return file, _line(inner.get("lineNumber") or inner.get("line") or "")
        found = PLACE.search(self._take("location")) or PLACE.search(_scalar(" ".join(at)))
        return (found[1], _line(found[2])) if found else ("", None)


def _dedented(lines: list[str]) -> str:
    margin = min((len(each) - len(each.lstrip()) for each in lines if each.strip()), default=0)
    return "\n".join(each[margin:] for each in lines).strip("\n")


def _scalar(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text


def _message_of(comments: list[str]) -> str:
    told = [each.strip() for each in comments if each.strip()]
    return "\n".join([each for each in told if not NO_MESSAGE.match(each)][:4])


def _written_at(text: str) -> tuple[str, int | None]:
    found = WRITTEN_AT.search(text)
    if found is None:
        return "", None
    return found[1] or found[3], _line(found[2] or found[4])


def _unescaped(text: str) -> str:
    return ESCAPED.sub(r"\1", text).strip()


# Numbers


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 15 else BIG


def _line(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _seconds(text: str, divisor: float) -> float | None:
    try:
        value = round(float(text) / divisor, 9)
    except ValueError:
        return None
    return min(max(value, 0.0), YEAR) if abs(value) < float("inf") else None
