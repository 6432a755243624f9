"""One made-up run as every tool would write it: 20 cases a suite, three per cent of them failed."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

CASES_A_SUITE = 20
SUITES_A_PACKAGE = 10
FAILED_IN_100 = 3
TRACE_LINES = 20
START = 1_790_000_000
WHEN = "2026-09-21T13:33:20.000000"
KIND = "org.opentest4j.AssertionFailedError"


@dataclass(frozen=True)
class Case:
    """One case as it ended; only one that failed has a message and a trace."""

    place: int
    name: str
    seconds: float
    message: str = ""
    trace: str = ""

    @property
    def ms(self) -> int:
        """Its duration in whole milliseconds."""
        return int(self.seconds * 1000)


@dataclass(frozen=True)
class Group:
    """A class or file with its cases."""

    name: str
    package: str
    cases: list[Case]

    @property
    def path(self) -> str:
        """Its name with the package's."""
        return f"{self.package}.{self.name}"


@dataclass(frozen=True)
class Package:
    """Groups that lie together, where a tool nests suites."""

    name: str
    groups: list[Group]


Run = list[Package]
Writer = Callable[[Run], Iterator[str | bytes]]


def write(name: str, cases: int, folder: Path) -> Path:
    """The report of one format below `folder`; of Allure, a folder of one file a case."""
    pieces = WRITERS[name](made_up(cases))
    path = folder / name
    if name in FOLDERS:
        path.mkdir()
        for place, piece in enumerate(pieces):
            (path / f"{place:08}-result.json").write_bytes(_bytes(piece))
        return path
    with path.open("wb") as file:
        file.writelines(map(_bytes, pieces))
    return path


def made_up(cases: int) -> Run:
    """The same run for the same number of cases."""
    rng = random.Random(cases)
    packages: Run = []
    for first in range(0, cases, CASES_A_SUITE):
        place = first // CASES_A_SUITE
        if place % SUITES_A_PACKAGE == 0:
            packages.append(Package(f"com.example.shop.module{place // SUITES_A_PACKAGE:03}", []))
        names = range(first, min(first + CASES_A_SUITE, cases))
        group = Group(
            f"OrderService{place:04}Test", packages[-1].name, [_case(each, rng) for each in names]
        )
        packages[-1].groups.append(group)
    return packages


def _case(place: int, rng: random.Random) -> Case:
    name = f"refuses_an_order_whose_card_has_expired_{place:06}"
    seconds = round(min(rng.lognormvariate(-4, 1.5), 90), 3)
    if place % 100 >= FAILED_IN_100:
        return Case(place, name, seconds)
    trace = "".join(
        f"\tat com.example.shop.layer{depth:02}.Handler.call(Handler.java:{place + depth})\n"
        for depth in range(TRACE_LINES)
    )
    return Case(place, name, seconds, f"expected: <200> but was: <{place}>", trace)


def _bytes(piece: str | bytes) -> bytes:
    return piece if isinstance(piece, bytes) else piece.encode()


def _groups(run: Run) -> Iterator[Group]:
    return (group for package in run for group in package.groups)


def _cases(run: Run) -> Iterator[tuple[Group, Case]]:
    return ((group, case) for group in _groups(run) for case in group.cases)


def _size(run: Run) -> int:
    return sum(len(group.cases) for group in _groups(run))


def _failed(run: Run) -> int:
    return sum(bool(case.message) for _, case in _cases(run))


# XML

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _text(case: Case) -> str:
    return escape(f"{KIND}: {case.message}\n{case.trace}")


def _junit(run: Run) -> Iterator[str]:
    yield f"{XML}<testsuites>\n"
    for group in _groups(run):
        yield f'<testsuite name="{group.path}" tests="{len(group.cases)}" timestamp="{WHEN}">\n'
        for case in group.cases:
            said = f'classname="{group.path}" name="{case.name}" time="{case.seconds}"'
            yield f"  <testcase {said}>{_junit_failure(case)}</testcase>\n"
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _junit_failure(case: Case) -> str:
    if not case.message:
        return ""
    return f'<failure message="{escape(case.message)}" type="{KIND}">{_text(case)}</failure>'


