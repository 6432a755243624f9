"""The run as tools that write one JSON document would write it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from scripts.bench_figures.written.run import (
    KIND,
    START,
    STEPS,
    WHEN,
    Case,
    Group,
    Package,
    Run,
    Writer,
    cases_of,
    failed_in,
    groups_of,
    guid_of,
    nodeid_of,
    size_of,
    word_of,
)


def as_json(value: object) -> str:
    """A value as tools write it."""
    return json.dumps(value, ensure_ascii=False)


def _listed(start: str, items: Iterator[object], end: str) -> Iterator[str]:
    """A document around a long list."""
    yield start
    for place, item in enumerate(items):
        yield (",\n" if place else "\n") + as_json(item)
    yield end


def _allure(run: Run) -> Iterator[str]:
    for group, case in cases_of(run):
        labels = {"parentSuite": group.package, "suite": group.name, "testClass": group.path}
        result = {
            "uuid": guid_of(case.place),
            "historyId": f"{case.place:032x}",
            "name": case.name,
            "fullName": f"{group.path}.{case.name}",
            "status": word_of(case),
            "stage": "finished",
            "start": START * 1000,
            "stop": START * 1000 + case.ms,
            "labels": [{"name": name, "value": value} for name, value in labels.items()],
            "steps": [],
            "parameters": [],
        }
        if case.message:
            result["statusDetails"] = {"message": case.message, "trace": case.trace}
        yield as_json(result)


def _ctrf(run: Run) -> Iterator[str]:
    summary = {
        "tests": size_of(run),
        "passed": size_of(run) - failed_in(run),
        "failed": failed_in(run),
    }
    summary |= {"pending": 0, "skipped": 0, "other": 0, "start": START, "stop": START + 900}
    start = f'{{"reportFormat":"CTRF","specVersion":"0.0.0","results":{{"tool":{{"name":"jest"}},\
"summary":{as_json(summary)},"tests":['
    yield from _listed(start, (_ctrf_test(group, case) for group, case in cases_of(run)), "]}}\n")


def _ctrf_test(group: Group, case: Case) -> object:
    test = {"name": case.name, "duration": case.ms, "status": word_of(case), "type": "unit"}
    test |= {"filePath": f"/ws/{group.name}.test.js", "suite": group.path, "flaky": False}
    if case.message:
        test |= {"message": case.message, "trace": case.trace}
    return test


def _jenkins_testreport(run: Run) -> Iterator[str]:
    size, failed = size_of(run), failed_in(run)
    start = f'{{"_class":"hudson.tasks.junit.TestResult","duration":900.0,"empty":false,\
"failCount":{failed},"passCount":{size - failed},"skipCount":0,"suites":['
    yield from _listed(start, map(_jenkins_suite, groups_of(run)), "]}\n")


def _jenkins_suite(group: Group) -> object:
    cases: list[object] = [
        {
            "testActions": [],
            "age": 3 if case.message else 0,
            "className": group.path,
            "duration": case.seconds,
            "errorDetails": case.message or None,
            "errorStackTrace": case.trace or None,
            "failedSince": 7 if case.message else 0,
            "name": case.name,
            "skipped": False,
            "skippedMessage": None,
            "status": "FAILED" if case.message else "PASSED",
            "stderr": None,
            "stdout": None,
        }
        for case in group.cases
    ]
    return {"cases": cases, "duration": 1.5, "name": group.path, "timestamp": WHEN}


def _jest(run: Run) -> Iterator[str]:
    size, failed = size_of(run), failed_in(run)
    start = f'{{"numFailedTests":{failed},"numPassedTests":{size - failed},"numPendingTests":0,\
"numTotalTests":{size},"startTime":{START}000,"success":false,"testResults":['
    yield from _listed(start, map(_jest_file, groups_of(run)), "]}\n")


def _jest_file(group: Group) -> object:
    tests = [
        {
            "ancestorTitles": [group.path],
            "duration": case.ms,
            "failureMessages": [f"Error: {case.message}\n{case.trace}"] if case.message else [],
            "fullName": f"{group.path} {case.name}",
            "invocations": 1,
            "location": None,
            "numPassingAsserts": 1,
            "status": word_of(case),
            "title": case.name,
        }
        for case in group.cases
    ]
    word = "failed" if any(case.message for case in group.cases) else "passed"
    name = f"/ws/{group.package}/{group.name}.test.js"
    return {"assertionResults": tests, "message": "", "name": name, "status": word}


def _mocha(run: Run) -> Iterator[str]:
    stats = {"suites": len(list(groups_of(run))), "tests": size_of(run), "pending": 0}
    stats |= {"passes": size_of(run) - failed_in(run), "failures": failed_in(run), "duration": 900}
    yield from _listed(
        f'{{"stats":{as_json(stats)},"tests":[', _mocha_tests(run, (True, False)), "]"
    )
    for name, is_failed in (("pending", ()), ("failures", (True,)), ("passes", (False,))):
        yield from _listed(f',\n"{name}":[', _mocha_tests(run, is_failed), "]")
    yield "}\n"


def _mocha_tests(run: Run, is_failed: tuple[bool, ...]) -> Iterator[object]:
    for group, case in cases_of(run):
        if bool(case.message) in is_failed:
            yield {
                "title": case.name,
                "fullTitle": f"{group.path} {case.name}",
                "file": f"/ws/{group.name}.spec.js",
                "duration": case.ms,
                "currentRetry": 0,
                "err": {"message": case.message, "stack": case.trace} if case.message else {},
            }


def _playwright(run: Run) -> Iterator[str]:
    stats = {
        "expected": size_of(run) - failed_in(run),
        "unexpected": failed_in(run),
        "duration": 900,
    }
    start = '{"config":{"rootDir":"/ws","projects":[{"id":"desktop","name":"desktop"}]},"suites":['
    end = f'],"errors":[],"stats":{as_json(stats | {"skipped": 0, "flaky": 0})}}}\n'
    yield from _listed(start, map(_playwright_file, run), end)


def _playwright_file(package: Package) -> object:
    file = f"{package.name}.spec.ts"
    suites = [
        {"title": group.name, "file": file, "line": 1, "column": 6, "specs": _specs(group, file)}
        for group in package.groups
    ]
    return {"title": file, "file": file, "line": 0, "column": 0, "specs": [], "suites": suites}


def _specs(group: Group, file: str) -> list[object]:
    return [
        {
            "title": case.name,
            "ok": not case.message,
            "tags": [],
            "tests": [_playwright_test(case)],
            "id": guid_of(case.place),
            "file": file,
            "line": case.place,
            "column": 5,
        }
        for case in group.cases
    ]


def _playwright_test(case: Case) -> object:
    error = {"message": f"Error: {case.message}", "stack": f"Error: {case.message}\n{case.trace}"}
    result = {
        "workerIndex": 0,
        "parallelIndex": 0,
        "status": word_of(case),
        "duration": case.ms,
        "errors": [error] if case.message else [],
        "stdout": [],
        "stderr": [],
        "retry": 0,
        "startTime": "2026-09-21T13:33:20.000Z",
        "annotations": [],
        "attachments": [],
    }
    return {
        "timeout": 30000,
        "annotations": [],
        "expectedStatus": "passed",
        "projectId": "desktop",
        "projectName": "desktop",
        "results": [result | {"error": error} if case.message else result],
        "status": "unexpected" if case.message else "expected",
    }


def _pytest_json_report(run: Run) -> Iterator[str]:
    size, failed = size_of(run), failed_in(run)
    start = f'{{"created":{START}.5,"duration":900.5,"exitcode":1,"root":"/ws","environment":{{}},\
"summary":{{"passed":{size - failed},"failed":{failed},"total":{size},"collected":{size}}},\
"tests":['
    yield from _listed(start, (_pytest_test(group, case) for group, case in cases_of(run)), "]}\n")


def _pytest_test(group: Group, case: Case) -> object:
    call: dict[str, object] = {"duration": case.seconds, "outcome": word_of(case)}
    if case.message:
        path = f"{group.package}/test_{group.name}.py"
        call["crash"] = {"path": path, "lineno": case.place, "message": case.message}
        call["longrepr"] = case.trace
    return {
        "nodeid": nodeid_of(group, case),
        "lineno": case.place,
        "outcome": word_of(case),
        "keywords": [case.name, group.name, "tests", ""],
        "setup": {"duration": 0.0002, "outcome": "passed"},
        "call": call,
        "teardown": {"duration": 0.0001, "outcome": "passed"},
    }


def _rspec(run: Run) -> Iterator[str]:
    summary = {"duration": 900.5, "example_count": size_of(run), "failure_count": failed_in(run)}
    summary |= {"pending_count": 0, "errors_outside_of_examples_count": 0}
    examples = (_example(group, case) for group, case in cases_of(run))
    yield from _listed(
        '{"version":"3.12.0","examples":[', examples, f'],"summary":{as_json(summary)}'
    )
    yield ',"summary_line":""}\n'


def _example(group: Group, case: Case) -> object:
    example = {
        "id": f"./{group.name}_spec.rb[1:{case.place}]",
        "description": case.name,
        "full_description": f"{group.path} {case.name}",
        "status": word_of(case),
        "file_path": f"./{group.package}/{group.name}_spec.rb",
        "line_number": case.place,
        "run_time": case.seconds,
        "pending_message": None,
    }
    if case.message:
        trace = case.trace.splitlines()
        example["exception"] = {"class": KIND, "message": case.message, "backtrace": trace}
    return example


def _cucumber_json(run: Run) -> Iterator[str]:
    yield from _listed("[", map(_feature, groups_of(run)), "]\n")


def _feature(group: Group) -> object:
    return {
        "uri": f"features/{group.package}/{group.name}.feature",
        "id": group.name.lower(),
        "keyword": "Feature",
        "name": group.path,
        "line": 1,
        "elements": [_scenario(group, case) for case in group.cases],
    }


def _scenario(group: Group, case: Case) -> object:
    last = {"status": word_of(case), "duration": case.ms * 1_000_000}
    if case.message:
        last["error_message"] = f"{KIND}: {case.message}\n{case.trace}"
    ends = [{"status": "passed", "duration": 90_000}, {"status": "passed", "duration": 9_000}, last]
    steps = [
        {"keyword": keyword, "name": name, "line": 3, "match": {"location": "s.rb"}, "result": end}
        for (keyword, name), end in zip(STEPS, ends, strict=True)
    ]
    return {
        "id": f"{group.name.lower()};{case.name}",
        "type": "scenario",
        "keyword": "Scenario",
        "name": case.name,
        "line": case.place,
        "steps": steps,
    }


WRITERS: dict[str, Writer] = {
    "allure": _allure,
    "ctrf": _ctrf,
    "cucumber_json": _cucumber_json,
    "jenkins_testreport": _jenkins_testreport,
    "jest": _jest,
    "mocha": _mocha,
    "playwright": _playwright,
    "pytest_json_report": _pytest_json_report,
    "rspec": _rspec,
}
