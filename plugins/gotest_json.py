"""The JSON lines of `go test -json` and test2json: events, of which some end a test.

Readings where tools differ:

- Every test that ends is a result, those with subtests too, as in the JUnit files of gotestsum; the
  suite is the package.
- A test that began and never ended was interrupted: an error where its package failed (a panic, a
  timeout), else unknown. A benchmark that printed its measurement has passed; it has no end event.
- A package that failed without a failed or interrupted test is the result "<init>" where none of
  its tests had run (it did not build, its set-up failed) and "<tear-down>" where some had.
- A package that runs again, and only with top-level tests that failed before, runs them again
  (`gotestsum --rerun-fails`): they are further tries. Any other repeat is a result of its own
  (`-count`, the same tests with other build tags).
- Lines that are not JSON are what others wrote between the events; they are kept as the output of
  the run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    Damage,
    Head,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
    json_head,
    json_lines,
    parser,
    seconds_from_number,
)

ENDS = {
    "pass": Status.PASSED,
    "fail": Status.FAILED,
    "skip": Status.SKIPPED,
    "bench": Status.PASSED,
}
BROKEN = (Status.FAILED, Status.ERROR)
ACTIONS = ENDS.keys() | {
    *("start", "run", "pause", "cont", "output", "attr", "artifacts", "build-output", "build-fail")
}
# What the framework prints around a test, and what it prints for a package.
FRAME = re.compile(r"\s*(?:=== (?:RUN|PAUSE|CONT|NAME|ATTR)\b|--- (?:PASS|FAIL|SKIP|BENCH): )")
PACKAGE_FRAME = re.compile(
    r"(?:PASS|FAIL)\n?$|(?:ok  |FAIL|\?   )\t|-test\.shuffle |testing: warning"
)
LOGGED = re.compile(r"(?:^|\s)([^\s:]+\.go):(\d+): ?(.*)")
TESTIFY_ERROR = re.compile(
    r"^\s*Error:\s*(.+?)(?=^\s*(?:Test|Messages|Error Trace):|\Z)", re.M | re.S
)
PANIC = re.compile(r"^(?:panic: |fatal error: |WARNING: DATA RACE).*", re.M)
MEASURED = re.compile(r"\s[0-9.]+ ns/op\b")

MOST_TEXT = 64 * 1024


def looks_like(head: Head) -> float:
    """An event of test2json, maybe behind lines that others wrote."""
    if _is_event(head.json):
        return 0.95
    lines = head.text.splitlines() if '"Action"' in head.text else []
    candidates = [each for each in lines if each.startswith("{") and '"Action"' in each]
    return 0.9 if any(_is_event(json_head(each)) for each in candidates[:20]) else 0.0


def _is_event(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("Action") not in tuple(ACTIONS):
        return False
    return any(_string(value, key) for key in ("Package", "Test", "ImportPath", "Time"))


@parser(
    "gotest_json",
    recognises="the JSON lines of go test -json",
    sniff=looks_like,
    endings=(".json", ".jsonl"),
)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    out = reading.out
    cut = ""
    for line in json_lines(report.stream):
        event = line.value
        if isinstance(event, dict):
            reading.take(event)
        elif line.cut:
            cut = f"line {line.number}"
        else:
            reading.other.add(line.text + "\n")
        if out:
            yield from out
            out.clear()
    reading.finish(cut)
    yield from out
    if cut:
        yield Damage("the file ends in the middle of an event", cut)


class _Text:
    """What was printed, as it comes; of very much only the beginning and the end."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def add(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size > 4 * MOST_TEXT:
            whole = "".join(self._parts)
            self._parts = [whole[:MOST_TEXT], "\n[...]\n", whole[-MOST_TEXT:]]
            self._size = 2 * MOST_TEXT

    def __str__(self) -> str:
        return "".join(self._parts).strip("\n")