def _jenkins_junitresult(run: Run) -> Iterator[str]:
    yield "<?xml version='1.1' encoding='UTF-8'?>\n<result plugin=\"junit@1300\"><suites>\n"
    for group in _groups(run):
        yield f"<suite><file>/ws/TEST-{group.path}.xml</file><name>{group.path}</name>"
        yield "<duration>1.5</duration><cases>\n"
        for case in group.cases:
            yield (
                f"<case><duration>{case.seconds}</duration><className>{group.path}</className>"
                f"<testName>{case.name}</testName><skipped>false</skipped>{_jenkins_error(case)}"
                f"<failedSince>{7 if case.message else 0}</failedSince></case>\n"
            )
        yield "</cases></suite>\n"
    yield "</suites><duration>900.0</duration></result>\n"


def _jenkins_error(case: Case) -> str:
    if not case.message:
        return ""
    return (
        f"<errorStackTrace>{_text(case)}</errorStackTrace>"
        f"<errorDetails>{escape(case.message)}</errorDetails>"
    )


def _check(run: Run) -> Iterator[str]:
    yield '<?xml version="1.0"?>\n<testsuites xmlns="http://check.sourceforge.net/ns">\n'
    yield "<datetime>2026-09-21 13:33:20</datetime>\n"
    for group in _groups(run):
        yield f"<suite><title>{group.path}</title>\n"
        for case in group.cases:
            yield (
                f'<test result="{"failure" if case.message else "success"}"><path>.</path>'
                f"<fn>order_test.c:{case.place}</fn><id>{case.name}</id><iteration>0</iteration>"
                f"<duration>{case.seconds:.6f}</duration><description>Core</description>"
                f"<message>{_text(case) if case.message else 'Passed'}</message></test>\n"
            )
        yield "</suite>\n"
    yield "<duration>900.000000</duration>\n</testsuites>\n"


def _cppunit(run: Run) -> Iterator[str]:
    failed = _failed(run)
    yield f"{XML}<TestRun>\n<FailedTests>\n"
    for group, case in _cases(run):
        if case.message:
            yield (
                f'<FailedTest id="{case.place + 1}"><Name>{group.name}::{case.name}</Name>'
                f"<FailureType>Assertion</FailureType><Location><File>{group.name}.cpp</File>"
                f"<Line>{case.place}</Line></Location><Message>{_text(case)}</Message>"
                "</FailedTest>\n"
            )
    yield "</FailedTests>\n<SuccessfulTests>\n"
    for group, case in _cases(run):
        if not case.message:
            yield f'<Test id="{case.place + 1}"><Name>{group.name}::{case.name}</Name></Test>\n'
    yield f"</SuccessfulTests>\n<Statistics><Tests>{_size(run)}</Tests>"
    yield f"<FailuresTotal>{failed}</FailuresTotal><Errors>0</Errors><Failures>{failed}</Failures>"
    yield "</Statistics>\n</TestRun>\n"


def _ctest(run: Run) -> Iterator[str]:
    yield f'{XML}<Site BuildName="shop" BuildStamp="20260921-1333-Nightly" Name="agent-1"'
    yield ' Generator="ctest-3.25.1" Hostname="agent-1"><Testing>\n<TestList>\n'
    for group, case in _cases(run):
        yield f"<Test>./{group.name}/{case.name}</Test>\n"
    yield "</TestList>\n"
    for group, case in _cases(run):
        full = f"./{group.name}/{case.name}"
        yield (
            f'<Test Status="{"failed" if case.message else "passed"}"><Name>{case.name}</Name>'
            f"<Path>./{group.name}</Path><FullName>{full}</FullName>"
            f"<FullCommandLine>/build/{group.name} {case.name}</FullCommandLine><Results>\n"
            f"{_measured('numeric/double', 'Execution Time', case.seconds)}"
            f"{_measured('text/string', 'Completion Status', 'Completed')}"
            f"<Measurement><Value>{_text(case) if case.message else 'all is well'}</Value>"
            "</Measurement></Results></Test>\n"
        )
    yield "</Testing></Site>\n"


