"""What the JUnit plugin makes of each habit of the tools that write JUnit XML."""

from __future__ import annotations

import io
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.plugins.reading import SAMPLES, lies_of_a_cut, notes, parser_of, totals, troubles
from tests.plugins.reading import read as read_bytes
from tracker.intake.contract import (
    Attempt,
    Damage,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
)
from tracker.intake.sniff import head_of

plugin = parser_of("junit")


def read(xml: str | bytes) -> list[Record]:
    return read_bytes(plugin, xml.encode() if isinstance(xml, str) else xml)


def results(xml: str | bytes) -> list[Result]:
    return [each for each in read(xml) if isinstance(each, Result)]


def the_result(case: str) -> Result:
    [result] = results(f'<testsuite name="s">{case}</testsuite>')
    return result


def suites(xml: str) -> list[Suite]:
    return [each for each in read(xml) if isinstance(each, Suite)]


def paths(xml: str) -> list[tuple[str, ...]]:
    return [each.path for each in suites(xml)]


# Which files are JUnit XML


@pytest.mark.parametrize("root", ["testsuites", "testsuite", "testcase"])
def test_its_three_roots_are_recognised(root):
    assert plugin.sniff(head_of(f"<?xml version='1.0'?><{root}/>".encode(), "x.txt")) >= 0.8


@pytest.mark.parametrize(
    "xml",
    [
        '<testsuites xmlns="http://check.sourceforge.net/ns"/>',
        "<testng-results/>",
        "<test-results/>",
        "<test-run/>",
        "<assemblies/>",
        '<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"/>',
        "<robot/>",
        "<html/>",
        "<TestSuite/>",
        '{"testsuites": []}',
        "",
    ],
)
def test_other_formats_are_left_alone(xml):
    assert plugin.sniff(head_of(xml.encode(), "TEST-junit.xml")) == 0


def test_the_export_of_eclipse_is_recognised_by_what_is_in_it():
    xml = b'<testrun name="all"><testsuite name="s"><testcase name="t"/></testsuite></testrun>'
    assert plugin.sniff(head_of(xml, "x")) >= 0.8
    assert plugin.sniff(head_of(b"<testrun><count/><suite/></testrun>", "x")) == 0
    assert read(xml) == [Suite(("s",)), Result("t", Status.PASSED)]


@pytest.mark.parametrize("namespace", ['xmlns="urn:x"', 'xmlns:x="urn:y"'])
def test_a_namespace_does_not_hide_a_report(namespace):
    assert plugin.sniff(head_of(f"<testsuites {namespace}/>".encode(), "x")) >= 0.8


def test_a_report_whose_first_tag_is_longer_than_the_head_is_recognised():
    xml = f'<testsuite name="s" note="{"x" * 100_000}"/>'
    assert plugin.sniff(head_of(xml.encode(), "x")) >= 0.8


def test_a_file_without_any_testsuite_is_refused_in_words():
    with pytest.raises(ReportError, match="no testsuite and no testcase"):
        read("<html><body/></html>")


# Where a case stands


def test_a_suite_is_named_by_its_path_from_the_outside_in():
    xml = """<testsuites name="all"><testsuite name="outer"><testsuite name="inner">
             <testcase name="t"/></testsuite></testsuite></testsuites>"""
    assert paths(xml) == [("outer", "inner")]


def test_a_nested_suite_is_not_counted_again_above():
    xml = """<testsuite name="a"><testcase name="1"/>
             <testsuite name="b"><testcase name="2"/></testsuite><testcase name="3"/></testsuite>"""
    assert read(xml) == [
        Suite(("a",)),
        Result("1", Status.PASSED),
        Suite(("a", "b")),
        Result("2", Status.PASSED),
        Suite(("a",)),
        Result("3", Status.PASSED),
    ]


def test_the_package_goes_before_the_name():
    assert paths('<testsuite package="org.x" name="T"><testcase/></testsuite>') == [("org.x.T",)]


def test_a_package_that_the_name_begins_with_is_not_said_twice():
    xml = '<testsuite package="org.x" name="org.x.T"><testcase/></testsuite>'
    assert paths(xml) == [("org.x.T",)]


def test_a_package_alone_names_the_suite():
    assert paths('<testsuite package="org.x"><testcase/></testsuite>') == [("org.x",)]


def test_suites_without_a_name_leave_no_gap_in_the_path():
    xml = '<testsuite name=""><testsuite name="b"><testcase/></testsuite></testsuite>'
    assert paths(xml) == [("b",)]


def test_a_case_right_below_testsuites_stands_in_no_suite():
    xml = '<testsuites name="all"><testcase name="t"/></testsuites>'
    assert read(xml) == [Suite(()), Result("t", Status.PASSED)]


def test_a_lone_testcase_is_a_report():
    assert read('<testcase name="t"/>') == [Suite(()), Result("t", Status.PASSED)]


def test_a_case_without_a_name_is_called_unnamed():
    assert the_result('<testcase classname="C"/>').name == "(unnamed)"


def test_names_count_whatever_the_namespace():
    xml = '<n:testsuite xmlns:n="urn:x"><n:testcase><n:failure/></n:testcase></n:testsuite>'
    assert [each.status for each in results(xml)] == [Status.FAILED]


