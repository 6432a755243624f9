"""CppUnit's and AUnit's XML: failed tests, successful tests, statistics."""

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
)
from tracker.intake.contract import Damage, Note, ReportError, Result, Status

CPPUNIT = parser_of("cppunit")


def failed(name: str = "Basket::adds", kind: str = "Assertion", more: str = "") -> str:
    kind = f"<FailureType>{kind}</FailureType>" if kind else ""
    return f'<FailedTest id="1"><Name>{escape(name)}</Name>{kind}{more}</FailedTest>'


def passed(name: str = "Basket::adds", attributes: str = 'id="2"') -> str:
    return f"<Test {attributes}><Name>{escape(name)}</Name></Test>"


def report(*successes: str, failures: tuple[str, ...] = (), tests: object = "") -> bytes:
    count = tests if tests != "" else len(successes) + len(failures)
    return (
        "<?xml version=\"1.0\" encoding='ISO-8859-1' standalone='yes' ?>\n<TestRun>"
        f"<FailedTests>{''.join(failures)}</FailedTests>"
        f"<SuccessfulTests>{''.join(successes)}</SuccessfulTests>"
        f"<Statistics><Tests>{count}</Tests></Statistics></TestRun>"
    ).encode("latin-1")


def only(data: bytes) -> Result:
    [result] = results(read(CPPUNIT, data))
    return result


@pytest.mark.parametrize(
    ("kind", "status", "raw"),
    [
        ("Assertion", Status.FAILED, ""),
        ("Error", Status.ERROR, ""),
        ("Great", Status.FAILED, "Great"),
        ("", Status.FAILED, ""),
    ],
)
def test_each_kind_of_failure_has_its_status(kind: str, status: Status, raw: str) -> None:
    result = only(report(failures=(failed(kind=kind),)))
    assert (result.status, result.raw_status) == (status, raw)


def test_a_successful_test_passed() -> None:
    assert only(report(passed())).status is Status.PASSED


def test_a_test_in_no_list_is_unknown() -> None:
    assert only(b"<TestRun><Test><Name>a</Name></Test></TestRun>").status is Status.UNKNOWN


def test_a_lone_test_is_unknown() -> None:
    assert only(b"<Test><Name>a</Name></Test>").status is Status.UNKNOWN


def test_a_failure_among_the_successful_tests_is_none_the_less() -> None:
    test = "<Test><Name>a</Name><FailureType>Error</FailureType></Test>"
    assert only(report(test)).status is Status.ERROR


@pytest.mark.parametrize(
    ("name", "path", "short"),
    [
        ("acme::BasketTest::adds", ("acme::BasketTest",), "adds"),
        ("adds", (), "adds"),
        ("Basket test : adds", ("Basket test",), "adds"),
        ("std::Box<a::B>::adds", ("std::Box<a::B>",), "adds"),
        ("Box<a::B>::Inner::adds", ("Box<a::B>::Inner",), "adds"),
        ("Basket::adds(a::b)", ("Basket",), "adds(a::b)"),
        ("::adds", (), "adds"),
        ("Basket::", ("Basket",), "Basket::"),
        ("", (), "(unnamed)"),
    ],
)
def test_the_suite_stands_before_the_last_separator(
    name: str, path: tuple[str, ...], short: str
) -> None:
    [test] = placed(read(CPPUNIT, report(passed(name))))
    assert (test.path, test.result.name) == (path, short)


def test_message_and_place_are_kept() -> None:
    more = (
        "<Location><File>basket.cpp</File><Line>7</Line></Location>"
        "<Message>equality assertion failed\n- Expected: 1\n- Actual  : 2\n</Message>"
    )
    result = only(report(failures=(failed(more=more),)))
    assert (result.file, result.line) == ("basket.cpp", 7)
    assert result.message == "equality assertion failed"
    assert result.trace == "equality assertion failed\n- Expected: 1\n- Actual  : 2"


def test_aunit_lists_its_failures_as_tests() -> None:
    test = (
        '<Test elapsed="0.25"><Name>Basket : adds</Name><FailureType>Error</FailureType>'
        "<Message>CONSTRAINT_ERROR</Message><Exception><Message>CONSTRAINT_ERROR</Message>"
        "<Information>basket.adb:7 range check failed</Information>"
        "<Traceback>0x1</Traceback></Exception></Test>"
    )
    assert only(report(failures=(test,))) == Result(
        "adds",
        Status.ERROR,
        0.25,
        message="basket.adb:7 range check failed",
        trace="0x1",
        type="CONSTRAINT_ERROR",
    )


@pytest.mark.parametrize(
    ("time", "duration"),
    [("1.5", 1.5), ("", None), ("x", None), ("nan", None), ("-1", 0.0), ("inf", None)],
)
def test_how_long_a_test_of_aunit_took(time: str, duration: float | None) -> None:
    assert only(report(passed("a", f'elapsed="{time}"'))).duration == duration


def test_other_numbers_than_were_found_are_noted() -> None:
    records = read(CPPUNIT, report(failures=(failed(),), tests=4))
    assert records[-1] == Note("the whole report declares 4 tests, found 1")


@pytest.mark.parametrize("tests", ["x", "-1", "٣", " "])
def test_odd_statistics_are_not_compared(tests: str) -> None:
    data = report(passed()).replace(b"<Tests>1<", f"<Tests>{tests}<".encode())
    data = data.replace(b"ISO-8859-1", b"UTF-8")
    assert len(read(CPPUNIT, data)) == 2


# Damage


@pytest.mark.parametrize("data", [b"", b"<TestRun>", b"<TestRun/>", b"text", b"<TestRun><FailedT"])
def test_what_holds_no_tests_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(CPPUNIT, data)


def test_a_report_that_breaks_off_keeps_its_whole_tests() -> None:
    data = report(passed(), failures=(failed(),))
    records = read(CPPUNIT, data[: data.index(b"<Test id")])
    assert [each.status for each in results(records)] == [Status.FAILED]
    assert isinstance(records[-1], Damage)


SMALL = report(passed(), passed("Till::opens"), failures=(failed(), failed("x", "Error")))
AUNIT = report(failures=("<Test><Name>a : b</Name><FailureType>Error</FailureType></Test>",))


@pytest.mark.parametrize("data", [SMALL, AUNIT])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(CPPUNIT, data) == []


# Recognition


@pytest.mark.parametrize("data", [SMALL, AUNIT, report()])
def test_it_is_recognised(data: bytes) -> None:
    assert CPPUNIT.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b'<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results/>'
        b"</TestRun>",
        b"<TestRun/>",
        b"<testsuites/>",
        b"{}",
    ],
)
def test_visual_studio_is_left_alone(data: bytes) -> None:
    assert CPPUNIT.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8)
kinds = st.sampled_from(["", "Assertion", "Error"])
runs = st.lists(st.tuples(names, names, kinds), max_size=6)
READ = {"": "passed", "Assertion": "failed", "Error": "error"}


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, str]]) -> None:
    failures = [
        (around, name, kind, failed(f"{around}::{name}", kind, f"<Message>of {name}</Message>"))
        for around, name, kind in run
        if kind
    ]
    successes = [
        (around, name, "", passed(f"{around}::{name}")) for around, name, k in run if not k
    ]
    data = report(*(test for *_, test in successes), failures=tuple(test for *_, test in failures))
    records = read(CPPUNIT, data)
    assert [(each.path, each.result.name, each.result.status.word) for each in placed(records)] == [
        ((around,), name, READ[kind]) for around, name, kind, _ in failures + successes
    ]
    assert all(each.message in ("", "of " + each.name) for each in results(records))
