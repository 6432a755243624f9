"""pytest-reportlog: three lines a test, tries, what the run itself says, and cut files."""

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

parser = parser_of("pytest_reportlog")

START = {"pytest_version": "9.2.0", "$report_type": "SessionStart"}
FINISH = {"exitstatus": 0, "$report_type": "SessionFinish"}
CRASH = {
    "reprcrash": {"path": "/w/test_a.py", "lineno": 5, "message": "AssertionError: no"},
    "reprtraceback": {
        "reprentries": [
            {
                "type": "ReprEntry",
                "data": {
                    "lines": ["    def test_b():", ">       assert 0"],
                    "reprfileloc": {"path": "test_a.py", "lineno": 5, "message": "AssertionError"},
                },
            }
        ]
    },
    "chain": [],
}


def phase(
    when: str, outcome: str = "passed", nodeid: str = "test_a.py::test_b", **more: Any
) -> Any:
    line = {"nodeid": nodeid, "when": when, "outcome": outcome, "duration": 0.25, "longrepr": None}
    return {**line, "location": ["test_a.py", 3, "test_b"], "$report_type": "TestReport", **more}


def phases(call: str = "passed", nodeid: str = "test_a.py::test_b", **more: Any) -> list[Any]:
    return [
        phase("setup", nodeid=nodeid),
        phase("call", call, nodeid, **more),
        phase("teardown", nodeid=nodeid),
    ]


def written(*lines: Any, finish: Any = FINISH) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in (START, *lines, finish) if line)


def read(*lines: Any, finish: Any = FINISH) -> list[Record]:
    return read_with(parser, written(*lines, finish=finish))


def one(*lines: Any, finish: Any = FINISH) -> Result:
    [result] = results(read(*lines, finish=finish))
    return result


# What a test is


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("passed", Status.PASSED),
        ("failed", Status.FAILED),
        ("skipped", Status.SKIPPED),
        ("boiled", Status.UNKNOWN),
        (None, Status.UNKNOWN),
        (["passed"], Status.UNKNOWN),
    ],
)
def test_the_outcome_of_the_body_is_the_status(outcome: Any, status: Status) -> None:
    assert one(*phases(outcome)).status is status


def test_an_unknown_outcome_keeps_its_word() -> None:
    result = one(*phases("boiled"))
    assert (result.raw_status, result.message) == ("boiled", "status 'boiled'")


def test_the_time_is_that_of_all_phases() -> None:
    assert one(*phases()).duration == 0.75


@pytest.mark.parametrize("odd", [None, "1", -1, 1e12, float("nan"), [], {}])
def test_an_odd_time_is_left_out(odd: object) -> None:
    lines = [phase("setup", duration=odd), phase("call"), phase("teardown", duration=odd)]
    assert one(*lines).duration == 0.25


def test_a_set_up_that_failed_is_an_error() -> None:
    lines = phase("setup", "failed", longrepr="E   OSError: no disk"), phase("teardown")
    result = one(*lines)
    assert (result.status, result.message) == (Status.ERROR, "OSError: no disk")


def test_a_tear_down_that_failed_is_an_error_of_the_test_that_passed() -> None:
    lines = phase("setup"), phase("call"), phase("teardown", "failed", longrepr="E  OSError: x")
    assert one(*lines).status is Status.ERROR


def test_a_tear_down_that_failed_after_the_body_keeps_both_texts() -> None:
    result = one(
        phase("setup"),
        phase("call", "failed", longrepr=CRASH),
        phase("teardown", "failed", longrepr="OSError: late"),
    )
    assert result.status is Status.ERROR
    assert result.message == "AssertionError: no"
    assert result.trace.endswith("OSError: late")
    assert "assert 0" in result.trace


def test_a_failure_has_message_class_and_traceback() -> None:
    result = one(*phases("failed", longrepr=CRASH))
    assert (result.message, result.type) == ("AssertionError: no", "AssertionError")
    assert result.trace == ("    def test_b():\n>       assert 0\n\ntest_a.py:5: AssertionError")


