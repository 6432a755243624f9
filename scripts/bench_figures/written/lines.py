"""The run as tools that write while it goes on would write it: by lines, or by packets."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime

from scripts.bench_figures.written.json import as_json
from scripts.bench_figures.written.run import (
    KIND,
    START,
    STEPS,
    WHEN,
    Case,
    Group,
    Run,
    Writer,
    cases_of,
    groups_of,
    nodeid_of,
    size_of,
    word_of,
)


def _lines(events: Iterator[object]) -> Iterator[str]:
    return (as_json(event) + "\n" for event in events)


def _cucumber_messages(run: Run) -> Iterator[str]:
    yield from _lines(_messages(run))


def _messages(run: Run) -> Iterator[object]:
    now = {"seconds": START, "nanos": 0}
    yield {"meta": {"protocolVersion": "32.2.0", "implementation": {"name": "cucumber-js"}}}
    for group in groups_of(run):
        yield {"gherkinDocument": {"uri": f"{group.path}.feature", "feature": _gherkin(group)}}
        yield from (_pickle(group, case) for case in group.cases)
    yield {"testRunStarted": {"timestamp": now}}
    for _, case in cases_of(run):
        steps = [{"id": f"e{case.place}", "pickleStepId": f"d{case.place}"}]
        named = {"id": f"t{case.place}", "pickleId": f"p{case.place}", "testSteps": steps}
        yield {"testCase": named}
    for _, case in cases_of(run):
        yield from _test_case(case, now)
    yield {"testRunFinished": {"success": False, "timestamp": now}}


def _gherkin(group: Group) -> object:
    scenarios = [
        {
            "scenario": {
                "id": f"s{case.place}",
                "location": {"line": case.place, "column": 3},
                "keyword": "Scenario",
                "name": case.name,
                "steps": [{"id": f"g{case.place}", "keyword": "Then ", "text": STEPS[2][1]}],
            }
        }
        for case in group.cases
    ]
    return {"keyword": "Feature", "name": group.path, "tags": [], "children": scenarios}


def _pickle(group: Group, case: Case) -> object:
    step = {"id": f"d{case.place}", "text": STEPS[2][1], "astNodeIds": [f"g{case.place}"]}
    return {
        "pickle": {
            "id": f"p{case.place}",
            "uri": f"{group.path}.feature",
            "name": case.name,
            "language": "en",
            "steps": [step],
            "tags": [],
            "astNodeIds": [f"s{case.place}"],
        }
    }


def _test_case(case: Case, now: object) -> Iterator[object]:
    nanos = int(case.seconds % 1 * 1_000_000_000)
    then = {"seconds": START + int(case.seconds), "nanos": nanos}
    result = {"status": "FAILED" if case.message else "PASSED"} | {
        "duration": {"seconds": int(case.seconds), "nanos": nanos},
        **({"message": f"{case.message}\n{case.trace}"} if case.message else {}),
    }
    own = {"testCaseStartedId": f"c{case.place}"}
    started = {"id": f"c{case.place}", "testCaseId": f"t{case.place}", "attempt": 0}
    step = {**own, "testStepId": f"e{case.place}"}
    yield {"testCaseStarted": {**started, "timestamp": now}}
    yield {"testStepStarted": {**step, "timestamp": now}}
    yield {"testStepFinished": {**step, "testStepResult": result, "timestamp": then}}
    yield {"testCaseFinished": {**own, "willBeRetried": False, "timestamp": then}}


def _dart(run: Run) -> Iterator[str]:
    yield from _lines(_dart_events(run))


def _dart_events(run: Run) -> Iterator[object]:
    meta = {"metadata": {"skip": False, "skipReason": None}, "line": 1, "column": 3, "url": None}
    yield {
        "protocolVersion": "0.1.1",
        "runnerVersion": "1.25",
        "pid": 1,
        "type": "start",
        "time": 0,
    }
    for place, group in enumerate(groups_of(run)):
        suite = {"id": place, "platform": "vm", "path": f"test/{group.package}_test.dart"}
        yield {"suite": suite, "type": "suite", "time": 0}
        top = {"id": place * 2, "suiteID": place, "parentID": None, "name": "", **meta}
        inner = {"id": place * 2 + 1, "suiteID": place, "parentID": place * 2, **meta}
        yield {"group": {**top, "testCount": len(group.cases)}, "type": "group", "time": 0}
        yield {"group": {**inner, "name": group.name, "testCount": 1}, "type": "group", "time": 0}
        for case in group.cases:
            groups = {"suiteID": place, "groupIDs": [place * 2, place * 2 + 1], **meta}
            test = {"id": case.place, "name": f"{group.name} {case.name}", **groups}
            yield {"test": test, "type": "testStart", "time": 1000}
            yield from _dart_end(case)
    yield {"success": False, "type": "done", "time": 900_000}


def _dart_end(case: Case) -> Iterator[object]:
    if case.message:
        error = {"error": case.message, "stackTrace": case.trace, "isFailure": True}
        yield {"testID": case.place, **error, "type": "error", "time": 1000 + case.ms}
    word = "failure" if case.message else "success"
    done = {"testID": case.place, "result": word, "skipped": False, "hidden": False}
    yield {**done, "type": "testDone", "time": 1000 + case.ms}


def _gotest_json(run: Run) -> Iterator[str]:
    yield from _lines(_gotest_events(run))


def _gotest_events(run: Run) -> Iterator[object]:
    """A package each, whose tests have the cases as subtests."""
    for package in run:
        now = {"Time": f"{WHEN}Z", "Package": f"shop.example/{package.name}"}
        yield {**now, "Action": "start"}
        for group, case in cases_of([package]):
            named = {**now, "Test": f"Test{group.name}_{case.name}"}
            said = f"--- {'FAIL' if case.message else 'PASS'}: {named['Test']}\n"
            yield {**named, "Action": "run"}
            yield {**named, "Action": "output", "Output": f"=== RUN   {named['Test']}\n"}
            for line in f"{case.message}\n{case.trace}".splitlines() if case.message else ():
                yield {**named, "Action": "output", "Output": f"    orders_test.go:7: {line}\n"}
            yield {**named, "Action": "output", "Output": said}
            yield {**named, "Action": "fail" if case.message else "pass", "Elapsed": case.seconds}
        yield {**now, "Action": "fail", "Elapsed": 1.5}


def _pytest_reportlog(run: Run) -> Iterator[str]:
    yield from _lines(_reportlog_lines(run))


def _reportlog_lines(run: Run) -> Iterator[object]:
    yield {"pytest_version": "9.2.0", "$report_type": "SessionStart"}
    for group, case in cases_of(run):
        for when in ("setup", "call", "teardown"):
            is_failed = when == "call" and bool(case.message)
            yield {
                "nodeid": nodeid_of(group, case),
                "location": [f"tests/{group.package}/test_orders.py", case.place, case.name],
                "keywords": {case.name: 1, group.name: 1, "tests": 1},
                "outcome": "failed" if is_failed else "passed",
                "longrepr": _longrepr(group, case) if is_failed else None,
                "when": when,
                "user_properties": [],
                "sections": [],
                "duration": case.seconds if when == "call" else 0.0002,
                "start": float(START),
                "stop": START + case.seconds,
                "$report_type": "TestReport",
            }
    yield {"exitstatus": 1, "$report_type": "SessionFinish"}


def _longrepr(group: Group, case: Case) -> object:
    place = {"path": f"tests/{group.package}/test_orders.py", "lineno": case.place}
    entry = {"type": "ReprEntry", "data": {"lines": case.trace.splitlines(), "style": "long"}}
    trace = {"reprentries": [entry], "extraline": None, "style": "long"}
    return {"reprcrash": {**place, "message": case.message}, "reprtraceback": trace, "sections": []}


def _order_log(run: Run) -> Iterator[str]:
    for group, case in cases_of(run):
        yield f"[10.1.0.1] {word_of(case).upper()} {nodeid_of(group, case)}\n"


def _tap(run: Run) -> Iterator[str]:
    yield f"TAP version 13\n1..{size_of(run)}\n"
    for group in groups_of(run):
        yield f"# {group.path}\n"
        for case in group.cases:
            point = f"{case.place + 1} - {group.path} {case.name}"
            yield f"not ok {point}\n{_tap_yaml(case)}" if case.message else f"ok {point}\n"


def _tap_yaml(case: Case) -> str:
    lines = "".join(f"    {line.strip()}\n" for line in case.trace.splitlines())
    said = f"  message: '{case.message}'\n  duration_ms: {case.ms}\n  stack: |-\n{lines}"
    return f"  ---\n{said}  ...\n"


def _subunit(run: Run) -> Iterator[bytes]:
    """Version 2, written by its own library."""
    from subunit.v2 import StreamResultToBytes  # type: ignore[import-untyped]

    written = io.BytesIO()
    stream = StreamResultToBytes(written)
    for group, case in cases_of(run):
        name = f"{group.path}.{case.name}"
        start = datetime.fromtimestamp(START, tz=UTC)
        stream.status(test_id=name, test_status="inprogress", timestamp=start)
        if case.message:
            content = f"{case.trace}{KIND}: {case.message}\n".encode()
            text = {"mime_type": "text/plain;charset=utf8", "eof": True}
            stream.status(test_id=name, file_name="traceback", file_bytes=content, **text)
        end = datetime.fromtimestamp(START + case.seconds, tz=UTC)
        stream.status(
            test_id=name, test_status="fail" if case.message else "success", timestamp=end
        )
    yield written.getvalue()


WRITERS: dict[str, Writer] = {
    "cucumber_messages": _cucumber_messages,
    "dart": _dart,
    "gotest_json": _gotest_json,
    "order_log": _order_log,
    "pytest_reportlog": _pytest_reportlog,
    "subunit": _subunit,
    "tap": _tap,
}
