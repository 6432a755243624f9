"""CTRF, the Common Test Report Format: `results` with `tool`, `summary` and `tests`.

Readings where tools differ:

- Older reports have no `reportFormat`, and their `suite` is a text such as "login.test.ts > login",
  since then it is a list. Both name the suites, outermost first.
- Pending and "other" are skipped and keep their word; "other" is an error where `rawStatus` is a
  word for one, such as a time-out.
- `retries` counts the tries before the one that decides. `retryAttempts` tells them, and some
  writers end it with the deciding one. What is told of no try (`retries` or `flaky` alone) leaves
  tries whose outcome is not known.
- The names that pytest-json-ctrf gives, `tests/test_a.py::TestB::test_c`, are read as those of
  pytest's JUnit XML: `test_c` of the class `tests.test_a.TestB` in the suite `pytest`.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from tracker.intake.contract import (
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
    json_rows,
    list_of,
    objects_of,
    parser,
    printed,
)

WORDS = {
    "passed": Status.PASSED,
    "failed": Status.FAILED,
    "skipped": Status.SKIPPED,
    "pending": Status.SKIPPED,
    "other": Status.SKIPPED,
}
EXPECTED: dict[str, Literal["xfail", "xpass"]] = {
    "xfail": "xfail",
    "xfailed": "xfail",
    "xpass": "xpass",
    "xpassed": "xpass",
}
# What "other" stands for where a tool's own word says so.
ERRORS = {"error", "errored", "broken", "timeout", "timedout", "timed out", "aborted"} | {
    "interrupted",
    "crashed",
    "disconnected",
}
MOST_TRIES = 100
MOST_SHOWN = 200
# Of a name, to see whether it shows its parameters.
MOST_SEARCHED = 4096

Object = dict[str, Any]

# msgspec has to find the types of these, so annotations are no strings in this file.


class Test(msgspec.Struct, rename="camel", gc=False):
    """What is read of one test; nothing is sure about its types."""

    name: Any = None
    status: Any = None
    raw_status: Any = None
    duration: Any = None
    start: Any = None
    stop: Any = None
    suite: Any = None
    message: Any = None
    trace: Any = None
    snippet: Any = None
    file_path: Any = None
    filepath: Any = None  # as the first versions spell it
    line: Any = None
    retries: Any = None
    retry_attempts: Any = None
    flaky: Any = None
    stdout: Any = None
    stderr: Any = None
    parameters: Any = None
    attachments: Any = None
    tags: Any = None
    labels: Any = None
    type: Any = None
    browser: Any = None
    device: Any = None
    extra: Any = None


class Results(msgspec.Struct):
    """What is read of a run; its tests are taken apart one by one, which keeps memory small."""

    tests: list[msgspec.Raw]
    summary: Any = None
    environment: Any = None


class Document(msgspec.Struct):
    results: Results

    @property
    def tests(self) -> list[msgspec.Raw]:
        return self.results.tests


DOCUMENT = msgspec.json.Decoder(Document)
TEST = msgspec.json.Decoder(Test)


def looks_like(head: Head) -> float:
    report = head.json
    if not isinstance(report, dict):
        return 0.0
    results = report.get("results")
    if report.get("reportFormat") == "CTRF":
        return 0.95
    if not isinstance(results, dict):
        return 0.0
    if isinstance(results.get("tool"), dict) and ("tests" in results or "summary" in results):
        return 0.9
    tests = results.get("tests")
    first = tests[0] if isinstance(tests, list) and tests else None
    return 0.6 if isinstance(first, dict) and "name" in first and "status" in first else 0.0


@parser(
    "ctrf", recognises="CTRF, the Common Test Report Format", sniff=looks_like, endings=(".json",)
)
def read(report: ReportFile) -> Iterator[Record]:
    document, tests, damage = json_rows(report.stream.read(), DOCUMENT, TEST, _lenient)
    yield Suite((), _pairs(document.results.environment))
    count = failed = 0
    suite: object = None
    path: tuple[str, ...] = ()
    was_pytest = False
    for test in tests:
        count += 1
        failed += test.status == "failed"
        is_pytest = _is_of_pytest(test)
        if test.suite != suite or is_pytest is not was_pytest:
            suite, was_pytest = test.suite, is_pytest
            path = ("pytest",) if is_pytest else _path(suite)
            yield Suite(path)
        yield _result(test, *_names(test, path, is_pytest))
    if damage:
        yield damage
    else:
        yield from _differences(document.results, count, failed)


def _lenient(document: Any) -> Document:
    results = document.get("results") if isinstance(document, dict) else None
    tests = results.get("tests") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(tests, list):
        raise ReportError("it holds no list of tests")
    return Document(Results(tests, results.get("summary"), results.get("environment")))


def _differences(results: Results, count: int, failed: int) -> Iterator[Record]:
    """What the summary counts, where that is not what was found."""
    if len(results.tests) > count:
        yield Note(f"{len(results.tests) - count} entries among the tests are no objects")
    declared = results.summary if isinstance(results.summary, dict) else {}
    told = declared.get("tests")
    if type(told) is int and told > 0 and not count:
        yield Trouble(f"it declares {told} tests, and holds none")
    elif type(told) is int and told != count:
        yield Note(f"it declares {told} tests, found {count}")
    if type(declared.get("failed")) is int and declared["failed"] != failed:
        yield Note(f"it declares {declared['failed']} failures, found {failed}")


def _result(test: Test, classname: str, name: str) -> Result:
    duration = _duration(test.duration, test.start, test.stop)
    file = printed(test.file_path or test.filepath)
    line = test.line if type(test.line) is int and test.line > 0 else None
    if test.status == "passed" and not _tells_more(test):
        return Result(
            name,
            Status.PASSED,
            duration,
            classname,
            file=file,
            line=line,
            properties=_properties(test),
        )
    word, raw = _word(test.status), printed(test.raw_status)
    status = _status(word, raw)
    return Result(
        name,
        status,
        duration,
        classname,
        message=printed(test.message) or _unknown(test.status, status),
        trace=printed(test.trace) or printed(test.snippet),
        stdout=_lines(test.stdout) if test.stdout else "",
        stderr=_lines(test.stderr) if test.stderr else "",
        attempts=_attempts(test, status) if _was_tried_again(test) else (),
        file=file,
        line=line,
        raw_status="" if raw == word else _raw(raw, test.status, word),
        expected_failure=EXPECTED.get(_word(raw), "") if raw else "",
        properties=_properties(test),
        attachments=tuple(_attachments(test)) if test.attachments else (),
    )


def _tells_more(test: Test) -> bool:
    """Whether there is more than most tests have, which is worth a look beforehand."""
    return bool(
        (test.raw_status and test.raw_status != "passed")
        or test.message
        or test.trace
        or test.snippet
        or test.stdout
        or test.stderr
        or test.attachments
        or _was_tried_again(test)
    )


def _word(status: object) -> str:
    if type(status) is str and status in WORDS:
        return status
    return printed(status).strip().lower()


def _status(word: str, raw: str) -> Status:
    if word == "other" and _word(raw) in ERRORS:
        return Status.ERROR
    return WORDS.get(word, Status.UNKNOWN)


def _raw(raw: str, status: object, word: str) -> str:
    """The tool's own word, or else one of CTRF's that says more than ours."""
    if raw and _word(raw) != word:
        return raw
    return "" if word in ("passed", "failed", "skipped") else printed(status)


def _unknown(word: object, status: Status) -> str:
    return f"status {word!r}"[:MOST_SHOWN] if status is Status.UNKNOWN else ""


def _was_tried_again(test: Test) -> bool:
    return bool(test.retries or test.flaky or test.retry_attempts)


def _attempts(test: Test, status: Status) -> tuple[Attempt, ...]:
    """The tries before the deciding one; of those that nothing is told of, their number."""
    retries = test.retries if type(test.retries) is int and test.retries > 0 else 0
    told = objects_of(test.retry_attempts)
    tries = [_attempt(each) for each in told]
    # Where the number is not told: hardly anybody tries again what passed.
    is_last_deciding = bool(tries) and status is Status.PASSED and tries[-1].status is status
    if len(tries) > retries > 0 or (not retries and is_last_deciding):
        tries.pop()
    if told:
        return tuple(tries)
    if status is Status.PASSED and test.flaky is not None:
        retries = max(retries, 1) if test.flaky is True else 0
    return (UNTOLD,) * min(retries, MOST_TRIES)


UNTOLD = Attempt(Status.UNKNOWN, message="the report tells no more of this try")


def _attempt(told: Object) -> Attempt:
    status = _status(_word(told.get("status")), printed(told.get("rawStatus")))
    message = printed(told.get("message")) or _unknown(told.get("status"), status)
    trace = printed(told.get("trace")) or printed(told.get("snippet"))
    duration = _duration(told.get("duration"), told.get("start"), told.get("stop"))
    return Attempt(status, duration, message, trace)


def _is_of_pytest(test: Test) -> bool:
    name, file = test.name, test.file_path
    if not isinstance(file, str) or not file.endswith(".py"):
        return False
    return isinstance(name, str) and name.startswith(f"{file}::")


def _path(suite: object) -> tuple[str, ...]:
    """The suites around a test."""
    parts = suite.split(" > ") if isinstance(suite, str) else map(printed, list_of(suite))
    return tuple(part.strip() for part in parts if part.strip())


def _names(test: Test, path: tuple[str, ...], is_pytest: bool) -> tuple[str, str]:
    """Class or file of a test where its suites do not say it, and its name."""
    name = printed(test.name) or UNNAMED
    if is_pytest:
        return _pytest_names(name)
    if test.parameters:
        name = _with_parameters(name, _pairs(test.parameters))
    return "" if path else _stable_file(printed(test.file_path or test.filepath)), name


def _stable_file(file: str) -> str:
    """A relative path as it is; of an absolute one, which has a checkout's place, the name."""
    is_absolute = file.startswith(("/", "\\")) or file[1:2] == ":"
    return re.split(r"[/\\]", file)[-1] if is_absolute else file


