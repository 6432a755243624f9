"""Check's XML: suites with titles, test cases as descriptions, rounds of loop tests."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    file_of,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    seconds,
)
from tracker.intake.contract import Damage, Record, ReportError, Result, Status

CHECK = parser_of("check")


def case(name: str = "adds", word: str = "success", **more: object) -> str:
    parts = {
        "path": ".",
        "fn": "basket.c:7",
        "id": name,
        "iteration": 0,
        "duration": "0.25",
        "description": "Core",
        "message": "Passed",
        **more,
    }
    inner = "".join(f"<{key}>{escape(str(value))}</{key}>" for key, value in parts.items())
    return f'<test result="{word}">{inner}</test>'


def suite(title: str, *tests: str) -> str:
    return f"<suite><title>{escape(title)}</title>{''.join(tests)}</suite>"


def report(*suites: str) -> bytes:
    return (
        '<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="x.xslt"?>\n'
        '<testsuites xmlns="http://check.sourceforge.net/ns"><datetime>2026</datetime>'
        f"{''.join(suites)}<duration>0.1</duration></testsuites>"
    ).encode()


def found(*tests: str) -> list[Record]:
    return read(CHECK, report(suite("Basket", *tests)))


def only(test: str) -> Result:
    [result] = results(found(test))
    return result


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("success", Status.PASSED, ""),
        ("failure", Status.FAILED, ""),
        ("error", Status.ERROR, ""),
        ("great", Status.UNKNOWN, "great"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_each_word_has_its_status(word: str, status: Status, raw: str) -> None:
    result = only(case(word=word))
    assert (result.status, result.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message() -> None:
    assert only(case(word="great", message="")).message == "status 'great'"


def test_title_and_test_case_are_suites() -> None:
    [test] = placed(found(case()))
    assert test.path == ("Basket", "Core")
    assert (test.result.name, test.result.duration) == ("adds", 0.25)


def test_each_suite_has_its_own_title() -> None:
    records = read(CHECK, report(suite("A", case()), suite("B"), suite("C", case(), case("x"))))
    assert [each.path[0] for each in placed(records)] == ["A", "C", "C"]


def test_a_test_case_without_a_name_is_no_suite() -> None:
    assert placed(found(case(description="")))[0].path == ("Basket",)


def test_rounds_of_a_loop_are_part_of_the_name() -> None:
    tests = [case(iteration=number) for number in range(3)]
    assert [each.name for each in results(found(*tests))] == ["adds", "adds[1]", "adds[2]"]


def test_where_it_is_written_is_kept() -> None:
    result = only(case(path="src", fn="basket.c:7"))
    assert (result.file, result.line) == ("src/basket.c", 7)


@pytest.mark.parametrize("place", ["", "basket.c", "basket.c:x", ":"])
def test_an_odd_place_is_not_told(place: str) -> None:
    assert only(case(fn=place)).line is None


def test_the_message_of_a_success_says_nothing() -> None:
    assert only(case()).message == ""


def test_the_message_of_a_failure_is_kept() -> None:
    assert only(case(word="failure", message="1 < 2")).message == "1 < 2"


@pytest.mark.parametrize("time", ["-1.000000", "", "x", "nan", "inf"])
def test_a_time_that_was_not_measured_is_not_told(time: str) -> None:
    assert only(case(duration=time)).duration is None


def test_an_older_check_tells_less() -> None:
    test = '<test result="success"><id>adds</id><description>Core</description></test>'
    assert only(test) == Result("adds", Status.PASSED)


def test_a_test_that_says_nothing_is_unnamed() -> None:
    assert only('<test result="failure"/>').name == "(unnamed)"


# Damage


@pytest.mark.parametrize("data", [b"", b"<testsuites>", b"<a/>", b"text", report(suite("a"))[:90]])
def test_what_holds_no_tests_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(CHECK, data)


def test_a_run_that_crashed_leaves_an_open_file() -> None:
    data = report(suite("Basket", case(), case("bad", "failure")))
    records = read(CHECK, data[: data.index(b"</suite>")])
    assert len(results(records)) == 2
    assert isinstance(records[-1], Damage)


SMALL = report(suite("A", case(), case("bad", "failure"), case("bad", iteration=1)))
TWO = report(suite("A", case()), suite("B", case(word="error"), case(description="Other")))


@pytest.mark.parametrize("data", [SMALL, TWO])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(CHECK, data) == []


# Recognition


def test_it_is_recognised_by_its_namespace() -> None:
    assert CHECK.sniff(file_of(SMALL).head) == 0.9


@pytest.mark.parametrize("data", [b"<testsuites/>", b"<testsuite/>", b"<suite/>", b"{}", b""])
def test_junit_is_left_alone(data: bytes) -> None:
    assert CHECK.sniff(file_of(data).head) == 0.0


def test_junit_leaves_it_alone() -> None:
    assert parser_of("junit").sniff(file_of(SMALL).head) == 0.0


# Any run


names = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=8)
words = st.sampled_from(["success", "failure", "error"])
runs = st.lists(st.tuples(names, words, st.floats(0, 100)), max_size=6)
READ = {"success": "passed", "failure": "failed", "error": "error"}


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, float]]) -> None:
    tests = [case(name, word, duration=time, message="of " + name) for name, word, time in run]
    records = found(*tests)
    assert [each.name for each in results(records)] == [name for name, _, _ in run]
    assert [each.status.word for each in results(records)] == [READ[word] for _, word, _ in run]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in run))
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == f"of {each.name}".strip() for each in failures)