def _measured(kind: str, name: str, value: object) -> str:
    named = f'<NamedMeasurement type="{kind}" name="{name}">'
    return f"{named}<Value>{value}</Value></NamedMeasurement>\n"


def _nunit2(run: Run) -> Iterator[str]:
    yield f'{XML}<test-results name="shop.dll" total="{_size(run)}" errors="0"'
    yield f' failures="{_failed(run)}" not-run="0" date="2026-09-21" time="13:33:20">\n'
    yield _nunit2_suite("Assembly", "shop.dll", run)
    for package in run:
        yield _nunit2_suite("Namespace", package.name, [package])
        for group in package.groups:
            yield _nunit2_suite("TestFixture", group.name, [Package("", [group])])
            yield from (_nunit2_case(group, case) for case in group.cases)
            yield "</results></test-suite>\n"
        yield "</results></test-suite>\n"
    yield "</results></test-suite>\n</test-results>\n"


def _nunit2_suite(kind: str, name: str, inside: Run) -> str:
    failed = _failed(inside) > 0
    return (
        f'<test-suite type="{kind}" name="{name}" executed="True" success="{not failed}"'
        f' result="{"Failure" if failed else "Success"}" time="1.5" asserts="0"><results>\n'
    )


def _nunit2_case(group: Group, case: Case) -> str:
    result = "Failure" if case.message else "Success"
    return (
        f'<test-case name="{group.path}.{case.name}" executed="True" result="{result}"'
        f' success="{not case.message}" time="{case.seconds}" asserts="1">'
        f"{_nunit_failure(case)}</test-case>\n"
    )


def _nunit_failure(case: Case) -> str:
    if not case.message:
        return ""
    return (
        f"<failure><message><![CDATA[{case.message}]]></message>"
        f"<stack-trace><![CDATA[{case.trace}]]></stack-trace></failure>"
    )


def _nunit3(run: Run) -> Iterator[str]:
    size, failed = _size(run), _failed(run)
    yield f'{XML}<test-run id="2" testcasecount="{size}" result="Failed" total="{size}"'
    yield f' passed="{size - failed}" failed="{failed}" inconclusive="0" skipped="0">\n'
    yield '<test-suite type="Assembly" id="1" name="shop.dll" fullname="/ws/shop.dll">\n'
    for package in run:
        yield f'<test-suite type="TestSuite" name="{package.name}" fullname="{package.name}">\n'
        for group in package.groups:
            yield f'<test-suite type="TestFixture" name="{group.name}" fullname="{group.path}">\n'
            yield from (_nunit3_case(group, case) for case in group.cases)
            yield "</test-suite>\n"
        yield "</test-suite>\n"
    yield "</test-suite>\n</test-run>\n"


def _nunit3_case(group: Group, case: Case) -> str:
    return (
        f'<test-case id="0-{case.place}" name="{case.name}" fullname="{group.path}.{case.name}"'
        f' methodname="{case.name}" classname="{group.path}" runstate="Runnable" seed="1"'
        f' result="{"Failed" if case.message else "Passed"}" start-time="2026-09-21 13:33:20Z"'
        f' end-time="2026-09-21 13:33:21Z" duration="{case.seconds}" asserts="1">'
        f"{_nunit_failure(case)}</test-case>\n"
    )


def _testng(run: Run) -> Iterator[str]:
    size, failed = _size(run), _failed(run)
    yield f'{XML}<testng-results ignored="0" total="{size}" passed="{size - failed}"'
    yield f' failed="{failed}" skipped="0">\n<reporter-output></reporter-output>\n'
    for package in run:
        yield f'<suite name="{package.name}" duration-ms="1500" started-at="2026-09-21T13:33:20Z">'
        yield '<groups></groups>\n<test name="all" duration-ms="1500">\n'
        for group in package.groups:
            yield f'<class name="{group.path}">\n'
            yield from map(_testng_method, group.cases)
            yield "</class>\n"
        yield "</test></suite>\n"
    yield "</testng-results>\n"