def test_playwright_tells_browsers_apart_by_the_host_name_only():
    xml = """<testsuites id="" name="">
      <testsuite name="a.spec.ts" hostname="firefox"><testcase name="t"/></testsuite>
      <testsuite name="a.spec.ts" hostname="webkit"><testcase name="t"/></testsuite>
    </testsuites>"""
    assert paths(xml) == [("a.spec.ts", "firefox"), ("a.spec.ts", "webkit")]


def test_the_host_name_is_no_part_of_a_path_elsewhere():
    assert paths('<testsuite name="a.spec.ts" hostname="ci-7"><testcase/></testsuite>') == [
        ("a.spec.ts",)
    ]


def test_the_round_of_a_nextest_stress_run_is_no_part_of_a_name():
    xml = """<testsuites uuid="1"><testsuite name="crate@stress-0"><testcase name="t"/></testsuite>
             <testsuite name="crate@stress-1"><testcase name="t"/></testsuite></testsuites>"""
    assert paths(xml) == [("crate",), ("crate",)]


def test_unittest_xml_reporting_puts_the_start_of_the_run_behind_a_class():
    xml = '<testsuite name="test_a.Basket-20261124233324"><testcase/></testsuite>'
    assert paths(xml) == [("test_a.Basket",)]


def test_phpunit_calls_a_suite_like_the_path_of_its_configuration():
    xml = """<testsuites><testsuite name="/home/ci/ws@2/phpunit.xml.dist"><testsuite name="unit">
             <testcase/></testsuite></testsuite></testsuites>"""
    assert paths(xml) == [("phpunit.xml.dist", "unit")]


def test_the_class_of_old_phpunit_is_its_class_attribute():
    assert the_result('<testcase name="t" class="A\\B"/>').classname == "A\\B"
    assert the_result('<testcase name="t" class="A\\B" classname="A.B"/>').classname == "A.B"


def test_a_name_that_holds_the_name_of_its_suite_stays_as_it_is_written():
    assert the_result('<testcase classname="s t" name="s t"/>').name == "s t"
    assert the_result('<testcase classname="s" name="a › b › c"/>').name == "a › b › c"


def test_parameters_belong_to_the_name():
    case = '<testcase name="T/0" value_param="8-byte object" type_param="int" status="run"/>'
    assert the_result(case).name == "T/0"
    assert the_result("<testcase name='t with data set #0 (1)'/>").name == "t with data set #0 (1)"


def test_the_shards_of_a_suite_are_one_suite():
    shard = '<testsuite name="//a:test" tests="1"><testcase name="//a:test"/></testsuite>'
    assert set(paths(f"<testsuites>{shard * 3}</testsuites>")) == {("//a:test",)}


def test_an_empty_root_suite_holds_nothing():
    xml = """<testsuites><testsuite name="Root Suite" tests="0" file="cypress/e2e/a.cy.js"/>
             <testsuite name="login" tests="1"><testcase name="t"/></testsuite></testsuites>"""
    assert paths(xml) == [("login",)]
    assert [each.file for each in results(xml)] == ["cypress/e2e/a.cy.js"]


# Where a test is written


@pytest.mark.parametrize(
    ("attributes", "file", "line"),
    [
        ('file="tests/test_a.py" line="7"', "tests/test_a.py", 7),
        ('file="a_test.rb" lineno="8"', "a_test.rb", 8),
        ('filepath="a.rb"', "a.rb", None),
        ('file="a.py" line="0"', "a.py", 0),
        ('file="a.py" line="x"', "a.py", None),
        ('file="a.py" line="-3"', "a.py", None),
        ('file="" line=""', "", None),
    ],
)
def test_file_and_line_are_kept(attributes, file, line):
    passed = the_result(f'<testcase name="t" {attributes}/>')
    failed = the_result(f'<testcase name="t" {attributes}><failure/></testcase>')
    assert (passed.file, passed.line) == (failed.file, failed.line) == (file, line)


def test_a_suite_tells_the_file_of_its_cases():
    xml = """<testsuite name="o" file="a.js"><testsuite name="i"><testcase name="1"/>
             <testcase name="2" file="b.js" line="3"/></testsuite></testsuite>"""
    assert [(each.file, each.line) for each in results(xml)] == [("a.js", None), ("b.js", 3)]


def test_the_place_of_a_failure_stands_in_for_that_of_its_test():
    case = '<testcase><failure file="a.cpp" line="19"/><failure file="b.cpp" line="2"/></testcase>'
    assert (the_result(case).file, the_result(case).line) == ("a.cpp", 19)


# Statuses


