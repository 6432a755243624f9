"""CTRF: words, suites and names of old and new versions, tries, and cut files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    SAMPLES,
    lies_of_a_cut,
    parser_of,
    placed,
    results,
    totals,
    troubles,
)
from tests.plugins.reading import read as read_with
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
from tracker.intake.sniff import head_of

parser = parser_of("ctrf")


def case(status: object = "passed", name: object = "adds", **more: Any) -> dict[str, Any]:
    return {"name": name, "status": status, "duration": 250, **more}


def written(*tests: Any, **more: Any) -> bytes:
    summary = {"tests": len(tests), "passed": 0, "skipped": 0, "pending": 0, "other": 0}
    run = {"tool": {"name": "x"}, "summary": summary, "tests": list(tests), **more}
    return json.dumps({"results": run}).encode()


def read(*tests: Any, **more: Any) -> list[Record]:
    return read_with(parser, written(*tests, **more))


def one(*tests: Any, **more: Any) -> Result:
    [result] = results(read(*tests, **more))
    return result


def told(records: list[Record]) -> list[str]:
    return [each.text for each in records if isinstance(each, Note | Trouble)]


# What a test is


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("skipped", Status.SKIPPED, ""),
        ("pending", Status.SKIPPED, "pending"),
        ("other", Status.SKIPPED, "other"),
        (" Passed", Status.PASSED, ""),
        ("BLOCKED", Status.UNKNOWN, "BLOCKED"),
        (None, Status.UNKNOWN, ""),
        (7, Status.UNKNOWN, "7"),
        (["passed"], Status.UNKNOWN, "['passed']"),
    ],
)
def test_each_word_has_its_status(word: object, status: Status, raw: str) -> None:
    result = one(case(word))
    assert (result.status, result.raw_status) == (status, raw)


def test_an_unknown_word_is_shown() -> None:
    assert one(case("BLOCKED")).message == "status 'BLOCKED'"


def test_a_word_that_is_missing_is_unknown() -> None:
    assert one({"name": "adds"}).status is Status.UNKNOWN


@pytest.mark.parametrize("raw", ["Timeout", "timedOut", "error", "crashed"])
def test_other_is_an_error_where_the_tool_says_so(raw: str) -> None:
    result = one(case("other", rawStatus=raw))
    assert (result.status, result.raw_status) == (Status.ERROR, raw)


def test_the_word_of_the_tool_is_kept_where_it_says_more() -> None:
    assert one(case("failed", rawStatus="timedOut")).raw_status == "timedOut"
    assert one(case("passed", rawStatus="passed")).raw_status == ""


@pytest.mark.parametrize(
    ("raw", "status", "expected"),
    [("xfailed", "skipped", "xfail"), ("xpassed", "passed", "xpass")],
)
def test_expected_failures_are_told(raw: str, status: str, expected: str) -> None:
    assert one(case(status, rawStatus=raw)).expected_failure == expected


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(250, 0.25), (0, 0.0), (1.5, 0.0015), (-1, None), ("9", None), (True, None), (1e18, None)],
)
def test_times_are_milliseconds(duration: object, seconds: float | None) -> None:
    assert one(case(duration=duration)).duration == seconds


def test_a_time_that_is_not_told_goes_from_start_to_stop() -> None:
    assert one({"name": "a", "status": "passed", "start": 1000, "stop": 3500}).duration == 2.5
    assert one({"name": "a", "status": "passed", "start": 1000, "stop": None}).duration is None


def test_numbers_that_are_none_are_left_out() -> None:
    data = written(case(duration="?")).replace(b'"?"', b"NaN")
    assert [each.duration for each in results(read_with(parser, data))] == [None]


def test_texts_are_kept() -> None:
    result = one(case("failed", message="no", trace="at a", stdout=["a", "b"], stderr="e", line=4))
    assert (result.message, result.trace) == ("no", "at a")
    assert (result.stdout, result.stderr, result.line) == ("a\nb", "e", 4)


def test_a_snippet_stands_for_a_trace() -> None:
    assert one(case("failed", snippet="assert 0")).trace == "assert 0"


def test_labels_and_tags_are_properties() -> None:
    result = one(
        case(
            type="e2e",
            browser="chromium",
            tags=["smoke"],
            labels={"owners": ["a", "b"], "level": 2, "deep": {"x": 1}},
            extra={"k": "v"},
            threadId="worker-1",
        )
    )
    assert result.properties == (
        ("type", "e2e"),
        ("browser", "chromium"),
        ("tag", "smoke"),
        ("owners", "a"),
        ("owners", "b"),
        ("level", "2"),
        ("k", "v"),
    )


def test_attachments_are_their_paths() -> None:
    attachments = [{"name": "a", "path": "/x/a.png"}, {"name": "b"}, 3, {}]
    assert one(case(attachments=attachments)).attachments == ("/x/a.png", "b")


def test_the_environment_is_told_of_the_run() -> None:
    suite = read(case(), environment={"appName": "shop", "extra": {}, "buildNumber": 4})[0]
    assert suite == Suite((), (("appName", "shop"), ("buildNumber", "4")))


# Suites and names


@pytest.mark.parametrize(
    ("suite", "path"),
    [
        ("a.test.js > adds > twice", ("a.test.js", "adds", "twice")),
        ("adds", ("adds",)),
        (["a.test.js", "adds > twice"], ("a.test.js", "adds > twice")),
        (["", 3], ("3",)),
        ("", ()),
        (None, ()),
        ({"a": 1}, ()),
    ],
)
def test_a_suite_is_a_text_or_a_list(suite: object, path: tuple[str, ...]) -> None:
    [found] = placed(read(case(suite=suite)))
    assert found.path == path


@pytest.mark.parametrize(
    ("file", "classname"),
    [
        ("src/a.test.js", "src/a.test.js"),
        ("/home/ci/w/a.test.js", "a.test.js"),
        ("C:\\w\\a.test.js", "a.test.js"),
        (None, ""),
    ],
)
def test_without_a_suite_the_file_says_where_it_is(file: object, classname: str) -> None:
    assert one(case(filePath=file)).classname == classname


def test_the_first_versions_spell_the_path_otherwise() -> None:
    assert one(case(filepath="a.js")).file == "a.js"


def test_names_of_pytest_are_those_of_its_junit_xml() -> None:
    names = "tests/test_a.py::TestB::test_c[x::y]", "tests/test_a.py::TestB::test_d"
    tests = [
        case(name=name, filePath="tests/test_a.py", suite=["tests/test_a.py", "TestB"])
        for name in names
    ]
    other = case(name="e", suite=["tests/test_a.py", "TestB"])
    assert [(p.path, p.result.classname, p.result.name) for p in placed(read(*tests, other))] == [
        (("pytest",), "tests.test_a.TestB", "test_c[x::y]"),
        (("pytest",), "tests.test_a.TestB", "test_d"),
        (("tests/test_a.py", "TestB"), "", "e"),
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("adds", "adds[a=1, b=x]"),
        ("adds [1, x]", "adds [1, x]"),
        ("adds (1)", "adds (1)[a=1, b=x]"),
    ],
)
def test_parameters_belong_to_the_name_once(name: str, shown: str) -> None:
    assert one(case(name=name, parameters={"a": 1, "b": "x"})).name == shown


@pytest.mark.parametrize("name", [None, ""])
def test_a_test_without_a_name_is_unnamed(name: object) -> None:
    assert one(case(name=name)).name == "(unnamed)"


# Tries

FAILED = {"attempt": 1, "status": "failed", "duration": 120, "message": "no"}
PASSED = {"attempt": 2, "status": "passed", "duration": 140}


@pytest.mark.parametrize(
    ("retries", "tries"), [(1, [FAILED]), (1, [FAILED, PASSED]), (None, [FAILED, PASSED])]
)
def test_the_deciding_try_is_no_attempt(retries: object, tries: list[Any]) -> None:
    [attempt] = one(case(flaky=True, retries=retries, retryAttempts=tries)).attempts
    assert (attempt.status, attempt.duration, attempt.message) == (Status.FAILED, 0.12, "no")


def test_a_pass_that_was_tried_again_stays_where_it_is_counted() -> None:
    assert len(one(case(retries=1, retryAttempts=[PASSED])).attempts) == 1


def test_failures_keep_their_tries() -> None:
    assert len(one(case("failed", retries=2, retryAttempts=[FAILED] * 2)).attempts) == 2


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({"flaky": True}, 1),
        ({"flaky": True, "retries": 3}, 3),
        ({"retries": 2}, 2),
        ({"retries": 2, "flaky": False}, 0),
        ({"retries": 0, "flaky": False}, 0),
        ({"retries": 10**9}, 100),
        ({"retries": "2"}, 0),
        ({"retryAttempts": "x", "retries": 1}, 1),
    ],
)
def test_tries_that_are_only_counted_are_unknown(more: dict[str, Any], count: int) -> None:
    attempts = one(case(**more)).attempts
    assert [each.status for each in attempts] == [Status.UNKNOWN] * count


# Counts and damage


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ({"tests": 12}, "it declares 12 tests, found 1"),
        ({"tests": 1, "failed": 2}, "it declares 2 failures, found 0"),
    ],
)
def test_other_counts_than_were_found_are_noted(summary: dict[str, int], text: str) -> None:
    assert told(read(case(), summary=summary)) == [text]


def test_a_report_that_counts_tests_and_holds_none_is_trouble() -> None:
    records = read(summary={"tests": 12, "passed": 12})
    assert troubles(records)


def test_what_is_no_object_is_left_out_and_counted() -> None:
    assert "2 entries among the tests are no objects" in told(read(case(), 3, None))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"results": {}}',
        b'{"results": {"tests": {"name": "t"}}}',
        b'{"results": {"tests": [{"name"',
        b'{"results": 3}',
    ],
)
def test_what_holds_no_list_of_tests_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_with(parser, data)


def test_half_a_surrogate_is_read() -> None:
    data = written(case(name="a?b")).replace(b"?", b"\\ud800")
    assert [each.name for each in results(read_with(parser, data))] == ["a\ud800b"]


def test_bytes_that_are_no_text_are_replaced_and_told() -> None:
    records = read_with(parser, written(case(name="a?b")).replace(b"?", b"\xff"))
    assert [each.name for each in results(records)] == ["a�b"]
    assert isinstance(records[-1], Damage)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(encoding: str) -> None:
    data = written(case(name="ä")).decode().encode(encoding)
    assert [each.name for each in results(read_with(parser, data))] == ["ä"]


@pytest.mark.parametrize("odd", [None, 7, -1, "x", [], {}, [None], [[]], {"a": []}, True])
def test_oddly_typed_fields_do_not_break_it(odd: Any) -> None:
    fields = ["suite", "message", "trace", "stdout", "filePath", "line", "retries", "flaky"]
    fields += ["retryAttempts", "parameters", "attachments", "tags", "labels", "extra", "type"]
    odd_one = {**case("failed"), **dict.fromkeys([*fields, "rawStatus", "start"], odd)}
    tries = case(flaky=True, retryAttempts=[{"status": odd, "duration": odd, "message": odd}])
    records = read(odd_one, tries, summary=odd, environment=odd, extra=odd)
    assert totals(records)["total"] == 2


@pytest.mark.parametrize("name", ["jest.json", "playwright.json", "pytest.json"])
def test_a_cut_sample_makes_nothing_up(name: str) -> None:
    data = (SAMPLES / "ctrf" / name).read_bytes()
    assert lies_of_a_cut(parser, data, step=41) == []


@pytest.mark.parametrize(
    "tests",
    [
        [case(suite="a > b"), case("failed", "c", message="m"), case("other", "d")],
        [case(flaky=True, retries=1, retryAttempts=[FAILED, PASSED]), case("failed", tags=["a"])],
    ],
)
def test_a_file_cut_anywhere_makes_nothing_up(tests: list[Any]) -> None:
    assert lies_of_a_cut(parser, written(*tests)) == []


# Sniffing


def test_it_is_recognised_in_any_order_of_keys() -> None:
    run = {"tool": {"name": "x"}, "summary": {}, "tests": []}
    for each in (run, dict(reversed(run.items()))):
        data = json.dumps({"results": each}).encode()
        assert parser.sniff(head_of(data, "x")) > 0.8


def test_it_is_recognised_where_long_tests_come_first() -> None:
    data = json.dumps({"results": {"tests": [case()] * 3000, "tool": {"name": "x"}}}).encode()
    assert parser.sniff(head_of(data, "x")) > 0


def test_newer_versions_say_what_they_are() -> None:
    assert parser.sniff(head_of(b'{"reportFormat": "CTRF", "results"', "x")) > 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"results": []}',
        b'{"results": {"tool": "x", "tests": {}}}',
        b'{"results": {"tests": [{"id": 1}]}}',
        b'{"tool": {"name": "x"}, "tests": []}',
    ],
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert parser.sniff(head_of(data, "ctrf-report.json")) == 0


# Runs written and read again

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
WORD = st.sampled_from(["passed", "failed", "skipped"])
TEST = st.tuples(TEXT, WORD, st.integers(0, 10**6), TEXT, st.lists(TEXT.filter(str.strip)))


@given(st.lists(TEST, max_size=6))
def test_what_is_written_is_read_again(run: list[tuple[str, str, int, str, list[str]]]) -> None:
    tests = [
        case(word, name, duration=time, message=message, suite=suite)
        for name, word, time, message, suite in run
    ]
    path: tuple[str, ...] = ()
    found = []
    for record in read(*tests):
        if isinstance(record, Suite):
            path = record.path
        elif isinstance(record, Result):
            found.append((record.name, record.status.word, record.duration, record.message, path))
    assert found == [
        (name, word, time / 1000, message, tuple(each.strip() for each in suite))
        for name, word, time, message, suite in run
    ]
