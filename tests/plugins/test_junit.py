"""What the JUnit plugin makes of each habit of the tools that write JUnit XML."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from types import ModuleType
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.intake.contract import (
    Damage,
    Note,
    Parser,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
)
from tracker.intake.sniff import head_of

PLUGIN = Path(__file__).parents[2] / "plugins" / "junit.py"


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"plugin_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


junit = load(PLUGIN)
plugin: Parser = junit.read


def read_stream(stream: BinaryIO) -> list[Record]:
    return list(plugin.read(ReportFile(stream, "report.xml", head_of(b"", "report.xml"))))


def read(xml: str | bytes) -> list[Record]:
    data = xml.encode() if isinstance(xml, str) else xml
    return read_stream(io.BytesIO(data))


def results(xml: str | bytes) -> list[Result]:
    return [each for each in read(xml) if isinstance(each, Result)]


def the_result(case: str) -> Result:
    [result] = results(f'<testsuite name="s">{case}</testsuite>')
    return result


def paths(xml: str) -> list[tuple[str, ...]]:
    return [each.path for each in read(xml) if isinstance(each, Suite)]


def notes(xml: str) -> list[str]:
    return [each.text for each in read(xml) if isinstance(each, Note)]


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


def test_an_expected_failure_is_skipped_and_says_why():
    result = the_result("<testcase><skipped type='pytest.xfail' message='bug 42'/></testcase>")
    assert (result.status, result.message) == (Status.SKIPPED, "bug 42")


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


def test_an_attachment_line_is_text():
    line = "[[ATTACHMENT|../../../../etc/passwd]]"
    assert the_result(f"<testcase><system-out>{line}</system-out></testcase>").stdout == line


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


def test_the_many_tests_that_surefire_declares_for_reruns_are_no_news():
    xml = """<testsuite name="s" tests="3" failures="2"><testcase name="t">
             <flakyFailure/><flakyFailure/></testcase></testsuite>"""
    assert notes(xml) == []


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
    assert notes(xml) == []


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
        (Status.PASSED, False),
        (Status.UNKNOWN, True),
    ]
    assert isinstance(read(cut)[-1], Damage)


# Failures outside any test


def test_a_suite_that_could_not_be_set_up_is_an_error_of_its_own():
    xml = '<testsuite name="s" errors="1"><error message="no class" type="E">at</error></testsuite>'
    records = read(xml)
    assert records[:2] == [
        Suite(("s",)),
        Result("<init>", Status.ERROR, message="no class", trace="at", type="E"),
    ]
    assert "outside any test" in records[2].text


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
    ],
)
def test_times_of_any_locale_are_read(time, seconds):
    assert the_result(f'<testcase name="t" time="{time}"/>').duration == pytest.approx(seconds)


@pytest.mark.parametrize("time", ["NaN", "inf", "-inf", "brrr", "PT1S", "1,2,3", "9" * 400])
def test_times_that_are_none_are_left_out_and_counted(time):
    xml = f'<testsuite name="s"><testcase time="{time}"/><testcase time="1"/></testsuite>'
    assert [each.duration for each in results(xml)] == [None, 1.0]
    assert notes(xml) == ["1 times could not be read as seconds and are left out"]


def test_a_time_that_is_not_told_is_no_time():
    assert the_result('<testcase name="t" time=""/>').duration is None
    assert the_result('<testcase name="t"/>').duration is None


# What a report says of itself


def test_a_suite_that_declares_other_counts_is_noted_once():
    xml = """<testsuites tests="9"><testsuite name="s" tests="9" failures="1" errors="1">
             <testcase name="t"/></testsuite></testsuites>"""
    assert notes(xml) == ['suite "s" declares 9 tests, found 1 and declares 2 failures, found 0']


def test_sums_that_count_nested_suites_are_right_and_so_are_those_that_do_not():
    inner = '<testsuite name="i" tests="1"><testcase/></testsuite>'
    for declared in (1, 2):
        xml = f'<testsuite name="o" tests="{declared}"><testcase/>{inner}</testsuite>'
        assert notes(xml) == []


def test_many_differences_end_in_one_sentence():
    suites = "".join(f'<testsuite name="{n}" tests="5"><testcase/></testsuite>' for n in range(50))
    told = notes(f"<testsuites>{suites}</testsuites>")
    assert len(told) == 21
    assert told[-1] == "30 more notes of this kind were left out"


def test_declared_counts_that_are_none_are_not_believed():
    assert notes('<testsuite name="s" tests="x" failures="-5"><testcase/></testsuite>') == []


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
CASES = st.lists(
    st.tuples(NAME, TEXT, st.sampled_from(list(Status)[:4]), st.floats(0, 1e6), TEXT), max_size=6
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


def case_xml(name, classname, status, duration, text) -> str:
    open_tag = f"<testcase name={quoteattr(name)} classname={quoteattr(classname)}"
    kind = CHILD.get(status)
    child = f"<{kind} message={quoteattr('m' + text)}>{escape(text)}</{kind}>" if kind else ""
    return f'{open_tag} time="{duration!r}">{child}</testcase>'


@given(RUNS)
def test_any_run_that_was_written_is_read_as_it_was(run):
    expected: list[Record] = []
    for suite, cases in run:
        expected.append(Suite((suite,)))
        for name, classname, status, duration, text in cases:
            message = "m" + text if status in CHILD else ""
            trace = text if status.is_failure else ""
            expected.append(Result(name, status, duration, classname, message, trace))
    assert read(written(run)) == expected


@given(RUNS, st.data())
def test_a_report_cut_anywhere_tells_the_beginning_of_the_whole(run, data):
    whole = written(run)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert_begins(whole, cut)


def test_a_report_cut_at_every_byte_tells_the_beginning_of_the_whole():
    whole = (
        '<?xml version="1.0"?><testsuites><testsuite name="a" tests="3"><testcase name="ü"/>'
        '<testcase name="2" status="fail"/><testcase name="3"><failure>é</failure></testcase>'
        '</testsuite><testsuite name="b"><testcase name="4"><skipped/><error/></testcase>'
        "</testsuite></testsuites>"
    ).encode()
    for length in range(len(whole)):
        assert_begins(whole, whole[:length])


def assert_begins(whole: bytes, cut: bytes) -> None:
    try:
        records = read(cut)
    except ReportError:
        return
    found = [each for each in records if isinstance(each, Result)]
    assert found == results(whole)[: len(found)]
    assert isinstance(records[-1], Damage)


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
