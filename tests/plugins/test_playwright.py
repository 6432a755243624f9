"""Playwright's JSON: suites, specs, a test for each project, and its tries."""

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
    totals,
    troubles,
)
from tracker.intake.contract import (
    Damage,
    Note,
    Record,
    ReportError,
    Result,
    Status,
    Trouble,
)

PLAYWRIGHT = parser_of("playwright")


def attempt(status: object = "passed", **more: Any) -> dict[str, Any]:
    return {"status": status, "duration": 10, "errors": [], "retry": 0, **more}


def failure(message: str = "Error: boom", status: str = "failed") -> dict[str, Any]:
    error = {"message": message, "stack": f"{message}\n    at a.spec.ts:1"}
    return attempt(status, error=error, errors=[{"message": message}])


def case(*tries: object, status: object = "expected", **more: Any) -> dict[str, Any]:
    said = {"expectedStatus": "passed", "projectName": "firefox", "status": status}
    return {**said, "results": list(tries), **more}


def spec(*tests: object, title: object = "adds", **more: Any) -> dict[str, Any]:
    return {"title": title, "ok": True, "tags": [], "tests": list(tests), "line": 7, **more}


def suite(title: object, *specs: object, **more: Any) -> dict[str, Any]:
    return {"title": title, "file": "a.spec.ts", "specs": list(specs), **more}


def report(*suites: object, **more: Any) -> bytes:
    config = {"rootDir": "/ci/tests", "projects": [], "workers": 2}
    return json.dumps({"config": config, "suites": list(suites), "errors": [], **more}).encode()


def found(*tests: object) -> list[Record]:
    return read(PLAYWRIGHT, report(suite("a.spec.ts", spec(*tests))))


def only(*tests: object) -> Result:
    [result] = results(found(*tests))
    return result


# Statuses


@pytest.mark.parametrize(
    ("word", "outcome", "status", "raw"),
    [
        ("passed", "expected", Status.PASSED, ""),
        ("failed", "unexpected", Status.FAILED, ""),
        ("timedOut", "unexpected", Status.ERROR, "timedOut"),
        ("interrupted", "unexpected", Status.ERROR, "interrupted"),
        ("skipped", "skipped", Status.SKIPPED, ""),
        ("great", "expected", Status.UNKNOWN, "great"),
        (None, "expected", Status.UNKNOWN, "None"),
        (["passed"], "expected", Status.UNKNOWN, "['passed']"),
        ("passed", "great", Status.UNKNOWN, "great"),
        ("passed", 3, Status.UNKNOWN, "3"),
        ("passed", "unexpected", Status.FAILED, "unexpected"),
        ("skipped", "unexpected", Status.FAILED, "unexpected"),
        ("passed", None, Status.PASSED, ""),
    ],
)
def test_each_word_has_its_status(word: object, outcome: object, status: Status, raw: str) -> None:
    result = only(case(attempt(word), status=outcome))
    assert (result.status, result.raw_status) == (status, raw)


def test_a_test_that_never_began_was_skipped() -> None:
    assert only(case(status="skipped")).status is Status.SKIPPED


def test_a_test_that_never_began_did_not_pass() -> None:
    assert only(case(status="expected")).status is Status.UNKNOWN


def test_a_test_that_failed_as_expected_is_an_expected_failure() -> None:
    result = only(case(failure(), expectedStatus="failed"))
    assert (result.status, result.expected_failure) == (Status.SKIPPED, "xfail")


def test_a_test_that_passed_against_expectation_failed() -> None:
    result = only(case(attempt(), expectedStatus="failed", status="unexpected"))
    assert (result.status, result.expected_failure) == (Status.FAILED, "xpass")
    assert result.message == "It was expected to fail, and passed."


# Tries


def test_the_last_try_decides_and_the_others_are_attempts() -> None:
    records = found(case(failure(), attempt(), status="flaky"))
    [result] = results(records)
    assert (result.status, result.attempts[0].status) == (Status.PASSED, Status.FAILED)
    assert (result.attempts[0].message, result.attempts[0].duration) == ("Error: boom", 0.01)
    assert totals(records)["flaky"] == 1


def test_a_try_that_was_skipped_decides_nothing() -> None:
    result = only(case(failure(), attempt("skipped"), status="unexpected"))
    assert (result.status, result.attempts) == (Status.FAILED, ())


def test_a_test_that_passed_twice_in_a_group_is_not_flaky() -> None:
    assert totals(found(case(attempt(), attempt())))["flaky"] == 0


# Names and places


def test_the_suites_are_file_project_and_titles() -> None:
    inner = suite("basket", spec(case(attempt())))
    [test] = placed(read(PLAYWRIGHT, report(suite("deep\\a.spec.ts", suites=[inner]))))
    assert test.path == ("deep/a.spec.ts", "firefox", "basket")
    assert (test.result.name, test.result.line) == ("adds", 7)


def test_each_project_has_a_result_of_its_own() -> None:
    tests = [case(attempt(), projectName=name) for name in ("chromium", "webkit", "")]
    assert [each.path for each in placed(found(*tests))] == [
        ("a.spec.ts", "chromium"),
        ("a.spec.ts", "webkit"),
        ("a.spec.ts",),
    ]


def test_tags_and_annotations_are_properties() -> None:
    noted = case(attempt(), annotations=[{"type": "issue", "description": "X-1"}, {}])
    [result] = results(read(PLAYWRIGHT, report(suite("a", spec(noted, tags=["fast", 3])))))
    assert result.properties == (("tag", "fast"), ("issue", "X-1"))


def test_a_skip_tells_its_reason() -> None:
    notes = [{"type": "skip", "description": "no printer"}]
    assert only(case(attempt("skipped"), annotations=notes, status="skipped")).message == (
        "no printer"
    )


