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
from collections.abc import Iterator
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
)

ENDS = {
    "pass": Status.PASSED,
    "fail": Status.FAILED,
    "skip": Status.SKIPPED,
    "bench": Status.PASSED,
}
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
YEAR = 365 * 86_400.0


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
    return any(isinstance(value.get(key), str) for key in ("Package", "Test", "ImportPath", "Time"))


@parser("gotest_json", recognises="the JSON lines of go test -json", sniff=looks_like)
def read(report: ReportFile) -> Iterator[Record]:
    reading = _Reading()
    take, out = reading.take, reading.out
    cut = ""
    for line in json_lines(report.stream):
        event = line.value
        if isinstance(event, dict):
            take(event)
        elif line.cut:
            cut = f"line {line.number}"
        elif inner := _event_inside(line.text):
            take(inner)
        else:
            reading.other.add(line.text + "\n")
        if out:
            yield from out
            out.clear()
    if not reading.found_events:
        raise ReportError("it holds no event of go test", cut)
    reading.finish()
    yield from out
    if cut:
        yield Damage("the file ends in the middle of an event", cut)


def _event_inside(text: str) -> dict[str, Any] | None:
    """An event behind what something else wrote on its line without ending it."""
    start = text.find('{"') if '"Action"' in text else -1
    if start < 0:
        return None
    try:
        event = msgspec.json.decode(text[start:])
    except msgspec.DecodeError:
        return None
    return event if _is_event(event) else None


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
        return "".join(self._parts)


class _Running:
    """A test between its first event and its end."""

    __slots__ = ("attachments", "properties", "text")

    def __init__(self) -> None:
        self.text: _Text | None = None
        self.properties: list[tuple[str, str]] = []
        self.attachments: list[str] = []


class _Reading:
    """One stream: its packages, what was built for them, and what goes out."""

    def __init__(self) -> None:
        self.out: list[Record] = []
        self.other = _Text()
        self.suite: str | None = None
        self._packages: dict[str, _Package] = {}
        self._builds: dict[str, _Text] = {}
        self._failed_builds: set[str] = set()

    @property
    def found_events(self) -> bool:
        return bool(self._packages or self._builds or self._failed_builds)

    def take(self, event: dict[str, Any]) -> None:
        action, name, test = event.get("Action"), event.get("Package"), event.get("Test")
        if not isinstance(action, str):
            return
        if action == "build-output":
            built = self._builds.setdefault(_string(event, "ImportPath"), _Text())
            built.add(_string(event, "Output"))
            return
        if action == "build-fail":
            self._failed_builds.add(_string(event, "ImportPath"))
            return
        if action not in ACTIONS and "Elapsed" not in event:
            return  # of a Go to come, and no end of anything
        if not isinstance(name, str):
            name = ""
        package = self._packages.get(name)
        if package is None:
            package = self._packages[name] = _Package(name, self)
        if isinstance(test, str) and test:
            package.take(action, test, event)
        else:
            package.take_own(action, event)

    def build_output(self, import_path: str) -> str:
        self._failed_builds.discard(import_path)
        return str(self._builds.get(import_path, ""))

    def finish(self) -> None:
        for package in self._packages.values():
            package.break_off()
        for import_path in sorted(self._failed_builds):
            self.out.append(Trouble(f"{import_path} did not build, and no package tells of it"))
        if not self._packages and not self._failed_builds:
            self.out.append(Trouble("it tells of builds alone; no package was tested"))
        if other := str(self.other).strip("\n"):
            self.out.append(Suite((), stderr=other))


