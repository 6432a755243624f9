"""What the NUnit 2 plugin makes of the many tools that write its format."""

from __future__ import annotations

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
    Suite,
)
from tracker.intake.sniff import head_of

plugin = parser_of("nunit2")


def suite(name: str, inner: str, kind: str = "", more: str = "") -> str:
    told = f'type="{kind}"' if kind else ""
    return (
        f"<test-suite {told} name={quoteattr(name)} {more}><results>{inner}</results></test-suite>"
    )


def report(inner: str, counts: str = "") -> bytes:
    return f"<test-results name='x.dll' {counts}>{inner}</test-results>".encode()


def records(inner: str, counts: str = "") -> list[Record]:
    return read(plugin, report(inner, counts))


def the_place(inner: str) -> Placed:
    [one] = placed(records(inner))
    return one


def the_result(case: str) -> Result:
    return the_place(suite("Shop.TillTests", case)).result


# Which files are NUnit 2


def test_its_root_is_recognised():
    assert (
        plugin.sniff(head_of(b'<?xml version="1.0"?><!--x--><test-results total="1">', "x")) > 0.8
    )


@pytest.mark.parametrize(
    "root", ["test-run", "testResults", "testsuites", "testng-results", "html"]
)
def test_other_roots_are_left_alone(root):
    assert plugin.sniff(head_of(f"<{root}/>".encode(), "TestResult.xml")) == 0


def test_what_holds_no_test_results_is_refused():
    with pytest.raises(ReportError, match="no test-results"):
        read(plugin, b"<html/>")


# Where a case stands

PASSED = '<test-case name="{}" executed="True" result="Success"/>'


def test_short_names_of_namespaces_and_fixtures_make_the_class():
    fixture = suite("TillTests", PASSED.format("Acme.Shop.TillTests.Pays"), "TestFixture")
    shop = suite("Shop", fixture, "Namespace")
    one = the_place(suite("C:\\a\\Shop.dll", suite("Acme", shop, "Namespace"), "Assembly"))
    assert (one.path, one.result.name) == (("Shop.dll", "Acme.Shop.TillTests"), "Pays")


def test_older_reports_name_fixtures_in_full_and_give_no_types():
    fixture = suite("Shop.TillTests", PASSED.format("Shop.TillTests.Pays"))
    one = the_place(suite("/home/me/Shop.dll", suite("Shop", fixture)))
    assert (one.path, one.result.name) == (("Shop.dll", "Shop.TillTests"), "Pays")


def test_a_fixture_may_stand_in_a_suite_its_name_does_not_hold():
    fixture = suite("BadFixture", PASSED.format("Shop.BadFixture.Pays"), "TestFixture")
    one = the_place(suite("Assemblies", fixture, "Namespace"))
    assert (one.path, one.result.name) == (("Shop.BadFixture",), "Pays")


def test_arguments_of_a_fixture_belong_to_its_class():
    fixture = suite(
        "T<Double>(11.5d)", PASSED.format("Shop.T&lt;Double&gt;(11.5d).Pays"), "TestFixture"
    )
    one = the_place(suite("Shop", suite("T<T>", fixture, "GenericFixture"), "Namespace"))
    assert (one.path, one.result.name) == (("Shop.T<Double>(11.5d)",), "Pays")


@pytest.mark.parametrize("kind", ["", "ParameterizedTest"])
def test_the_suite_of_a_method_is_no_part_of_the_path(kind):
    method = suite("Pays", PASSED.format("Shop.TillTests.Pays(&quot;a.b&quot;)"), kind)
    one = the_place(suite("Shop", suite("TillTests", method)))
    assert (one.path, one.result.name) == (("Shop.TillTests",), 'Pays("a.b")')


def test_a_case_with_a_short_name_belongs_to_the_suite_around_it():
    one = the_place(suite("PasswordTest", PASSED.format("testChange")))
    assert (one.path, one.result.name) == (("PasswordTest",), "testChange")


def test_the_script_of_pester_stands_before_its_describe():
    describe = suite("Till.Paying", PASSED.format("Till.Paying.takes cash"), "TestFixture")
    outer = suite("Till", describe, "TestFixture")
    one = the_place(suite("C:\\src\\Till.Tests.ps1", outer, "TestFixture"))
    assert (one.path, one.result.name) == (("Till.Tests.ps1", "Till.Paying"), "takes cash")


