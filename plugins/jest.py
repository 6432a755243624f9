"""Jest's and Vitest's `--json`: one object with the test files and, in each, its tests.

Both shapes of it are read: the one that is printed (`assertionResults`) and the one that
reporters and result processors of Jest are handed (`testFilePath`, `testResults`).

Readings where tools differ:

- A file that could not be run has no tests and counts as none; here it is the result "<init>" of
  its file. What failed after its tests (an `afterAll`) is its "<tear-down>".
- `pending`, `todo` and `disabled` are skips. `test.failing` that failed is an expected failure.
- Jest names the tries before the last one (`retryReasons`, `invocations`); Vitest leaves their
  messages with a test that passed. Either way they are earlier attempts.
- File names are absolute. What a checkout adds to them is taken off: what CI servers are known
  to lay before it, else all before the first folder such as `src` or `test`, else what all other
  files have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

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
    is_cut,
    json_document,
    parser,
    seconds_from_number,
    text_of,
    without_checkout,
)

STATUSES = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "skipped": Status.SKIPPED,
    "pending": Status.SKIPPED,
    "todo": Status.SKIPPED,
    "disabled": Status.SKIPPED,
}
COUNTERS = ("numTotalTests", "numTotalTestSuites", "numFailedTestSuites")
FAILED_TO_RUN = re.compile(r"● .{0,20}?Test suite failed to run")
ERROR_CLASS = re.compile(r"([\w$.]*(?:Error|Exception))(?: \[\w+\])?: ")
COLOURS = re.compile(r"\x1b\[[\d;]*m")
STACK = re.compile(r"\n\s+at ")
MOST_SUMMED_UP = 1_000


def looks_like(head: Head) -> float:
    answer = head.json
    if not isinstance(answer, dict):
        return 0.0
    if any(counter in answer for counter in COUNTERS):
        return 0.9
    files = answer.get("testResults")
    first = files[0] if files and isinstance(files, list) else None
    is_file = isinstance(first, dict) and ("assertionResults" in first or "testFilePath" in first)
    return 0.9 if is_file else 0.0


@parser("jest", recognises="Jest's and Vitest's JSON", sniff=looks_like, endings=(".json",))
def read(report: ReportFile) -> Iterator[Record]:
    answer, damage = json_document(report.stream, "testResults")
    if not isinstance(answer, dict) or not isinstance(answer.get("testResults"), list):
        raise _no_results(damage)
    files = answer["testResults"]
    names = without_checkout([_file_name(file) for file in _dicts(files)])
    counted = _Counted()
    for file, name in zip(_dicts(files), names, strict=True):
        yield from _of_file(file, name, counted)
    if damage is not None:
        if not counted.records:
            raise _no_results(damage)
        yield damage
        return
    yield from _closing(answer, counted)


def _no_results(damage: Damage | None) -> ReportError:
    if damage is None:
        return ReportError("it holds no testResults, so it is not Jest's JSON")
    return ReportError(damage.reason, damage.position)


class _Counted:
    """What was found in the whole report."""

    def __init__(self) -> None:
        self.records = self.tests = self.failed = 0


def _of_file(file: dict[str, Any], name: str, counted: _Counted) -> Iterator[Record]:
    here = tuple(part for part in (_project(file.get("displayName")), name) if part)
    suite = None
    failed_before = counted.failed
    ran = False
    stdout = _console(file.get("console"))
    said = ""
    for test in _dicts(file.get("assertionResults") or file.get("testResults")):
        if test.get("status") == "error" and "title" not in test:
            said = "\n\n".join(_texts(test.get("failureMessages")))  # it stands for its file
            continue
        titles = test.get("ancestorTitles")
        path = here
        if titles and isinstance(titles, list):
            path = here + tuple([title for title in titles if title and isinstance(title, str)])
        if path != suite:
            suite = path
            yield Suite(path)
        result = _result(test, name)
        counted.tests += 1
        counted.records += 1
        counted.failed += result.status is not Status.PASSED and result.status.is_failure
        ran = ran or result.status is not Status.SKIPPED
        yield result
    trouble = _trouble_of(file, said, counted.failed > failed_before, ran)
    if trouble is not None:
        counted.records += 1
        counted.failed += 1
    if trouble is not None or stdout:
        yield Suite(here, stdout=stdout)
    if trouble is not None:
        yield trouble


def _result(test: dict[str, Any], file: str) -> Result:
    word = test.get("status")
    status = STATUSES.get(word, Status.UNKNOWN) if isinstance(word, str) else Status.UNKNOWN
    name = test.get("title") or test.get("fullName")
    location = test.get("location")
    line = location.get("line") if isinstance(location, dict) else None
    messages = _texts(test.get("failureMessages"))
    attempts = _attempts(test, status, messages)
    is_expected = test.get("failing") is True
    if status is Status.PASSED and not messages and not attempts and not is_expected:
        return Result(
            name if name and isinstance(name, str) else UNNAMED,
            status,
            seconds_from_number(test.get("duration"), 1000),
            file=file,
            line=line if type(line) is int else None,
            properties=_properties(test),
        )
    failures = messages if status is not Status.PASSED else []
    expected_failure = {Status.PASSED: "xfail", Status.FAILED: "xpass"}.get(status, "")
    message = _summary(failures)
    if status is Status.UNKNOWN:
        message = message or f"status {word!r}"
    known = status is not Status.UNKNOWN and word == status.word
    kind = ERROR_CLASS.match(failures[0]) if failures else None
    return Result(
        name if name and isinstance(name, str) else UNNAMED,
        Status.SKIPPED if is_expected and status is Status.PASSED else status,
        seconds_from_number(test.get("duration"), 1000),
        message=message,
        trace="\n\n".join(failures),
        type=kind[1] if kind else "",
        attempts=attempts,
        file=file,
        line=line if type(line) is int else None,
        raw_status="" if known and not is_expected else str(word),
        expected_failure=expected_failure if is_expected else "",  # type: ignore[arg-type]
        properties=_properties(test),
    )


def _attempts(test: dict[str, Any], status: Status, messages: list[str]) -> tuple[Attempt, ...]:
    """The tries before the last one, all of which failed; else there were no further ones."""
    reasons = _texts(test.get("retryReasons"))
    if status is Status.PASSED:
        reasons = reasons or messages
    invocations = test.get("invocations")
    if type(invocations) is int and len(reasons) < invocations - 1 <= 100:
        reasons = reasons + [""] * (invocations - 1 - len(reasons))
    if not reasons:
        return ()
    return tuple(Attempt(Status.FAILED, None, _summary([reason]), reason) for reason in reasons)


def _trouble_of(file: dict[str, Any], said: str, has_failed: bool, ran: bool) -> Result | None:
    """What went wrong in a file outside its tests: before them, or after them."""
    said = text_of(file.get("message")) or text_of(file.get("failureMessage")) or said
    error = file.get("testExecError")
    if isinstance(error, dict):
        said = said or text_of(error.get("stack")) or text_of(error.get("message"))
    said = said or text_of(error)
    is_wrong = file.get("status") == "failed" and not has_failed
    failed = FAILED_TO_RUN.search(said)
    if not error and not is_wrong and not failed:
        return None
    lines = COLOURS.sub("", said[failed.end() :] if failed else said).splitlines()
    message = next((line.strip() for line in lines if line.strip()), "the file failed")
    return Result(
        TEAR_DOWN if ran else SET_UP, Status.ERROR, message=message, trace=said.strip("\n")
    )


def _closing(answer: dict[str, Any], counted: _Counted) -> Iterator[Record]:
    if answer.get("wasInterrupted") is True:
        yield Trouble("The run was interrupted.")
    if answer.get("success") is False and not counted.failed:
        yield Trouble("The run says that it did not succeed, and no failure in it tells why.")
    declared = answer.get("numTotalTests")
    if type(declared) is int and declared != counted.tests:
        yield Note(f"the whole report declares {declared} tests, found {counted.tests}")


def _file_name(file: dict[str, Any]) -> str:
    return text_of(file.get("name") or file.get("testFilePath"))


def _project(name: object) -> str:
    return text_of(name.get("name") if isinstance(name, dict) else name)


def _summary(messages: list[str]) -> str:
    """What the first message says before its stack."""
    said = messages[0] if messages else ""
    stack = STACK.search(said)
    return COLOURS.sub("", said[: stack.start()] if stack else said).strip()[:MOST_SUMMED_UP]


def _console(value: object) -> str:
    return "\n".join(text_of(each.get("message")) for each in _dicts(value))


def _properties(test: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    tags = test.get("tags")
    return tuple([("tag", tag) for tag in _texts(tags)]) if tags else ()


def _texts(value: object) -> list[str]:
    if not value or not isinstance(value, list):
        return []
    return [each for each in value if isinstance(each, str)]


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    """The objects of a list; one that breaks off may not have told its name yet."""
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict) and not is_cut(each))
