"""The run as tools that write XML would write it."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from scripts.bench_figures.written.run import (
    KIND,
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
    size_of,
)

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def _text(case: Case) -> str:
    return escape(f"{KIND}: {case.message}\n{case.trace}")


def _junit(run: Run) -> Iterator[str]:
    yield f"{XML}<testsuites>\n"
    for group in groups_of(run):
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
    for group in groups_of(run):
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
    for group in groups_of(run):
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
    failed = failed_in(run)
    yield f"{XML}<TestRun>\n<FailedTests>\n"
    for group, case in cases_of(run):
        if case.message:
            yield (
                f'<FailedTest id="{case.place + 1}"><Name>{group.name}::{case.name}</Name>'
                f"<FailureType>Assertion</FailureType><Location><File>{group.name}.cpp</File>"
                f"<Line>{case.place}</Line></Location><Message>{_text(case)}</Message>"
                "</FailedTest>\n"
            )
    yield "</FailedTests>\n<SuccessfulTests>\n"
    for group, case in cases_of(run):
        if not case.message:
            yield f'<Test id="{case.place + 1}"><Name>{group.name}::{case.name}</Name></Test>\n'
    yield f"</SuccessfulTests>\n<Statistics><Tests>{size_of(run)}</Tests>"
    yield f"<FailuresTotal>{failed}</FailuresTotal><Errors>0</Errors><Failures>{failed}</Failures>"
    yield "</Statistics>\n</TestRun>\n"


def _ctest(run: Run) -> Iterator[str]:
    yield f'{XML}<Site BuildName="shop" BuildStamp="20260921-1333-Nightly" Name="agent-1"'
    yield ' Generator="ctest-3.25.1" Hostname="agent-1"><Testing>\n<TestList>\n'
    for group, case in cases_of(run):
        yield f"<Test>./{group.name}/{case.name}</Test>\n"
    yield "</TestList>\n"
    for group, case in cases_of(run):
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
    yield f'{XML}<test-results name="shop.dll" total="{size_of(run)}" errors="0"'
    yield f' failures="{failed_in(run)}" not-run="0" date="2026-09-21" time="13:33:20">\n'
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
    failed = failed_in(inside) > 0
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
    size, failed = size_of(run), failed_in(run)
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
    size, failed = size_of(run), failed_in(run)
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
    yield f'{XML}<TestRun id="{guid_of(0)}" name="ci@agent-1"'
    yield ' xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">\n<Results>\n'
    yield from (_trx_result(group, case) for group, case in cases_of(run))
    yield "</Results>\n<TestDefinitions>\n"
    for group, case in cases_of(run):
        yield (
            f'<UnitTest name="{group.path}.{case.name}" storage="shop.dll"'
            f' id="{guid_of(case.place)}"><Execution id="{guid_of(-1 - case.place)}" />'
            f'<TestMethod codeBase="shop.dll" adapterTypeName="executor://xunit/VsTestRunner2"'
            f' className="{group.path}" name="{case.name}" /></UnitTest>\n'
        )
    size, failed = size_of(run), failed_in(run)
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
        f'<UnitTestResult executionId="{guid_of(-1 - case.place)}" testId="{guid_of(case.place)}"'
        f' testName="{group.path}.{case.name}" computerName="agent-1"'
        f' duration="00:{int(minutes):02}:{seconds:010.7f}" startTime="{WHEN}0+00:00"'
        f' outcome="{"Failed" if case.message else "Passed"}">'
        f"{said if case.message else ''}</UnitTestResult>\n"
    )


def _xunit(run: Run) -> Iterator[str]:
    yield f'{XML}<assemblies timestamp="09/21/2026 13:33:20">\n'
    for package in run:
        size, failed = size_of([package]), failed_in([package])
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
    yield f'<stat pass="{size_of(run) - failed_in(run)}" fail="{failed_in(run)}" skip="0">All Tests'
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


WRITERS: dict[str, Writer] = {
    "check": _check,
    "cppunit": _cppunit,
    "ctest": _ctest,
    "jenkins_junitresult": _jenkins_junitresult,
    "junit": _junit,
    "nunit2": _nunit2,
    "nunit3": _nunit3,
    "robot": _robot,
    "testng": _testng,
    "trx": _trx,
    "xunit": _xunit,
}
