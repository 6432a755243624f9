"""Jest's and Vitest's JSON, in the shapes that they print and that they hand to reporters."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.corpus import Entry, differences, entries
from tests.plugins.reading import (
    PRINTABLE,
    file_of,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    seconds,
    totals,
    troubles,
)
from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    Damage,
    Note,
    Record,
    ReportError,
    Result,
    Status,
    Suite,
    Trouble,
)

JEST = parser_of("jest")


def case(title: object = "adds", status: object = "passed", **more: Any) -> dict[str, Any]:
    return {"ancestorTitles": ["basket"], "title": title, "status": status, **more}


def file(*cases: object, name: str = "/ci/src/a.test.js", **more: Any) -> dict[str, Any]:
    said = {"message": "", "status": "passed"}
    return {"assertionResults": list(cases), "name": name, **said, **more}


def report(*files: object, **more: Any) -> bytes:
    return json.dumps({"numTotalTests": 1, "testResults": list(files), **more}).encode()


def found(*cases: object, **more: Any) -> list[Record]:
    return read(JEST, report(file(*cases), **more))


def only(records: list[Record]) -> Result:
    [result] = results(records)
    return result


def paths(*names: str) -> list[str]:
    files = [file(case(), name=name) for name in names]
    return [each.path[0] for each in read(JEST, report(*files)) if isinstance(each, Suite)]


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("skipped", Status.SKIPPED, ""),
        ("pending", Status.SKIPPED, "pending"),
        ("todo", Status.SKIPPED, "todo"),
        ("disabled", Status.SKIPPED, "disabled"),
        ("Passed", Status.UNKNOWN, "Passed"),
        (None, Status.UNKNOWN, "None"),
        (["passed"], Status.UNKNOWN, "['passed']"),
    ],
)
def test_each_word_has_its_status(word: object, status: Status, raw: str) -> None:
    result = only(found(case(status=word)))
    assert (result.status, result.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message() -> None:
    assert only(found(case(status="great"))).message == "status 'great'"


def test_a_failing_test_that_failed_is_an_expected_failure() -> None:
    result = only(found(case(failing=True)))
    assert (result.status, result.expected_failure) == (Status.SKIPPED, "xfail")


def test_a_failing_test_that_passed_is_a_failure() -> None:
    result = only(found(case(status="failed", failing=True, failureMessages=["Error: passed"])))
    assert (result.status, result.expected_failure) == (Status.FAILED, "xpass")


# What a test says


def test_a_failure_keeps_its_message_class_and_trace() -> None:
    text = "TypeError: no such\nthing\n    at Object.<anonymous> (a.js:1:2)"
    result = only(found(case(status="failed", failureMessages=[text, "Error: more"])))
    assert (result.message, result.type) == ("TypeError: no such\nthing", "TypeError")
    assert result.trace == f"{text}\n\nError: more"


def test_colours_are_taken_out_of_the_message() -> None:
    result = only(found(case(status="failed", failureMessages=["\x1b[31mError: red\x1b[39m"])))
    assert result.message == "Error: red"


def test_a_duration_is_in_milliseconds() -> None:
    assert only(found(case(duration=1500))).duration == 1.5


@pytest.mark.parametrize("odd", [None, "3", True, [], float("nan"), float("inf")])
def test_an_odd_duration_is_not_told(odd: object) -> None:
    assert only(found(case(duration=odd))).duration is None


def test_a_negative_duration_is_none_at_all() -> None:
    assert only(found(case(duration=-3))).duration == 0.0


def test_the_place_of_a_test_is_kept() -> None:
    result = only(found(case(location={"line": 7, "column": 1})))
    assert (result.file, result.line) == ("src/a.test.js", 7)


def test_tags_are_properties() -> None:
    assert only(found(case(tags=["slow", 3]))).properties == (("tag", "slow"),)


def test_the_suites_are_the_file_and_the_titles_around() -> None:
    titles = ["", "outer", "inner"]
    [placed_case] = placed(found(case(ancestorTitles=titles)))
    assert placed_case.path == ("src/a.test.js", "outer", "inner")


# Tries


def test_the_tries_of_jest_are_attempts() -> None:
    records = found(case(invocations=3, retryReasons=["Error: one", "Error: two"]))
    assert [each.message for each in only(records).attempts] == ["Error: one", "Error: two"]
    assert totals(records)["flaky"] == 1


def test_an_older_jest_tells_no_reasons_but_how_often_it_ran() -> None:
    assert len(only(found(case(status="failed", invocations=3))).attempts) == 2


def test_vitest_leaves_the_message_of_a_failed_try_with_a_test_that_passed() -> None:
    result = only(found(case(failureMessages=["Error: first"])))
    assert (result.status, result.message) == (Status.PASSED, "")
    assert [each.status for each in result.attempts] == [Status.FAILED]


# Files


def test_a_file_that_could_not_be_run_is_an_error() -> None:
    text = "  \x1b[1m● \x1b[22mTest suite failed to run\n\n    Cannot find module\n"
    [broken] = placed(read(JEST, report(file(status="failed", message=text))))
    assert (broken.path, broken.result.name) == (("src/a.test.js",), SET_UP)
    assert (broken.result.status, broken.result.message) == (Status.ERROR, "Cannot find module")


def test_a_nameless_case_of_status_error_stands_for_its_file() -> None:
    broken = {"ancestorTitles": [], "failureMessages": ["Cannot find"], "status": "error"}
    result = only(read(JEST, report(file(broken, status="failed"))))
    assert (result.name, result.message) == (SET_UP, "Cannot find")


def test_what_failed_after_the_tests_is_a_tear_down() -> None:
    text = "● a › b\n\n  1 != 2\n\n● Test suite failed to run\n\n    after all\n"
    broken = file(case(), case("bad", "failed"), status="failed", message=text)
    [*_, last] = results(read(JEST, report(broken)))
    assert (last.name, last.status, last.message) == (TEAR_DOWN, Status.ERROR, "after all")


def test_a_failed_file_without_a_failed_test_is_an_error() -> None:
    [_, last] = results(read(JEST, report(file(case(), status="failed"))))
    assert (last.name, last.status) == (TEAR_DOWN, Status.ERROR)


def test_a_failed_file_whose_tests_were_all_skipped_was_not_set_up() -> None:
    skipped = file(case(status="skipped"), status="failed")
    assert results(read(JEST, report(skipped)))[-1].name == SET_UP


def test_a_file_that_failed_by_its_tests_has_no_error_of_its_own() -> None:
    records = read(JEST, report(file(case(status="failed"), status="failed", message="● a › b")))
    assert [each.name for each in results(records)] == ["adds"]


def test_the_shape_that_reporters_get_is_read_too() -> None:
    raw = {
        "testFilePath": "/ci/src/a.test.js",
        "displayName": {"name": "unit", "color": "blue"},
        "failureMessage": None,
        "console": [{"message": "hello", "type": "log"}],
        "testResults": [case()],
    }
    records = read(JEST, report(raw))
    assert placed(records)[0].path == ("unit", "src/a.test.js", "basket")
    assert Suite(("unit", "src/a.test.js"), stdout="hello") in records


def test_an_error_of_execution_is_one_of_the_file() -> None:
    raw: dict[str, Any] = {
        "testFilePath": "/ci/src/a.test.js",
        "failureMessage": None,
        "testExecError": {"message": "no module", "stack": "Error: no module\n at x"},
        "testResults": [],
    }
    assert only(read(JEST, report(raw))).message == "Error: no module"


# Names of files


def test_what_a_checkout_adds_is_taken_off() -> None:
    assert paths("/home/me/shop/src/a.test.js", "./b.test.js") == ["src/a.test.js", "b.test.js"]


# The run


def test_a_run_that_was_interrupted_is_told() -> None:
    assert Trouble("The run was interrupted.") in found(case(), wasInterrupted=True)


def test_a_run_without_success_and_without_a_failure_is_told() -> None:
    assert troubles(found(case(), success=False))


def test_a_failure_explains_a_run_without_success() -> None:
    records = found(case(status="failed"), success=False)
    assert troubles(records) == []


def test_other_numbers_than_were_found_are_noted() -> None:
    assert Note("the whole report declares 3 tests, found 1") in found(case(), numTotalTests=3)


# Odd shapes and damage


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [None, 3, {}], [[]]])
def test_odd_values_do_no_harm(odd: object) -> None:
    keys = ("title", "status", "ancestorTitles", "failureMessages", "retryReasons", "location")
    for key in (*keys, "duration", "invocations", "tags", "failing", "fullName"):
        assert len(results(found({**case(), key: odd}))) == 1
    for key in ("name", "message", "testExecError", "displayName", "console", "status"):
        read(JEST, report({**file(case()), key: odd}))
    read(JEST, report(file(odd), odd, success=odd, wasInterrupted=odd, numTotalTests=odd))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"testResults": 3}', b"not json"])
def test_what_holds_no_results_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(JEST, data)


def test_a_report_that_breaks_off_keeps_its_whole_files() -> None:
    data = report(file(case()), file(case(), name="/ci/src/b.test.js"))
    records = read(JEST, data[: data.index(b"b.test") - 1])
    assert len(results(records)) == 1
    assert isinstance(records[-1], Damage)


SMALL = report(
    file(
        case(),
        case("bad", "failed", failureMessages=["Error: x\n at y"], retryReasons=["Error: z"]),
        case("later", "todo", ancestorTitles=[]),
        status="failed",
    ),
    file(status="failed", message="● Test suite failed to run\n\nno", name="/ci/src/b.test.js"),
    success=False,
)
RAW = report(
    {"testFilePath": "/ci/src/a.js", "testResults": [case(), case("b", "failed")]},
    {"testFilePath": "/ci/src/b.js", "testResults": [case("c", duration=1)], "displayName": "p"},
)


@pytest.mark.parametrize("data", [SMALL, RAW])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(JEST, data) == []


# Recognition


def test_both_shapes_are_recognised_in_any_order_of_keys() -> None:
    for data in (SMALL, RAW, json.dumps({"testResults": [file(case())]}).encode()):
        assert JEST.sniff(file_of(data).head) == 0.9


def test_a_first_file_that_is_larger_than_what_sniffing_sees_is_recognised() -> None:
    data = json.dumps({"testResults": [file(*[case()] * 1000)]}).encode()
    assert len(data) > 65_536
    assert JEST.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [b"{}", b"[]", b'{"stats": {}}', b'{"suites": []}', b"<x/>", b'{"testResults": [{"a": 1}]}'],
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert JEST.sniff(file_of(data).head) == 0.0


# Any run


words = st.sampled_from(["passed", "failed", "skipped"])
names = st.text(PRINTABLE, min_size=1, max_size=8)
runs = st.lists(
    st.tuples(names, st.lists(names, max_size=2), words, st.integers(0, 10_000)), max_size=6
)


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, list[str], str, int]]) -> None:
    cases = [
        case(name, word, ancestorTitles=titles, duration=time, failureMessages=["Error: " + name])
        if word == "failed"
        else case(name, word, ancestorTitles=titles, duration=time)
        for name, titles, word, time in run
    ]
    records = read(JEST, report(file(*cases)))
    assert [(each.path, each.result.name) for each in placed(records)] == [
        (("src/a.test.js", *titles), name) for name, titles, _, _ in run
    ]
    assert [each.status.word for each in results(records)] == [word for _, _, word, _ in run]
    assert seconds(records) == pytest.approx(sum(time for _, _, _, time in run) / 1000)
    for each in results(records):
        assert each.message == ("Error: " + each.name).strip() * (each.status is Status.FAILED)


# Real files


EXPECTED = {
    "empty-suite.json": {"total": 1, "error": 1},
    "failing-compilation.json": {"total": 2, "error": 1, "passed": 1},
    "failing-import.json": {"total": 1, "error": 1},
    "failing-tests-with-esc.json": {"total": 1, "failed": 1},
    "failing-tests-with-failure-details.json": {"total": 1, "failed": 1},
    "failing-tests.json": {"total": 1, "failed": 1},
}


@pytest.mark.parametrize("entry", entries("jest"), ids=lambda entry: entry.file)
def test_real_files_give_what_stands_in_them(entry: Entry) -> None:
    figures = totals(read(JEST, entry.data))
    expected = EXPECTED[entry.file.rpartition("/")[2]]
    assert {name: count for name, count in figures.items() if count} == expected
    assert differences(entry) == {}