def test_of_chained_exceptions_all_are_told() -> None:
    links = [[CRASH["reprtraceback"], None, None], [CRASH["reprtraceback"], None, None]]
    result = one(*phases("failed", longrepr={**CRASH, "chain": links}))
    assert result.trace.count("test_a.py:5: AssertionError") == 2


def test_a_skip_tells_its_reason_and_no_trace() -> None:
    why = ["/w/test_a.py", 8, "Skipped: not today"]
    result = one(phase("setup", "skipped", longrepr=why), phase("teardown"))
    assert (result.status, result.message, result.trace) == (Status.SKIPPED, "not today", "")


def test_an_expected_failure_is_skipped() -> None:
    result = one(*phases("skipped", wasxfail="reason: bug 42", longrepr=CRASH))
    assert (result.status, result.expected_failure) == (Status.SKIPPED, "xfail")
    assert result.message == "bug 42"


def test_an_unexpected_pass_is_passed() -> None:
    result = one(*phases(wasxfail=""))
    assert (result.status, result.expected_failure) == (Status.PASSED, "xpass")


def test_a_strict_unexpected_pass_is_failed() -> None:
    result = one(*phases("failed", longrepr="[XPASS(strict)] why"))
    assert (result.status, result.expected_failure) == (Status.FAILED, "xpass")


def test_a_failed_subtest_fails_its_test() -> None:
    subtest = {**phase("call", "failed", longrepr=CRASH), "$report_type": "SubTestReport"}
    fine = {**phase("call"), "$report_type": "SubTestReport"}
    result = one(phase("setup"), fine, subtest, phase("call"), phase("teardown"))
    assert (result.status, result.message) == (Status.FAILED, "AssertionError: no")


def test_the_test_in_which_a_worker_died_is_an_error() -> None:
    died = phase("???", "failed", longrepr="worker 'gw0' crashed")
    result = one(phase("setup"), died)
    assert (result.status, result.message) == (Status.ERROR, "worker 'gw0' crashed")


def test_output_is_that_of_the_last_phase_which_repeats_the_others() -> None:
    sections = [
        ["Captured stdout call", "out\n"],
        ["Captured stderr call", "err\n"],
        ["Captured log call", "WARNING root:x\n"],
        ["odd"],
        3,
    ]
    result = one(phase("setup"), phase("call"), phase("teardown", sections=sections))
    assert (result.stdout, result.stderr) == ("out\n", "err\n\nWARNING root:x\n")


def test_properties_are_kept() -> None:
    lines = phase("setup"), phase("call"), phase("teardown", user_properties=[["a", 1], 2])
    assert one(*lines).properties == (("a", "1"),)


def test_lines_are_counted_from_one() -> None:
    result = one(*phases())
    assert (result.file, result.line) == ("test_a.py", 4)


@pytest.mark.parametrize("odd", [None, 3, [], ["f"], [None, "x"], {"a": 1}])
def test_an_odd_location_tells_no_line(odd: object) -> None:
    lines = phase("setup"), phase("call"), phase("teardown", location=odd)
    assert one(*lines).line is None


# Names


@pytest.mark.parametrize(
    ("nodeid", "classname", "name"),
    [
        ("tests/a/test_b.py::test_c", "tests.a.test_b", "test_c"),
        ("", "", "(unnamed)"),
    ],
)
def test_names_are_those_of_the_junit_xml(nodeid: str, classname: str, name: str) -> None:
    [found] = placed(read(*phases(nodeid=nodeid)))
    assert (found.path, found.result.classname, found.result.name) == (("pytest",), classname, name)


# Tries


def test_a_rerun_is_an_attempt_and_the_last_try_decides() -> None:
    result = one(*phases("rerun", longrepr=CRASH), *phases())
    assert result.status is Status.PASSED
    [attempt] = result.attempts
    assert (attempt.status, attempt.message) == (Status.FAILED, "AssertionError: no")


