"""Jenkins' own files on disk: the junit plugin's junitResult.xml, and the Robot plugin's."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.corpus import Entry, differences, entries
from tests.plugins.reading import (
    file_of,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    seconds,
    totals,
)
from tracker.intake.contract import Damage, Note, Record, ReportError, Result, Status, Suite

JENKINS = parser_of("jenkins_junitresult")


def case(**parts: object) -> str:
    told = {
        "duration": "0.25",
        "className": "shop.Basket",
        "testName": "adds",
        "skipped": "false",
        "failedSince": "0",
        **parts,
    }
    inner = "".join(
        f"<{key}>{value if key in RAW else escape(str(value))}</{key}>"
        for key, value in told.items()
        if value is not None
    )
    return f"<case>{inner}</case>"


RAW = frozenset({"flakyFailures", "rerunFailures", "properties"})


def suite(*cases: str, name: str = "shop.Basket", more: str = "") -> str:
    return (
        f"<suite><file>/x/a.xml</file><name>{escape(name)}</name>{more}<duration>1.0</duration>"
        f"<cases>{''.join(cases)}</cases></suite>"
    )


def report(*suites: str) -> bytes:
    inner = "".join(suites)
    return (
        "<?xml version='1.1' encoding='UTF-8'?>\n<result plugin=\"junit@1300\">\n"
        f"  <suites>{inner}</suites>\n  <duration>1.0</duration></result>"
    ).encode()


def found(*cases: str) -> list[Record]:
    return read(JENKINS, report(suite(*cases)))


def only(test: str) -> Result:
    [result] = results(found(test))
    return result


# Statuses


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({}, Status.PASSED),
        ({"skipped": "true"}, Status.SKIPPED),
        ({"errorDetails": "no"}, Status.FAILED),
        ({"errorStackTrace": "at x"}, Status.FAILED),
        ({"errorStackTrace": ""}, Status.FAILED),
        ({"errorStackTrace": "at x", "skipped": "true"}, Status.FAILED),
        ({"skipped": None}, Status.UNKNOWN),
        ({"skipped": "yes"}, Status.UNKNOWN),
        ({"failedSince": "7"}, Status.UNKNOWN),
        ({"failedSince": None}, Status.PASSED),
    ],
)
def test_what_a_case_says_of_its_end(parts: dict[str, object], status: Status) -> None:
    assert only(case(**parts)).status is status


def test_a_failure_keeps_message_and_trace() -> None:
    result = only(case(errorDetails="no <plum>", errorStackTrace="E: no\n\tat B.java"))
    assert (result.message, result.trace) == ("no <plum>", "E: no\n\tat B.java")


def test_a_failure_without_a_message_has_the_first_line_of_its_trace() -> None:
    assert only(case(errorStackTrace="\nE: no\n\tat B.java")).message == "E: no"


def test_a_skip_tells_its_reason() -> None:
    assert only(case(skipped="true", skippedMessage="later")).message == "later"


def test_tries_before_the_last_one_are_attempts() -> None:
    tries = (
        "<hudson.tasks.junit.FlakyFailure><message>m</message><type>E</type>"
        "<stackTrace>at x</stackTrace></hudson.tasks.junit.FlakyFailure>"
    )
    records = found(case(flakyFailures=tries))
    [attempt] = results(records)[0].attempts
    assert (attempt.message, attempt.type, attempt.trace) == ("m", "E", "at x")
    assert totals(records)["flaky"] == 1


def test_a_rerun_that_failed_too_is_an_attempt() -> None:
    result = only(case(errorDetails="no", rerunFailures="<x><message>first</message></x>"))
    assert (result.status, result.attempts[0].message) == (Status.FAILED, "first")


def test_properties_and_output_are_kept() -> None:
    pairs = "<entry><string>browser</string><string>firefox</string></entry><entry/>"
    result = only(case(properties=pairs, stdout="one", stderr="two"))
    assert result.properties == (("browser", "firefox"),)
    assert (result.stdout, result.stderr) == ("one", "two")


# Suites


def test_suite_and_class_are_told_apart() -> None:
    [test] = placed(found(case(className="shop.Till")))
    assert (test.path, test.result.classname) == (("shop.Basket",), "shop.Till")
    assert (test.result.name, test.result.duration) == ("adds", 0.25)


def test_what_a_suite_says_of_itself_is_kept() -> None:
    more = (
        "<stdout>hello</stdout><stderr>oops</stderr><enclosingBlockNames><string>Unit</string>"
        "<string>Test</string></enclosingBlockNames>"
    )
    [first, _] = read(JENKINS, report(suite(case(), more=more)))
    assert first == Suite(("shop.Basket",), (("stage", "Test / Unit"),), "hello", "oops")


def test_suites_without_cases_say_nothing() -> None:
    assert read(JENKINS, report(suite(), suite())) == []


def test_each_suite_is_named_once() -> None:
    records = read(JENKINS, report(suite(case(), case()), suite(case(), name="b")))
    assert [each.path for each in records if isinstance(each, Suite)] == [
        ("shop.Basket",),
        ("b",),
    ]


@pytest.mark.parametrize(
    ("time", "duration"),
    [("1.5", 1.5), ("", None), ("x", None), ("NaN", None), ("-1", 0.0), ("1e99", 31_536_000.0)],
)
def test_odd_times_are_bounded_or_left_out(time: str, duration: float | None) -> None:
    assert only(case(duration=time)).duration == duration


def test_a_case_that_says_nothing_is_unnamed_and_unknown() -> None:
    result = only("<case/>")
    assert (result.name, result.status) == ("(unnamed)", Status.UNKNOWN)


# The Robot plugin's file


def robot(passed: str, more: str = "") -> str:
    return (
        f"<entry><string>x</string><case><passed>{passed}</passed><critical>true</critical>"
        f"<duration>250</duration><name>adds</name>{more}</case></entry>"
    )


def of_robot(*cases: str) -> bytes:
    return (
        "<result><suites><entry><string>Shop</string><suite>"
        "<duplicateSafeName>Shop</duplicateSafeName><children><entry><string>Basket</string>"
        "<suite><duplicateSafeName>Basket</duplicateSafeName><children/><name>Basket</name>"
        f"<caseResults>{''.join(cases)}</caseResults></suite></entry></children>"
        "<name>Shop</name><caseResults/></suite></entry></suites></result>"
    ).encode()


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("true", Status.PASSED, ""),
        ("false", Status.FAILED, ""),
        ("yes", Status.UNKNOWN, "yes"),
    ],
)
def test_each_word_of_the_robot_plugin(word: str, status: Status, raw: str) -> None:
    [result] = results(read(JENKINS, of_robot(robot(word))))
    assert (result.status, result.raw_status, result.duration) == (status, raw, 0.25)


def test_suites_of_the_robot_plugin_stand_in_one_another() -> None:
    data = of_robot(robot("false", "<errorMsg>no</errorMsg>"), robot("true"))
    found = placed(read(JENKINS, data))
    assert [each.path for each in found] == [("Shop", "Basket")] * 2
    assert found[0].result.message == "no"


def test_a_test_that_the_robot_plugin_calls_skipped_was() -> None:
    [result] = results(read(JENKINS, of_robot(robot("false", "<skipped>true</skipped>"))))
    assert result.status is Status.SKIPPED


# Control characters


def test_references_to_control_characters_do_not_end_the_report() -> None:
    data = report(suite(case(stdout="RED", testName="a"), case()))
    records = read(JENKINS, data.replace(b"RED", b"&#x1b;[31mred&#27;&#X0;&#10;&amp;#x1b;"))
    [first, _] = results(records)
    assert first.stdout == "?[31mred??\n&#x1b;"
    assert records[-1] == Note("3 control characters were replaced by '?'")


@pytest.mark.parametrize("place", range(12))
def test_a_reference_may_stand_where_two_pieces_meet(place: int) -> None:
    filler = "x" * (65_536 - 20 - len(report(suite(case(stdout=""))).split(b"</stdout>")[0]))
    data = report(suite(case(stdout=filler + "y" * (place + 8) + "RED" + "z" * 70_000)))
    [result] = results(read(JENKINS, data.replace(b"RED", b"&#x1b;&#x1b;")))
    assert "y??z" in result.stdout


# Damage


@pytest.mark.parametrize("data", [b"", b"<result>", b"<x/>", b"text", report(suite(case()))[:150]])
def test_what_holds_no_cases_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(JENKINS, data)


def test_a_report_that_breaks_off_keeps_its_whole_cases() -> None:
    data = report(suite(case(), case(testName="pays")))
    records = read(JENKINS, data[: data.index(b"pays")])
    assert len(results(records)) == 1
    assert isinstance(records[-1], Damage)


SMALL = report(
    suite(case(), case(errorDetails="no", testName="pays"), case(skipped="true")),
    suite(case(flakyFailures="<x><message>m</message></x>"), name="b"),
)
ROBOT = of_robot(robot("true"), robot("false"), robot("true"))


@pytest.mark.parametrize("data", [SMALL, ROBOT])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(JENKINS, data) == []


# Recognition


@pytest.mark.parametrize(
    "data", [SMALL, ROBOT, b"<result><suites/><duration>0.0</duration></result>"]
)
def test_it_is_recognised(data: bytes) -> None:
    assert JENKINS.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [b"<result/>", b"<result><suites>3</suites></result>", b"<testsuites/>", b"<results/>", b"{}"],
)
def test_other_xml_is_left_alone(data: bytes) -> None:
    assert JENKINS.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8)
words = st.sampled_from(["passed", "failed", "skipped"])
runs = st.lists(st.tuples(names, words, st.floats(0, 100)), max_size=6)


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, float]]) -> None:
    cases = [
        case(
            testName=name,
            duration=time,
            skipped=str(word == "skipped").lower(),
            errorDetails="of " + name if word == "failed" else None,
        )
        for name, word, time in run
    ]
    records = found(*cases)
    assert [each.name for each in results(records)] == [name for name, _, _ in run]
    assert [each.status.word for each in results(records)] == [word for _, word, _ in run]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in run))
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == "of " + each.name for each in failures)


# Real files


@pytest.mark.parametrize("entry", entries("jenkins_junitresult"), ids=lambda entry: entry.file)
def test_real_files_give_what_is_expected_of_them(entry: Entry) -> None:
    assert differences(entry) == {}
