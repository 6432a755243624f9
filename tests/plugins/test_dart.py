"""Dart's and Flutter's JSON lines: events that a run is put together from."""

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
    Trouble,
)

DART = parser_of("dart")

START = {"protocolVersion": "0.1.1", "runnerVersion": "1.23", "pid": 1, "type": "start", "time": 0}
DONE = {"success": True, "type": "done", "time": 99}
SUITE = {"suite": {"id": 0, "platform": "vm", "path": "test/a_test.dart"}, "type": "suite"}


def group(number: int, name: str | None, count: int = 1, parent: int | None = None) -> Any:
    said = {"id": number, "suiteID": 0, "parentID": parent, "name": name, "testCount": count}
    return {"group": said, "type": "group", "time": 1}


def start(number: int, name: object, *groups: int, time: object = 100, **more: Any) -> Any:
    said = {"id": number, "name": name, "suiteID": 0, "groupIDs": groups, **more}
    return {"test": said, "type": "testStart", "time": time}


def done(number: int, result: object = "success", time: object = 350, **more: Any) -> Any:
    said = {"testID": number, "result": result, "skipped": False, "hidden": False, **more}
    return {**said, "type": "testDone", "time": time}


def error(number: int, is_failure: object = True, text: object = "boom") -> Any:
    said = {"testID": number, "error": text, "stackTrace": "a.dart 1:2", "isFailure": is_failure}
    return {**said, "type": "error", "time": 200}


def printed(number: int, text: object, kind: str = "print") -> Any:
    return {"testID": number, "messageType": kind, "message": text, "type": "print", "time": 1}


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def run(*events: object) -> list[Record]:
    return read(DART, lines(START, SUITE, group(1, ""), *events, DONE))


def only(*events: object) -> Result:
    [result] = results(run(*events))
    return result


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("success", Status.PASSED, ""),
        ("failure", Status.FAILED, ""),
        ("error", Status.ERROR, ""),
        ("great", Status.UNKNOWN, "great"),
        (None, Status.UNKNOWN, "None"),
        (["success"], Status.UNKNOWN, "(no word)"),
    ],
)
def test_each_word_has_its_status(word: object, status: Status, raw: str) -> None:
    result = only(start(2, "adds", 1), done(2, word))
    assert (result.status, result.raw_status) == (status, raw)


def test_a_skipped_test_tells_its_reason() -> None:
    events = start(2, "adds", 1, metadata={"skip": True, "skipReason": "later"})
    result = only(events, done(2, skipped=True))
    assert (result.status, result.message) == (Status.SKIPPED, "later")


def test_a_reason_that_is_only_printed_is_one() -> None:
    said = printed(2, "Skip: no printer", "skip")
    assert only(start(2, "adds", 1), said, done(2, skipped=True)).message == "no printer"


def test_a_failure_keeps_all_errors() -> None:
    events = (error(2, text="one\n"), error(2, False, "two"), done(2, "error"))
    result = only(start(2, "adds", 1), *events)
    assert result.message == "one"
    assert result.trace == "one\n\na.dart 1:2\n\ntwo\n\na.dart 1:2"


def test_an_error_after_the_end_makes_it_a_failure() -> None:
    assert only(start(2, "adds", 1), done(2), error(2)).status is Status.FAILED


def test_an_exception_after_the_end_makes_it_an_error() -> None:
    assert only(start(2, "adds", 1), done(2), error(2, False)).status is Status.ERROR


def test_errors_before_a_success_are_earlier_tries() -> None:
    events = (error(2), printed(2, "Retry: adds"), done(2))
    records = run(start(2, "adds", 1), *events)
    [result] = results(records)
    assert (result.status, result.attempts[0].status) == (Status.PASSED, Status.FAILED)
    assert totals(records)["flaky"] == 1


def test_a_test_without_an_end_is_unknown() -> None:
    result = only(start(2, "adds", 1))
    assert (result.status, result.message) == (
        Status.UNKNOWN,
        "the report ends before it was over",
    )


# Names and places


def test_groups_are_suites_and_taken_off_the_names() -> None:
    groups = (group(2, "basket", 1, 1), group(3, "basket when empty", 1, 2))
    test = start(4, "basket when empty adds", 1, 2, 3, url="file:///x/test/a_test.dart", line=7)
    [found] = placed(run(*groups, test, done(4)))
    assert found.path == ("test/a_test.dart", "basket", "when empty")
    assert (found.result.name, found.result.duration) == ("adds", 0.25)
    assert (found.result.file, found.result.line) == ("test/a_test.dart", 7)