@pytest.mark.parametrize(
    ("children", "status"),
    [
        ("", Status.PASSED),
        ("<skipped/>", Status.SKIPPED),
        ("<failure/>", Status.FAILED),
        ("<error/>", Status.ERROR),
        ("<failure/><skipped/>", Status.FAILED),
        ("<skipped/><failure/>", Status.FAILED),
        ("<failure/><error/>", Status.ERROR),
        ("<error/><failure/><skipped/>", Status.ERROR),
        ("<properties><property name='p'/></properties><system-out>o</system-out>", Status.PASSED),
    ],
)
def test_error_goes_before_failure_before_skipped_before_passed(children, status):
    assert the_result(f'<testcase name="t">{children}</testcase>').status is status


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ('status="run" result="completed"', Status.PASSED),
        ('status="notrun" result="suppressed"', Status.SKIPPED),
        ('status="run" result="skipped"', Status.SKIPPED),
        ('status="disabled"', Status.SKIPPED),
        ('status="fail"', Status.FAILED),
        ('status="Failed"', Status.FAILED),
        ('status="Passed"', Status.PASSED),
        ('status=""', Status.PASSED),
        ('status="quantum"', Status.UNKNOWN),
        ('result="Passed"', Status.PASSED),
        ('outcome="failed"', Status.FAILED),
        ('result="completed" outcome="failed"', Status.FAILED),
        ('status="RUN"', Status.PASSED),
        ('status="run" result="completed" time="1"', Status.PASSED),
        ('ignored="true"', Status.SKIPPED),
        ('disabled="false"', Status.PASSED),
        ('incomplete="true"', Status.UNKNOWN),
        ('status="0"', Status.PASSED),
        ('status="1"', Status.FAILED),
        ('status="panicked"', Status.ERROR),
        ('status="Inconclusive"', Status.SKIPPED),
    ],
)
def test_the_words_of_status_and_result_count(attributes, status):
    assert the_result(f'<testcase name="t" {attributes}/>').status is status


def test_a_word_never_hides_a_failure():
    assert the_result('<testcase status="passed"><failure/></testcase>').status is Status.FAILED


def test_a_word_that_is_not_known_gives_way_to_a_child_that_is():
    assert the_result('<testcase status="quantum"><skipped/></testcase>').status is Status.SKIPPED


def test_the_reason_of_a_skip_is_its_message():
    assert the_result("<testcase><skipped message='not today'/></testcase>").message == "not today"
    assert the_result("<testcase><skipped>\n not today</skipped></testcase>").message == "not today"


@pytest.mark.parametrize(
    ("attributes", "word"),
    [
        ('status="run" result="completed"', ""),
        ('status="failed"', ""),
        ('status="Skipped"', ""),
        ('status="notrun" result="suppressed"', "notrun"),
        ('status="run" result="suppressed"', "suppressed"),
        ('status="disabled"', "disabled"),
        ('status="Timed Out"', "Timed Out"),
        ('status="BROKEN"', "BROKEN"),
        ('status="hook_error"', "hook_error"),
        ('status="quantum"', "quantum"),
    ],
)
def test_a_word_that_says_more_than_the_status_is_kept(attributes, word):
    assert the_result(f'<testcase name="t" {attributes}/>').raw_status == word


def test_a_word_that_is_not_known_is_said():
    result = the_result('<testcase status="quantum"/>')
    assert (result.status, result.message) == (Status.UNKNOWN, "status 'quantum'")


def test_a_word_that_is_not_known_is_kept_beside_a_child_that_is():
    assert the_result('<testcase status="quantum"><failure/></testcase>').raw_status == "quantum"


def test_a_warning_of_phpunit_neither_fails_nor_vanishes():
    result = the_result("<testcase><warning type='W'>No tests found</warning></testcase>")
    assert (result.status, result.raw_status) == (Status.PASSED, "warning")
    assert (result.message, result.type) == ("No tests found", "W")
    both = "<testcase><warning>w</warning><failure message='f'/></testcase>"
    assert (the_result(both).status, the_result(both).message) == (Status.FAILED, "f")


def test_what_stands_in_properties_is_no_outcome():
    case = "<testcase><properties><error/><failure/></properties></testcase>"
    assert the_result(case).status is Status.PASSED


def test_attributes_that_tell_no_outcome_are_passed_over():
    case = '<testcase name="t" assertions="0" id="x" failure="no" timestamp="1" success="?"/>'
    assert the_result(case) == Result("t", Status.PASSED)


@pytest.mark.parametrize(
    ("child", "status", "expected"),
    [
        ("<skipped type='pytest.xfail' message='bug 42'/>", Status.SKIPPED, "xfail"),
        ("<skipped type='XFAIL' message='expected failure: ...'/>", Status.SKIPPED, "xfail"),
        ("<skipped message='expected test failure'>why</skipped>", Status.SKIPPED, "xfail"),
        ("<skipped message='TEST_CASE tagged with !mayfail'/>", Status.SKIPPED, "xfail"),
        ("<skipped type='todo'/><failure message='no'/>", Status.SKIPPED, "xfail"),
        (
            "<skipped message='TEST_CASE tagged with !mayfail'/><failure/>",
            Status.SKIPPED,
            "xfail",
        ),
        ("<error type='UnexpectedSuccess'/>", Status.ERROR, "xpass"),
        ("<failure message='[XPASS(strict)] bug 42'/>", Status.FAILED, "xpass"),
        ("<failure message='Expect test to fail'/>", Status.FAILED, "xpass"),
        ("<skipped type='todo'/>", Status.SKIPPED, ""),
        ("<skipped type='pytest.skip' message='m'/>", Status.SKIPPED, ""),
        ("<failure message='xfail'/>", Status.FAILED, ""),
    ],
)
def test_an_expected_failure_is_skipped_and_an_unexpected_pass_as_it_is_written(
    child, status, expected
):
    result = the_result(f"<testcase>{child}</testcase>")
    assert (result.status, result.expected_failure) == (status, expected)