def test_what_was_printed_and_attached_is_kept() -> None:
    said = attempt(
        stdout=[{"text": "one\n"}, {"buffer": "AA=="}, {"text": "two"}],
        stderr=[{"text": "oops"}],
        attachments=[{"name": "log", "body": "aGk="}, {"name": "x", "path": "out/x.png"}, {}],
    )
    result = only(case(said))
    assert (result.stdout, result.stderr) == ("one\ntwo", "oops")
    assert result.attachments == ("log", "out/x.png")


def test_a_failure_keeps_message_class_and_all_errors() -> None:
    first, second = "\x1b[31mTypeError: one\x1b[39m", "Error: two"
    said = attempt("failed", error={"message": first, "stack": first + "\n    at x"})
    said["errors"] = [{"message": first}, {"message": second}]
    result = only(case(said, status="unexpected"))
    assert (result.message, result.type) == ("TypeError: one", "TypeError")
    assert result.trace == f"{first}\n    at x\n\n{second}"


# The run


def test_errors_outside_of_tests_are_troubles() -> None:
    data = report(errors=[{"message": "m", "stack": "Error: top\n at x"}, {"value": "v"}, {}])
    assert troubles(read(PLAYWRIGHT, data)) == [
        "Error: top\n at x",
        "v",
        "an error outside any test",
    ]


def test_no_more_errors_are_told_than_anybody_reads() -> None:
    data = report(errors=[{"message": "m"}] * 30)
    [*_, last] = read(PLAYWRIGHT, data)
    assert last == Trouble("10 more errors outside any test")


def test_other_numbers_than_were_found_are_noted() -> None:
    data = report(stats={"expected": 2, "unexpected": 1, "flaky": 0, "skipped": 0})
    assert read(PLAYWRIGHT, data) == [Note("the whole report declares 3 tests, found 0")]


# Odd shapes and damage


@pytest.mark.parametrize("odd", [None, 3, "x", [], {}, [None, 3, {}], -1, 1e999, True])
def test_odd_values_do_no_harm(odd: object) -> None:
    keys = ("status", "duration", "error", "errors", "stdout", "attachments", "annotations")
    for key in keys:
        assert len(found(case({**failure(), key: odd}, status="unexpected"))) == 2
    for key in ("results", "expectedStatus", "projectName", "status", "annotations"):
        assert len(results(found({**case(failure(), attempt()), key: odd}))) == 1
    for key in ("title", "tests", "tags", "line", "file"):
        read(PLAYWRIGHT, report(suite("a", {**spec(case(attempt())), key: odd})))
    for key in ("title", "specs", "suites"):
        read(PLAYWRIGHT, report({**suite("a"), key: odd}, odd, errors=odd, stats=odd))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"suites": 3}', b"not json"])
def test_what_holds_no_suites_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(PLAYWRIGHT, data)


SMALL = report(
    suite(
        "a.spec.ts",
        spec(case(failure(), attempt(), status="flaky"), case(attempt(), projectName="w")),
        spec(case(failure(), failure(status="timedOut"), status="unexpected"), title="bad"),
        suites=[suite("basket", spec(case(attempt("skipped"), status="skipped")))],
    ),
    suite("b.spec.ts", spec(case(attempt(), expectedStatus="failed", status="unexpected"))),
    errors=[{"message": "x"}],
)
NO_PROJECT = report(suite("a.spec.ts", spec(case(attempt(), attempt("failed"), projectName=""))))


@pytest.mark.parametrize("data", [SMALL, NO_PROJECT])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(PLAYWRIGHT, data) == []


def test_a_report_that_breaks_off_keeps_its_whole_tests() -> None:
    records = read(PLAYWRIGHT, SMALL[: SMALL.index(b'"title": "bad"')])
    assert len(results(records)) == 2
    assert isinstance(records[-1], Damage)


# Recognition


@pytest.mark.parametrize("data", [SMALL, report(), SMALL[:60]])
def test_it_is_recognised_by_its_configuration(data: bytes) -> None:
    assert PLAYWRIGHT.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize("without", ["config", "errors"])
def test_it_is_recognised_without_its_first_keys(without: str) -> None:
    answer = json.loads(SMALL)
    del answer[without]
    assert PLAYWRIGHT.sniff(file_of(json.dumps(answer).encode()).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"suites": [{"name": "s", "cases": []}], "failCount": 1}',
        b'{"config": {"workers": 1}, "x": 1}',
        b'{"stats": {"passes": 1, "failures": 0}}',
        b"<x/>",
    ],
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert PLAYWRIGHT.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(PRINTABLE, min_size=1, max_size=8)
words = st.sampled_from(["passed", "failed", "timedOut", "skipped"])
runs = st.lists(st.tuples(names, words, st.integers(0, 10_000)), max_size=6)
OUTCOMES = {"passed": "expected", "skipped": "skipped"}
READ = {"timedOut": "error"}


@given(runs)
def test_what_was_written_is_read(run: list[tuple[str, str, int]]) -> None:
    specs = [
        spec(
            case(
                attempt(word, duration=time, error={"message": "of " + name}),
                status=OUTCOMES.get(word, "unexpected"),
            ),
            title=name,
        )
        for name, word, time in run
    ]
    records = read(PLAYWRIGHT, report(suite("a.spec.ts", *specs)))
    assert [each.result.name for each in placed(records)] == [name for name, _, _ in run]
    assert [each.status.word for each in results(records)] == [
        READ.get(word, word) for _, word, _ in run
    ]
    assert seconds(records) == pytest.approx(sum(time for _, _, time in run) / 1000)
    failures = [each for each in results(records) if each.status.is_failure]
    assert all(each.message == f"of {each.name}".strip() for each in failures)