def test_a_test_of_another_package_tells_where_it_comes_from() -> None:
    test = start(2, "a", 1, url="package:x/x.dart", line=1, root_url="file:///h/test/b.dart")
    assert only({**test, "test": {**test["test"], "root_line": 9}}, done(2)).file == "test/b.dart"


def test_another_platform_than_the_usual_one_is_a_suite() -> None:
    suite = {"suite": {"id": 0, "platform": "chrome", "path": "test/a.dart"}, "type": "suite"}
    records = read(DART, lines(START, suite, start(2, "adds"), done(2), DONE))
    assert placed(records)[0].path == ("test/a.dart", "chrome")


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("/home/me/shop/test/widget_test.dart", "test/widget_test.dart"),
        ("C:\\shop\\integration_test\\app_test.dart", "integration_test/app_test.dart"),
        ("/home/me/shop/packages/a/test/a_test.dart", "packages/a/test/a_test.dart"),
        ("./test/a_test.dart", "test/a_test.dart"),
    ],
)
def test_what_a_checkout_adds_is_taken_off(name: str, short: str) -> None:
    suite = {"suite": {"id": 0, "platform": "vm", "path": name}, "type": "suite"}
    records = read(DART, lines(START, suite, start(2, "adds"), done(2), DONE))
    assert placed(records)[0].path == (short,)


def test_what_was_printed_is_kept() -> None:
    result = only(start(2, "adds", 1), printed(2, "one"), printed(2, "two"), done(2))
    assert result.stdout == "one\ntwo"


# What stands around tests


def test_hidden_tests_are_no_results() -> None:
    events = (start(2, "loading test/a_test.dart"), done(2, hidden=True))
    assert results(run(*events, start(3, "(setUpAll)", 1), done(3, hidden=True))) == []


def test_a_file_that_could_not_be_loaded_was_not_set_up() -> None:
    [found] = placed(run(start(2, "loading test/a_test.dart"), error(2, False), done(2, "error")))
    assert (found.path, found.result.name) == (("test/a_test.dart",), SET_UP)
    assert found.result.status is Status.ERROR


def test_a_file_without_a_suite_is_named_by_its_loading() -> None:
    events = (start(2, "loading test/b_test.dart"), error(2, False), done(2, "error"), DONE)
    assert placed(read(DART, lines(START, *events)))[0].path == ("test/b_test.dart",)


@pytest.mark.parametrize(("name", "kept"), [("(setUpAll)", SET_UP), ("(tearDownAll)", TEAR_DOWN)])
def test_what_failed_around_a_group_stands_for_it(name: str, kept: str) -> None:
    events = (start(3, f"basket {name}", 1, 2), error(3), done(3, "failure"))
    [found] = placed(run(group(2, "basket", 1, 1), *events))
    assert (found.path, found.result.name) == (("test/a_test.dart", "basket"), kept)


def test_a_hidden_test_that_failed_after_its_end_is_seen() -> None:
    events = (start(3, "(tearDownAll)", 1), done(3, hidden=True), error(3))
    assert only(*events).status is Status.FAILED


# The run


def test_a_run_without_its_last_event_is_damaged() -> None:
    records = read(DART, lines(START, SUITE, group(1, ""), start(2, "adds", 1), done(2)))
    assert results(records)[0].status is Status.PASSED
    assert records[-1] == Damage("the event that ends the run is missing")


def test_what_passed_in_a_file_that_had_not_ended_is_not_known() -> None:
    records = read(DART, lines(START, SUITE, group(1, "", 2), start(2, "adds", 1), done(2)))
    assert results(records)[0].status is Status.UNKNOWN


def test_a_run_that_was_closed_early_is_told() -> None:
    records = read(DART, lines(START, {**DONE, "success": None}))
    assert records == [Trouble("The run was closed before all tests had ended.")]


def test_a_run_without_success_and_without_a_failure_is_told() -> None:
    events = (SUITE, start(2, "adds"), done(2), {**DONE, "success": False})
    records = read(DART, lines(START, *events))
    assert isinstance(records[-1], Trouble)


def test_lines_that_are_no_events_are_counted() -> None:
    data = b"Downloading\n" + lines(START, [{"event": "x"}], SUITE, start(2, "a"), done(2), DONE)
    records = read(DART, data.replace(b'{"suite"', b'loading...\n{"suite"'))
    assert len(results(records)) == 1
    assert records[-1] == Note("2 lines are no events and were left out")