def test_a_rerun_without_its_tear_down_is_an_attempt_too() -> None:
    rerun = phase("setup"), phase("call", "rerun", longrepr=CRASH)
    result = one(*rerun, *rerun, *phases("failed", longrepr=CRASH))
    assert (result.status, len(result.attempts)) == (Status.FAILED, 2)


def test_a_set_up_that_was_run_again_is_an_attempt_in_error() -> None:
    result = one(phase("setup", "rerun", longrepr="OSError: x"), *phases())
    assert [each.status for each in result.attempts] == [Status.ERROR]


def test_tests_of_several_workers_are_kept_apart() -> None:
    a, b = phases("failed", "t.py::a"), phases("passed", "t.py::b")
    mixed = [line for pair in zip(a, b, strict=True) for line in pair]
    assert {each.name: each.status for each in results(read(*mixed))} == {
        "a": Status.FAILED,
        "b": Status.PASSED,
    }


def test_the_same_test_run_twice_without_a_sign_is_two_results() -> None:
    assert len(results(read(*phases("failed"), *phases()))) == 2


# What is not told to its end


@pytest.mark.parametrize("told", [["setup"], ["setup", "call"], ["setup", "teardown"]])
def test_a_test_that_lacks_a_phase_is_unknown(told: list[str]) -> None:
    finish = {**FINISH, "exitstatus": 2}
    result = one(*map(phase, told), finish=finish)
    assert result.status is Status.UNKNOWN
    assert result.message == "the report does not tell how it ended"


def test_a_failure_is_one_whatever_would_have_come() -> None:
    assert one(phase("setup"), phase("call", "failed"), finish=None).status is Status.FAILED


def test_a_test_that_was_to_be_tried_again_is_unknown() -> None:
    result = one(*phases("rerun"), finish=None)
    assert (result.status, len(result.attempts)) == (Status.UNKNOWN, 1)


def test_a_session_without_an_end_is_damage() -> None:
    records = read(*phases(), finish=None)
    assert isinstance(records[-1], Damage)


def test_a_line_that_is_not_json_is_damage() -> None:
    data = written(*phases()).replace(b'{"exitstatus', b'oops\n{"exitstatus')
    [damage] = [each for each in read_with(parser, data) if isinstance(each, Damage)]
    assert damage.position == "line 5"


@pytest.mark.parametrize("data", [b"", b'{"pytest_version": "9"', b"[1]\n"])
def test_a_file_without_any_test_or_end_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_with(parser, data)


@pytest.mark.parametrize("name", ["pytest.jsonl", "pytest-subtests.jsonl"])
def test_a_cut_sample_makes_nothing_up(name: str) -> None:
    data = (SAMPLES / "pytest_reportlog" / name).read_bytes()
    assert lies_of_a_cut(parser, data, step=97) == []


@pytest.mark.parametrize(
    "lines",
    [
        [*phases(), *phases("failed", "t.py::f", longrepr="x"), *phases("skipped", "t.py::s")],
        [*phases("rerun", longrepr="x"), *phases(), phase("setup", "failed", "t.py::e")],
    ],
)
def test_a_file_cut_anywhere_makes_nothing_up(lines: list[Any]) -> None:
    assert lies_of_a_cut(parser, written(*lines)) == []


# What the run says


def test_a_file_that_could_not_be_imported_is_trouble() -> None:
    why = "ImportError while importing\nE   ModuleNotFoundError: No module named 'x'"
    collected = {"$report_type": "CollectReport", "outcome": "failed", "nodeid": "test_x.py"}
    records = read({**collected, "longrepr": why}, finish={**FINISH, "exitstatus": 1})
    assert troubles(records) == [
        "test_x.py could not be collected: ModuleNotFoundError: No module named 'x'"
    ]


