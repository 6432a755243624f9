"""Reading one report in a process of its own: with our plugin, or as well as Python can without.

    python -m scripts.bench_figures.readers ours|best FORMAT FILE

prints what it took, as a `Taken` in JSON. What a reader needs is imported before the clock starts.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

Count = tuple[int, int]
Reader = Callable[[Path], Count]


class Taken(msgspec.Struct):
    """Processor time in seconds, memory in bytes beyond that after the imports, and what was read.

    cases, failed  how many tests the reader found; failed, for a sign that it looked at each
    """

    seconds: float
    memory: int
    cases: int
    failed: int


def main(which: str, name: str, path: Path) -> None:
    """Read once and say what it took."""
    reader = _plugin(name) if which == "ours" else _best(name)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again from here
    before = _memory("VmHWM")
    start = time.process_time()
    cases, failed = reader(path)
    seconds = time.process_time() - start
    # Not ru_maxrss: it begins with the memory of the process that started this one.
    taken = Taken(seconds, _memory("VmHWM") - before, cases, failed)
    print(msgspec.json.encode(taken).decode())


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def _counted(has_failed: Iterable[bool]) -> Count:
    cases = failed = 0
    for each in has_failed:
        cases += 1
        failed += each
    return cases, failed


def _files(folder: Path) -> Iterator[Path]:
    """In the order of their names, as intake has them."""
    return (folder / name for name in sorted(each.name for each in os.scandir(folder)))


def _plugin(name: str) -> Reader:
    from tracker.intake.contract import Head, ReportFile, Result, Status
    from tracker.intake.plugins import PluginSources, load_plugins
    from tracker.intake.sniff import head_of

    plugins = load_plugins(PluginSources.of("", ""))
    [parser] = [each.parser for each in plugins if each.parser.name == name]

    def files(folder: Path) -> Iterator[ReportFile]:
        for path in _files(folder):
            with path.open("rb") as stream:
                yield ReportFile(stream, path.name, Head(b""))

    def read(report: ReportFile) -> Count:
        records = parser.read(report)
        return _counted(
            each.status is Status.FAILED for each in records if isinstance(each, Result)
        )

    def read_path(path: Path) -> Count:
        if path.is_dir():
            return read(ReportFile(sys.stdin.buffer, path.name, Head(b""), files(path)))
        with path.open("rb") as stream:
            head = head_of(stream.read(65_536), path.name)
            stream.seek(0)
            return read(ReportFile(stream, path.name, head))

    return read_path


def _best(name: str) -> Reader:
    if name in LIBRARIES:
        return LIBRARIES[name]()
    if name in IN_XML:
        return _element_tree(IN_XML[name])
    if name in IN_LINES:
        return lambda path: _counted(_in_lines(IN_LINES[name], path))
    return lambda path: _counted(IN_JSON[name](path))


def _junitparser() -> Reader:
    from junitparser import Error, Failure, JUnitXml

    def read(path: Path) -> Count:
        return _counted(
            any(isinstance(each, Failure | Error) for each in case.result)
            for suite in JUnitXml.fromfile(str(path))
            for case in suite
            if case.name
        )

    return read


def _robot() -> Reader:
    api: Any = importlib.import_module("robot.api")

    def read(path: Path) -> Count:
        result = api.ExecutionResult(str(path), include_keywords=False)
        return _counted(test.status == "FAIL" for test in result.suite.all_tests if test.name)

    return read


def _subunit() -> Reader:
    """Its events go into a sink that keeps what a summary is made of."""
    subunit: Any = importlib.import_module("subunit")

    class Sink:
        def __init__(self) -> None:
            self.statuses: dict[str, str] = {}
            self.details: dict[str, list[bytes]] = {}

        def status(
            self,
            test_id: str | None = None,
            test_status: str | None = None,
            file_bytes: memoryview | None = None,
            **_: object,
        ) -> None:
            if test_id is not None and test_status is not None:
                self.statuses[test_id] = test_status
            if test_id is not None and file_bytes is not None:
                self.details.setdefault(test_id, []).append(bytes(file_bytes))

    def read(path: Path) -> Count:
        sink = Sink()
        with path.open("rb") as stream:
            subunit.ByteStreamToStreamResult(stream).run(sink)
        return _counted(status == "fail" for status in sink.statuses.values())

    return read


def _tap() -> Reader:
    parser: Any = importlib.import_module("tap.parser").Parser()

    def read(path: Path) -> Count:
        points = (line for line in parser.parse_file(str(path)) if line.category == "test")
        return _counted(not point.ok for point in points if point.description)

    return read


LIBRARIES: dict[str, Callable[[], Reader]] = {
    "junit": _junitparser,
    "robot": _robot,
    "subunit": _subunit,
    "tap": _tap,
}


# The standard library, where there is no reader of note: a tree, and a look at each test in it.

TRX = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}"
CHECK = "{http://check.sourceforge.net/ns}"
# Format -> the tags of its tests, and whether one has failed; None is no test.
IN_XML: dict[str, tuple[tuple[str, ...], Callable[[Any], bool | None]]] = {
    "check": (
        (f"{CHECK}test",),
        lambda test: test.findtext(f"{CHECK}id") and test.get("result") == "failure",
    ),
    "cppunit": (
        ("Test", "FailedTest"),
        lambda test: test.findtext("Name") and test.tag == "FailedTest",
    ),
    "ctest": (
        ("Test",),
        lambda test: test.findtext("Name") and test.get("Status") == "failed",
    ),
    "jenkins_junitresult": (
        ("case",),
        lambda case: case.findtext("testName") and case.find("errorDetails") is not None,
    ),
    "nunit2": (
        ("test-case",),
        lambda case: case.get("name") and case.get("result") == "Failure",
    ),
    "nunit3": (
        ("test-case",),
        lambda case: case.get("name") and case.get("result") == "Failed",
    ),
    "testng": (
        ("test-method",),
        lambda method: method.get("name") and method.get("status") == "FAIL",
    ),
    "trx": (
        (f"{TRX}UnitTestResult",),
        lambda result: result.get("testName") and result.get("outcome") == "Failed",
    ),
    "xunit": (("test",), lambda test: test.get("name") and test.get("result") == "Fail"),
}


def _element_tree(row: tuple[tuple[str, ...], Callable[[Any], bool | None]]) -> Reader:
    from xml.etree import ElementTree

    tags, has_failed = row

    def read(path: Path) -> Count:
        tree = ElementTree.parse(path)  # noqa: S314 - our own file
        ends = (has_failed(test) for tag in tags for test in tree.iter(tag))
        return _counted(end for end in ends if isinstance(end, bool))

    return read


def _load(path: Path) -> Any:
    with path.open("rb") as stream:
        return json.load(stream)


def _allure(path: Path) -> Iterator[bool]:
    for file in _files(path):
        result = _load(file)
        if result["name"]:
            yield result["status"] == "failed"


def _cucumber(path: Path) -> Iterator[bool]:
    for feature in _load(path):
        for scenario in feature["elements"]:
            if scenario["name"]:
                yield any(step["result"]["status"] == "failed" for step in scenario["steps"])


def _playwright(path: Path) -> Iterator[bool]:
    waiting = _load(path)["suites"]
    while waiting:
        suite = waiting.pop()
        waiting.extend(suite.get("suites", ()))
        for spec in suite["specs"]:
            if spec["title"]:
                yield from (test["status"] == "unexpected" for test in spec["tests"])


def _jenkins(path: Path) -> Iterator[bool]:
    for suite in _load(path)["suites"]:
        yield from (case["status"] == "FAILED" for case in suite["cases"] if case["name"])


def _jest(path: Path) -> Iterator[bool]:
    for file in _load(path)["testResults"]:
        tests = file["assertionResults"]
        yield from (test["status"] == "failed" for test in tests if test["fullName"])


def _mocha(path: Path) -> Iterator[bool]:
    return (bool(test["err"]) for test in _load(path)["tests"] if test["fullTitle"])


def _ctrf(path: Path) -> Iterator[bool]:
    tests = _load(path)["results"]["tests"]
    return (test["status"] == "failed" for test in tests if test["name"])


def _pytest(path: Path) -> Iterator[bool]:
    return (test["outcome"] == "failed" for test in _load(path)["tests"] if test["nodeid"])


def _rspec(path: Path) -> Iterator[bool]:
    examples = _load(path)["examples"]
    return (each["status"] == "failed" for each in examples if each["description"])


IN_JSON: dict[str, Callable[[Path], Iterator[bool]]] = {
    "allure": _allure,
    "ctrf": _ctrf,
    "cucumber_json": _cucumber,
    "jenkins_testreport": _jenkins,
    "jest": _jest,
    "mocha": _mocha,
    "playwright": _playwright,
    "pytest_json_report": _pytest,
    "rspec": _rspec,
}


def _in_lines(ends: Callable[[Iterable[bytes]], Iterator[bool]], path: Path) -> Iterator[bool]:
    with path.open("rb") as stream:
        yield from ends(stream)


def _messages(lines: Iterable[bytes]) -> Iterator[bool]:
    """Names stand in pickles, which test cases refer to."""
    names: dict[str, str] = {}
    pickles: dict[str, str] = {}
    cases: dict[str, str] = {}
    failed: set[str] = set()
    for line in lines:
        [(kind, said)] = json.loads(line).items()
        if kind == "pickle":
            names[said["id"]] = said["name"]
        elif kind == "testCase":
            pickles[said["id"]] = said["pickleId"]
        elif kind == "testCaseStarted":
            cases[said["id"]] = said["testCaseId"]
        elif kind == "testStepFinished" and said["testStepResult"]["status"] == "FAILED":
            failed.add(said["testCaseStartedId"])
        elif kind == "testCaseFinished" and names[pickles[cases[said["testCaseStartedId"]]]]:
            yield said["testCaseStartedId"] in failed


def _dart(lines: Iterable[bytes]) -> Iterator[bool]:
    names: dict[int, str] = {}
    for line in lines:
        event = json.loads(line)
        if event["type"] == "testStart":
            names[event["test"]["id"]] = event["test"]["name"]
        elif event["type"] == "testDone" and names[event["testID"]]:
            yield event["result"] == "failure"


def _gotest(lines: Iterable[bytes]) -> Iterator[bool]:
    for event in map(json.loads, lines):
        if event["Action"] in ("pass", "fail", "skip") and event.get("Test"):
            yield event["Action"] == "fail"


def _reportlog(lines: Iterable[bytes]) -> Iterator[bool]:
    for report in map(json.loads, lines):
        if report.get("when") == "call" and report["nodeid"]:
            yield report["outcome"] == "failed"


def _order_log(lines: Iterable[bytes]) -> Iterator[bool]:
    for line in lines:
        _, word, name = line.decode().split(maxsplit=2)
        if name:
            yield word == "FAILED"


IN_LINES: dict[str, Callable[[Iterable[bytes]], Iterator[bool]]] = {
    "cucumber_messages": _messages,
    "dart": _dart,
    "gotest_json": _gotest,
    "order_log": _order_log,
    "pytest_reportlog": _reportlog,
}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