def _pytest_names(nodeid: str) -> tuple[str, str]:
    address, bracket, parameters = nodeid.partition("[")
    names = address.split("::")
    names[0] = names[0].replace("\\", "/").replace("/", ".").removesuffix(".py")
    return ".".join(names[:-1]), names[-1] + bracket + parameters


def _with_parameters(name: str, parameters: tuple[tuple[str, str], ...]) -> str:
    """The name with its parameters, unless it shows them already."""
    if not parameters:
        return name
    bracket = re.search(r"[\[(].*", name[:MOST_SEARCHED], re.S)
    if bracket and all(value in bracket[0] for _, value in parameters):
        return name
    return f"{name}[{', '.join(f'{key}={value}' for key, value in parameters)}]"


def _properties(test: Test) -> tuple[tuple[str, str], ...]:
    """Labels, tags and what else tells a test from others; what changes with each run is not."""
    told = []
    if test.type or test.browser or test.device:
        kinds = (("type", test.type), ("browser", test.browser), ("device", test.device))
        told = [(name, printed(value)) for name, value in kinds if value]
    if test.tags:
        told += [("tag", printed(tag)) for tag in list_of(test.tags)]
    for values in (test.labels, test.extra):
        if values:
            told += _pairs(values)
    return tuple(told)


def _attachments(test: Test) -> Iterator[str]:
    for each in objects_of(test.attachments):
        if path := printed(each.get("path")) or printed(each.get("name")):
            yield path


def _pairs(values: object) -> tuple[tuple[str, str], ...]:
    """The plain values of an object; of lists, each."""
    pairs = []
    for name, value in values.items() if isinstance(values, dict) else ():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, str | int | float):
                pairs.append((name, str(each)))
    return tuple(pairs)


def _lines(value: object) -> str:
    return "\n".join(map(printed, value)) if isinstance(value, list) else printed(value)


def _duration(duration: object, start: object, stop: object) -> float | None:
    """The time in seconds; from start to stop where a duration is not told."""
    told = _number(duration)
    if duration is None:
        first, last = _number(start), _number(stop)
        told = last - first if first is not None and last is not None else None
    return told / 1000 if told is not None and 0 <= told <= YEAR * 1000 else None


def _number(value: object) -> float | None:
    return value if type(value) is int or type(value) is float else None
