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

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    seconds_from_text,
    text_lines,
)

POINT = re.compile(r"(not )?ok(?: ([0-9]+)(?=[ {]|$))?(?: -(?= ))?( .*|\{)?$")
PLAN = re.compile(r"([0-9]+)\.\.([0-9]+)(?:\s+(?:#\s*(.*))?)?$")
VERSION = re.compile(r"(?i:TAP version) [0-9]+$")
PRAGMA = re.compile(r"pragma ([+-])([A-Za-z0-9_-]+)$")
BAIL_OUT = re.compile(r"(?i:bail out!)(.*)$")
SUBTEST = re.compile(r"# Subtest(?:: (.*))?$")
WORDS = "|".join(each.pattern for each in (POINT, PLAN, VERSION, PRAGMA, BAIL_OUT, SUBTEST))
OF_SUBTEST = re.compile(f"(?: {{4}})+(?:{WORDS})")
INDENT = "    "
DEEPEST = 100

# A test line that says no more than that a test of this name passed.
PLAIN = re.compile(r"ok ([0-9]{1,15}) (?:- )?([^\s#\\{-](?:[^#\\{]*[^\s#\\{])?)$")
# A test line that hardly is a sentence of some other text.
CLEAR_POINT = re.compile(r"(not )?ok(?: [0-9]+)?(?: - \S.*)?$|(not )?ok [0-9]+ ")

DIRECTIVE_SIGN = re.compile(r"(?<!\S)#")
TIME = re.compile(r"(?:time=|duration_ms )([0-9.]+)(ms|s)?$", re.I)
TODO_OR_SKIP = re.compile(r"(todo|skip)\S*\b(.*)$", re.I)
ESCAPED = re.compile(r"\\([\\#])")
# Tools that write more into a name than the name: `bats --timing`, and Check what happened.
TELLING_NAMES = (
    re.compile(r"(?P<name>.+) in (?P<ms>[0-9]+)ms$"),
    re.compile(r"(?P<name>[^\s:]+\.(?:c|cc|cpp|cxx|h|check):.+?:\w+): (?P<said>.*)$"),
)

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


def looks_like(head: Head) -> float:
    """A version, or a plan and what fits it; test lines alone where they are most of it."""
    if head.root or head.json is not None:
        return 0.0
    has_plan = False
    points = clear = others = 0
    for line in head.text.splitlines()[:2000]:
        if VERSION.match(line):
            return 0.95
        if BAIL_OUT.match(line):
            return 0.7
        if PLAN.match(line):
            has_plan = True
        elif POINT.match(line):
            points += 1
            clear += bool(CLEAR_POINT.match(line))
        else:
            others += bool(line) and not line.startswith(("#", " ", "\t"))
    if has_plan and (points or not others):
        return 0.9 if points >= others else 0.7
    return 0.6 if clear > others else 0.0


@parser(
    "tap",
    recognises="TAP, the Test Anything Protocol, 12 to 14",
    sniff=looks_like,
    endings=(".tap",),
)
def read(report: ReportFile) -> Iterator[Record]:
    stream = _Ends(report.stream)
    reading = _Reading()
    root, line, last = reading.root, "", None
    for line in text_lines(cast(BinaryIO, stream)):
        # Most tests are plain ones behind one another, and so read in half the time.
        if last and (plain := PLAIN.match(line)):
            yield Result(last.name, Status.PASSED)
            last.name = plain[2]
            root.count += 1
            root.numbers.take(int(plain[1]))
            continue
        reading.take(line)
        last = reading.plain_test()
        if reading.out:
            yield from reading.out
            reading.out.clear()
        if reading.is_bailing:
            break
    reading.finish(line, is_ended=b"\n" in stream.last[-2:])  # in UTF-16 one of the last two
    yield from reading.out