def test_a_last_line_that_breaks_off_is_damage() -> None:
    records = read(DART, lines(START, SUITE, start(2, "adds"), done(2))[:-9])
    assert records[-1] == Damage("the last line breaks off")


@pytest.mark.parametrize("data", [b"", b"{", b"[]\n", b'{"type": "x"}\n', b"text\n", lines(START)])
def test_what_holds_no_events_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(DART, data)


# Odd values and cuts


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None, [], {}], -1, 1e999])
def test_odd_values_do_no_harm(odd: object) -> None:
    test, end, wrong = start(2, "adds", 1), done(2), error(2)
    for key in ("id", "name", "suiteID", "groupIDs", "metadata", "url", "line", "root_url"):
        run({**test, "test": {**test["test"], key: odd}}, end)
    for key in ("testID", "result", "hidden", "skipped", "time"):
        run(test, {**end, key: odd}, {**wrong, "error": odd, "stackTrace": odd, "isFailure": odd})
    for key in ("id", "path", "platform"):
        run({**SUITE, "suite": {**SUITE["suite"], key: odd}}, test, end)  # type: ignore[dict-item]
    for key in ("id", "name", "suiteID", "parentID", "testCount"):
        told = group(1, "g")
        run({**told, "group": {**told["group"], key: odd}}, test, end)
    run({"test": odd, "type": "testStart"}, {"type": odd}, printed(2, odd), odd)


def test_times_that_run_backwards_are_no_time_at_all() -> None:
    assert only(start(2, "adds", 1, time=9), done(2, time=3)).duration == 0.0


SMALL = lines(
    START,
    SUITE,
    start(9, "loading test/a_test.dart"),
    done(9, hidden=True),
    group(1, "", 4),
    start(2, "adds", 1),
    done(2),
    start(3, "fails", 1),
    error(3),
    done(3, "failure"),
    error(2),
    start(4, "flaky", 1),
    error(4),
    printed(4, "Retry: flaky"),
    done(4),
    start(5, "later", 1),
    done(5, skipped=True),
    {**DONE, "success": False},
)
OTHER = SUITE | {"suite": {"id": 7, "platform": "vm", "path": "test/b_test.dart"}}
TWO = lines(
    START,
    SUITE,
    group(1, ""),
    OTHER,
    start(2, "adds", 1),
    start(3, "(setUpAll)", 1),
    done(2),
    error(3, False),
    done(3, "error"),
    DONE,
)


@pytest.mark.parametrize("data", [SMALL, TWO])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(DART, data) == []


# Recognition


@pytest.mark.parametrize("data", [SMALL, TWO, lines(done(2), error(3)), b"text\n" + SMALL])
def test_it_is_recognised_by_its_events(data: bytes) -> None:
    assert DART.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"type": "start"}\n',
        b'{"Action": "run", "Package": "x", "Test": "y"}\n',
        b'{"type": "test_started", "testID": 3}\n',
        b'{"$report_type": "TestReport"}\n',
        b'{\n "type": "error",\n "testID": 1}',
    ],
)
def test_other_lines_are_left_alone(data: bytes) -> None:
    assert DART.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(PRINTABLE, min_size=1, max_size=8).filter(str.strip)
words = st.sampled_from(["success", "failure", "error"])
runs = st.lists(st.tuples(names.map(str.strip), words, st.integers(0, 10_000)), max_size=6)
READ = {"success": "passed", "failure": "failed", "error": "error"}


@given(runs)
def test_what_was_written_is_read(told: list[tuple[str, str, int]]) -> None:
    events = []
    for number, (name, word, time) in enumerate(told, start=3):
        events.append(start(number, f"basket {name}", 1, 2))
        if word != "success":
            events.append(error(number, word == "failure", "of " + name))
        events.append(done(number, word, time=100 + time))
    records = run(group(2, "basket", len(told), 1), *events)
    assert [each.result.name for each in placed(records)] == [name for name, _, _ in told]
    assert [each.status.word for each in results(records)] == [READ[word] for _, word, _ in told]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in told) / 1000)
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == "of " + each.name for each in failures)


# Real files


@pytest.mark.parametrize("entry", entries("dart"), ids=lambda entry: entry.file)
def test_real_files_give_what_stands_in_them(entry: Entry) -> None:
    figures = totals(read(DART, entry.data))
    told = {name: count for name, count in figures.items() if count}
    assert told == {"total": 20, "passed": 16, "failed": 1, "error": 2, "skipped": 1}
    assert differences(entry) == {}