def _testng_method(case: Case) -> str:
    thrown = (
        f'<exception class="{KIND}"><message><![CDATA[{case.message}]]></message>'
        f"<full-stacktrace><![CDATA[{case.trace}]]></full-stacktrace></exception>"
    )
    return (
        f'<test-method signature="{case.name}()[pri:0]" name="{case.name}" is-config="false"'
        f' duration-ms="{case.ms}" started-at="2026-09-21T13:33:20Z"'
        f' finished-at="2026-09-21T13:33:21Z" status="{"FAIL" if case.message else "PASS"}">'
        f"{thrown if case.message else ''}<reporter-output></reporter-output></test-method>\n"
    )


def _trx(run: Run) -> Iterator[str]:
    """Behind the results stand their definitions, as `dotnet test` writes them."""
    yield f'{XML}<TestRun id="{_guid(0)}" name="ci@agent-1"'
    yield ' xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">\n<Results>\n'
    yield from (_trx_result(group, case) for group, case in _cases(run))
    yield "</Results>\n<TestDefinitions>\n"
    for group, case in _cases(run):
        yield (
            f'<UnitTest name="{group.path}.{case.name}" storage="shop.dll"'
            f' id="{_guid(case.place)}"><Execution id="{_guid(-1 - case.place)}" />'
            f'<TestMethod codeBase="shop.dll" adapterTypeName="executor://xunit/VsTestRunner2"'
            f' className="{group.path}" name="{case.name}" /></UnitTest>\n'
        )
    size, failed = _size(run), _failed(run)
    yield '</TestDefinitions>\n<ResultSummary outcome="Failed">'
    yield f'<Counters total="{size}" executed="{size}" passed="{size - failed}"'
    yield f' failed="{failed}" error="0" /></ResultSummary>\n</TestRun>\n'


def _trx_result(group: Group, case: Case) -> str:
    said = (
        f"<Output><ErrorInfo><Message>{escape(case.message)}</Message>"
        f"<StackTrace>{escape(case.trace)}</StackTrace></ErrorInfo></Output>"
    )
    minutes, seconds = divmod(case.seconds, 60)
    return (
        f'<UnitTestResult executionId="{_guid(-1 - case.place)}" testId="{_guid(case.place)}"'
        f' testName="{group.path}.{case.name}" computerName="agent-1"'
        f' duration="00:{int(minutes):02}:{seconds:010.7f}" startTime="{WHEN}0+00:00"'
        f' outcome="{"Failed" if case.message else "Passed"}">'
        f"{said if case.message else ''}</UnitTestResult>\n"
    )


def _guid(number: int) -> str:
    digits = f"{number % 2**128:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _xunit(run: Run) -> Iterator[str]:
    yield f'{XML}<assemblies timestamp="09/21/2026 13:33:20">\n'
    for package in run:
        size, failed = _size([package]), _failed([package])
        yield f'<assembly name="/ws/{package.name}.dll" run-date="2026-09-21" run-time="13:33:20"'
        yield f' total="{size}" passed="{size - failed}" failed="{failed}" skipped="0" errors="0">'
        yield "<errors />\n"
        for group in package.groups:
            yield f'<collection name="Test collection for {group.path}">\n'
            yield from (_xunit_test(group, case) for case in group.cases)
            yield "</collection>\n"
        yield "</assembly>\n"
    yield "</assemblies>\n"


def _xunit_test(group: Group, case: Case) -> str:
    failure = (
        f'<failure exception-type="{KIND}"><message><![CDATA[{case.message}]]></message>'
        f"<stack-trace><![CDATA[{case.trace}]]></stack-trace></failure>"
    )
    return (
        f'<test name="{group.path}.{case.name}" type="{group.path}" method="{case.name}"'
        f' time="{case.seconds}" result="{"Fail" if case.message else "Pass"}">'
        f"{failure if case.message else ''}</test>\n"
    )