@pytest.mark.parametrize(("word", "expected"), [("xfail", "xfail"), ("XPASS", "xpass")])
def test_a_word_may_say_what_was_expected(word, expected):
    assert the_result(f'<testcase status="{word}"/>').expected_failure == expected


def test_an_expected_failure_keeps_its_reason_and_its_trace():
    result = the_result(
        "<testcase><skipped type='todo' message='later'/><failure message='no'>at a</failure>"
        "</testcase>"
    )
    assert (result.message, result.trace, result.raw_status) == ("later", "at a", "todo")


# Texts


def test_a_failure_keeps_its_message_type_and_trace():
    result = the_result(
        "<testcase><failure message='1 is 2' type='Bad'>at a\nat b\n</failure></testcase>"
    )
    assert (result.message, result.type, result.trace) == ("1 is 2", "Bad", "at a\nat b")


def test_a_failure_without_a_message_is_known_by_its_first_line():
    assert the_result("<testcase><failure>\n  boom\n at a</failure></testcase>").message == "boom"


def test_several_failures_keep_all_their_texts_and_the_first_message():
    result = the_result(
        "<testcase><failure message='a'>A</failure><error message='b'>B</error></testcase>"
    )
    assert (result.message, result.trace) == ("a", "A\n\nB")


def test_output_is_kept():
    result = the_result(
        "<testcase><system-out>o</system-out><system-err>e</system-err>"
        "<system-out><![CDATA[p]]></system-out></testcase>"
    )
    assert (result.stdout, result.stderr) == ("o\np", "e")


def test_a_trace_may_be_made_of_elements_and_pieces():
    case = (
        "<testcase><failure>a<b>c</b>d<![CDATA[<e>]]>&#102;<system-out>no</system-out></failure>"
        "</testcase>"
    )
    assert the_result(case).trace == "acd<e>f"


def test_the_message_may_be_an_element():
    result = the_result(
        "<testcase><failure><message>1 is 2</message><stack-trace>at a</stack-trace></failure>"
        "</testcase>"
    )
    assert (result.message, result.trace) == ("1 is 2", "at a")


def test_a_case_that_only_printed_passed():
    result = the_result("<testcase><system-out/><system-err> </system-err></testcase>")
    assert (result.status, result.stdout, result.stderr) == (Status.PASSED, "", " ")


def test_the_display_name_of_junit_platform_stays_in_the_output():
    said = "unique-id: [engine:junit-jupiter]/[class:A]\ndisplay-name: all is well"
    result = the_result(f"<testcase name='t()'><system-out>{said}</system-out></testcase>")
    assert (result.name, result.stdout) == ("t()", said)


# Properties and attachments


def test_the_properties_of_a_case_have_a_value_or_a_text():
    result = the_result(
        '<testcase><properties><property name="a" value="1"/><property name="b"> x\ny </property>'
        '<property name="a" value=""/><property/></properties></testcase>'
    )
    assert result.status is Status.PASSED
    assert result.properties == (("a", "1"), ("b", "x\ny"), ("a", ""))


def test_tags_are_properties():
    assert the_result('<testcase tags="slow, db"/>').properties == (("tags", "slow, db"),)
    result = the_result("<testcase><tags><tag>slow</tag><tag>db</tag></tags></testcase>")
    assert result.properties == (("tag", "slow"), ("tag", "db"))


def test_a_failure_that_is_called_flaky_is_a_failure():
    result = the_result('<testcase flaky="true"><failure/></testcase>')
    assert (result.status, result.properties) == (Status.FAILED, (("flaky", "true"),))


def test_a_line_of_output_may_be_a_property():
    case = "<testcase><system-out>a\n[[PROPERTY|author=Ada]]\nb</system-out></testcase>"
    assert the_result(case).properties == (("author", "Ada"),)


def test_an_attachment_line_is_a_path_and_stays_in_the_output():
    line = "[[ATTACHMENT|../../../../etc/passwd]]"
    result = the_result(f"<testcase><system-out>a\n{line}\n</system-out></testcase>")
    assert (result.stdout, result.attachments) == (f"a\n{line}", ("../../../../etc/passwd",))


def test_attachments_of_all_forms_are_kept_in_order():
    result = the_result(
        '<testcase><properties><property name="attachment" value="a[1].png"/>'
        '<property name="attachment_2" value="b"/><property name="attachments_of" value="x"/>'
        "</properties><system-err>[[ATTACHMENT|c d.png]] [[ATTACHMENT|e]]</system-err>"
        '<attachments><attachment path="f"/><attachment><filePath>g</filePath></attachment>'
        "<attachment>h</attachment><attachment/></attachments></testcase>"
    )
    assert result.attachments == ("a[1].png", "b", "c d.png", "e", "f", "g", "h")
    assert result.properties == (("attachments_of", "x"),)


def test_the_files_that_xray_puts_into_a_property_are_named_only():
    result = the_result(
        '<testcase><properties><property name="testrun_evidence"><item name="a.png">QUJD</item>'
        '</property><property name="test_key" value="K-1"/></properties></testcase>'
    )
    assert (result.attachments, result.properties) == (("a.png",), (("test_key", "K-1"),))