class _Package:
    """One package: its tests that run now, and those of a second run that wait for its end."""

    def __init__(self, name: str, reading: _Reading) -> None:
        self.name = name
        self._path = (name,) if name else ()
        self._reading = reading
        self._running: dict[str, _Running | None] = {}  # None: nothing was told but the start
        self._text = _Text()
        self._has_ended = self._is_open = False
        self._ended = self._broken = 0
        self._failed: set[str] = set()
        self._held: list[Result] | None = None

    def take(self, action: str, test: str, event: dict[str, Any]) -> None:
        """An event of a test."""
        if not self._is_open:
            self._open()
        if action == "output":
            output = event.get("Output")
            if not isinstance(output, str):
                return
            if output.startswith(("=== ", "--- ", " ")) and FRAME.match(output):
                self._running.setdefault(test, None)
                return
            running = self._run(test)
            running.text = running.text or _Text()
            running.text.add(output)
        elif action in ENDS:
            self._end(test, ENDS[action], _seconds(event.get("Elapsed")), "")
        elif action == "attr":
            self._run(test).properties.append((_string(event, "Key"), _string(event, "Value")))
        elif action == "artifacts":
            self._run(test).attachments.append(_string(event, "Path"))
        elif action in ACTIONS:
            self._running.setdefault(test, None)
        else:
            self._end(test, Status.UNKNOWN, None, action)

    def take_own(self, action: str, event: dict[str, Any]) -> None:
        """An event of the package itself."""
        if not self._is_open:
            self._open()
        if action == "output":
            output = _string(event, "Output")
            if not PACKAGE_FRAME.match(output):
                self._text.add(output)
        elif action in ENDS:
            self._close(action, event)

    def _run(self, test: str) -> _Running:
        running = self._running.get(test)
        if running is None:
            running = self._running[test] = _Running()
        return running

    def _open(self) -> None:
        self._is_open = True
        self._ended = self._broken = 0
        self._text = _Text()
        self._held = [] if self._has_ended else None

    def _end(self, test: str, status: Status, duration: float | None, raw: str) -> None:
        running = self._running.pop(test, None)
        self._ended += 1
        if status is Status.FAILED:
            self._broken += 1
        if running is None and not raw:
            self._put(Result(test, status, duration))
        else:
            self._put(_result(test, status, duration, raw, running or _Running()))

    def _put(self, result: Result) -> None:
        if self._held is not None:
            self._held.append(result)
            return
        if result.status.is_failure:
            self._failed.add(result.name)
        if self._reading.suite != self.name:
            self._reading.suite = self.name
            self._reading.out.append(Suite(self._path))
        self._reading.out.append(result)

    def _close(self, action: str, event: dict[str, Any]) -> None:
        """The event that ends a run of the package."""
        has_failed = action == "fail"
        for test, running in list(self._running.items()):
            if running and not has_failed and _has_measured(test, running):
                self._end(test, Status.PASSED, None, "")
            else:
                self._interrupt(test, has_failed)
        printed = str(self._text).strip("\n")
        if has_failed and not self._broken:
            build = self._reading.build_output(_string(event, "FailedBuild")).strip("\n")
            self._put(self._failure(event, build or printed))
            printed = ""
        self._settle()
        if printed:
            self._reading.suite = self.name
            self._reading.out.append(Suite(self._path, stdout=printed))
        self._has_ended, self._is_open = True, False

    def _interrupt(self, test: str, has_failed: bool) -> None:
        """A test without an end: the one that took the package down, or one whose end got lost."""
        running = self._running.pop(test) or _Running()
        self._broken += has_failed
        status = Status.ERROR if has_failed else Status.UNKNOWN
        self._put(_result(test, status, None, "interrupted", running))

    def _failure(self, event: dict[str, Any], printed: str) -> Result:
        is_build = "FailedBuild" in event or not self._ended
        panic = PANIC.search(printed)
        first = next((each for each in printed.splitlines() if each and each[0] != "#"), "")
        return Result(
            SET_UP if is_build else TEAR_DOWN,
            Status.ERROR,
            message=(panic[0] if panic else first).strip() or "the package failed, but no test did",
            trace=printed,
        )

    def _settle(self) -> None:
        """What a second run was: tries of what had failed, or results of their own."""
        held, self._held = self._held, None
        tops = {each.name.partition("/")[0] for each in held or ()} - {SET_UP, TEAR_DOWN}
        is_rerun = tops <= self._failed
        failed_before = frozenset(self._failed)
        for result in held or ():
            retry = is_rerun and result.name in failed_before
            self._put(msgspec.structs.replace(result, retry=retry))

    def break_off(self) -> None:
        """The stream has ended, and this package has not, or not again."""
        if not self._is_open:
            return
        lost = f"; {len(self._held)} results of its second run are left out" if self._held else ""
        if self._held is None:
            for test in list(self._running):
                self._interrupt(test, has_failed=False)
        who = f"package {self.name}" if self.name else "the test binary"
        self._reading.out.append(Trouble(f"{who} has no end: its run was interrupted{lost}"))


def _has_measured(test: str, running: _Running) -> bool:
    """A benchmark that printed its figures; some versions of Go write no event for its end."""
    return test.startswith("Benchmark") and bool(MEASURED.search(str(running.text or "")))


def _result(
    test: str, status: Status, duration: float | None, raw: str, running: _Running
) -> Result:
    """A result with what its test printed."""
    printed = str(running.text or "").strip("\n")
    file, line, message = _said(printed)
    if raw:
        message = f"status '{raw}'" if raw != "interrupted" else _interruption(printed)
    has_passed = status is Status.PASSED
    is_broken = status.is_failure or status is Status.UNKNOWN
    return Result(
        test,
        status,
        duration,
        message="" if has_passed else message,
        trace=printed if is_broken else "",
        stdout="" if is_broken else printed,
        file="" if has_passed else file,
        line=None if has_passed else line,
        raw_status=raw,
        properties=tuple(running.properties),
        attachments=tuple(running.attachments),
    )


def _interruption(printed: str) -> str:
    panic = PANIC.search(printed)
    return f"interrupted: {panic[0]}" if panic else "interrupted: it has no end"


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
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return min(max(float(value), 0.0), YEAR) if abs(value) < float("inf") else None