def _robot(run: Run) -> Iterator[str]:
    """Two keywords a test, the second of which holds a third."""
    yield f'{XML}<robot generator="Robot 7.5 (Python 3.11.7 on linux)" generated="{WHEN}"'
    yield ' rpa="false" schemaversion="5">\n<suite id="s1" name="Shop">\n'
    for place, package in enumerate(run, start=1):
        yield f'<suite id="s1-s{place}" name="{package.name}" source="/ws/{package.name}">\n'
        for number, group in enumerate(package.groups, start=1):
            own = f"s1-s{place}-s{number}"
            yield f'<suite id="{own}" name="{group.name}" source="/ws/{group.name}.robot">\n'
            yield from (_robot_test(own, case) for case in group.cases)
            yield f"{_robot_status('FAIL', 1.5, '')}</suite>\n"
        yield f"{_robot_status('FAIL', 15, '')}</suite>\n"
    yield f"{_robot_status('FAIL', 900, '')}</suite>\n<statistics>\n<total>\n"
    yield f'<stat pass="{_size(run) - _failed(run)}" fail="{_failed(run)}" skip="0">All Tests'
    yield "</stat>\n</total>\n<tag>\n</tag>\n<suite>\n</suite>\n</statistics>\n"
    yield "<errors>\n</errors>\n</robot>\n"


def _robot_test(suite: str, case: Case) -> str:
    word = "FAIL" if case.message else "PASS"
    said = f"{case.message}\n{case.trace}" if case.message else ""
    inner = _robot_keyword("Should Be Equal", word, case.seconds, said or "200 == 200")
    outer = (
        f'<kw name="The Order Is Refused">\n{inner}<arg>card</arg>\n'
        f"{_robot_status(word, case.seconds, said)}</kw>\n"
    )
    return (
        f'<test id="{suite}-t{case.place}" name="{case.name}" line="{case.place}">\n'
        f"{_robot_keyword('Log', 'PASS', 0.001, 'an order comes in')}{outer}"
        f"<tag>orders</tag>\n{_robot_status(word, case.seconds, said)}</test>\n"
    )


def _robot_keyword(name: str, word: str, seconds: float, said: str) -> str:
    level = "INFO" if word == "PASS" else "FAIL"
    return (
        f'<kw name="{name}" owner="BuiltIn">\n<msg time="{WHEN}" level="{level}">{escape(said)}'
        f"</msg>\n<arg>${{order}}</arg>\n<doc>Does what its name says.</doc>\n"
        f"{_robot_status(word, seconds, said if word == 'FAIL' else '')}</kw>\n"
    )


def _robot_status(word: str, seconds: float, said: str) -> str:
    start = f'<status status="{word}" start="{WHEN}" elapsed="{seconds:.6f}"'
    return f"{start}>{escape(said)}</status>\n" if said else f"{start}/>\n"


# JSON


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _listed(start: str, items: Iterator[object], end: str) -> Iterator[str]:
    """A document around a long list."""
    yield start
    for place, item in enumerate(items):
        yield (",\n" if place else "\n") + _json(item)
    yield end


def _word(case: Case) -> str:
    return "failed" if case.message else "passed"


def _allure(run: Run) -> Iterator[str]:
    for group, case in _cases(run):
        labels = {"parentSuite": group.package, "suite": group.name, "testClass": group.path}
        result = {
            "uuid": _guid(case.place),
            "historyId": f"{case.place:032x}",
            "name": case.name,
            "fullName": f"{group.path}.{case.name}",
            "status": _word(case),
            "stage": "finished",
            "start": START * 1000,
            "stop": START * 1000 + case.ms,
            "labels": [{"name": name, "value": value} for name, value in labels.items()],
            "steps": [],
            "parameters": [],
        }
        if case.message:
            result["statusDetails"] = {"message": case.message, "trace": case.trace}
        yield _json(result)