# What a suite says of itself


def test_a_suite_is_mentioned_again_for_what_it_printed_and_ran_with():
    xml = """<testsuite name="s"><properties><property name="p" value="1"/></properties>
             <system-out>before</system-out><testcase name="t"/><system-out>after</system-out>
             <system-err>e</system-err></testsuite>"""
    assert read(xml) == [
        Suite(("s",)),
        Result("t", Status.PASSED),
        Suite(("s",), (("p", "1"),), "before\nafter", "e"),
    ]


def test_what_a_suite_prints_before_many_cases_is_not_lost():
    cases = "".join(f'<testcase name="{n}"/>' for n in range(10_000))
    xml = f'<testsuite name="s"><system-out>before</system-out>{cases}</testsuite>'
    assert suites(xml)[-1] == Suite(("s",), stdout="before")


def test_what_a_suite_says_is_told_once_though_others_stand_in_it():
    xml = """<testsuite name="o"><system-out>outer</system-out><testcase/><testsuite name="i">
             <testcase/><system-out>inner</system-out></testsuite><testcase/></testsuite>"""
    assert [each for each in suites(xml) if each.stdout] == [
        Suite(("o", "i"), stdout="inner"),
        Suite(("o",), stdout="outer"),
    ]


def test_a_suite_of_which_the_end_is_missing_tells_what_it_said_before():
    xml = '<testsuite name="s"><system-out>o</system-out><testcase name="t"/><testcase name="u">'
    assert suites(xml) == [Suite(("s",)), Suite(("s",), stdout="o")]


def test_properties_of_the_whole_report_stand_in_no_suite():
    xml = '<testsuites><properties><property name="p" value="1"/></properties></testsuites>'
    assert suites(xml) == [Suite((), (("p", "1"),))]


def test_the_test_host_of_dotnet_that_crashed_is_trouble():
    said = "Error - The active test run was aborted. Reason: Test host process crashed : boom"
    xml = f"""<testsuite name="a.dll"><testcase name="t"/>
              <system-err>Warning - slow\n{said}</system-err></testsuite>"""
    assert troubles(read(xml)) == [said.removeprefix("Error - ")]


# Attempts


def test_a_flaky_test_passed_after_the_attempts_it_tells_of():
    result = the_result(
        "<testcase name='t'><flakyFailure message='m' type='T'><stackTrace>s</stackTrace>"
        "<system-out>o</system-out></flakyFailure><flakyError time='0.5'>e</flakyError></testcase>"
    )
    assert result.status is Status.PASSED
    assert [(each.status, each.message, each.trace) for each in result.attempts] == [
        (Status.FAILED, "m", "s"),
        (Status.ERROR, "e", "e"),
    ]
    assert result.attempts[1].duration == 0.5


def test_reruns_that_failed_stand_beside_the_failure_that_decides():
    result = the_result(
        "<testcase><failure message='1'/><rerunFailure message='2'/><rerunError message='3'/>"
        "</testcase>"
    )
    assert (result.status, result.message) == (Status.FAILED, "1")
    assert [each.status for each in result.attempts] == [Status.FAILED, Status.ERROR]


def test_what_the_tries_of_surefire_printed_stands_with_the_output():
    result = the_result(
        "<testcase><flakyFailure message='m'>at a<system-out>one</system-out><system-err>e"
        "</system-err></flakyFailure><system-out>two</system-out></testcase>"
    )
    assert result.attempts == (Attempt(Status.FAILED, None, "m", "at a"),)
    assert (result.stdout, result.stderr) == ("one\ntwo", "e")


def test_a_rerun_without_a_failure_that_decides_is_an_earlier_try():
    result = the_result("<testcase><rerunFailure message='m'/></testcase>")
    assert (result.status, len(result.attempts)) == (Status.PASSED, 1)


def test_the_tries_of_nextest_have_times():
    result = the_result(
        "<testcase time='0.3'><failure type='test failure'/><rerunFailure time='0.1'/>"
        "<rerunError time='PT2S'/></testcase>"
    )
    assert [each.duration for each in result.attempts] == [0.1, 2.0]


def test_the_many_tests_that_surefire_declares_for_reruns_are_no_news():
    xml = """<testsuite name="s" tests="3" failures="2"><testcase name="t">
             <flakyFailure/><flakyFailure/></testcase></testsuite>"""
    assert notes(read(xml)) == []


PYTEST = '<testsuite name="pytest" hostname="ci" tests="{}" errors="0" failures="{}">{}</testsuite>'
TRIED = '<testcase classname="m" name="{}"/>'
FAILED = '<testcase classname="m" name="{}"><failure message="no"/></testcase>'


def test_silent_reruns_of_pytest_are_retries_and_the_last_decides():
    xml = PYTEST.format(2, 1, TRIED.format("a") * 3 + TRIED.format("b") * 2 + FAILED.format("b"))
    assert [(each.name, each.status, each.retry) for each in results(xml)] == [
        ("a", Status.PASSED, False),
        ("b", Status.PASSED, False),
        ("a", Status.UNKNOWN, True),
        ("a", Status.PASSED, True),
        ("b", Status.UNKNOWN, True),
        ("b", Status.FAILED, True),
    ]
    assert notes(read(xml)) == []