class _Test(_Text):
    """What a test told between its first event and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.properties: list[tuple[str, str]] = []
        self.attachments: list[str] = []


@dataclass
class _Run:
    """One run of a package, from its first event to the one that ends it.

    tests      those that have not ended
    text       what the package printed outside its tests
    has_ended  whether any test did
    is_broken  whether a test failed or was interrupted: that the package failed says no more
    held       results that wait for the end of the run
    """

    tests: defaultdict[str, _Test] = field(default_factory=lambda: defaultdict(_Test))
    text: _Text = field(default_factory=_Text)
    has_ended: bool = False
    is_broken: bool = False
    held: list[Result] = field(default_factory=list)


class _Reading:
    """One stream: its packages, what was built for them, and what goes out."""

    def __init__(self) -> None:
        self.out: list[Record] = []
        self.other = _Text()
        self._path: tuple[str, ...] | None = None
        self._packages: dict[str, _Package] = {}
        self._builds: dict[str, _Text] = {}
        self._failed_builds: set[str] = set()

    def take(self, event: dict[str, Any]) -> None:
        action, name = event.get("Action"), event.get("Package") or ""
        if not isinstance(action, str) or not isinstance(name, str):
            return
        if action == "build-output":
            built = self._builds.setdefault(_string(event, "ImportPath"), _Text())
            built.add(_string(event, "Output"))
        elif action == "build-fail":
            self._failed_builds.add(_string(event, "ImportPath"))
        elif action in ACTIONS or "Elapsed" in event:  # or the end that a Go to come has
            package = self._packages.get(name)
            if package is None:
                package = self._packages[name] = _Package(name, self)
            test = event.get("Test")
            if test and isinstance(test, str):
                package.take_test(test, action, event)
            else:
                package.take(action, event)

    def put(self, path: tuple[str, ...], result: Result) -> None:
        if path != self._path:
            self.put_suite(Suite(path))
        self.out.append(result)

    def put_suite(self, suite: Suite) -> None:
        self._path = suite.path
        self.out.append(suite)

    def build_output(self, import_path: str) -> str:
        self._failed_builds.discard(import_path)
        return str(self._builds.get(import_path, ""))

    def finish(self, cut: str) -> None:
        if not (self._packages or self._builds or self._failed_builds):
            raise ReportError("it holds no event of go test", cut)
        for package in self._packages.values():
            package.break_off()
        for import_path in sorted(self._failed_builds):
            self.out.append(Trouble(f"{import_path} did not build, and no package tells of it"))
        if not self._packages and not self._failed_builds:
            self.out.append(Trouble("it tells of builds alone; no package was tested"))
        if other := str(self.other):
            self.out.append(Suite((), stderr=other))


class _Package:
    """One package, which may run more than once; results of a further run wait for its end."""

    def __init__(self, name: str, reading: _Reading) -> None:
        self._name = name
        self._path = (name,) if name else ()
        self._reading = reading
        self._run: _Run | None = None
        self._has_run = False
        self._failed: set[str] = set()

    def take(self, action: str, event: dict[str, Any]) -> None:
        """An event of the package itself."""
        run = self._run = self._run or _Run()
        if action == "output":
            output = _string(event, "Output")
            if not PACKAGE_FRAME.match(output):
                run.text.add(output)
        elif action in ENDS:
            self._close(run, action == "fail", event)

    def take_test(self, name: str, action: str, event: dict[str, Any]) -> None:
        """An event of one of its tests."""
        run = self._run = self._run or _Run()
        test = run.tests[name]
        if action == "output":
            output = _string(event, "Output")
            if not FRAME.match(output):
                test.add(output)
        elif action in ENDS:
            self._end(run, name, ENDS[action], seconds_from_number(event.get("Elapsed")))
        elif action == "attr":
            test.properties.append((_string(event, "Key"), _string(event, "Value")))
        elif action == "artifacts":
            test.attachments.append(_string(event, "Path"))
        elif action not in ACTIONS:
            self._end(run, name, Status.UNKNOWN, raw=action)

    def _end(
        self, run: _Run, name: str, status: Status, duration: float | None = None, raw: str = ""
    ) -> None:
        test = run.tests.pop(name)
        run.has_ended = True
        run.is_broken |= status in BROKEN
        self._put(run, _result(name, status, duration, raw, test))

    def _put(self, run: _Run, result: Result) -> None:
        if self._has_run:
            run.held.append(result)
        else:
            self._tell(result)

    def _tell(self, result: Result) -> None:
        if result.status in BROKEN:
            self._failed.add(result.name)
        self._reading.put(self._path, result)

    def _close(self, run: _Run, has_failed: bool, event: dict[str, Any]) -> None:
        """The event that ends a run of the package."""
        had_tests = run.has_ended
        self._end_open_tests(run, has_failed)
        printed = str(run.text)
        if has_failed and not run.is_broken:
            build = self._reading.build_output(_string(event, "FailedBuild"))
            name = TEAR_DOWN if had_tests and "FailedBuild" not in event else SET_UP
            self._put(run, _failure(name, build or printed))
            printed = ""
        self._tell_held(run)
        if printed:
            self._reading.put_suite(Suite(self._path, stdout=printed))
        self._run, self._has_run = None, True

    def _end_open_tests(self, run: _Run, has_failed: bool = False) -> None:
        """Tests without an end: one took the package down, or their ends got lost."""
        for name, test in list(run.tests.items()):
            if not has_failed and _has_measured(name, test):
                self._end(run, name, Status.PASSED)
            else:
                status = Status.ERROR if has_failed else Status.UNKNOWN
                self._end(run, name, status, raw="interrupted")

    def _tell_held(self, run: _Run) -> None:
        """Of a further run: tries of what had failed, or results of their own."""
        tops = {each.name.partition("/")[0] for each in run.held} - {SET_UP, TEAR_DOWN}
        failed = frozenset(self._failed) if tops <= self._failed else frozenset()
        for result in run.held:
            self._tell(msgspec.structs.replace(result, retry=result.name in failed))

    def break_off(self) -> None:
        """The stream has ended, and this package has not, or not again."""
        if self._run is None:
            return
        if not self._has_run:
            self._end_open_tests(self._run)
        held = len(self._run.held)
        lost = f"; {held} results of its second run are left out" if held else ""
        who = f"package {self._name}" if self._name else "the test binary"
        self._reading.out.append(Trouble(f"{who} has no end: its run was interrupted{lost}"))


def _has_measured(name: str, test: _Test) -> bool:
    """Whether a benchmark is over; some versions of Go write no event for its end."""
    return name.startswith("Benchmark") and MEASURED.search(str(test)) is not None


def _failure(name: str, printed: str) -> Result:
    """A package that failed though none of its tests did."""
    panic = PANIC.search(printed)
    first = next((each for each in printed.splitlines() if each and each[0] != "#"), "")
    message = (panic[0] if panic else first).strip()
    message = message or "the package failed, but no test did"
    return Result(name, Status.ERROR, message=message, trace=printed)


def _result(name: str, status: Status, duration: float | None, raw: str, test: _Test) -> Result:
    """A result with what its test told."""
    printed = str(test)
    file, line, message = ("", None, "") if status is Status.PASSED else _said(printed)
    if raw == "interrupted":
        panic = PANIC.search(printed)
        message = f"interrupted: {panic[0] if panic else 'it has no end'}"
    elif raw:
        message = f"status '{raw}'"
    is_bad = status in BROKEN or status is Status.UNKNOWN
    return Result(
        name,
        status,
        duration,
        message=message,
        trace=printed if is_bad else "",
        stdout="" if is_bad else printed,
        file=file,
        line=line,
        raw_status=raw,
        properties=tuple(test.properties),
        attachments=tuple(test.attachments),
    )


def _said(printed: str) -> tuple[str, int | None, str]:
    """File, line and message of what a test logged first; of testify its error."""
    panic = PANIC.search(printed)
    for text in printed.splitlines():
        if found := LOGGED.search(text):
            file, line, message = found[1], int(found[2][:9]), found[3].strip()
            if error := TESTIFY_ERROR.search(printed):
                message = "\n".join(each.strip() for each in error[1].strip().splitlines())
            return file, line, message or _first(printed, text)
    return "", None, panic[0] if panic else _first(printed)


def _first(printed: str, after: str = "") -> str:
    rest = printed.partition(after)[2] if after else printed
    return next((each.strip() for each in rest.splitlines() if each.strip()), "")


def _string(event: dict[str, Any], key: str) -> str:
    value = event.get(key, "")
    return value if isinstance(value, str) else ""
