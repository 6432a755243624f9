"""What the NUnit 3 plugin makes of suites, labels and failures outside any case."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    is_marked,
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
    Suite,
)
from tracker.intake.sniff import head_of

plugin = parser_of("nunit3")

FIXTURE = (
    '<test-suite type="TestFixture" name="TillTests" fullname="Shop.TillTests">{}</test-suite>'
)
ASSEMBLY = (
    '<test-run total="{total}"><test-suite type="Assembly" name="C:\\agent\\7\\Shop.Tests.dll">'
    '<test-suite type="TestSuite" name="Shop" fullname="Shop">{inner}</test-suite>'
    "</test-suite></test-run>"
)


def report(*cases: str) -> bytes:
    return ASSEMBLY.format(total=len(cases), inner=FIXTURE.format("".join(cases))).encode()


def records(xml: str) -> list[Record]:
    return read(plugin, xml.encode())


def the_result(case: str) -> Result:
    [one] = placed(read(plugin, report(case)))
    return one.result


# Which files are NUnit 3


def test_its_root_is_recognised():
    assert plugin.sniff(head_of(b'\xef\xbb\xbf<?xml version="1.0"?><test-run id="2">', "x")) > 0.8


@pytest.mark.parametrize(
    "root", ["test-results", "testsuites", "TestRun", "assemblies", 'test-run xmlns="urn:other"']
)
def test_other_roots_are_left_alone(root):
    assert plugin.sniff(head_of(f"<{root} />".encode(), "TestResult.xml")) == 0


def test_what_is_no_test_run_is_refused():
    with pytest.raises(ReportError, match="no test-run"):
        read(plugin, b"<html/>")


# Where a case stands


def test_the_path_is_the_assemblys_file_and_the_full_name_of_the_fixture():
    [one] = placed(read(plugin, report('<test-case name="Pays" result="Passed"/>')))
    assert (one.path, one.result.name) == (("Shop.Tests.dll", "Shop.TillTests"), "Pays")


def test_the_suite_of_a_parameterized_method_is_no_part_of_the_path():
    case = '<test-case name="Pays(1,&quot;EUR&quot;)" result="Passed"/>'
    suite = f'<test-suite type="ParameterizedMethod" name="Pays">{case}</test-suite>'
    [one] = placed(read(plugin, report(suite)))
    assert one.path[-1] == "Shop.TillTests"
    assert one.result.name == 'Pays(1,"EUR")'


def test_categories_of_a_parameterized_method_are_those_of_its_cases():
    suite = """<test-suite type="ParameterizedMethod" name="Pays">
        <properties><property name="Category" value="slow"/></properties>
        <test-case name="Pays(1)" result="Passed"/></test-suite>"""
    assert the_result(suite).properties == (("Category", "slow"),)


def test_a_fixture_with_arguments_is_a_suite_of_its_own():
    xml = """<test-run><test-suite type="ParameterizedFixture" name="T" fullname="Shop.T">
      <test-suite type="TestFixture" name="T(1)" fullname="Shop.T(1)">
        <test-case name="Pays" classname="Shop.T" result="Passed"/></test-suite>
      <test-suite type="TestFixture" name="T(2)" fullname="Shop.T(2)">
        <test-case name="Pays" classname="Shop.T" result="Passed"/></test-suite>
      </test-suite></test-run>"""
    assert [one.path for one in placed(records(xml))] == [("Shop.T(1)",), ("Shop.T(2)",)]


@pytest.mark.parametrize(
    "case",
    [
        '<test-case name="Pays" classname="Shop.T" result="Passed"/>',
        '<test-case name="Pays" fullname="Shop.T.Pays" result="Passed"/>',
        '<test-case name="Shop.T.Pays" classname="Shop.T" result="Passed"/>',
    ],
)
def test_a_case_outside_any_fixture_tells_its_class_itself(case):
    [one] = placed(records(f"<test-run>{case}</test-run>"))
    assert (one.path, one.result.name) == (("Shop.T",), "Pays")


def test_a_case_without_a_name_is_called_unnamed():
    assert the_result('<test-case result="Passed"/>').name == UNNAMED


def test_names_of_pytest_are_those_of_its_junit_xml():
    xml = """<test-run><test-suite type="Assembly" name="tests/test_a.py::TestB">
        <properties><property name="python_version" value="3"/></properties>
        <test-case name="tests/test_a.py::TestB::test_c[x::y]" classname="TestB" result="Passed">
        <failure><message/><stack-trace>None</stack-trace></failure></test-case>
        </test-suite></test-run>"""
    [one] = placed(records(xml))
    assert one.path == ("pytest",)
    assert one.result == Result("test_c[x::y]", Status.PASSED, None, "tests.test_a.TestB")


# Outcomes


@pytest.mark.parametrize(
    ("attributes", "status", "raw"),
    [
        ('result="Passed"', Status.PASSED, ""),
        ('result="Failed"', Status.FAILED, ""),
        ('result="Failed" label="Error"', Status.ERROR, "Failed:Error"),
        ('result="Failed" label="Invalid"', Status.FAILED, "Failed:Invalid"),
        ('result="Failed" label="Cancelled"', Status.ERROR, "Failed:Cancelled"),
        ('result="Failed" label="Error" site="Parent"', Status.ERROR, "Failed:Error(Parent)"),
        ('result="Failed" site="TearDown"', Status.FAILED, "Failed(TearDown)"),
        ('result="Failed:Error(SetUp)"', Status.ERROR, "Failed:Error(SetUp)"),
        ('result="Skipped"', Status.SKIPPED, ""),
        ('result="Skipped" label="Ignored"', Status.SKIPPED, "Skipped:Ignored"),
        ('result="Skipped" label="Explicit"', Status.SKIPPED, "Skipped:Explicit"),
        ('result="Inconclusive"', Status.SKIPPED, "Inconclusive"),
        ('result="Warning"', Status.PASSED, "Warning"),
        ('result="Marvellous"', Status.UNKNOWN, "Marvellous"),
        ('result="%%"', Status.UNKNOWN, "%%"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_word_and_label_give_the_status(attributes, status, raw):
    found = the_result(f'<test-case name="t" {attributes}/>')
    assert (found.status, found.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message():
    assert the_result('<test-case name="t" result="Odd"/>').message == "status 'Odd'"


def test_a_case_of_a_list_of_tests_has_no_result():
    assert the_result('<test-case name="t" runstate="Runnable"/>').message == (
        "the report tells no result"
    )


def test_a_failure_has_message_stack_trace_and_the_exceptions_class():
    found = the_result(
        """<test-case name="t" result="Failed" label="Error"><failure>
        <message><![CDATA[System.IO.IOException : gone]]></message>
        <stack-trace><![CDATA[   at Till.Open()]]></stack-trace></failure></test-case>"""
    )
    assert found.message == "System.IO.IOException : gone"
    assert found.trace == "   at Till.Open()"
    assert found.type == "System.IO.IOException"


def test_a_skip_has_its_reason():
    case = (
        '<test-case name="t" result="Skipped"><reason><message>later</message></reason></test-case>'
    )
    assert the_result(case).message == "later"


def test_output_properties_and_attachments_are_kept():
    found = the_result(
        """<test-case name="t" result="Passed"><properties>
        <property name="Category" value="slow"/><property name="_SKIPREASON" value="x"/>
        </properties><output><![CDATA[hello]]></output><attachments><attachment>
        <filePath>C:\\out\\a.png</filePath></attachment></attachments></test-case>"""
    )
    assert found.properties == (("Category", "slow"),)
    assert found.stdout == "hello"
    assert found.attachments == ("C:\\out\\a.png",)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.25", 0.25),
        ("0,25", 0.25),
        ("-1", 0.0),
        ("1e12", 365 * 86_400.0),
        ("NaN", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_durations_are_seconds(text, seconds):
    assert (
        the_result(f'<test-case name="t" result="Passed" duration="{text}"/>').duration == seconds
    )


# Failures outside cases


def test_a_set_up_that_failed_lends_its_stack_trace_to_the_cases_it_stopped():
    xml = """<test-run><test-suite type="TestFixture" name="T" fullname="S.T" result="Failed"
        label="Error" site="SetUp"><failure><message>no till</message>
        <stack-trace>at SetUp()</stack-trace></failure>
        <test-case name="t" result="Failed" label="Error" site="Parent">
        <failure><message>OneTimeSetUp: no till</message></failure></test-case>
        </test-suite></test-run>"""
    found = records(xml)
    [one] = placed(found)
    assert (one.result.message, one.result.trace) == ("OneTimeSetUp: no till", "at SetUp()")
    assert troubles(found) == []


def test_a_tear_down_that_failed_is_trouble_although_every_case_passed():
    xml = """<test-run result="Failed"><test-suite type="TestFixture" name="T" fullname="S.T"
        result="Failed" site="TearDown"><failure><message>still open</message></failure>
        <test-case name="t" result="Passed"/></test-suite></test-run>"""
    found = records(xml)
    assert troubles(found) == ["one-time tear-down of S.T failed: still open"]
    assert totals(found)["passed"] == totals(found)["total"] == 1


def test_an_assembly_that_could_not_be_loaded_is_told_once():
    xml = """<test-run result="Failed"><test-suite type="Project" name="p" result="Failed">
        <test-suite type="Assembly" name="S.dll" result="Failed" label="Invalid"
        runstate="NotRunnable"><reason><message>File not found</message></reason></test-suite>
        </test-suite></test-run>"""
    assert troubles(records(xml)) == ["S.dll failed: File not found"]


def test_a_run_that_failed_without_a_failed_case_is_trouble():
    found = records('<test-run result="Failed"><test-case name="t" result="Passed"/></test-run>')
    assert troubles(found) == ["the run failed, and no test in it did"]


def test_suites_that_failed_for_their_cases_are_no_trouble():
    xml = """<test-run result="Failed"><test-suite type="Assembly" name="S.dll" result="Failed">
        <test-suite type="TestFixture" name="T" result="Failed">
        <test-case name="t" result="Failed"/></test-suite></test-suite></test-run>"""
    assert troubles(records(xml)) == []


def test_what_a_fixture_printed_and_carries_is_told_at_its_end():
    xml = """<test-run><test-suite type="TestFixture" name="T" fullname="S.T"><properties>
        <property name="Category" value="slow"/></properties><output>opened</output>
        <test-case name="t" result="Passed"/></test-suite></test-run>"""
    assert records(xml)[-1] == Suite(("S.T",), (("Category", "slow"),), "opened")


# Counts


def test_a_total_that_differs_is_noted():
    xml = '<test-run total="3" failed="1"><test-case name="t" result="Passed"/></test-run>'
    assert notes(records(xml)) == [
        "the run declares 3 tests, found 1",
        "the run declares 1 failures, found 0",
    ]


def test_explicit_tests_may_be_left_out_of_the_total():
    xml = """<test-run total="1"><test-case name="a" result="Passed"/>
        <test-case name="b" result="Skipped" label="Explicit"/></test-run>"""
    assert notes(records(xml)) == []


# Damage


def test_what_came_before_damage_is_kept():
    found = read(plugin, report('<test-case name="t" result="Passed"/>')[:-20])
    assert totals(found)["passed"] == 1
    assert isinstance(found[-1], Damage)
    assert is_marked(found)


SMALL = report(
    '<test-case name="a" result="Passed" duration="0.1"/>',
    '<test-case name="b(1)" result="Failed"><failure><message>no</message></failure></test-case>',
    '<test-case name="c" result="Skipped" label="Ignored"/>',
)
TORN_DOWN = b"""<test-run result="Failed"><test-suite type="TestFixture" name="T" fullname="S.T"
    result="Failed" site="TearDown"><failure><message>open</message></failure>
    <test-case name="t" result="Passed"/><test-case name="u" classname="S.T"/>
    </test-suite><test-case name="v" classname="S.V" result="Warning"/></test-run>"""


@pytest.mark.parametrize("data", [SMALL, TORN_DOWN])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


# Arbitrary runs, written and read back

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
WORDS = {
    Status.PASSED: "Passed",
    Status.FAILED: "Failed",
    Status.ERROR: "Failed:Error",
    Status.SKIPPED: "Skipped",
}
CASE = st.tuples(
    TEXT.map(str.strip).filter(bool),
    st.sampled_from(sorted(WORDS)),
    st.none() | st.floats(0, 1e6),
    TEXT.map(str.strip),
)


def written(name: str, status: Status, duration: float | None, message: str) -> str:
    time = "" if duration is None else f' duration="{duration!r}"'
    kind = "failure" if status.is_failure else "reason"
    told = f"<{kind}><message>{escape(message)}</message></{kind}>" if message else ""
    word = WORDS[Status(status)]
    return f'<test-case name={quoteattr(name)} result="{word}"{time}>{told}</test-case>'


@given(st.lists(st.lists(CASE, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_run_that_is_written_is_read_back(fixtures):
    inner = "".join(
        f'<test-suite type="TestFixture" name="F{n}" fullname="Shop.F{n}">'
        f"{''.join(written(*case) for case in cases)}</test-suite>"
        for n, cases in enumerate(fixtures)
    )
    found = placed(records(f"<test-run>{inner}</test-run>"))
    assert [
        (one.path, one.result.name, one.result.status, one.result.duration, one.result.message)
        for one in found
    ] == [((f"Shop.F{n}",), *case) for n, cases in enumerate(fixtures) for case in cases]