def test_a_repeat_after_a_failure_is_a_result_of_its_own():
    xml = PYTEST.format(1, 1, FAILED.format("a") + TRIED.format("a"))
    assert [(each.status, each.retry) for each in results(xml)] == [
        (Status.FAILED, False),
        (Status.PASSED, False),
    ]


def test_repeats_that_were_all_declared_are_results_of_their_own():
    xml = PYTEST.format(2, 0, TRIED.format("a") * 2)
    assert [each.retry for each in results(xml)] == [False, False]


def test_repeats_in_a_suite_of_another_tool_are_results_of_their_own():
    xml = f'<testsuite name="s" tests="1">{TRIED.format("a") * 2}</testsuite>'
    assert [each.retry for each in results(xml)] == [False, False]


def test_a_try_is_not_passed_where_the_file_is_cut_before_the_last_one():
    whole = PYTEST.format(1, 1, TRIED.format("a") * 2 + FAILED.format("a"))
    cut = whole[: whole.index("<failure")]
    assert [(each.status, each.retry) for each in results(cut)] == [
        (Status.UNKNOWN, False),
        (Status.UNKNOWN, True),
    ]
    assert isinstance(read(cut)[-1], Damage)


def test_the_last_case_before_a_cut_may_be_a_try_of_one_that_failed():
    cut = PYTEST.format(2, 1, TRIED.format("a") + TRIED.format("b")).removesuffix("</testsuite>")
    assert [each.status for each in results(cut)] == [Status.PASSED, Status.UNKNOWN]


def test_no_case_before_a_cut_is_a_try_where_all_failures_were_found():
    cut = PYTEST.format(2, 1, FAILED.format("a") + TRIED.format("b")).removesuffix("</testsuite>")
    assert [each.status for each in results(cut)] == [Status.FAILED, Status.PASSED]


def test_a_case_is_no_try_where_the_file_is_cut_in_another_one():
    cut = PYTEST.format(2, 1, TRIED.format("a") + FAILED.format("b"))
    assert [each.status for each in results(cut[: cut.index("<failure")])] == [Status.PASSED]


def test_repeats_in_a_suite_that_holds_others_are_results_of_their_own():
    inner = '<testsuite name="i"><testcase name="x"/></testsuite>'
    xml = PYTEST.format(1, 0, TRIED.format("a") * 2 + inner + TRIED.format("c"))
    assert [(each.name, each.retry) for each in results(xml)] == [
        ("a", False),
        ("a", False),
        ("x", False),
        ("c", False),
    ]


def test_a_tear_down_that_failed_too_is_a_result_of_its_own():
    tear_down = '<testcase classname="m" name="a"><error message="failed on teardown"/></testcase>'
    xml = PYTEST.format(2, 1, FAILED.format("a") + tear_down)
    assert [(each.status, each.retry) for each in results(xml)] == [
        (Status.FAILED, False),
        (Status.ERROR, False),
    ]


def test_a_module_that_cannot_be_imported_is_an_error_without_a_class():
    xml = PYTEST.format(
        1,
        0,
        '<testcase classname="" name="pkg.test_a"><error message="collection failure"/></testcase>',
    )
    [result] = results(xml)
    assert (result.classname, result.name) == ("", "pkg.test_a")
    assert result.status is Status.ERROR


@pytest.mark.parametrize("name", ["", "TestMain"])
def test_a_package_of_go_that_failed_outside_its_tests_is_a_failure(name):
    result = the_result(f'<testcase classname="" name="{name}"><failure/></testcase>')
    assert (result.name, result.status) == (name or "(unnamed)", Status.FAILED)


def test_go_tests_and_their_parts_are_all_cases():
    xml = """<testsuite name="m/p" tests="3"><testcase classname="m/p" name="T/a/b"/>
             <testcase classname="m/p" name="T/a"/><testcase classname="m/p" name="T"/>
             </testsuite>"""
    assert [each.name for each in results(xml)] == ["T/a/b", "T/a", "T"]
    assert notes(read(xml)) == []


def test_a_test_that_gradle_tried_again_is_two_results():
    xml = """<testsuite name="G" tests="2" failures="1" hostname="h"><testcase name="a"><failure/>
             </testcase><testcase name="a"/></testsuite>"""
    assert [(each.status, each.retry) for each in results(xml)] == [
        (Status.FAILED, False),
        (Status.PASSED, False),
    ]


# Failures outside any test


def test_a_suite_that_could_not_be_set_up_is_an_error_of_its_own():
    xml = '<testsuite name="s" errors="1"><error message="no class" type="E">at</error></testsuite>'
    records = read(xml)
    assert records[:2] == [
        Suite(("s",)),
        Result("<init>", Status.ERROR, message="no class", trace="at", type="E"),
    ]
    assert "outside any test" in records[2].text


def test_a_failure_in_no_suite_is_trouble_of_the_run():
    xml = """<testsuites><error message="no tests found"/><testsuite name="s"><testcase/>
             </testsuite></testsuites>"""
    assert [each.name for each in results(xml)] == ["(unnamed)"]
    assert troubles(read(xml)) == ["The run reports a failure outside any suite: no tests found"]