def _ctrf(run: Run) -> Iterator[str]:
    summary = {"tests": _size(run), "passed": _size(run) - _failed(run), "failed": _failed(run)}
    summary |= {"pending": 0, "skipped": 0, "other": 0, "start": START, "stop": START + 900}
    start = f'{{"reportFormat":"CTRF","specVersion":"0.0.0","results":{{"tool":{{"name":"jest"}},\
"summary":{_json(summary)},"tests":['
    yield from _listed(start, (_ctrf_test(group, case) for group, case in _cases(run)), "]}}\n")


def _ctrf_test(group: Group, case: Case) -> object:
    test = {"name": case.name, "duration": case.ms, "status": _word(case), "type": "unit"}
    test |= {"filePath": f"/ws/{group.name}.test.js", "suite": group.path, "flaky": False}
    if case.message:
        test |= {"message": case.message, "trace": case.trace}
    return test


def _jenkins_testreport(run: Run) -> Iterator[str]:
    size, failed = _size(run), _failed(run)
    start = f'{{"_class":"hudson.tasks.junit.TestResult","duration":900.0,"empty":false,\
"failCount":{failed},"passCount":{size - failed},"skipCount":0,"suites":['
    yield from _listed(start, map(_jenkins_suite, _groups(run)), "]}\n")


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
    size, failed = _size(run), _failed(run)
    start = f'{{"numFailedTests":{failed},"numPassedTests":{size - failed},"numPendingTests":0,\
"numTotalTests":{size},"startTime":{START}000,"success":false,"testResults":['
    yield from _listed(start, map(_jest_file, _groups(run)), "]}\n")


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
            "status": _word(case),
            "title": case.name,
        }
        for case in group.cases
    ]
    word = "failed" if any(case.message for case in group.cases) else "passed"
    name = f"/ws/{group.package}/{group.name}.test.js"
    return {"assertionResults": tests, "message": "", "name": name, "status": word}


def _mocha(run: Run) -> Iterator[str]:
    stats = {"suites": len(list(_groups(run))), "tests": _size(run), "pending": 0}
    stats |= {"passes": _size(run) - _failed(run), "failures": _failed(run), "duration": 900}
    yield from _listed(f'{{"stats":{_json(stats)},"tests":[', _mocha_tests(run, (True, False)), "]")
    for name, is_failed in (("pending", ()), ("failures", (True,)), ("passes", (False,))):
        yield from _listed(f',\n"{name}":[', _mocha_tests(run, is_failed), "]")
    yield "}\n"


def _mocha_tests(run: Run, is_failed: tuple[bool, ...]) -> Iterator[object]:
    for group, case in _cases(run):
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
    stats = {"expected": _size(run) - _failed(run), "unexpected": _failed(run), "duration": 900}
    start = '{"config":{"rootDir":"/ws","projects":[{"id":"desktop","name":"desktop"}]},"suites":['
    end = f'],"errors":[],"stats":{_json(stats | {"skipped": 0, "flaky": 0})}}}\n'
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
            "id": _guid(case.place),
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
        "status": _word(case),
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
    size, failed = _size(run), _failed(run)
    start = f'{{"created":{START}.5,"duration":900.5,"exitcode":1,"root":"/ws","environment":{{}},\
"summary":{{"passed":{size - failed},"failed":{failed},"total":{size},"collected":{size}}},\
"tests":['
    yield from _listed(start, (_pytest_test(group, case) for group, case in _cases(run)), "]}\n")


def _pytest_test(group: Group, case: Case) -> object:
    call: dict[str, object] = {"duration": case.seconds, "outcome": _word(case)}
    if case.message:
        path = f"{group.package}/test_{group.name}.py"
        call["crash"] = {"path": path, "lineno": case.place, "message": case.message}
        call["longrepr"] = case.trace
    return {
        "nodeid": _nodeid(group, case),
        "lineno": case.place,
        "outcome": _word(case),
        "keywords": [case.name, group.name, "tests", ""],
        "setup": {"duration": 0.0002, "outcome": "passed"},
        "call": call,
        "teardown": {"duration": 0.0001, "outcome": "passed"},
    }


