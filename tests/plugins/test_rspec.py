"""RSpec's JSON: examples with the descriptions of their groups, and errors outside of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    PRINTABLE,
    file_of,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    seconds,
    troubles,
)
from tracker.intake.contract import (
    Damage,
    Note,
    ReportError,
    Result,
    Status,
)

RSPEC = parser_of("rspec")


def example(name: object = "adds", status: object = "passed", **more: Any) -> dict[str, Any]:
    return {
        "id": "./spec/basket_spec.rb[1:1]",
        "description": name,
        "full_description": f"Basket inner {name}",
        "status": status,
        "file_path": "./spec/basket_spec.rb",
        "line_number": 7,
        "run_time": 0.25,
        "pending_message": None,
        **more,
    }


def report(*examples: object, messages: tuple[str, ...] = (), **summary: Any) -> bytes:
    counted = {"example_count": len(examples), "errors_outside_of_examples_count": 0, **summary}
    said = {"version": "3.12.0", "messages": messages, "examples": examples, "summary": counted}
    return json.dumps({**said, "summary_line": "as above"}).encode()


def only(*examples: object) -> Result:
    [result] = results(read(RSPEC, report(*examples)))
    return result


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("pending", Status.SKIPPED, "pending"),
        ("great", Status.UNKNOWN, "great"),
        (None, Status.UNKNOWN, "None"),
        (["passed"], Status.UNKNOWN, "['passed']"),
    ],
)
def test_each_word_has_its_status(word: object, status: Status, raw: str) -> None:
    result = only(example(status=word))
    assert (result.status, result.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message() -> None:
    assert only(example(status="great")).message == "status 'great'"


def test_file_and_groups_are_the_suites() -> None:
    [found] = placed(read(RSPEC, report(example())))
    assert found.path == ("spec/basket_spec.rb", "Basket inner")
    assert (found.result.name, found.result.line, found.result.duration) == ("adds", 7, 0.25)


def test_a_shared_example_stands_in_the_file_that_uses_it() -> None:
    [found] = placed(read(RSPEC, report(example(file_path="./spec/shared.rb"))))
    assert found.path[0] == "spec/basket_spec.rb"
    assert found.result.file == "spec/shared.rb"


def test_an_older_rspec_tells_the_file_alone() -> None:
    [found] = placed(read(RSPEC, report(example(id=None))))
    assert found.path[0] == "spec/basket_spec.rb"


def test_a_pending_example_tells_its_reason() -> None:
    assert only(example(status="pending", pending_message="later")).message == "later"


def test_a_failure_keeps_message_class_and_backtrace() -> None:
    error = {"class": "KeyError", "message": "\nno plum\n", "backtrace": ["a.rb:1", "b.rb:2"]}
    result = only(example(status="failed", exception=error))
    assert (result.message, result.type) == ("no plum", "KeyError")
    assert result.trace == "no plum\n\na.rb:1\nb.rb:2"


def test_a_pending_example_that_passed_is_an_unexpected_pass() -> None:
    error = {"class": "RSpec::Core::Pending::PendingExampleFixedError", "message": "it passed"}
    result = only(example(status="failed", exception=error))
    assert (result.status, result.expected_failure) == (Status.FAILED, "xpass")


def test_errors_outside_of_examples_are_troubles() -> None:
    said = ("Run options: x", "\nAn error occurred while loading ./a_spec.rb.\nNameError\n")
    records = read(RSPEC, report(messages=said, errors_outside_of_examples_count=1))
    assert troubles(records) == ["An error occurred while loading ./a_spec.rb.\nNameError"]


def test_errors_without_words_are_troubles_too() -> None:
    records = read(RSPEC, report(errors_outside_of_examples_count=2))
    assert troubles(records) == ["2 errors occurred outside of examples."]


def test_messages_without_errors_are_no_troubles() -> None:
    assert troubles(read(RSPEC, report(messages=("An error occurred",)))) == []


def test_other_numbers_than_were_found_are_noted() -> None:
    records = read(RSPEC, report(example_count=3))
    assert records == [Note("the whole report declares 3 tests, found 0")]


# Odd shapes and damage


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None, 3], {"class": 3}, -1, 1e999])
def test_odd_values_do_no_harm(odd: object) -> None:
    for key in example():
        assert len(results(read(RSPEC, report({**example(), key: odd})))) == 1
    assert len(results(read(RSPEC, report(example(status="failed", exception=odd), odd)))) >= 1
    for key in ("messages", "summary", "summary_line", "version"):
        answer = json.loads(report(example(), errors_outside_of_examples_count=odd))
        assert len(results(read(RSPEC, json.dumps({**answer, key: odd}).encode()))) == 1


@pytest.mark.parametrize(
    ("time", "duration"), [(-1, 0.0), (float("nan"), None), ("3", None), (True, None), (2, 2.0)]
)
def test_odd_times_are_bounded_or_left_out(time: object, duration: float | None) -> None:
    assert only(example(run_time=time)).duration == duration


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"version": "3"}', b"not json"])
def test_what_holds_no_examples_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(RSPEC, data)


ERROR = {"class": "E", "message": "m", "backtrace": ["x"]}
SMALL = report(example(), example("bad", "failed", exception=ERROR), example("later", "pending"))
TROUBLED = report(example(), messages=("An error occurred",), errors_outside_of_examples_count=1)


@pytest.mark.parametrize("data", [SMALL, TROUBLED])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(RSPEC, data) == []


def test_a_report_that_breaks_off_keeps_its_whole_examples() -> None:
    records = read(RSPEC, SMALL[: SMALL.index(b'"later"')])
    assert len(results(records)) == 2
    assert isinstance(records[-1], Damage)


# Recognition


@pytest.mark.parametrize("data", [SMALL, TROUBLED, report(), SMALL[:250]])
def test_it_is_recognised(data: bytes) -> None:
    assert RSPEC.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b'{"examples": []}', b'{"examples": [3]}', b'{"summary": {}}', b"<x/>"]
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert RSPEC.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(PRINTABLE, min_size=1, max_size=8).filter(str.strip)
words = st.sampled_from(["passed", "failed", "pending"])
runs = st.lists(st.tuples(names, words, st.floats(0, 100)), max_size=6)


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, float]]) -> None:
    examples = [
        example(name, word, run_time=time, exception={"class": "E", "message": "of " + name})
        if word == "failed"
        else example(name, word, run_time=time)
        for name, word, time in run
    ]
    records = read(RSPEC, report(*examples))
    assert [each.result.name for each in placed(records)] == [name for name, _, _ in run]
    assert [each.status.word for each in results(records)] == [
        word.replace("pending", "skipped") for _, word, _ in run
    ]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in run))
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == f"of {each.name}".strip() for each in failures)
