"""Rows as results, and the file that is kept of them: both say the same, however odd the text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import parser_of, placed, read
from tracker.intake.contract import Attempt, Result, Status
from tracker.operations.legacy.report import as_xml, result_of
from tracker.operations.legacy.tables import LegacyResult

JUNIT = parser_of("junit")


def row(**values: Any) -> LegacyResult:
    told = {
        "id": 1,
        "file_path": "net/tests/routing/test_a.py",
        "class_name": "TestA",
        "test_name": "test_one",
        "status": "PASSED",
        "setup_ip": "10.1.0.1",
        "jenkins_topology": "5s",
        "order_index": 3,
        "was_rerun": 0,
        "rerun_still_failed": 0,
        "failure_message": "",
        "priority": "P1",
        "topology_metadata": "5-site",
        "is_removed": 0,
        "testcase_module": "routing",
    }
    return LegacyResult(**{**told, **values})


def reread(*results: Result) -> list[Result]:
    """What the parser makes of the file of these results."""
    found = placed(read(JUNIT, as_xml(results)))
    assert {each.path for each in found} <= {("pytest",)}
    return [each.result for each in found]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PASSED", Status.PASSED),
        ("FAILED", Status.FAILED),
        ("ERROR", Status.ERROR),
        ("SKIPPED", Status.SKIPPED),
        ("BOILED", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_each_word_has_its_status(word: str, status: Status) -> None:
    assert result_of(row(status=word)).status is status


@pytest.mark.parametrize(
    ("path", "classname", "name"),
    [
        ("net/test_a.py", "TestA", "net.test_a.TestA"),
        ("net\\test_a.py", "TestA", "net.test_a.TestA"),
        ("net/test_a.py", "TestA::TestB", "net.test_a.TestA.TestB"),
        ("net/test_a.py", "", "net.test_a"),
        ("", "TestA", "TestA"),
        ("prüf/test_größe.py", "TestGröße", "prüf.test_größe.TestGröße"),
    ],
)
def test_classes_are_named_as_in_the_junit_xml_of_pytest(
    path: str, classname: str, name: str
) -> None:
    result = result_of(row(file_path=path, class_name=classname))
    assert (result.classname, result.file) == (name, path)


def test_a_row_is_the_test_that_the_order_log_of_its_run_tells_of() -> None:
    log = b"[10.1.0.1] PASSED net/tests/routing/test_a.py::TestA::test_one[a::b]\n"
    [logged] = placed(read(parser_of("order_log"), log, "1_x_5s.order.txt"))
    ours = result_of(row(test_name="test_one[a::b]"))
    assert logged.path == ("pytest",)
    assert (logged.result.classname, logged.result.name) == (ours.classname, ours.name)


def test_order_setup_and_module_are_properties() -> None:
    assert result_of(row()).properties == (
        ("setup_ip", "10.1.0.1"),
        ("order", "3"),
        ("testcase_module", "routing"),
    )
    assert result_of(row(setup_ip="", order_index=None, testcase_module="")).properties == ()


def test_a_message_ends_at_the_first_empty_line() -> None:
    result = result_of(row(status="FAILED", failure_message="E: ü\nmore\n\nline 1\n\nline 2 <b>"))
    assert (result.message, result.trace) == ("E: ü\nmore", "line 1\n\nline 2 <b>")


def test_a_test_that_passed_when_run_again_has_the_failure_as_an_attempt() -> None:
    result = result_of(row(was_rerun=1, failure_message="E: 1\n\ntrace"))
    assert result.attempts == (Attempt(Status.FAILED, None, "E: 1", "trace"),)
    assert (result.status, result.message, result.trace) == (Status.PASSED, "", "")


def test_a_test_that_failed_again_keeps_the_text_and_one_attempt() -> None:
    told = {"was_rerun": 1, "rerun_still_failed": 1, "failure_message": "E: 2\n\ntrace"}
    result = result_of(row(status="FAILED", **told))
    assert result.attempts == (Attempt(Status.FAILED),)
    assert (result.message, result.trace) == ("E: 2", "trace")


TEXTS = st.text(max_size=40)


@given(
    st.lists(
        st.builds(
            row,
            test_name=TEXTS.map(lambda text: f"test_{text}x"),
            class_name=st.sampled_from(["TestA", "TestÜ", "A::B", "<&\"'>"]),
            status=st.sampled_from(["PASSED", "FAILED", "ERROR", "SKIPPED"]),
            setup_ip=TEXTS,
            was_rerun=st.sampled_from([0, 1]),
            failure_message=TEXTS,
        ),
        max_size=4,
        unique_by=lambda each: result_of(each).name,
    )
)
def test_the_file_of_results_is_read_as_those_results(rows: list[LegacyResult]) -> None:
    results = [result_of(each) for each in rows]
    for ours, theirs in zip(results, reread(*results), strict=True):
        # Where a failure has no message its first line stands in.
        assert theirs.message == ours.message or (not ours.message and ours.trace)
        same = ("name", "status", "classname", "trace", "attempts", "file", "properties")
        assert {name: getattr(theirs, name) for name in same if name != "attempts"} == {
            name: getattr(ours, name) for name in same if name != "attempts"
        }
        assert len(theirs.attempts) == len(ours.attempts)


def test_an_unknown_word_is_told_in_the_file_too() -> None:
    [result] = reread(result_of(row(status="BOILED")))
    assert (result.status, result.raw_status) == (Status.UNKNOWN, "BOILED")
    assert result == result_of(row(status="BOILED"))


def test_the_file_is_the_same_every_time() -> None:
    results = [result_of(row()), result_of(row(test_name="test_two", status="FAILED"))]
    assert as_xml(results) == as_xml(list(results))
    assert as_xml(results).startswith(b"<?xml")
