"""What the TRX plugin makes of MSTest's, `dotnet test`'s and other writers' results."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    Placed,
    lies_of_a_cut,
    notes,
    parser_of,
    placed,
    read,
    totals,
    troubles,
)
from tracker.intake.contract import (
    UNNAMED,
    Damage,
    Record,
    ReportError,
    Result,
    Status,
    Trouble,
)
from tracker.intake.sniff import head_of

plugin = parser_of("trx")

SPACE = 'xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"'
CLASS = "Shop.TillTests"


def definition(name: str = "1", fixture: str = CLASS, more: str = "") -> str:
    return (
        f'<UnitTest id="{name}" storage="c:\\agent\\shop.tests.dll">{more}<Execution id="e"/>'
        f'<TestMethod codeBase="C:\\agent\\7\\Shop.Tests.dll" className={quoteattr(fixture)} '
        'name="m"/></UnitTest>'
    )


def run(results: str, definitions: str = "", summary: str = "") -> bytes:
    """As `dotnet test` writes it: the definitions come behind the results."""
    defined = (
        f"<TestDefinitions>{definitions}</TestDefinitions><TestEntries><TestEntry/></TestEntries>"
    )
    return f"<TestRun {SPACE}><Results>{results}</Results>{defined}{summary}</TestRun>".encode()


def result(name: str, more: str = 'outcome="Passed"', inner: str = "", test: str = "1") -> str:
    return f'<UnitTestResult testId="{test}" testName="{name}" {more}>{inner}</UnitTestResult>'


def records(results: str, definitions: str = "", summary: str = "") -> list[Record]:
    return read(plugin, run(results, definitions or definition(), summary))


def the_place(results: str, definitions: str = "") -> Placed:
    [one] = placed(records(results, definitions))
    return one


def the_result(results: str) -> Result:
    return the_place(results).result


def error(message: str, trace: str = "") -> str:
    told = f"<Message>{message}</Message><StackTrace>{trace}</StackTrace>"
    return f"<Output><ErrorInfo>{told}</ErrorInfo></Output>"


# Which files are TRX


@pytest.mark.parametrize("year", ["2010", "2006"])
def test_its_namespaces_are_recognised(year):
    xml = f'<TestRun id="x" xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/{year}">'
    assert plugin.sniff(head_of(b"\xef\xbb\xbf" + xml.encode(), "x.xml")) > 0.9


@pytest.mark.parametrize("xml", ["<TestRun/>", '<TestRun xmlns="urn:other"/>', "<test-run/>", ""])
def test_test_runs_of_others_are_left_alone(xml):
    assert plugin.sniff(head_of(xml.encode(), "results.trx")) == 0


def test_what_holds_no_test_run_is_refused():
    with pytest.raises(ReportError, match="no TestRun"):
        read(plugin, b"<html/>")


# Where a test stands


def test_the_path_is_the_assemblys_file_and_the_class_of_the_definition():
    one = the_place(result("Pays"))
    assert (one.path, one.result.name) == (("Shop.Tests.dll", CLASS), "Pays")


def test_definitions_may_stand_before_the_results():
    xml = f"""<TestRun {SPACE}><TestDefinitions>{definition()}</TestDefinitions>
        <Results>{result("Pays")}</Results></TestRun>"""
    assert placed(read(plugin, xml.encode()))[0].path == ("Shop.Tests.dll", CLASS)


@pytest.mark.parametrize(
    ("told", "fixture"),
    [
        ("Shop.T, Shop, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null", "Shop.T"),
        ("Shop.T, Shop", "Shop.T"),
        ('Shop.T("a, b",42)', 'Shop.T("a, b",42)'),
        ("Shop.T(1, 2)", "Shop.T(1, 2)"),
        ("Shop.T+Inner", "Shop.T+Inner"),
    ],
)
def test_the_class_is_told_without_its_assembly(told, fixture):
    assert the_place(result("Pays"), definition(fixture=told)).path[-1] == fixture


def test_the_class_is_taken_off_the_name():
    assert the_result(result(f"{CLASS}.Pays(a: 1)")).name == "Pays(a: 1)"


def test_results_of_one_definition_are_rows_of_their_own():
    found = placed(records(result("Pays(1)") + result("Pays(2)")))
    assert [one.result.name for one in found] == ["Pays(1)", "Pays(2)"]


def test_a_web_test_stands_in_its_file():
    xml = f"""<TestRun {SPACE}><TestDefinitions>
        <WebTest id="1" storage="c:\\x\\login.webtest"/></TestDefinitions><Results>
        <WebTestResult testId="1" testName="Login" outcome="Passed"/></Results></TestRun>"""
    assert placed(read(plugin, xml.encode()))[0].path == ("login.webtest",)


@pytest.mark.parametrize(
    ("name", "path", "shown"),
    [
        ("Shop.T.Pays(a: 1.5)", ("Shop.T",), "Pays(a: 1.5)"),
        ("takes 1.5 crowns", (), "takes 1.5 crowns"),
    ],
)
def test_a_test_that_nothing_defines_may_tell_its_class_in_its_name(name, path, shown):
    one = the_place(result(name, test="?"))
    assert (one.path, one.result.name) == (path, shown)


def test_a_result_without_a_name_is_called_unnamed():
    assert the_result('<UnitTestResult testId="1" outcome="Passed"/>').name == UNNAMED


# Outcomes


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("Passed", Status.PASSED, ""),
        ("PassedButRunAborted", Status.PASSED, "PassedButRunAborted"),
        ("Warning", Status.PASSED, "Warning"),
        ("Failed", Status.FAILED, ""),
        ("Error", Status.ERROR, ""),
        ("Timeout", Status.ERROR, "Timeout"),
        ("Aborted", Status.ERROR, "Aborted"),
        ("Disconnected", Status.ERROR, "Disconnected"),
        ("Inconclusive", Status.SKIPPED, "Inconclusive"),
        ("NotExecuted", Status.SKIPPED, "NotExecuted"),
        ("NotRunnable", Status.SKIPPED, "NotRunnable"),
        ("Pending", Status.SKIPPED, "Pending"),
        ("Completed", Status.UNKNOWN, "Completed"),
        ("InProgress", Status.UNKNOWN, "InProgress"),
        ("Marvellous", Status.UNKNOWN, "Marvellous"),
        ("", Status.ERROR, ""),
    ],
)
def test_the_outcome_gives_the_status(word, status, raw):
    found = the_result(result("Pays", f'outcome="{word}"'))
    assert (found.status, found.raw_status) == (status, raw)


def test_no_outcome_is_an_error():
    found = the_result(result("Pays", ""))
    assert (found.status, found.message) == (Status.ERROR, "the report tells no outcome")


def test_a_result_without_name_and_outcome_is_none_and_trouble():
    found = records(result("Pays") + '<UnitTestResult testId="2" executionId="3"/>')
    assert totals(found)["total"] == 1
    assert troubles(found) == ["1 results have neither name nor outcome"]


def test_an_unknown_word_is_told_in_the_message():
    assert the_result(result("Pays", 'outcome="Odd"')).message == "status 'Odd'"


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("System.IO.IOException : gone", "System.IO.IOException"),
        ("Test method T.m threw exception: \nShop.TillException: gone", "Shop.TillException"),
        ("Assert.AreEqual failed. Expected:1", ""),
    ],
)
def test_a_failure_has_message_stack_trace_and_the_exceptions_class(message, kind):
    found = the_result(result("Pays", 'outcome="Failed"', error(message, "   at Till.Pay()")))
    assert (found.message, found.trace, found.type) == (message, "   at Till.Pay()", kind)


def test_the_reason_of_a_skip_may_only_be_printed():
    inner = "<Output><StdOut>Skipped for now\nmore</StdOut></Output>"
    assert the_result(result("Pays", 'outcome="NotExecuted"', inner)).message == "Skipped for now"


def test_output_and_attachments_are_kept():
    inner = """<Output><StdOut>out</StdOut><StdErr>err</StdErr><TextMessages>
        <Message>hello</Message></TextMessages></Output><ResultFiles>
        <ResultFile path="host\\shot.png"/></ResultFiles><CollectorDataEntries><Collector>
        <UriAttachments><UriAttachment><A href="host\\log.txt"/></UriAttachment></UriAttachments>
        </Collector></CollectorDataEntries>"""
    found = the_result(result("Pays", 'outcome="Passed"', inner))
    assert (found.stdout, found.stderr) == ("out", "err")
    assert found.attachments == ("host\\shot.png", "host\\log.txt")
    assert found.properties == (("message", "hello"),)


def test_what_the_definition_carries_is_told_with_the_result():
    more = """<Description>pays all</Description><TestCategory><TestCategoryItem
        TestCategory="slow"/></TestCategory><Owners><Owner name="me"/></Owners>
        <Properties><Property><Key>K</Key><Value>V</Value></Property></Properties>"""
    one = the_place(result("Pays"), definition(more=more))
    assert one.result.properties == (
        ("category", "slow"),
        ("owner", "me"),
        ("K", "V"),
        ("description", "pays all"),
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:01.2345678", 1.2345678),
        ("01:02:03", 3723.0),
        ("1.00:00:01.5", 86_401.5),
        ("999999.00:00:00", 365 * 86_400.0),
        ("-00:00:01", 0.0),
        ("00:00:inf", None),
        ("00:00:nan", None),
        ("9" * 400 + ":00:00", None),
        ("-" + "9" * 400 + ":00:00", None),
        ("0", None),
        ("soon", None),
        ("", None),
    ],
)
def test_durations_are_time_spans(text, seconds):
    found = the_result(result("Pays", f'outcome="Passed" duration="{text}"'))
    assert found.duration == seconds


# Data rows

FAILED = 'outcome="Failed"'


def rows(*inner: str) -> str:
    return f"<InnerResults>{''.join(inner)}</InnerResults>"


DEEP = result("Pays deep", FAILED, error("deep down"))
ROWS = result(
    "Pays",
    FAILED,
    rows(
        result("Pays", 'outcome="Passed" dataRowInfo="0"'),
        result("Pays", f'{FAILED} dataRowInfo="1"', error("no money", "at Pay()") + rows(DEEP)),
    ),
)


def test_rows_are_properties_and_no_results():
    found = the_result(ROWS)
    assert found.properties == (
        ("row", "Pays (row 0): Passed"),
        ("row", "Pays deep: Failed"),
        ("row", "Pays (row 1): Failed"),
    )


def test_what_failed_in_rows_is_told_in_the_trace():
    assert the_result(ROWS).trace == (
        "Pays deep: Failed\ndeep down\n\nPays (row 1): Failed\nno money\nat Pay()"
    )


def test_rows_belong_to_the_result_around_them():
    first, second = placed(records(ROWS + result("Other")))
    assert len(first.result.properties) == 3
    assert second.result.properties == ()


def test_the_tests_of_an_ordered_test_are_its_rows():
    xml = f"""<TestRun {SPACE}><TestDefinitions>
        <OrderedTest id="1" storage="c:\\x\\all.orderedtest"><TestLinks>
        <TestLink id="2" name="Login"/></TestLinks></OrderedTest></TestDefinitions><Results>
        <TestResultAggregation testId="1" testName="All" outcome="Failed">
        {rows(result("Login", FAILED, error("no"), "2"))}
        </TestResultAggregation></Results></TestRun>"""
    [one] = placed(read(plugin, xml.encode()))
    assert (one.path, one.result.name) == (("all.orderedtest",), "All")
    assert (one.result.message, one.result.properties) == ("no", (("row", "Login: Failed"),))


# The run as a whole


def summary(outcome: str, infos: str = "", counters: str = "") -> str:
    told = f"<Counters {counters}/><RunInfos>{infos}</RunInfos>"
    return f'<ResultSummary outcome="{outcome}">{told}</ResultSummary>'


def info(outcome: str, text: str) -> str:
    return f'<RunInfo computerName="pc" outcome="{outcome}"><Text>{text}</Text></RunInfo>'


def test_a_run_that_failed_without_a_failed_result_is_trouble():
    found = records(result("Pays"), summary=summary("Failed"))
    assert troubles(found) == ["the run's outcome is Failed, and no result in it failed"]


def test_a_run_that_failed_for_its_results_is_no_trouble():
    found = records(result("Pays", 'outcome="Failed"'), summary=summary("Failed"))
    assert troubles(found) == []


def test_a_run_that_was_aborted_is_trouble_whatever_its_results():
    found = records(result("Pays", 'outcome="Failed"'), summary=summary("Aborted"))
    assert troubles(found) == ["the run's outcome is Aborted"]


@pytest.mark.parametrize("outcome", ["Completed", "Passed", "Warning"])
def test_a_run_that_ended_well_is_no_trouble(outcome):
    assert troubles(records(result("Pays"), summary=summary(outcome))) == []


def test_a_host_that_crashed_before_the_first_test_is_trouble():
    found = records("", summary=summary("Failed", info("Error", "The host crashed")))
    assert found == [Trouble("The host crashed")]


def test_a_warning_of_the_run_is_a_note():
    found = records(result("Pays"), summary=summary("Completed", info("Warning", "slow disk")))
    assert notes(found) == ["slow disk"]
    assert troubles(found) == []


def test_xunits_echo_of_a_failed_test_is_no_trouble():
    infos = info("Error", "[xUnit.net 00:00:00.39]     T.Pays [FAIL]")
    infos += info("Warning", "[xUnit.net 00:00:00.40]     T.Waits [SKIP]")
    found = records(result("Pays", 'outcome="Failed"'), summary=summary("Failed", infos))
    assert troubles(found) == notes(found) == []


def test_xunits_echo_of_a_test_that_has_no_result_is_trouble():
    infos = info("Error", "[xUnit.net 00:00:00.39]     T.Pays [FAIL]")
    found = records(result("Other"), summary=summary("Failed", infos))
    assert len(troubles(found)) == 1


@pytest.mark.parametrize("counters", ['total="1" failed="1"', 'total="4" failed="3"'])
def test_counters_may_count_rows_or_not(counters):
    assert notes(records(ROWS, summary=summary("Failed", "", counters))) == []


def test_counters_that_differ_are_noted():
    found = records(result("Pays"), summary=summary("Completed", "", 'total="3" failed="1"'))
    assert notes(found) == [
        "the run declares 3 tests, found 1",
        "the run declares 1 failures, found 0",
    ]


# Damage

SMALL = run(
    result("Pays") + result("Other", 'outcome="Failed"', error("no"), "2"),
    definition() + definition("2", "Shop.Other"),
    summary("Failed", info("Error", "crashed")),
)
DEFINED_FIRST = (
    f"<TestRun {SPACE}><TestDefinitions>{definition()}</TestDefinitions><Results>"
    f"{ROWS}{result('Pays.More.x', test='?')}{result('Late', '')}</Results></TestRun>"
).encode()


@pytest.mark.parametrize("data", [SMALL, DEFINED_FIRST])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_results_whose_definitions_were_cut_off_are_left_out_in_words():
    found = read(plugin, SMALL[: SMALL.index(b'<UnitTest id="2"')])
    assert [one.result.name for one in placed(found)] == ["Pays"]
    assert isinstance(found[-1], Damage)
    assert "the classes of 1 results come behind it" in found[-1].reason


def test_a_file_with_forbidden_characters_is_read_to_its_end():
    found = read(plugin, SMALL.replace(b"crashed", b"\x1b[31mcrashed"))
    assert totals(found)["total"] == 2
    assert troubles(found) == ["?[31mcrashed"]
    assert isinstance(found[-1], Damage)


def test_a_file_that_was_cut_before_all_definitions_is_refused():
    with pytest.raises(ReportError, match="the classes of 2 results come behind it"):
        read(plugin, SMALL[: SMALL.index(b"</Results>")])


# Arbitrary runs, written and read back

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
WORDS = {
    Status.PASSED: "Passed",
    Status.FAILED: "Failed",
    Status.ERROR: "Timeout",
    Status.SKIPPED: "NotExecuted",
}
CASE = st.tuples(
    TEXT.filter(bool),
    st.sampled_from(sorted(WORDS)),
    st.none() | st.integers(0, 10**9),
    TEXT.map(str.strip).filter(bool),
)


def span(micros: int) -> str:
    seconds, rest = divmod(micros, 10**6)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:06}0"


def written(test: str, name: str, status: Status, micros: int | None, message: str) -> str:
    time = "" if micros is None else f' duration="{span(micros)}"'
    more = f'testName={quoteattr(name)} outcome="{WORDS[Status(status)]}"{time}'
    return f'<UnitTestResult testId="{test}" {more}>{error(escape(message))}</UnitTestResult>'


def close(here: float | None, there: int | None) -> bool:
    if here is None or there is None:
        return here is there
    return math.isclose(here, there / 1e6, abs_tol=1e-9)


@given(st.lists(CASE, min_size=1, max_size=8), st.booleans())
def test_a_run_that_is_written_is_read_back(cases, defined_first):
    results = "".join(written(str(n % 3), *case) for n, case in enumerate(cases))
    definitions = "".join(definition(str(n), f"S.T{n}") for n in range(3))
    parts = [
        f"<Results>{results}</Results>",
        f"<TestDefinitions>{definitions}</TestDefinitions>",
    ]
    ordered = "".join(parts[::-1] if defined_first else parts)
    found = placed(read(plugin, f"<TestRun {SPACE}>{ordered}</TestRun>".encode()))
    assert [
        (one.path[-1], one.result.name, one.result.status, one.result.message) for one in found
    ] == [
        (f"S.T{n % 3}", name, status, message) for n, (name, status, _, message) in enumerate(cases)
    ]
    assert all(close(one.result.duration, case[2]) for one, case in zip(found, cases, strict=True))
