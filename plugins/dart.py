"""Dart's and Flutter's machine output (`--reporter json`, `--machine`): one event a line.

Readings where tools differ:

- Hidden tests (loading a file, `setUpAll`, `tearDownAll`) are no results, until one fails: then
  it is the "<init>" or the "<tear-down>" of its file or group.
- A test may fail after it has ended, up to the end of the run, so results wait for the event
  `done`. Where that never comes the report is damaged, and what passed in a file whose tests had
  not all ended is not known.
- A test whose errors came before it succeeded was tried again: they are its earlier attempts.
- Names hold the names of the groups around; here each group has its own part. The platform is
  one of the suites, but for the usual one (`vm`).
- Lines that are no events (what a build prints in between) are left out, and counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

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
    Trouble,
    json_lines,
    parser,
    seconds_within,
    text_of,
)

T = TypeVar("T")

RESULTS = {"success": Status.PASSED, "failure": Status.FAILED, "error": Status.ERROR}
AROUND = {"(setUpAll)": SET_UP, "(tearDownAll)": TEAR_DOWN}
LOADING = "loading "
# An event of a test, or the one that begins a run, in any order of its keys.
EVENT = re.compile(
    r'^\{(?=[^\n]*"type":\s*"(?:start|suite|group|testStart|testDone|print|error|allSuites)")'
    r'(?=[^\n]*"(?:protocolVersion|suiteID|testID|platform)":)',
    re.M,
)
# What stands before the tests of a package, whatever the checkout is called.
PACKAGE = re.compile(r".*?/(?=(?:test|integration_test|test_driver|packages|pkgs)/)")


def looks_like(head: Head) -> float:
    return 0.9 if not head.root and EVENT.search(head.text) else 0.0


@parser(
    "dart",
    recognises="Dart's and Flutter's JSON lines",
    sniff=looks_like,
    endings=(".json", ".jsonl"),
)
def read(report: ReportFile) -> Iterator[Record]:
    run = _Run()
    cut = False
    for line in json_lines(report.stream):
        cut = line.cut
        event = line.value
        if isinstance(event, dict) and isinstance(event.get("type"), str):
            run.take(event)
        elif line.text and not line.cut:
            run.noise += 1
    if not run.events:
        raise ReportError("it holds no events of a test run, so it is not Dart's machine output")
    reason = "the last line breaks off" if cut else "the event that ends the run is missing"
    found = False
    for record in run.records():
        found = True
        yield record
    if not run.is_done:
        if not found:
            raise ReportError(reason)
        yield Damage(reason)
    if run.noise:
        yield Note(f"{run.noise} lines are no events and were left out")


class _Test(msgspec.Struct, gc=False):
    """A test from its start to whatever is said of it last."""

    name: str
    path: tuple[str, ...]
    suite: object
    stands_for: str
    start: object
    file: str
    line: object
    reason: str
    end: object = None
    word: object = None
    has_ended: bool = False
    is_hidden: bool = False
    is_skipped: bool = False
    errors: Sequence[dict[str, Any]] = ()
    errors_before: int = 0
    retries: int = 0
    printed: Sequence[str] = ()


class _Run:
    """All that a run tells: its files, groups and tests, by their numbers."""

    def __init__(self) -> None:
        self.events = self.noise = 0
        self.is_done = False
        self._success: object = True
        self._suites: dict[object, dict[str, Any]] = {}
        self._groups: dict[object, dict[str, Any]] = {}
        self._tests: dict[object, _Test] = {}
        self._paths: dict[object, tuple[tuple[str, ...], str]] = {}

    def take(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind in ("testDone", "error", "print"):
            test = self._tests.get(_number(event.get("testID")))
            if test is not None:
                self.events += 1
                _go_on(test, kind, event)
        elif kind in ("testStart", "suite", "group"):
            self._begin(kind, event)
        elif kind == "done":
            self.events += 1
            self.is_done = True
            self._success = event.get("success")
        elif kind == "start" and "protocolVersion" in event:
            self.events += 1

    def _begin(self, kind: str, event: dict[str, Any]) -> None:
        info = event.get("test" if kind == "testStart" else kind)
        if not isinstance(info, dict):
            return
        self.events += 1
        number = _number(info.get("id"))
        if kind == "testStart":
            self._tests[number] = self._test(info, event.get("time"))
        elif kind == "suite":
            self._suites[number] = info
        else:
            self._groups[number] = info

    def _test(self, info: dict[str, Any], time: object) -> _Test:
        full_name = text_of(info.get("name"))
        suite = _number(info.get("suiteID"))
        groups = info.get("groupIDs")
        # The groups around a test are known by the innermost one.
        innermost = _number(groups[-1]) if groups and isinstance(groups, list) else None
        known = self._paths.get((suite, innermost))
        if known is None:
            known = self._path(suite, groups if isinstance(groups, list) else [])
            self._paths[suite, innermost] = known
        path, group = known
        name = full_name.removeprefix(group).strip() if group else full_name
        is_loading = innermost is None and full_name.startswith(LOADING)
        if is_loading and not path:
            path = (_file(full_name.removeprefix(LOADING)),)
        metadata = info.get("metadata")
        return _Test(
            name or full_name or UNNAMED,
            path,
            suite,
            SET_UP if is_loading else AROUND.get(name, ""),
            time,
            _file(text_of(info.get("root_url") or info.get("url"))),
            info.get("root_line") or info.get("line"),
            text_of(metadata.get("skipReason")) if isinstance(metadata, dict) else "",
        )

    def _path(self, suite: object, groups: list[object]) -> tuple[tuple[str, ...], str]:
        """The suites around a test, and the part of its name that repeats them."""
        info = self._suites.get(suite, {})
        platform = text_of(info.get("platform"))
        parts = [_file(text_of(info.get("path"))), "" if platform == "vm" else platform]
        around = ""
        for number in groups:
            name = text_of(self._groups.get(_number(number), {}).get("name"))
            parts.append(name.removeprefix(around).strip() if around else name)
            around = name or around
        return tuple([part for part in parts if part]), around

    def records(self) -> Iterator[Record]:
        ended = self._ended_suites()
        suite = None
        has_failed = False
        for test in self._tests.values():
            ended_well = test.has_ended and not test.errors
            if (ended_well and test.is_hidden) or (test.stands_for and _says_nothing(test)):
                continue
            if test.path != suite:
                suite = test.path
                yield Suite(suite)
            result = _result(test, self.is_done or test.suite in ended)
            has_failed = has_failed or result.status.is_failure
            yield result
        if self.is_done and self._success is None:
            yield Trouble("The run was closed before all tests had ended.")
        elif self.is_done and self._success is not True and not has_failed:
            yield Trouble("The run says that it did not succeed, and no failure in it tells why.")

    def _ended_suites(self) -> set[object]:
        """The files in which as many tests have ended as they announced."""
        awaited = {
            _number(group.get("suiteID")): group.get("testCount")
            for group in self._groups.values()
            if group.get("parentID") is None
        }
        ended = Counter(
            test.suite for test in self._tests.values() if test.has_ended and not test.is_hidden
        )
        return {suite for suite, count in awaited.items() if ended[suite] == count}


def _says_nothing(test: _Test) -> bool:
    return not test.has_ended and not test.errors


def _go_on(test: _Test, kind: str, event: dict[str, Any]) -> None:
    if kind == "testDone":
        test.has_ended = True
        test.word, test.end = event.get("result"), event.get("time")
        test.is_hidden = event.get("hidden") is True
        test.is_skipped = event.get("skipped") is True
        test.errors_before = len(test.errors)
    elif kind == "error":
        test.errors = _added(test.errors, event)
    else:
        message = text_of(event.get("message"))
        test.retries += message.startswith("Retry: ")
        test.printed = _added(test.printed, message)


def _added(to: Sequence[T], item: T) -> list[T]:
    """Most tests say nothing and need no list."""
    if not isinstance(to, list):
        return [item]
    to.append(item)
    return to


def _result(test: _Test, is_final: bool) -> Result:
    """The result; one that could still get worse is none that passed."""
    status = _status(test)
    message, raw_status, errors = "", "", test.errors
    attempts: tuple[Attempt, ...] = ()
    if status is Status.UNKNOWN and test.has_ended:
        raw_status = str(test.word) if isinstance(test.word, str | None) else "(no word)"
        message = f"status {raw_status!r}"
    elif status is Status.PASSED and not is_final:
        status, raw_status = Status.UNKNOWN, "success"
    if status is Status.PASSED and errors:
        attempts, errors = tuple(map(_attempt, errors)), ()
    elif test.retries:
        attempts = (Attempt(Status.FAILED),) * min(test.retries, 100)
    if errors:
        message = text_of(errors[0].get("error")).strip()
    elif status is Status.SKIPPED:
        message = _skip_reason(test)
    elif status is Status.UNKNOWN:
        message = message or "the report ends before it was over"
    return Result(
        test.stands_for or test.name,
        status,
        _between(test.start, test.end),
        message=message,
        trace="\n\n".join(map(_trace, errors)) if errors else "",
        stdout="\n".join(test.printed) if test.printed else "",
        attempts=attempts,
        file=test.file,
        line=test.line if type(test.line) is int else None,
        raw_status=raw_status,
    )


def _status(test: _Test) -> Status:
    word = test.word
    status = RESULTS.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    if test.errors and (not test.has_ended or len(test.errors) > test.errors_before):
        # It has failed whatever its last word was; a later try may yet have passed.
        is_failure = all(error.get("isFailure") is True for error in test.errors)
        return Status.FAILED if is_failure else Status.ERROR
    return Status.SKIPPED if status is Status.PASSED and test.is_skipped else status


def _attempt(error: dict[str, Any]) -> Attempt:
    status = Status.FAILED if error.get("isFailure") is True else Status.ERROR
    return Attempt(status, None, text_of(error.get("error")).strip(), _trace(error))


def _trace(error: dict[str, Any]) -> str:
    return f"{text_of(error.get('error')).strip()}\n\n{text_of(error.get('stackTrace'))}".strip()


def _skip_reason(test: _Test) -> str:
    printed = (each.removeprefix("Skip: ") for each in test.printed if each.startswith("Skip: "))
    return test.reason or next(printed, "")


@lru_cache(maxsize=1024)
def _file(name: str) -> str:
    """A file within its package; what comes before that is another on every machine."""
    name = name.removeprefix("file://").replace("\\", "/")
    is_absolute = name.startswith("/") or name[1:3] == ":/"
    found = PACKAGE.match(name) if is_absolute else None
    return name[found.end() :] if found else name.removeprefix("./")


def _number(value: object) -> object:
    """What events refer by; a list or an object refers to nothing."""
    return value if isinstance(value, int | str) else None


def _between(start: object, end: object) -> float | None:
    """Seconds between two times in milliseconds; None where one of them was not told."""
    if type(start) is not int or type(end) is not int:
        return None
    return seconds_within(end - start, 1000)
