"""pytest-json-report: outcomes and phases, what the run itself says, and cut files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    SAMPLES,
    lies_of_a_cut,
    notes,
    parser_of,
    placed,
    results,
    troubles,
)
from tests.plugins.reading import read as read_with
from tracker.intake.contract import Damage, Record, ReportError, Result, Status
from tracker.intake.sniff import head_of

parser = parser_of("pytest_json_report")

PASSED = {"duration": 0.25, "outcome": "passed"}
FAILED = {
    "duration": 0.25,
    "outcome": "failed",
    "crash": {"path": "/w/test_a.py", "lineno": 5, "message": "AssertionError: no"},
    "traceback": [{"path": "test_a.py", "lineno": 5, "message": "AssertionError"}],
    "longrepr": "def test_b():\n>   assert 0\nE   AssertionError: no",
}


def case(outcome: object = "passed", nodeid: object = "test_a.py::test_b", **more: Any) -> Any:
    phases = {"setup": PASSED, "call": PASSED, "teardown": PASSED}
    return {"nodeid": nodeid, "lineno": 3, "outcome": outcome, **phases, **more}


def written(*tests: Any, **more: Any) -> bytes:
    summary = {"total": len(tests), "collected": len(tests)}
    report = {"created": 1, "duration": 9, "exitcode": 0, "root": "/w", "summary": summary}
    return json.dumps({**report, "collectors": [], "tests": list(tests), **more}).encode()


def read(*tests: Any, **more: Any) -> list[Record]:
    return read_with(parser, written(*tests, **more))


def one(*tests: Any, **more: Any) -> Result:
    [result] = results(read(*tests, **more))
    return result


# What a test is


@pytest.mark.parametrize(
    ("outcome", "status", "expected"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("error", Status.ERROR, ""),
        ("skipped", Status.SKIPPED, ""),
        ("xfailed", Status.SKIPPED, "xfail"),
        ("xpassed", Status.PASSED, "xpass"),
        ("boiled", Status.UNKNOWN, ""),
        (None, Status.UNKNOWN, ""),
        (["passed"], Status.UNKNOWN, ""),
    ],
)
def test_the_outcome_is_the_status(outcome: object, status: Status, expected: str) -> None:
    result = one(case(outcome))
    assert (result.status, result.expected_failure) == (status, expected)


def test_an_unknown_outcome_keeps_its_word() -> None:
    result = one(case("boiled"))
    assert (result.raw_status, result.message) == ("boiled", "status 'boiled'")


def test_the_time_is_that_of_all_phases() -> None:
    assert one(case()).duration == 0.75


@pytest.mark.parametrize("odd", [None, "1", -1, 1e12, float("nan"), [], {}])
def test_an_odd_time_is_left_out(odd: object) -> None:
    assert one(case(call={"outcome": "passed", "duration": odd})).duration == 0.5


def test_a_failure_has_message_class_and_trace() -> None:
    result = one(case("failed", call=FAILED))
    assert (result.message, result.type) == ("AssertionError: no", "AssertionError")
    assert result.trace == FAILED["longrepr"]


def test_a_tear_down_that_failed_after_the_body_keeps_both_texts() -> None:
    late = {"outcome": "failed", "longrepr": "E   OSError: late"}
    result = one(case("error", call=FAILED, teardown=late))
    assert (result.status, result.message) == (Status.ERROR, "AssertionError: no")
    assert result.trace.endswith("OSError: late")


@pytest.mark.parametrize("worker", ["", "[gw1] linux -- Python 3.11.7 /usr/bin/python\n"])
def test_a_skip_tells_its_reason_and_no_trace(worker: str) -> None:
    why = {"outcome": "skipped", "longrepr": f"{worker}('/w/test_a.py', 8, 'Skipped: not today')"}
    result = one({**case("skipped", setup=why), "call": None})
    assert (result.status, result.message, result.trace) == (Status.SKIPPED, "not today", "")


def test_a_strict_unexpected_pass_is_failed() -> None:
    call = {"outcome": "failed", "longrepr": "[XPASS(strict)] why"}
    result = one(case("failed", call=call))
    assert (result.status, result.expected_failure) == (Status.FAILED, "xpass")


def test_a_failed_subtest_fails_its_test_though_its_phases_passed() -> None:
    assert one(case("failed")).status is Status.FAILED


def test_the_test_in_which_a_worker_died_is_an_error() -> None:
    died = {"outcome": "failed", "longrepr": "[gw0] linux -- Python\nworker 'gw0' crashed"}
    report = {"nodeid": "t.py::x", "outcome": "failed", "setup": PASSED, "???": died}
    result = one(report)
    assert (result.status, result.message) == (Status.ERROR, "worker 'gw0' crashed")


def test_output_and_log_of_all_phases_are_kept() -> None:
    setup = {**PASSED, "stdout": "a\n"}
    call = {**PASSED, "stdout": "b\n", "stderr": "e\n"}
    call["log"] = [{"levelname": "INFO", "msg": "hm"}, 3]
    result = one(case(setup=setup, call=call))
    assert (result.stdout, result.stderr) == ("a\nb\n", "e\nINFO hm\n")


def test_properties_and_metadata_are_kept() -> None:
    result = one(case(user_properties=[{"a": 1}, 2], metadata={"b": None}))
    assert result.properties == (("a", "1"), ("b", ""))


def test_lines_are_counted_from_one() -> None:
    result = one(case())
    assert (result.file, result.line) == ("test_a.py", 4)


def test_what_was_interrupted_is_unknown_though_it_is_called_passed() -> None:
    report = {"nodeid": "t.py::x", "outcome": "passed", "setup": PASSED}
    result = one(report, exitcode=2)
    assert result.status is Status.UNKNOWN
    assert result.message == "the report does not tell how it ended"


@pytest.mark.parametrize("phase", ["call", "teardown"])
def test_a_pass_that_its_phases_deny_is_unknown(phase: str) -> None:
    assert one(case(**{phase: FAILED})).status is Status.UNKNOWN


def test_an_outcome_without_any_phase_is_believed() -> None:
    assert one({"nodeid": "t.py::x", "outcome": "passed"}).status is Status.PASSED


def test_a_rerun_whose_phases_passed_is_passed_after_another_try() -> None:
    result = one(case("rerun"))
    assert (result.status, len(result.attempts)) == (Status.PASSED, 1)


@pytest.mark.parametrize("odd", [None, {"outcome": "rerun"}, {"outcome": "failed"}])
def test_a_rerun_that_did_not_end_is_unknown(odd: object) -> None:
    assert one(case("rerun", call=odd)).status is Status.UNKNOWN


# Names


@pytest.mark.parametrize(
    ("nodeid", "classname", "name"),
    [
        ("tests/a/test_b.py::test_c", "tests.a.test_b", "test_c"),
        (None, "", "(unnamed)"),
    ],
)
def test_names_are_those_of_the_junit_xml(nodeid: object, classname: str, name: str) -> None:
    [found] = placed(read(case(nodeid=nodeid)))
    assert (found.path, found.result.classname, found.result.name) == (("pytest",), classname, name)


# What the run says


def test_a_file_that_could_not_be_imported_is_trouble() -> None:
    why = "Traceback:\nE   ModuleNotFoundError: No module named 'x'"
    collectors = [{"nodeid": "test_x.py", "outcome": "failed", "longrepr": why}, 3]
    assert troubles(read(case(), collectors=collectors, exitcode=1)) == [
        "test_x.py could not be collected: ModuleNotFoundError: No module named 'x'"
    ]


def test_many_files_that_could_not_be_imported_are_counted() -> None:
    records = read(collectors=[{"nodeid": "x.py", "outcome": "failed"}] * 30, exitcode=2)
    assert len(troubles(records)) == 20
    assert notes(records) == ["11 more troubles were left out"]


def test_a_file_that_was_skipped_is_a_note() -> None:
    why = "('/w/test_x.py', 2, 'Skipped: not here')"
    collectors = [{"nodeid": "test_x.py", "outcome": "skipped", "longrepr": why}]
    assert notes(read(case(), collectors=collectors)) == [
        "test_x.py was skipped as a whole: not here"
    ]


@pytest.mark.parametrize("code", [2, 3, 4, 5])
def test_an_odd_exit_code_is_trouble(code: int) -> None:
    [text] = troubles(read(case(), exitcode=code))
    assert f"exit code {code}" in text


def test_a_failing_exit_without_a_failed_test_is_trouble() -> None:
    assert troubles(read(case(), exitcode=1))


def test_a_failing_exit_with_a_failed_test_is_none() -> None:
    assert not troubles(read(case("failed"), exitcode=1))


def test_tests_that_were_collected_and_did_not_run_are_trouble() -> None:
    told = troubles(read(case("failed"), exitcode=1, summary={"collected": 7}))
    assert told == ["7 tests were collected, and 1 ran"]


def test_a_few_warnings_are_noted_and_the_rest_counted() -> None:
    warnings = [{"category": "UserWarning", "message": "careful"}] * 8
    told = notes(read(case(), warnings=warnings))
    assert told == ["UserWarning: careful"] * 5 + ["3 more warnings were left out"]


def test_a_report_of_the_summary_alone_is_refused() -> None:
    report = {"exitcode": 0, "summary": {"passed": 12, "total": 12}}
    with pytest.raises(ReportError, match="12 passed, 12 total"):
        read_with(parser, json.dumps(report).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"tests": 3}', b'{"tests": [{"nodeid"'])
def test_what_holds_no_tests_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_with(parser, data)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], [[]], {"outcome": []}])
def test_oddly_typed_fields_do_not_break_it(odd: Any) -> None:
    fields = ["nodeid", "lineno", "setup", "call", "user_properties", "metadata", "???"]
    report = {**case("failed"), **dict.fromkeys(fields, odd)}
    phase = {"outcome": "failed", **dict.fromkeys(["crash", "traceback", "longrepr", "log"], odd)}
    more = {"exitcode": odd, "summary": odd, "collectors": odd, "warnings": odd}
    assert len(results(read(report, case("error", call=phase), odd, **more))) >= 2


def test_bytes_that_are_no_text_are_replaced_and_told() -> None:
    data = written(case(nodeid="t.py::x")).replace(b"::x", b"::\xff")
    records = read_with(parser, data)
    assert [each.name for each in results(records)] == ["�"]
    assert isinstance(records[-1], Damage)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_understood(encoding: str) -> None:
    data = written(case()).decode().encode(encoding)
    assert [each.status for each in results(read_with(parser, data))] == [Status.PASSED]


@pytest.mark.parametrize("name", ["pytest.json", "pytest-subtests.json"])
def test_a_cut_sample_makes_nothing_up(name: str) -> None:
    data = (SAMPLES / "pytest_json_report" / name).read_bytes()
    assert lies_of_a_cut(parser, data, step=37) == []


@pytest.mark.parametrize(
    "tests",
    [
        [case(), case("failed", "t.py::f", call=FAILED), case("rerun", "t.py::r")],
        [case("skipped", "t.py::s"), case("error", "t.py::e"), case("xpassed", "t.py::x")],
    ],
)
def test_a_file_cut_anywhere_makes_nothing_up(tests: list[Any]) -> None:
    assert lies_of_a_cut(parser, written(*tests, exitcode=1)) == []


# Sniffing


def test_it_is_recognised_in_any_order_of_keys() -> None:
    report = json.loads(written(case()))
    for each in (report, dict(reversed(report.items()))):
        assert parser.sniff(head_of(json.dumps(each).encode(), "x")) > 0.8


def test_it_is_recognised_where_long_tests_come_first() -> None:
    data = json.dumps({"tests": [case()] * 900, "exitcode": 0}).encode()
    assert parser.sniff(head_of(data, "x")) > 0


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"summary": {}}', b'{"exitcode": 0}', b'{"tests": [{"name": "a"}]}']
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert parser.sniff(head_of(data, "report.json")) == 0


# Runs written and read again

WORD = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True)
PARAMETERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
OUTCOME = st.sampled_from(["passed", "failed", "skipped", "error"])
RUN = st.lists(st.tuples(WORD, st.none() | PARAMETERS, OUTCOME), max_size=6)


@given(RUN)
def test_what_is_written_is_read_again(run: list[tuple[str, str | None, str]]) -> None:
    tests, wanted = [], []
    for word, parameters, outcome in run:
        name = word if parameters is None else f"{word}[{parameters}]"
        call = {"duration": 0.25, "outcome": outcome.replace("error", "failed"), "longrepr": "why"}
        tests.append(case(outcome, f"a/t.py::T::{name}", call=call))
        message = "" if outcome == "passed" else "why"
        wanted.append((name, "a.t.T", outcome, 0.75, message))
    found = [each for each in read(*tests) if isinstance(each, Result)]
    assert [(r.name, r.classname, r.status.word, r.duration, r.message) for r in found] == wanted
