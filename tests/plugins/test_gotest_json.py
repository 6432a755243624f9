"""go test -json: events that end a test, packages that end badly, tries and repeats."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    file_of,
    is_marked,
    lies_of_a_cut,
    parser_of,
    placed,
    read,
    results,
    totals,
    troubles,
)
from tracker.intake.contract import (
    SET_UP,
    TEAR_DOWN,
    Damage,
    ReportError,
    Result,
    Status,
    Suite,
)

GO = parser_of("gotest_json")
Event = dict[str, Any]


def event(action: str, test: str = "", **more: Any) -> Event:
    named = {"Test": test} if test else {}
    return {
        "Time": "2026-01-01T00:00:00Z",
        "Action": action,
        "Package": "a.example/p",
        **named,
        **more,
    }


def ran(test: str, action: str, *output: str, elapsed: float = 0.5) -> list[Event]:
    printed = [event("output", test, Output=each) for each in output]
    frame = [event("output", test, Output=f"=== RUN   {test}\n")]
    return [event("run", test), *frame, *printed, event(action, test, Elapsed=elapsed)]


def stream(*events: Event | str) -> bytes:
    lines = (each if isinstance(each, str) else json.dumps(each) for each in events)
    return "".join(f"{line}\n" for line in lines).encode()


def of(*events: Event | str) -> list[Result]:
    return results(read(GO, stream(*events)))


# Tests


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("pass", Status.PASSED),
        ("fail", Status.FAILED),
        ("skip", Status.SKIPPED),
        ("bench", Status.PASSED),
    ],
)
def test_the_event_that_ends_a_test_has_its_status(action, status):
    [result] = of(*ran("TestA", action), event("pass"))
    assert (result.name, result.status, result.duration) == ("TestA", status, 0.5)


def test_the_package_is_the_suite():
    [result] = placed(read(GO, stream(*ran("TestA", "pass"), event("pass"))))
    assert result.path == ("a.example/p",)


def test_tests_with_subtests_are_results_beside_them():
    names = [
        each.name for each in of(*ran("TestA/x", "pass"), *ran("TestA", "pass"), event("pass"))
    ]
    assert names == ["TestA/x", "TestA"]


def test_a_failure_says_what_was_logged_and_where():
    [result] = of(*ran("TestA", "fail", "hello\n", "    a_test.go:12: 1 is not 2\n"), event("fail"))
    assert (result.message, result.file, result.line) == ("1 is not 2", "a_test.go", 12)
    assert result.trace == "hello\n    a_test.go:12: 1 is not 2"


def test_a_skip_says_why():
    [result] = of(*ran("TestA", "skip", "    a_test.go:3: no network\n"), event("pass"))
    assert (result.message, result.trace) == ("no network", "")


def test_what_a_passing_test_printed_is_its_output():
    [result] = of(*ran("TestA", "pass", "hello\n", "--- PASS: TestA (0.00s)\n"), event("pass"))
    assert (result.stdout, result.message) == ("hello", "")


def test_of_testify_the_error_is_the_message():
    output = (
        "    a_test.go:9: \n",
        "        \tError Trace:\t/w/a_test.go:9\n",
        "        \tError:      \tNot equal: \n",
        "        \t            \texpected: 1\n",
        "        \t            \tactual  : 2\n",
        "        \tTest:       \tTestA\n",
    )
    [result] = of(*ran("TestA", "fail", *output), event("fail"))
    assert result.message == "Not equal:\nexpected: 1\nactual  : 2"


def test_attributes_are_properties_and_artifacts_attachments():
    events = [
        event("attr", "TestA", Key="k", Value="v"),
        event("artifacts", "TestA", Path="/tmp/x"),
    ]
    [result] = of(event("run", "TestA"), *events, event("pass", "TestA"), event("pass"))
    assert result.properties == (("k", "v"),)
    assert result.attachments == ("/tmp/x",)


def test_of_very_much_output_the_beginning_and_the_end_are_kept():
    lines = [f"line {number}\n" for number in range(100_000)]
    [result] = of(*ran("TestA", "fail", *lines), event("fail"))
    assert len(result.trace) < 500_000
    assert result.trace.startswith("line 0\n")
    assert result.trace.endswith("line 99999")


def test_an_unknown_end_is_unknown():
    [result] = of(event("run", "TestA"), event("explode", "TestA", Elapsed=1), event("pass"))
    assert (result.status, result.raw_status) == (Status.UNKNOWN, "explode")
    assert result.message == "status 'explode'"


# Packages


def test_a_test_without_end_took_its_failed_package_down():
    [result] = of(
        event("run", "TestA"), event("output", "TestA", Output="panic: no\n"), event("fail")
    )
    assert (result.status, result.message) == (Status.ERROR, "interrupted: panic: no")


def test_a_test_without_end_in_a_passed_package_is_unknown():
    [result] = of(event("run", "TestA"), event("pass"))
    assert (result.status, result.raw_status) == (Status.UNKNOWN, "interrupted")


def test_a_benchmark_that_was_measured_has_passed():
    output = event("output", "BenchmarkA", Output="BenchmarkA-8 \t 100\t 12.3 ns/op\n")
    [result] = of(event("run", "BenchmarkA"), output, event("pass"))
    assert result.status is Status.PASSED


def test_a_package_that_does_not_build_could_not_be_set_up():
    built = {"ImportPath": "a.example/p [p.test]", "Action": "build-output", "Output": "# p\n"}
    error = {**built, "Output": "./a.go:1: no\n"}
    failed = {"ImportPath": "a.example/p [p.test]", "Action": "build-fail"}
    [result] = of(built, error, failed, event("fail", FailedBuild="a.example/p [p.test]"))
    assert (result.name, result.status, result.message) == (SET_UP, Status.ERROR, "./a.go:1: no")
    assert result.trace == "# p\n./a.go:1: no"


def test_a_package_that_fails_behind_its_tests_could_not_be_torn_down():
    _, result = of(*ran("TestA", "pass"), event("output", Output="leaks\n"), event("fail"))
    assert (result.name, result.status, result.message) == (TEAR_DOWN, Status.ERROR, "leaks")


def test_a_package_that_fails_with_a_test_says_no_more():
    assert [each.name for each in of(*ran("TestA", "fail"), event("fail"))] == ["TestA"]


def test_a_package_without_tests_is_no_result():
    assert (
        of(event("start"), event("output", Output="?   \tp\t[no test files]\n"), event("skip"))
        == []
    )


def test_a_package_without_end_was_interrupted():
    records = read(GO, stream(*ran("TestA", "pass"), event("run", "TestB")))
    assert [each.status for each in results(records)] == [Status.PASSED, Status.UNKNOWN]
    assert troubles(records)


def test_what_a_package_prints_is_its_output():
    records = read(GO, stream(*ran("TestA", "pass"), event("output", Output="hi\n"), event("pass")))
    assert Suite(("a.example/p",), stdout="hi") in records


def test_packages_may_take_turns():
    other = {"Package": "a.example/q"}
    kept = placed(
        read(
            GO,
            stream(
                event("run", "TestA"),
                event("run", "TestA", **other),
                event("fail", "TestA", **other),
                event("pass", "TestA"),
                event("pass"),
                event("fail", **other),
            ),
        )
    )
    assert [(each.path, each.result.status) for each in kept] == [
        (("a.example/q",), Status.FAILED),
        (("a.example/p",), Status.PASSED),
    ]


def test_a_stream_may_name_no_package():
    events = [{"Action": "run", "Test": "TestA"}, {"Action": "pass", "Test": "TestA"}]
    [kept] = placed(read(GO, stream(*events, {"Action": "pass"})))
    assert kept.path == ()


# Tries and repeats


def test_failed_tests_that_run_again_were_tried_again():
    first = [*ran("TestA", "pass"), *ran("TestB", "fail"), event("fail")]
    records = read(GO, stream(*first, *ran("TestB", "pass"), event("pass")))
    assert totals(records) | {"total": 2, "passed": 2, "flaky": 1} == totals(records)


def test_a_package_that_runs_again_as_a_whole_has_results_of_its_own():
    first = [*ran("TestA", "pass"), *ran("TestB", "fail"), event("fail")]
    again = [*ran("TestA", "pass"), *ran("TestB", "pass"), event("pass")]
    records = read(GO, stream(*first, *again))
    assert totals(records) | {"total": 4, "failed": 1, "flaky": 0} == totals(records)


def test_repeats_within_one_run_are_results_of_their_own():
    assert len(of(*ran("TestA", "fail"), *ran("TestA", "pass"), event("fail"))) == 2


def test_a_second_run_that_breaks_off_is_left_out_and_told():
    records = read(GO, stream(*ran("TestA", "fail"), event("fail"), *ran("TestA", "pass")))
    assert [each.status for each in results(records)] == [Status.FAILED]
    assert is_marked(records)


# Streams


def test_lines_that_are_not_json_do_no_harm():
    records = read(GO, stream("go: downloading x", *ran("TestA", "pass"), "{oops", event("pass")))
    assert totals(records)["passed"] == 1
    assert Suite((), stderr="go: downloading x\n{oops") in records


@pytest.mark.parametrize("odd", [None, 1, [], {}, True, ""])
@pytest.mark.parametrize("key", ["Action", "Package", "Test", "Output", "Elapsed", "FailedBuild"])
def test_odd_types_break_nothing(key, odd):
    events = [*ran("TestA", "pass", "x\n"), event("fail")]
    read(GO, stream(event("start"), *({**each, key: odd} for each in events)))


@pytest.mark.parametrize("elapsed", [-1, float("nan"), float("inf"), "1", None])
def test_a_time_that_is_none_does_not_count(elapsed):
    [result] = of(event("pass", "TestA", Elapsed=elapsed), event("pass"))
    assert not result.duration


@pytest.mark.parametrize("data", [b"", b"hello\n", b'{"a": 1}\n', b'{"Action": 3}\n'])
def test_a_stream_without_events_is_refused(data):
    with pytest.raises(ReportError):
        read(GO, data)


def test_a_line_that_is_cut_off_is_damage():
    records = read(GO, stream(*ran("TestA", "pass"), event("run", "TestB"))[:-10])
    assert records[-1] == Damage("the file ends in the middle of an event", "line 4")


@pytest.mark.parametrize(
    "text",
    [
        stream(event("start")).decode(),
        stream("go: downloading x", "go: downloading y", event("run", "TestA")).decode(),
        json.dumps({"ImportPath": "p", "Action": "build-output", "Output": "x"}),
        json.dumps(event("output", "TestA", Output="x" * 70_000)),
    ],
)
def test_streams_of_events_are_recognised(text):
    assert GO.sniff(file_of(text.encode()).head) > 0


@pytest.mark.parametrize(
    "text",
    [
        '{"Action": "run"}',
        '{"action": "run", "Package": "p"}',
        "[]",
        "ok  \tp\t0.1s\n",
        '{"Action": []}',
    ],
)
def test_other_lines_are_left_alone(text):
    assert GO.sniff(file_of(text.encode()).head) == 0


# Whole runs

TESTS = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1),
        st.sampled_from(["pass", "fail", "skip"]),
        st.floats(0, 1000),
        st.text(st.characters(codec="ascii", categories=["L"]), min_size=1),
    ),
    min_size=1,
    unique_by=lambda test: test[0],
)
STATUSES = {"pass": Status.PASSED, "fail": Status.FAILED, "skip": Status.SKIPPED}


@given(TESTS)
def test_what_is_written_is_read(tests):
    events = []
    for name, action, elapsed, said in tests:
        logged = () if action == "pass" else (f"    x_test.go:3: {said}\n",)
        events += ran(name, action, *logged, elapsed=elapsed)
    failed = any(action == "fail" for _, action, _, _ in tests)
    records = read(GO, stream(*events, event("fail" if failed else "pass")))
    assert [(each.name, each.status, each.duration, each.message) for each in results(records)] == [
        (name, STATUSES[action], elapsed, "" if action == "pass" else said)
        for name, action, elapsed, said in tests
    ]
    assert not is_marked(records)


PANIC = stream(
    event("start"),
    *ran("TestA", "pass"),
    *ran("TestB/x", "fail", "    b_test.go:3: no\n"),
    *ran("TestB", "fail"),
    event("run", "TestC"),
    event("output", "TestC", Output="panic: no\n"),
    event("output", Output="FAIL\n"),
    event("fail", Elapsed=2),
)
RERUN = stream(
    event("start"),
    *ran("TestA", "pass"),
    *ran("TestB", "fail"),
    event("fail"),
    event("start"),
    *ran("TestB", "pass"),
    event("pass"),
)


@pytest.mark.parametrize("data", [PANIC, RERUN])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(GO, data) == []