class _Ends:
    """A stream that remembers what was read last, whose end `text_lines` takes off."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def __iter__(self) -> Iterator[bytes]:
        return map(self._remember, self._stream)

    def readline(self) -> bytes:
        return self._remember(self._stream.readline())

    def read(self) -> bytes:
        return self._remember(self._stream.read())

    def _remember(self, data: bytes) -> bytes:
        self.last = data or self.last
        return data


class _Lines(list[str]):
    """Lines of text; of very many only the first."""

    _size = 0

    def keep(self, line: str) -> None:
        if self._size < MOST_TEXT:
            self._size += len(line) + 1
            self.append(line)


@dataclass
class _Point:
    """One test line, and the diagnostics below it.

    word     TODO or SKIP, where it has such a directive
    opens    a brace says that its subtest follows
    subtest  the subtest that it sums up
    """

    ok: bool
    name: str
    word: str = ""
    reason: str = ""
    duration: float | None = None
    opens: bool = False
    subtest: _Level | None = None
    yaml: list[str] | None = None
    comments: _Lines = field(default_factory=_Lines)

    @property
    def is_plain(self) -> bool:
        """Whether it just passed."""
        says_more = self.word or self.opens or self.subtest or self.yaml
        return self.ok and not says_more and self.duration is None


class _Numbers:
    """The numbers of the tests; while they are in order, the last one tells all."""

    def __init__(self) -> None:
        self._last = 0
        self.repeated = 0
        self._others: set[int] = set()

    def take(self, number: int) -> None:
        if 0 < number <= self._last or number in self._others:
            self.repeated += 1
        elif number == self._last + 1:
            self._last = number
        else:
            self._others.add(number)

    def are_within(self, start: int, end: int) -> bool:
        in_order = {1, self._last} if self._last else set()
        return all(start <= each <= end for each in self._others | in_order)


class _Reading:
    """One report: what goes out, and what people have to be told of the whole."""

    def __init__(self) -> None:
        self.out: list[Record] = []
        self.root = _Level(self)
        self.is_tap = self.is_bailing = False
        self.after_plan = self.foreign = 0
        self.lost: list[Result] = []
        self.other = _Lines()
        self._path: tuple[str, ...] | None = None
        self._has_names = False
        self._telling_name: re.Pattern[str] | None = None

    def take(self, line: str) -> None:
        """One line: it belongs to the level that its indent reaches."""
        level = self.root
        while level.child and (line.startswith(INDENT) or not line):
            level = level.child
            line = line[len(INDENT) :]
        level.take(line)

    def plain_test(self) -> _Point | None:
        """The last test, where it just passed and another one may follow it."""
        root = self.root
        if root.child or root.yaml is not None or root.announced is not None:
            return None
        is_usual = self._path == () and not self._telling_name
        return root.current if is_usual and root.current and root.current.is_plain else None

    def put(self, path: tuple[str, ...], result: Result) -> None:
        if path != self._path:
            self._path = path
            self.out.append(Suite(path))
        self.out.append(result)

    def trouble(self, text: str) -> None:
        self.out.append(Trouble(text))

    def result_of(self, point: _Point) -> Result:
        if not self._has_names:  # the first one shows whether they tell more
            self._has_names = True
            telling = [each for each in TELLING_NAMES if each.match(point.name)]
            self._telling_name = telling[0] if telling else None
        if self._telling_name and (found := self._telling_name.match(point.name)):
            told = found.groupdict()
            point.name = told["name"]
            point.duration = _seconds(told.get("ms", ""), 1000.0)
            if "said" in told and not point.ok:
                point.comments.insert(0, told["said"])
        if point.ok and not point.word and not point.yaml:
            return Result(point.name, Status.PASSED, point.duration)
        return _full_result(point)

    def bail_out(self, reason: str) -> None:
        self.is_tap = self.is_bailing = True
        self.root.settle()
        self.trouble(f"Bail out! {_unescaped(reason)}".strip())

    def finish(self, last: str, is_ended: bool) -> None:
        """The end of the file, where the last line may be cut off."""
        if not self.is_tap and not self.root.count:
            raise ReportError("it holds no line of TAP")
        if not self.is_bailing:
            self._end(last, is_ended)
        if self.after_plan:
            self.trouble(f"{self.after_plan} tests stand after the plan and are not counted")
        if self.foreign:
            self.trouble(
                f"the report has {self.foreign} lines that are not TAP, and asks for strict reading"
            )
        if self.lost:
            failed = sum(each.status.is_failure for each in self.lost)
            self.trouble(
                f"the report breaks off inside a subtest that has no name yet; {len(self.lost)} "
                f"results ({failed} failed) are left out"
            )
        if self.other:
            self.out.append(Suite((), stdout="\n".join(self.other)))

    def _end(self, last: str, is_ended: bool) -> None:
        """Of a last line without an end only the plan may say whether it is whole."""
        level = self.root.innermost()
        is_point = level.current and level.yaml is None and POINT.match(last.lstrip(" "))
        is_cut = not self.root.is_complete()
        if is_point and not is_ended and is_cut:
            level.current = None
            self.trouble(f"the report breaks off in the middle of a line: {last.strip()[:200]}")
        elif is_point and not is_ended:
            self.out.append(Note("the last line has no end; it may be cut off"))
        if is_cut:
            self.root.break_off()
        self.root.end()


@dataclass
class _Level:
    """The document itself, or one subtest while it is open.

    current    the last test line, while something may still belong to it
    yaml       the block below `current` that is open
    child      the subtest that is open; one between braces belongs to `current`, any other one
               to a test line that follows, and there is no `current`
    is_over    the plan that closes it was read
    leaves     how many results there are in it and in its subtests; `failed` of them failed
    announced  the name in a comment before a subtest
    held       results that wait for the name of this subtest
    """

    reading: _Reading
    parent: _Level | None = None
    name: str = ""
    depth: int = 0
    is_strict: bool = False
    current: _Point | None = None
    child: _Level | None = None
    plan: tuple[int, int] | None = None
    is_over: bool = False
    count: int = 0
    leaves: int = 0
    failed: int = 0
    yaml: _Lines | None = None
    yaml_indent: str = ""
    announced: str | None = None
    numbers: _Numbers = field(default_factory=_Numbers)
    held: list[tuple[tuple[str, ...], Result]] = field(default_factory=list)

    def innermost(self) -> _Level:
        return self.child.innermost() if self.child else self

    def take(self, line: str) -> None:
        """One line, without the indent of this level."""
        if self.yaml is not None and (not line or line.startswith(self.yaml_indent)):
            self._take_yaml(line[len(self.yaml_indent) :])
        elif found := POINT.match(line):
            self._take_point(line, found)
        elif line.startswith((" ", "\t")):
            self._take_indented(line)
        elif line.startswith("#") and not SUBTEST.match(line):
            self._take_comment(line)
        elif line == "}" and self.child and self.current:
            self.settle()
        elif line == "{" and self.current and self.current.yaml:
            self.current.opens = True
        elif line:
            self._take_word(line)

    def _take_word(self, line: str) -> None:
        """A line that begins with none of the signs: a word of TAP, or what others printed."""
        if self.is_over:
            self._take_other(line)
        elif plan := PLAN.match(line):
            self._take_plan(line, plan)
        elif bail := BAIL_OUT.match(line):
            self.reading.bail_out(bail[1])
        elif subtest := SUBTEST.match(line):
            self._end_yaml()
            self.announced = subtest[1] or ""
        elif VERSION.match(line):
            self.reading.is_tap = True
            self._end_yaml()
            self.announced = None
        elif (pragma := PRAGMA.match(line)) and not self.child:
            self.settle()
            if pragma[2] == "strict":
                self.is_strict = pragma[1] == "+"
        else:
            self._take_other(line)

    def _take_indented(self, line: str) -> None:
        self._end_yaml()
        text = line.lstrip(" \t")
        if text == "---" and self.current and not self.child:
            self.yaml, self.yaml_indent = _Lines(), line[:-3]
        elif self._begins_subtest(line):
            self._begin_subtest(line[len(INDENT) :])
        elif text.startswith("#"):
            self._take_comment(text)
        elif text:
            self._take_other(line)

    def _take_comment(self, line: str) -> None:
        point = self.current
        if point and not point.ok:
            point.comments.keep(line[1:])

    def _take_other(self, line: str) -> None:
        self.reading.other.keep(line)
        self.reading.foreign += self.is_strict

    def _take_plan(self, line: str, found: re.Match[str]) -> None:
        start, end = _number(found[1]), _number(found[2])
        if self.plan or self.child or (end and end < start):
            self._take_other(line)
            return
        self.settle()
        self.reading.is_tap = True
        self.plan = (start, end)
        self.is_over = self.count > 0 or end == 0
        if end == 0 and self.parent is None:
            reason = _unescaped(found[3] or "")
            self.reading.out.append(Note(f"no tests are planned: {reason}".rstrip(": ")))

    def _take_point(self, line: str, found: re.Match[str]) -> None:
        if self.is_over:
            self.reading.after_plan += 1
            self._take_other(line)
            return
        subtest = None if self.current else self.child
        if subtest:
            self.child = None
            subtest.end()
        self.settle()
        failed, number, rest = found.groups()
        self.count += 1
        if number:
            self.numbers.take(_number(number))
        self.current = point = _point_of(not failed, rest or "")
        point.name = point.name or number or str(self.count)
        point.subtest = subtest

    def settle(self) -> None:
        """Nothing that follows belongs to the last test: its result goes out."""
        self._end_yaml()
        point, child = self.current, self.child
        self.current = self.child = self.announced = None
        if child:
            child.end()
            if point is None:
                child.call(UNNAMED)
        if point and (point.subtest is None or self._says_more(point, point.subtest)):
            self.put((), self.reading.result_of(point))

    def _says_more(self, point: _Point, subtest: _Level) -> bool:
        """Whether a test is a result beside the leaves of its subtest."""
        subtest.call(point.name)
        fails = not point.ok and not point.word
        return not subtest.leaves or (fails and not subtest.failed)

    def put(self, path: tuple[str, ...], result: Result) -> None:
        """A result of this level or of one inside it; it waits where this one has no name yet."""
        self.leaves += 1
        self.failed += result.status is Status.FAILED
        if self.parent is None:
            self.reading.put(path, result)
        elif self.name:
            self.parent.put((self.name, *path), result)
        else:
            self.held.append((path, result))

    def _begins_subtest(self, line: str) -> bool:
        if not line.startswith(INDENT):
            return False
        is_due = self.announced is not None or (self.current and self.current.opens)
        if not is_due and not OF_SUBTEST.match(line):
            return False
        if self.depth == DEEPEST:
            raise ReportError("its subtests are nested too deep")
        return True

    def _begin_subtest(self, line: str) -> None:
        """The first line of a subtest, without its indent."""
        point, name = self.current, self.announced
        if point and point.opens:
            name = point.name
            if point.subtest:
                point.subtest.call(name)
        elif name is None and (comment := SUBTEST.match(line)):
            name, line = comment[1] or "", ""
        name = (name or "").strip()
        child = _Level(self.reading, self, name, self.depth + 1, self.is_strict)
        if point and point.opens:
            point.subtest = child
        else:
            self.settle()
        self.child = child
        self.reading.is_tap = True
        child.take(line)

    def call(self, name: str) -> None:
        """The name of this subtest, which may come only behind it."""
        if self.name or self.parent is None:
            return
        self.name = name
        for path, result in self.held:
            self.parent.put((name, *path), result)
        self.held.clear()

    def _take_yaml(self, text: str) -> None:
        if self.yaml is None or self.current is None:
            return
        if text == "...":
            self.current.yaml, self.yaml = self.yaml, None
        else:
            self.yaml.keep(text)

    def _end_yaml(self) -> None:
        """A block without end is no YAML, but its lines may still tell something."""
        if self.yaml and self.current:
            self.current.comments += self.yaml
        self.yaml = None

    def is_complete(self) -> bool:
        """Whether the plan says that nothing is missing."""
        if self.plan is None or (self.current and self.current.opens):
            return False
        start, end = self.plan
        return end == 0 or self.count == end - start + 1

    def break_off(self) -> None:
        """The report is cut here: nothing is said of what only later lines would have told."""
        if self.child:
            self.child.break_off()
            self.child.end()
            self.reading.lost += [result for _, result in self.child.held]
            self.child.held.clear()
            self.child = None
        if self.current and self.current.opens:
            self._trouble(f'breaks off in the subtest "{self.current.name[:200]}"')
            self.current = None

    def end(self) -> None:
        """No line of this level follows."""
        self.settle()
        if self.reading.is_bailing:
            return
        if self.plan:
            start, end = self.plan
            planned = end - start + 1 if end else 0
            if self.count != planned or (end == 0 and start != 1):
                self._trouble(f"planned {planned} tests, found {self.count}")
            if not self.numbers.are_within(start, end):
                self._trouble("has test numbers outside its plan")
        elif self.count or self.parent is None:
            self._trouble(f"has no plan; found {self.count} tests")
        if self.numbers.repeated:
            self._trouble(f"repeats {self.numbers.repeated} test numbers")

    def _trouble(self, what: str) -> None:
        names: list[str] = []
        level = self
        while level.parent:
            names.insert(0, level.name or UNNAMED)
            level = level.parent
        who = f'subtest "{" / ".join(names)[:200]}"' if names else "the report"
        self.reading.trouble(f"{who} {what}")


def _point_of(ok: bool, rest: str) -> _Point:
    """A test line from what follows its number: a name, a directive, a brace."""
    text = rest.strip()
    if not ("#" in text or "\\" in text or text.endswith("{")):
        return _Point(ok, text)
    opens, text = text.endswith("{"), text.removesuffix("{")
    sign = DIRECTIVE_SIGN.search(text.replace("\\\\", "  "))  # what it escapes is no sign
    directive = _directive(text[sign.end() :].strip()) if sign else None
    if sign and directive:
        text = text[: sign.start()].rstrip()
        opens, text = opens or text.endswith("{"), text.removesuffix("{")
    return _Point(ok, _unescaped(text), *(directive or ("", "", None)), opens)


def _directive(text: str) -> tuple[str, str, float | None] | None:
    """The word, the reason and the duration that a directive tells; None where it is none."""
    if time := TIME.match(text):
        return "", "", _seconds(time[1], 1.0 if (time[2] or "").lower() == "s" else 1000.0)
    if found := TODO_OR_SKIP.match(text):
        return found[1].upper(), ESCAPED.sub(r"\1", found[2]).strip(" \t:-"), None
    return None


def _full_result(point: _Point) -> Result:
    """A test that did not simply pass, or that has something to tell."""
    status = Status.PASSED if point.ok else Status.FAILED
    expected: Literal["", "xfail", "xpass"] = ""
    if point.word:
        status = Status.SKIPPED
    if point.word == "TODO":
        expected = "xpass" if point.ok else "xfail"
    yaml = _Yaml(point.yaml or [])
    duration = _seconds(yaml.take("duration_ms"), 1000.0)
    message = yaml.take("message", "error")
    stack = yaml.take("stack", "trace", "backtrace")
    file, line = yaml.place()
    exception = yaml.take("name" if yaml.is_of_node else "exception")
    trace = "\n\n".join(filter(None, (yaml.rest(), stack)))
    said = "\n".join(point.comments) or message
    if said and not file:
        file, line = _written_at(said)
    if point.comments:
        trace = f"{trace}\n{said}".strip("\n")
    if not message or WRITTEN_AT.search(message):
        message = _message_of(said.splitlines()) or message
    return Result(
        point.name,
        status,
        duration if point.duration is None else point.duration,
        message=point.reason or message,
        trace="" if point.ok else trace,
        type=exception,
        stdout=trace if point.ok else "",
        file=file,
        line=line,
        raw_status=point.word and f"{'' if point.ok else 'not '}ok # {point.word}",
        expected_failure=expected,
    )


class _Yaml:
    """What a YAML block says, read line by line: the keys of its first level."""

    def __init__(self, lines: list[str]) -> None:
        self._rest: list[str] = []
        self._entries: dict[str, list[str]] = {}
        kept = self._rest
        for line in _dedented(lines):
            found = YAML_KEY.match(line)
            if found and found[1] not in self._entries:
                kept = self._entries[found[1]] = [found[2] or ""]
            else:
                kept.append(line)
        self.is_of_node = "failureType" in self._entries or "code" in self._entries
        if self._entries.get("type") in (["'test'"], ["'suite'"]):
            del self._entries["type"]  # node's word for the kind of test

    def take(self, *keys: str) -> str:
        """The value of the first of these keys that has one, to be told no more by `rest`."""
        for key in keys:
            if key in self._entries and (value := _value(*self._entries.pop(key))):
                return value
        return ""

    def place(self) -> tuple[str, int | None]:
        """File and line, of which there are many spellings."""
        file, line = self.take("file"), self.take("line")
        if file:
            return file, _line(line)
        at = self._entries.get("at", [""])
        inside = _Yaml(at[1:])
        if file := inside.take("fileName", "file"):
            return file, _line(inside.take("lineNumber", "line"))
        found = PLACE.search(self.take("location")) or PLACE.search(_value(*at))
        return (found[1], _line(found[2])) if found else ("", None)

    def rest(self) -> str:
        """All that was not taken."""
        lines = list(self._rest)
        for key, (first, *more) in self._entries.items():
            lines += [f"{key}: {first}".rstrip(), *more]
        return "\n".join(lines).strip("\n")


def _dedented(lines: Sequence[str]) -> list[str]:
    margin = min((len(each) - len(each.lstrip()) for each in lines if each.strip()), default=0)
    return [each[margin:] for each in lines]


def _value(first: str, *more: str) -> str:
    if first[:1] in ("|", ">") or (not first and more):
        return "\n".join(_dedented(more)).strip("\n")
    return _scalar(" ".join([first, *map(str.strip, more)]).strip())


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


def _number(digits: str) -> int:
    return int(digits) if len(digits) < 15 else BIG


def _line(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _seconds(text: str, divisor: float) -> float | None:
    told = seconds_from_text(text, divisor)
    return None if told is None else round(told, 9)
