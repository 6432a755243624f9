"""CTest's Test.xml: what was planned, how each test ended, and what it measured."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

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
from tracker.intake.contract import (
    Damage,
    Note,
    Record,
    ReportError,
    Result,
    Status,
    Suite,
    Trouble,
)

CTEST = parser_of("ctest")


def measured(name: str, value: object, kind: str = "text/string") -> str:
    return (
        f'<NamedMeasurement type="{kind}" name={quoteattr(name)}>'
        f"<Value>{escape(str(value))}</Value></NamedMeasurement>"
    )


def case(name: str = "adds", status: str = "passed", *parts: str, path: str = ".") -> str:
    return (
        f"<Test Status={quoteattr(status)}><Name>{escape(name)}</Name><Path>{path}</Path>"
        f"<FullName>{path}/{escape(name)}</FullName><Results>{''.join(parts)}</Results></Test>"
    )


def report(*tests: str, plan: tuple[str, ...] = ()) -> bytes:
    planned = "".join(f"<Test>./{name}</Test>" for name in plan)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Site BuildName="linux" Name="agent-1"'
        ' Generator="ctest-3.25.1">\n<Testing><StartTestTime>1</StartTestTime>'
        f"<TestList>{planned}</TestList>{''.join(tests)}<ElapsedMinutes>0</ElapsedMinutes>"
        "</Testing></Site>"
    ).encode()


def found(*tests: str, plan: tuple[str, ...] = ()) -> list[Record]:
    return read(CTEST, report(*tests, plan=plan))


def only(test: str) -> Result:
    [result] = results(found(test))
    return result


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("notrun", Status.SKIPPED, ""),
        ("Passed", Status.PASSED, ""),
        ("great", Status.UNKNOWN, "great"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_each_word_has_its_status(word: str, status: Status, raw: str) -> None:
    result = only(case("adds", word))
    assert (result.status, result.raw_status) == (status, raw)


@pytest.mark.parametrize("code", ["Timeout", "SEGFAULT", "ILLEGAL", "OTHER_FAULT"])
def test_what_did_not_end_as_tests_do_is_an_error(code: str) -> None:
    result = only(case("adds", "failed", measured("Exit Code", code), measured("Exit Value", 0)))
    assert (result.status, result.raw_status, result.message) == (Status.ERROR, code, code)


def test_a_failure_tells_with_what_it_ended() -> None:
    parts = (measured("Exit Code", "Failed"), measured("Exit Value", 3))
    result = only(case("adds", "failed", *parts))
    assert (result.status, result.message) == (Status.FAILED, "it ended with 3")
    assert ("Exit Value", "3") in result.properties


def test_the_reason_of_a_failure_goes_before_how_it_ended() -> None:
    parts = (measured("Exit Code", "Failed"), measured("Fail Reason", "No match. Regex=[bye\n]"))
    assert only(case("adds", "failed", *parts)).message == "No match. Regex=[bye\n]"


@pytest.mark.parametrize("why", ["Disabled", "SKIP_RETURN_CODE=77", "Not Run", ""])
def test_what_was_not_to_run_is_a_skip_and_no_more(why: str) -> None:
    [_, result] = found(case("adds", "notrun", measured("Completion Status", why)))
    assert isinstance(result, Result)
    assert (result.status, result.raw_status, result.message) == (Status.SKIPPED, why, why)


@pytest.mark.parametrize("why", ["Unable to find executable", "Fixture dependency failed"])
def test_what_could_not_run_is_a_skip_and_a_trouble(why: str) -> None:
    records = found(case("adds", "notrun", measured("Completion Status", why)))
    assert results(records)[0].status is Status.SKIPPED
    assert records[-1] == Trouble(f"1 tests could not be run: adds ({why})")


def test_fewer_results_than_were_planned_are_a_trouble() -> None:
    records = found(case("one"), plan=("one", "two"))
    assert records[-1] == Trouble("2 tests were planned, and 1 were run.")


def test_a_plan_that_was_kept_is_no_trouble() -> None:
    assert len(found(case("one"), case("two"), plan=("one", "two"))) == 3


# What a test says


def test_the_folder_is_the_suite() -> None:
    [test] = placed(found(case(path="./math\\deep")))
    assert test.path == ("math", "deep")


@pytest.mark.parametrize("path", [".", "", "/home/me/build", "C:/build"])
def test_a_folder_that_is_not_below_the_build_is_no_suite(path: str) -> None:
    assert placed(found(case(path=path)))[0].path == ()


def test_the_site_and_the_build_are_properties_of_the_first_suite() -> None:
    [first, second] = [
        each for each in found(case(path="./a"), case(path="./b")) if isinstance(each, Suite)
    ]
    assert first.properties == (
        ("build", "linux"),
        ("site", "agent-1"),
        ("generator", "ctest-3.25.1"),
    )
    assert second.properties == ()


def test_output_and_time_are_kept() -> None:
    output = "<Measurement><Value>\none &lt;two&gt;\n</Value></Measurement>"
    result = only(case("adds", "passed", measured("Execution Time", 1.5), output))
    assert (result.stdout, result.duration) == ("one <two>", 1.5)


@pytest.mark.parametrize("time", ["", "brrr", "nan", "inf"])
def test_an_odd_time_is_not_told(time: str) -> None:
    assert only(case("adds", "passed", measured("Execution Time", time))).duration is None


def test_a_negative_time_is_none_at_all() -> None:
    assert only(case("adds", "passed", measured("Execution Time", -1))).duration == 0.0


def test_other_measurements_and_labels_are_properties() -> None:
    test = case("adds", "passed", measured("crowns", 3), measured("Processors", 1))
    labels = "</Results><Labels><Label>fast</Label></Labels>"
    assert only(test.replace("</Results>", labels)).properties == (
        ("crowns", "3"),
        ("label", "fast"),
    )


def test_files_are_attachments_and_their_bytes_are_left() -> None:
    attached = (
        '<NamedMeasurement name="Attached File" encoding="base64" compression="tar/gzip"'
        ' filename="log.txt" type="file"><Value>H4sI</Value></NamedMeasurement>'
    )
    picture = measured("Difference", "iVBO", "image/png")
    result = only(case("adds", "passed", attached, picture))
    assert (result.attachments, result.properties) == (("log.txt", "Difference"), ())


def test_compressed_output_is_left_out_and_noted() -> None:
    output = '<Measurement><Value encoding="base64" compression="gzip">eJw=</Value></Measurement>'
    records = found(case("adds", "passed", output))
    assert results(records)[0].stdout == ""
    assert records[-1] == Note("the output of 1 tests is compressed and left out")


# Damage


@pytest.mark.parametrize(
    "data", [b"", b"<Site>", b"<Site/>", b"<Site><Testing>", b"text", b'<!DOCTYPE a "b"><Site/>']
)
def test_what_holds_no_tests_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(CTEST, data)


def test_no_test_at_all_is_no_error() -> None:
    assert found() == []


def test_a_lone_test_is_one() -> None:
    assert len(results(read(CTEST, b'<Test Status="passed"><Name>a</Name></Test>'))) == 1


def test_a_test_without_parts_is_unnamed() -> None:
    assert only('<Test Status="passed"/>').name == "(unnamed)"


SMALL = report(
    case("good", "passed", measured("Execution Time", 0.1), path="./a"),
    case("bad", "failed", measured("Exit Code", "SEGFAULT")),
    case("gone", "notrun", measured("Completion Status", "Unable to find executable")),
    plan=("good", "bad", "gone"),
)
PLANNED = report(case("one"), case("one", "failed"), plan=("one", "one", "two"))


@pytest.mark.parametrize("data", [SMALL, PLANNED])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(CTEST, data) == []


def test_a_report_that_breaks_off_keeps_its_whole_tests() -> None:
    records = read(CTEST, SMALL[: SMALL.index(b"<Name>gone")])
    assert len(results(records)) == 2
    assert isinstance(records[-1], Damage)


# Recognition


def test_it_is_recognised() -> None:
    assert CTEST.sniff(file_of(SMALL).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"<Site><Build/></Site>",
        b"<Site><Configure/></Site>",
        b"<Site><Coverage/></Site>",
        b"<Site><DynamicAnalysis><Test Status='passed'/></DynamicAnalysis></Site>",
        b"<testsuites/>",
        b"{}",
    ],
)
def test_other_files_of_a_dashboard_are_left_alone(data: bytes) -> None:
    assert CTEST.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(
    st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=8
).filter(str.strip)
words = st.sampled_from(["passed", "failed", "notrun"])
runs = st.lists(st.tuples(names.map(str.strip), words, st.floats(0, 100)), max_size=6)


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, float]]) -> None:
    tests = [
        case(
            name,
            word,
            measured("Execution Time", repr(time)),
            measured("Fail Reason", "of " + name) if word == "failed" else "",
        )
        for name, word, time in run
    ]
    records = found(*tests)
    assert [each.name for each in results(records)] == [name for name, _, _ in run]
    assert [each.status.word for each in results(records)] == [
        word.replace("notrun", "skipped") for _, word, _ in run
    ]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in run))
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == "of " + each.name for each in failures)


# Real files


EXPECTED = {
    "Insight_Experimental_Test.xml": {
        "total": 52,
        "passed": 46,
        "failed": 3,
        "error": 2,
        "skipped": 1,
    },
    "Insight_Experimental_Test_Subbuild.xml": {
        "total": 52,
        "passed": 46,
        "failed": 3,
        "error": 2,
        "skipped": 1,
    },
    "Test.xml": {"total": 2, "passed": 2},
    "Test_2.xml": {"total": 1, "passed": 1},
}


@pytest.mark.parametrize("entry", entries("ctest"), ids=lambda entry: entry.file)
def test_real_files_give_what_stands_in_them(entry: Entry) -> None:
    figures = totals(read(CTEST, entry.data))
    told = {name: count for name, count in figures.items() if count}
    assert told == EXPECTED[entry.file.rpartition("/")[2]]
    assert differences(entry) == {}