def _nodeid(group: Group, case: Case) -> str:
    return f"tests/{group.package}/test_orders.py::{group.name}::test_{case.name}"


def _rspec(run: Run) -> Iterator[str]:
    summary = {"duration": 900.5, "example_count": _size(run), "failure_count": _failed(run)}
    summary |= {"pending_count": 0, "errors_outside_of_examples_count": 0}
    examples = (_example(group, case) for group, case in _cases(run))
    yield from _listed(
        '{"version":"3.12.0","examples":[', examples, f'],"summary":{_json(summary)}'
    )
    yield ',"summary_line":""}\n'


def _example(group: Group, case: Case) -> object:
    example = {
        "id": f"./{group.name}_spec.rb[1:{case.place}]",
        "description": case.name,
        "full_description": f"{group.path} {case.name}",
        "status": _word(case),
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
    yield from _listed("[", map(_feature, _groups(run)), "]\n")


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
    last = {"status": _word(case), "duration": case.ms * 1_000_000}
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


STEPS = (
    ("Given ", "a card that has expired"),
    ("When ", "an order comes in"),
    ("Then ", "it is refused"),
)


# Lines


def _lines(events: Iterator[object]) -> Iterator[str]:
    return (_json(event) + "\n" for event in events)


def _cucumber_messages(run: Run) -> Iterator[str]:
    yield from _lines(_messages(run))


def _messages(run: Run) -> Iterator[object]:
    now = {"seconds": START, "nanos": 0}
    yield {"meta": {"protocolVersion": "32.2.0", "implementation": {"name": "cucumber-js"}}}
    for group in _groups(run):
        yield {"gherkinDocument": {"uri": f"{group.path}.feature", "feature": _gherkin(group)}}
        yield from (_pickle(group, case) for case in group.cases)
    yield {"testRunStarted": {"timestamp": now}}
    for _, case in _cases(run):
        steps = [{"id": f"e{case.place}", "pickleStepId": f"d{case.place}"}]
        named = {"id": f"t{case.place}", "pickleId": f"p{case.place}", "testSteps": steps}
        yield {"testCase": named}
    for _, case in _cases(run):
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
    for place, group in enumerate(_groups(run)):
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
        for group, case in _cases([package]):
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
    for group, case in _cases(run):
        for when in ("setup", "call", "teardown"):
            is_failed = when == "call" and bool(case.message)
            yield {
                "nodeid": _nodeid(group, case),
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
    for group, case in _cases(run):
        yield f"[10.1.0.1] {_word(case).upper()} {_nodeid(group, case)}\n"


def _tap(run: Run) -> Iterator[str]:
    yield f"TAP version 13\n1..{_size(run)}\n"
    for group in _groups(run):
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
    for group, case in _cases(run):
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


FOLDERS = frozenset({"allure"})
WRITERS: dict[str, Writer] = {
    "allure": _allure,
    "check": _check,
    "cppunit": _cppunit,
    "ctest": _ctest,
    "ctrf": _ctrf,
    "cucumber_json": _cucumber_json,
    "cucumber_messages": _cucumber_messages,
    "dart": _dart,
    "gotest_json": _gotest_json,
    "jenkins_junitresult": _jenkins_junitresult,
    "jenkins_testreport": _jenkins_testreport,
    "jest": _jest,
    "junit": _junit,
    "mocha": _mocha,
    "nunit2": _nunit2,
    "nunit3": _nunit3,
    "order_log": _order_log,
    "playwright": _playwright,
    "pytest_json_report": _pytest_json_report,
    "pytest_reportlog": _pytest_reportlog,
    "robot": _robot,
    "rspec": _rspec,
    "subunit": _subunit,
    "tap": _tap,
    "testng": _testng,
    "trx": _trx,
    "xunit": _xunit,
}