def test_a_suite_that_could_not_be_set_up_is_told_though_its_end_is_missing():
    xml = '<testsuite name="s"><error message="m"/><testcase name="t"/><testcase name="u">'
    assert [(each.name, each.status) for each in results(xml)] == [
        ("t", Status.PASSED),
        ("<init>", Status.ERROR),
    ]


# Times


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("  2.5 ", 2.5),
        ("0,5", 0.5),
        ("0,123", 0.123),
        ("12,25", 12.25),
        ("1,234", 1234.0),
        ("1,234.56", 1234.56),
        ("1,234,567", 1234567.0),
        ("1.234,56", 1234.56),
        ("1 234,5", 1234.5),
        ("-1", 0.0),
        ("999999999", 365 * 86400.0),
        ("0.5s", 0.5),
        ("1,5 sec", 1.5),
        ("12ms", 0.012),
        ("2 min", 120.0),
        ("PT1.5S", 1.5),
        ("PT1H2M3S", 3723.0),
        ("P1DT0,5S", 86400.5),
        ("00:00:01.500", 1.5),
        ("1.02:00:00", 93600.0),
        ("99999999999999m", 365 * 86400.0),
    ],
)
def test_times_of_any_locale_are_read(time, seconds):
    assert the_result(f'<testcase name="t" time="{time}"/>').duration == pytest.approx(seconds)


@pytest.mark.parametrize(
    "time",
    [
        "NaN",
        "inf",
        "-inf",
        "brrr",
        "1,2,3",
        "9" * 400,
        "9" * 400 + ".",
        "5 parsecs",
        "1:2",
        ".",
        "{duration}",
    ],
)
def test_times_that_are_none_are_left_out_and_counted(time):
    xml = f'<testsuite name="s"><testcase time="{time}"/><testcase time="1"/></testsuite>'
    assert [each.duration for each in results(xml)] == [None, 1.0]
    assert notes(read(xml)) == ["1 times could not be read as seconds and are left out"]


def test_a_time_that_is_not_told_is_no_time():
    assert the_result('<testcase name="t" time=""/>').duration is None
    assert the_result('<testcase name="t"/>').duration is None


# What a report says of itself


def test_a_suite_that_declares_other_counts_is_noted_once():
    xml = """<testsuites tests="9"><testsuite name="s" tests="9" failures="1" errors="1">
             <testcase name="t"/></testsuite></testsuites>"""
    assert notes(read(xml)) == [
        'suite "s" declares 9 tests, found 1 and declares 2 failures, found 0'
    ]


def test_sums_that_count_nested_suites_are_right_and_so_are_those_that_do_not():
    inner = '<testsuite name="i" tests="1"><testcase/></testsuite>'
    for declared in (1, 2):
        xml = f'<testsuite name="o" tests="{declared}"><testcase/>{inner}</testsuite>'
        assert notes(read(xml)) == []


def test_many_differences_end_in_one_sentence():
    suites = "".join(f'<testsuite name="{n}" tests="5"><testcase/></testsuite>' for n in range(50))
    told = notes(read(f"<testsuites>{suites}</testsuites>"))
    assert len(told) == 21
    assert told[-1] == "30 more notes of this kind were left out"


def test_declared_counts_that_are_none_are_not_believed():
    assert notes(read('<testsuite name="s" tests="x" failures="-5"><testcase/></testsuite>')) == []


# Damage


def test_what_came_before_the_damage_is_kept():
    records = read('<testsuite name="s"><testcase name="a"/><testcase name="b"><failure>')
    assert records == [
        Suite(("s",)),
        Result("a", Status.PASSED),
        Damage("the file ends in the middle of an element", "line 1, column 69"),
    ]


def test_a_file_of_which_nothing_can_be_read_is_an_error():
    with pytest.raises(ReportError) as caught:
        read('<testsuite name="s"><testcase name="a">')
    assert caught.value.position.startswith("line 1, column")


def test_control_characters_cost_no_result_but_are_told():
    records = read('<testsuite name="s"><testcase name="\x1b[1m"/><testcase name="b"/></testsuite>')
    assert [each.name for each in records if isinstance(each, Result)] == ["?[1m", "b"]
    assert isinstance(records[-1], Damage)


# Any run, written and read again

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿")
)
NAME = TEXT.filter(bool)
PLACE = st.one_of(st.none(), st.tuples(NAME, st.integers(0, 10**8)))
CASES = st.lists(
    st.tuples(NAME, TEXT, st.sampled_from(list(Status)[:4]), st.floats(0, 1e6), TEXT, PLACE),
    max_size=6,
)
RUNS = st.lists(st.tuples(NAME, CASES.filter(bool)), max_size=4)
CHILD = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped"}


def written(run) -> bytes:
    return f"<testsuites>{''.join(suite_xml(*suite) for suite in run)}</testsuites>".encode()


def suite_xml(name, cases) -> str:
    return (
        f"<testsuite name={quoteattr(name)}>{''.join(case_xml(*each) for each in cases)}"
        "</testsuite>"
    )


def case_xml(name, classname, status, duration, text, place) -> str:
    open_tag = f"<testcase name={quoteattr(name)} classname={quoteattr(classname)}"
    if place:
        open_tag += f' file={quoteattr(place[0])} line="{place[1]}"'
    kind = CHILD.get(status)
    child = f"<{kind} message={quoteattr('m' + text)}>{escape(text)}</{kind}>" if kind else ""
    return f'{open_tag} time="{duration!r}">{child}</testcase>'