def test_a_script_below_the_working_directory_keeps_its_folder():
    xml = """<test-results><environment cwd="/work/shop"/>
        <test-suite name="/work/shop/web/till.test.js" type="TestFixture"><results>
        <test-case name=" opens" result="Success"/></results></test-suite></test-results>"""
    [one] = placed(read(plugin, xml.encode()))
    assert (one.path, one.result.name) == (("web/till.test.js",), "opens")


def test_a_case_without_a_name_is_called_unnamed():
    assert the_result('<test-case executed="True" result="Success"/>').name == UNNAMED


# Outcomes


@pytest.mark.parametrize(
    ("attributes", "status", "raw"),
    [
        ('executed="True" result="Success" success="True"', Status.PASSED, ""),
        ('executed="True" result="Failure" success="False"', Status.FAILED, ""),
        ('executed="True" result="Error" success="False"', Status.ERROR, ""),
        ('executed="True" result="Cancelled" success="False"', Status.ERROR, "Cancelled"),
        ('executed="True" result="Inconclusive" success="False"', Status.SKIPPED, "Inconclusive"),
        ('executed="False" result="Ignored"', Status.SKIPPED, "Ignored"),
        ('executed="False" result="Skipped"', Status.SKIPPED, ""),
        ('executed="False" result="NotRunnable"', Status.SKIPPED, "NotRunnable"),
        ('executed="True" success="True"', Status.PASSED, ""),
        ("executed='true' success='true'", Status.PASSED, ""),
        ('executed="True" success="False"', Status.FAILED, ""),
        ('executed="False"', Status.SKIPPED, ""),
        ('executed="True"', Status.PASSED, ""),
        ('executed="True" success="Turue"', Status.UNKNOWN, "Turue"),
        ('executed="True" result="Marvellous"', Status.UNKNOWN, "Marvellous"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_words_of_all_versions_give_the_status(attributes, status, raw):
    found = the_result(f'<test-case name="t" {attributes}/>')
    assert (found.status, found.raw_status) == (status, raw)


@pytest.mark.parametrize("attributes", ['executed="True"', 'result="Success"', 'result="Odd"'])
def test_a_failure_that_is_told_wins_over_the_words(attributes):
    case = f'<test-case name="t" {attributes}><failure><message>no</message></failure></test-case>'
    assert the_result(case).status is Status.FAILED


def test_a_failure_has_message_stack_trace_and_the_exceptions_class():
    found = the_result(
        """<test-case name="t" result="Error"><failure>
        <message><![CDATA[System.IO.IOException : gone]]></message>
        <stack-trace><![CDATA[at Till.Open()
]]></stack-trace></failure></test-case>"""
    )
    assert (found.message, found.trace) == ("System.IO.IOException : gone", "at Till.Open()")
    assert found.type == "System.IO.IOException"


def test_a_fixture_that_could_not_be_set_up_lends_its_reason_to_its_cases():
    case = """<test-case name="T.a" executed="True" result="Failure"><failure>
        <message>TestFixtureSetUp failed in T</message><stack-trace/></failure></test-case>"""
    failure = "<failure><message>no till</message><stack-trace>at Open()</stack-trace></failure>"
    xml = f"<test-suite name='T' result='Error'>{failure}<results>{case}</results></test-suite>"
    found = records(xml)
    assert placed(found)[0].result.trace == "no till\nat Open()"
    assert troubles(found) == []


def test_what_a_fixture_carries_is_told_with_its_suite():
    xml = """<test-suite type="TestFixture" name="T"><categories><category name="slow"/>
        </categories><results><test-case name="T.a" result="Success"/></results></test-suite>"""
    assert records(xml)[0] == Suite(("T",), (("Category", "slow"),))


def test_categories_properties_and_the_reason_of_a_skip_are_kept():
    found = the_result(
        """<test-case name="t" executed="False" result="Ignored"><categories>
        <category name="slow"/></categories><properties><property name="Owner" value="me"/>
        <property name="_PID" value="7"/></properties>
        <reason><message>later</message></reason></test-case>"""
    )
    assert found.message == "later"
    assert found.properties == (("Category", "slow"), ("Owner", "me"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1.234", 1.234),
        ("1,234", 1.234),
        ("1,234.567", 1234.567),
        ("1.234,567", 1234.567),
        ("-3", 0.0),
        ("1e12", 365 * 86_400.0),
        ("NaN", None),
        ("9" * 400 + ".", None),
        ("1,2,3", None),
        ("", None),
    ],
)
def test_times_have_the_decimal_mark_of_the_machines_locale(text, seconds):
    assert the_result(f'<test-case name="t" result="Success" time="{text}"/>').duration == seconds


# Failures outside cases, and counts


def test_a_suite_that_failed_while_its_cases_passed_is_trouble_and_told_once():
    inner = suite("T", PASSED.format("T.a"), "TestFixture", 'result="Error" success="False"')
    failure = "<failure><message>TearDown : still open</message></failure>"
    inner = inner.replace("</test-suite>", f"{failure}</test-suite>")
    found = records(suite("S.dll", inner, "Assembly", 'result="Failure" success="False"'))
    assert troubles(found) == ["T failed: TearDown : still open"]
    assert totals(found)["passed"] == totals(found)["total"] == 1


def test_a_suite_that_failed_for_its_cases_is_no_trouble():
    case = '<test-case name="T.a" executed="True" success="False"/>'
    found = records(suite("T", case, "", 'success="False"'))
    assert troubles(found) == []


def test_a_total_leaves_out_what_did_not_run():
    cases = '<test-case name="a" result="Success"/><test-case name="b" result="Ignored"/>'
    counts = 'total="{}" failures="0" errors="0" not-run="1"'
    assert notes(records(suite("T", cases), counts.format(1))) == []
    assert notes(records(suite("T", cases), counts.format(2))) == []
    assert notes(records(suite("T", cases), counts.format(5))) == [
        "the report declares 5 tests, found 2"
    ]


def test_failures_that_differ_are_noted():
    found = records(suite("T", PASSED.format("T.a")), 'total="1" failures="1" errors="1"')
    assert notes(found) == ["the report declares 2 failures, found 0"]


# Damage

SMALL = report(
    suite(
        "/x/S.dll",
        suite(
            "T",
            PASSED.format("S.T.a") + '<test-case name="S.T.b" executed="True" success="False"'
            ' time="0,1"><failure><message>no</message></failure></test-case>',
            "TestFixture",
            'result="Failure"',
        ),
        "Assembly",
    ),
    'total="2" failures="1"',
)
OLD = report(suite("T", '<test-case name="a" executed="true" success="true" time="5.06"/>' * 3))


@pytest.mark.parametrize("data", [SMALL, OLD])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_what_came_before_damage_is_kept():
    found = read(plugin, SMALL[:-30])
    assert totals(found)["total"] == 2
    assert isinstance(found[-1], Damage)


# Arbitrary runs, written and read back

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
WORDS = {
    Status.PASSED: "Success",
    Status.FAILED: "Failure",
    Status.ERROR: "Error",
    Status.SKIPPED: "Skipped",
}
CASE = st.tuples(
    TEXT.map(str.strip).filter(bool),
    st.sampled_from(sorted(WORDS)),
    st.none() | st.floats(0, 1e6),
    TEXT.map(str.strip),
)


def written(fixture: str, name: str, status: Status, duration: float | None, message: str) -> str:
    time = "" if duration is None else f' time="{duration!r}"'
    kind = "failure" if status.is_failure else "reason"
    told = f"<{kind}><message>{escape(message)}</message></{kind}>" if message else ""
    named = quoteattr(f"{fixture}.{name}")
    return f'<test-case name={named} result="{WORDS[Status(status)]}"{time}>{told}</test-case>'


@given(st.lists(st.lists(CASE, min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_run_that_is_written_is_read_back(fixtures):
    inner = "".join(
        suite(f"F{n}", "".join(written(f"Shop.F{n}", *case) for case in cases), "TestFixture")
        for n, cases in enumerate(fixtures)
    )
    found = placed(records(suite("a/Shop.dll", suite("Shop", inner, "Namespace"), "Assembly")))
    assert [
        (one.path, one.result.name, one.result.status, one.result.duration, one.result.message)
        for one in found
    ] == [(("Shop.dll", f"Shop.F{n}"), *case) for n, cases in enumerate(fixtures) for case in cases]