def test_a_file_that_was_skipped_is_a_note() -> None:
    why = ["/w/test_x.py", 2, "Skipped: not here"]
    collected = {"$report_type": "CollectReport", "outcome": "skipped", "nodeid": "test_x.py"}
    records = read({**collected, "longrepr": why}, *phases())
    assert notes(records) == ["test_x.py was skipped as a whole: not here"]


@pytest.mark.parametrize("status", [2, 3, 4, 5])
def test_an_odd_exit_status_is_trouble(status: int) -> None:
    [text] = troubles(read(*phases(), finish={**FINISH, "exitstatus": status}))
    assert f"exit status {status}" in text


def test_a_failing_exit_without_a_failed_test_is_trouble() -> None:
    assert troubles(read(*phases(), finish={**FINISH, "exitstatus": 1}))


def test_a_failing_exit_with_a_failed_test_is_none() -> None:
    assert not troubles(read(*phases("failed"), finish={**FINISH, "exitstatus": 1}))


def test_a_few_warnings_are_noted_and_the_rest_counted() -> None:
    warning = {"$report_type": "WarningMessage", "category": "UserWarning", "message": "careful"}
    told = notes(read(*[warning] * 8, *phases()))
    assert told == ["UserWarning: careful"] * 5 + ["3 more remarks of this kind were left out"]


@pytest.mark.parametrize("odd", [None, 7, [], {}, "x", [[]], [{}], {"reprcrash": 1, "chain": [1]}])
def test_oddly_typed_fields_do_not_break_it(odd: object) -> None:
    names = ["nodeid", "location", "longrepr", "sections", "user_properties", "wasxfail", "when"]
    line = {**phase("call", "failed"), **dict.fromkeys(names, odd)}
    collected = {"$report_type": "CollectReport", "outcome": "failed", "longrepr": odd}
    more = [{"$report_type": odd}, {"$report_type": "WarningMessage", "message": odd}]
    ends = {"$report_type": "SessionFinish", "exitstatus": odd}
    assert results(read(line, phase("teardown", nodeid=odd), collected, *more, finish=ends))


# Sniffing


def test_its_own_lines_are_recognised_in_any_order_of_keys() -> None:
    for line in (START, FINISH, *phases(), dict(reversed(phase("setup").items()))):
        assert parser.sniff(head_of(json.dumps(line).encode(), "x")) > 0.9


def test_a_first_line_without_an_end_in_sight_is_recognised() -> None:
    line = {"location": [], "keywords": {}, "outcome": "failed", "longrepr": "x" * 70_000}
    assert parser.sniff(head_of(json.dumps(line).encode(), "x")) > 0


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b'{"Action":"run","Package":"p"}', b'{"$report_type": ["x"]}', b"[1]", b'{"a":1}'],
)
def test_other_lines_are_left_alone(data: bytes) -> None:
    assert parser.sniff(head_of(data, "x.jsonl")) == 0


# Runs written and read again

WORD = st.from_regex(r"[^\W\d]\w{0,8}", fullmatch=True)
PARAMETERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TEST = st.tuples(WORD, st.none() | PARAMETERS, st.sampled_from(["passed", "failed", "skipped"]))
RUN = st.lists(st.tuples(TEST, st.integers(0, 2)), max_size=6, unique_by=lambda each: each[0][:2])


@given(RUN)
def test_what_is_written_is_read_again(run: list[tuple[tuple[str, str | None, str], int]]) -> None:
    lines, wanted = [], []
    for (word, parameters, outcome), tries in run:
        name = word if parameters is None else f"{word}[{parameters}]"
        for _ in range(tries):
            lines += phases("rerun", f"a/t.py::T::{name}", longrepr="why")
        lines += phases(outcome, f"a/t.py::T::{name}", longrepr=outcome)
        message = "" if outcome == "passed" else outcome
        wanted.append((name, "a.t.T", outcome, 0.75, message, tries))
    assert [
        (r.name, r.classname, r.status.word, r.duration, r.message, len(r.attempts))
        for r in results(read(*lines))
    ] == wanted