@given(RUNS)
def test_any_run_that_was_written_is_read_as_it_was(run):
    expected: list[Record] = []
    for suite, cases in run:
        expected.append(Suite((suite,)))
        for name, classname, status, duration, text, place in cases:
            message = "m" + text if status in CHILD else ""
            trace = text if status.is_failure else ""
            result = Result(name, status, duration, classname, message, trace)
            file, line = place or ("", None)
            expected.append(replace(result, file=file, line=line))
    assert read(written(run)) == expected


@given(RUNS, st.data())
def test_a_report_cut_anywhere_tells_the_beginning_of_the_whole(run, data):
    whole = written(run)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        records = read(cut)
    except ReportError:
        return
    found = [each for each in records if isinstance(each, Result)]
    assert found == results(whole)[: len(found)]
    assert isinstance(records[-1], Damage)


# Cut at every byte

PLAIN = (
    '<?xml version="1.0"?><testsuites><testsuite name="a" tests="3"><testcase name="ü"/>'
    '<testcase name="2" status="fail"/><testcase name="3"><failure>é</failure></testcase>'
    '</testsuite><testsuite name="b"><testcase name="4"><skipped/><error/></testcase>'
    "</testsuite></testsuites>"
)
RERUNS = PYTEST.format(
    5,
    2,
    TRIED.format("a")
    + TRIED.format("b") * 2
    + FAILED.format("b")
    + TRIED.format("c") * 3
    + TRIED.format("d") * 2
    + FAILED.format("d")
    + TRIED.format("e"),
)
SUREFIRE = """<testsuite name="s.T" tests="7" failures="4" errors="1" flakes="1">
  <properties><property name="user.dir" value="/work"/></properties>
  <testcase name="flaky" classname="s.T" time="0"><flakyFailure message="m" type="E">
    <stackTrace><![CDATA[at a]]></stackTrace><system-out>o</system-out></flakyFailure></testcase>
  <testcase name="never" classname="s.T" time="1"><failure type="E">at b</failure>
    <rerunFailure type="E"><stackTrace>at b</stackTrace></rerunFailure></testcase>
  <testcase name="" classname="s.T"><error/></testcase><system-err>e</system-err></testsuite>"""
NESTED = """<testsuites><testsuite name="o" tests="3"><system-out>x</system-out>
  <testcase name="1"/><testsuite name="i" tests="1"><testcase name="2"><failure/></testcase>
  <error message="late"/></testsuite><testcase name="1"><skipped/></testcase></testsuite>
  <testsuite name="p"><error message="no class">at</error></testsuite></testsuites>"""
GRADLE = """<testsuite name="G" tests="3" skipped="1" failures="1" errors="0" hostname="h">
  <testcase name="a" classname="G"/><testcase name="a" classname="G"><failure/></testcase>
  <testcase name="b" classname="G"><skipped/></testcase><system-out/></testsuite>"""


@pytest.mark.parametrize("whole", [PLAIN, RERUNS, SUREFIRE, NESTED, GRADLE])
def test_a_report_cut_at_any_byte_claims_nothing_better_than_the_whole(whole):
    assert lies_of_a_cut(plugin, whole.encode()) == []


# Files that real tools wrote


@pytest.mark.parametrize("sample", sorted((SAMPLES / "junit").glob("*.xml")), ids=lambda p: p.name)
def test_a_report_of_a_real_tool_is_read_without_doubt(sample):
    records = read(sample.read_bytes())
    assert totals(records)["total"] > 0
    assert totals(records)["unknown"] == 0
    assert not any(isinstance(each, Damage | Trouble) for each in records)


def test_a_name_is_the_same_in_a_report_of_another_day():
    xml = (SAMPLES / "junit" / "unittest-xml-reporting.xml").read_text()
    later = xml.replace("20261124233324", "20261125060000")
    assert paths(xml) == paths(later)


# Size


class Endless(io.RawIOBase):
    """A report of one suite that is made while it is read, so that it takes no room itself."""

    def __init__(self, cases: int) -> None:
        self.pieces = self.made(cases)

    def made(self, cases: int):
        yield b'<testsuites><testsuite name="s" hostname="h" tests="%d">' % cases
        for n in range(cases):
            trace = b"<failure message='m'>" + b"at x.y.z\n" * 220 + b"</failure>"
            yield b'<testcase classname="c.d.E" name="test number %d" time="0.01">%b</testcase>' % (
                n,
                b"" if n % 50 else trace,
            )
        yield b"</testsuite></testsuites>"

    def read(self, size: int = -1) -> bytes:
        return b"".join(piece for _, piece in zip(range(500), self.pieces, strict=False))


def resident() -> int:
    """Bytes of memory in use, libxml2's among them."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_memory_does_not_grow_with_the_report():
    stream = Endless(100_000)
    found, before, most = 0, resident(), 0
    for record in plugin.read(ReportFile(stream, "big.xml", head_of(b"", ""))):
        found += isinstance(record, Result)
        if found % 2_000 == 0:
            most = max(most, resident() - before)
    assert found == 100_000
    assert most < 40_000_000
