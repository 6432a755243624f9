"""Mocha's `json` reporter, whose lists have to be put together, and mochawesome's tree."""

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
    notes,
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
    ReportError,
    Result,
    Status,
)

MOCHA = parser_of("mocha")
FILE = "/ci/test/a.spec.js"


def case(title: object = "adds", around: str = "basket", **more: Any) -> dict[str, Any]:
    said = {"title": title, "fullTitle": f"{around} {title}".strip(), "file": FILE}
    return {**said, "currentRetry": 0, "err": {}, **more}


def failed(title: object = "adds", message: str = "boom", **more: Any) -> dict[str, Any]:
    error = {"message": message, "stack": f"Error: {message}\n  at x", "name": "Error"}
    return case(title, err=error, **more)


def report(
    *passes: dict[str, Any],
    failures: tuple[dict[str, Any], ...] = (),
    pending: tuple[dict[str, Any], ...] = (),
    hooks: tuple[dict[str, Any], ...] = (),
) -> bytes:
    tests = [*passes, *pending, *failures]
    return json.dumps(
        {
            "stats": {"tests": len(tests), "passes": 0, "pending": 0, "failures": 0},
            "tests": tests,
            "pending": pending,
            "failures": [*failures, *hooks],
            "passes": passes,
        }
    ).encode()


def only(data: bytes) -> Result:
    [result] = results(read(MOCHA, data))
    return result


# Mocha's own


def test_a_test_is_what_the_list_says_that_holds_it() -> None:
    data = report(case("good"), failures=(failed("bad"),), pending=(case("later"),))
    found = {each.name: each.status for each in results(read(MOCHA, data))}
    assert found == {"good": Status.PASSED, "bad": Status.FAILED, "later": Status.SKIPPED}


def test_a_test_that_no_list_holds_is_unknown() -> None:
    data = json.dumps({"stats": {"passes": 0, "failures": 0}, "tests": [case()]}).encode()
    assert only(data).status is Status.UNKNOWN


def test_a_test_with_an_error_failed_whether_a_list_holds_it_or_not() -> None:
    assert only(json.dumps({"tests": [failed()]}).encode()).status is Status.FAILED


def test_a_test_that_failed_after_it_had_passed_has_failed() -> None:
    late = failed("late")
    data = json.dumps({"tests": [late], "failures": [late], "passes": [late]}).encode()
    assert only(data).status is Status.FAILED


def test_one_of_two_tests_of_one_name_may_fail() -> None:
    data = report(case("twice"), failures=(failed("twice"),))
    assert [each.status.word for each in results(read(MOCHA, data))] == ["passed", "failed"]


def test_a_list_without_tests_is_enough() -> None:
    assert only(json.dumps({"failures": [failed()]}).encode()).status is Status.FAILED


def test_what_is_in_a_list_and_not_in_the_tests_is_no_test_the_less() -> None:
    data = json.dumps({"tests": [], "pending": [case("later")], "passes": [case()]}).encode()
    assert [each.name for each in results(read(MOCHA, data))] == ["later", "adds"]


def test_a_failure_keeps_message_trace_and_class() -> None:
    result = only(report(failures=(failed(message="\x1b[31mboom\x1b[39m"),)))
    assert (result.message, result.type) == ("boom", "Error")
    assert result.trace.endswith("at x")


def test_titles_around_are_one_suite_below_the_file() -> None:
    [found] = placed(read(MOCHA, report(case("adds", around="shop basket", duration=20))))
    assert found.path == ("test/a.spec.js", "shop basket")
    assert (found.result.name, found.result.duration) == ("adds", 0.02)


def test_a_test_outside_of_any_suite_stands_in_its_file() -> None:
    assert placed(read(MOCHA, report(case(around=""))))[0].path == ("test/a.spec.js",)


def test_tries_before_the_last_one_are_attempts() -> None:
    records = read(MOCHA, report(case(currentRetry=2)))
    assert totals(records)["flaky"] == 1
    assert len(results(records)[0].attempts) == 2


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('"before all" hook for "adds"', SET_UP),
        ('"before each" hook: opens the shop for "adds"', SET_UP),
        ('"after each" hook for "adds"', TEAR_DOWN),
        ('"after all" hook', TEAR_DOWN),
    ],
)
def test_a_hook_that_failed_stands_for_its_suite(title: str, name: str) -> None:
    [hook] = placed(read(MOCHA, report(hooks=(failed(title),))))
    assert (hook.path, hook.result.name) == (("test/a.spec.js", "basket"), name)
    assert (hook.result.status, hook.result.message) == (Status.ERROR, "boom")
    assert hook.result.properties == (("hook", title),)


def test_a_test_that_is_named_like_a_hook_and_passed_is_one() -> None:
    assert only(report(case('"before all" hook'))).name == '"before all" hook'


def test_hooks_are_not_counted_as_tests() -> None:
    assert not notes(read(MOCHA, report(case(), hooks=(failed('"after all" hook'),))))


def test_other_numbers_than_were_found_are_noted() -> None:
    data = report(case()).replace(b'"tests": 1', b'"tests": 4')
    assert notes(read(MOCHA, data)) == ["the whole report declares 4 tests, found 1"]


# mochawesome


def awesome(title: str, state: object, **more: Any) -> dict[str, Any]:
    return {"title": title, "duration": 5, "state": state, "err": {}, "skipped": False, **more}


def suite(title: str, *tests: object, file: str = "", **more: Any) -> dict[str, Any]:
    return {"title": title, "file": file, "tests": list(tests), "suites": [], **more}


def tree(*suites: object, **more: Any) -> bytes:
    root = {"title": "", "file": "", "suites": list(suites), "tests": [], **more}
    stats = {"tests": 1, "passes": 1, "pending": 0, "failures": 0}
    return json.dumps({"stats": stats, "results": [root]}).encode()


@pytest.mark.parametrize(
    ("state", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("pending", Status.SKIPPED, "pending"),
        (None, Status.UNKNOWN, "None"),
        ("great", Status.UNKNOWN, "great"),
        (3, Status.UNKNOWN, "3"),
    ],
)
def test_each_state_of_mochawesome_has_its_status(state: object, status: Status, raw: str) -> None:
    result = only(tree(suite("basket", awesome("adds", state))))
    assert (result.status, result.raw_status) == (status, raw)


def test_a_test_that_a_hook_kept_from_running_was_skipped() -> None:
    result = only(tree(suite("basket", awesome("adds", None, skipped=True))))
    assert (result.status, result.raw_status) == (Status.SKIPPED, "skipped")


def test_the_suites_of_mochawesome_are_kept_apart() -> None:
    inner = suite("basket", awesome("adds", "passed"))
    data = tree(suite("shop", file="/test/a.spec.js", suites=[inner]))
    assert placed(read(MOCHA, data))[0].path == ("test/a.spec.js", "shop", "basket")


def test_only_the_hooks_that_failed_are_results() -> None:
    error = {"message": "Error: closed", "estack": "Error: closed\n at y"}
    hooks = [awesome("h", "passed"), awesome('"before all" hook', "failed", err=error)]
    [hook] = results(read(MOCHA, tree(suite("basket", beforeHooks=hooks))))
    assert (hook.name, hook.status, hook.message) == (SET_UP, Status.ERROR, "Error: closed")
    assert hook.trace == "Error: closed\n at y"


def test_what_a_test_adds_to_its_context_is_a_property() -> None:
    result = only(tree(suite("basket", awesome("adds", "passed", context='"shot.png"'))))
    assert result.properties == (("context", '"shot.png"'),)


def test_a_hook_after_is_a_tear_down() -> None:
    hooks = [awesome('"after all" hook', "failed")]
    assert only(tree(suite("basket", afterHooks=hooks))).name == TEAR_DOWN


# Odd shapes and damage


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None, 3], {"message": 3}, -1, 1e999])
def test_odd_values_do_no_harm(odd: object) -> None:
    for key in ("title", "fullTitle", "file", "duration", "currentRetry", "err"):
        assert len(results(read(MOCHA, report({**case(), key: odd})))) == 1
        assert len(results(read(MOCHA, report(failures=({**failed(), key: odd},))))) == 1
    for key in ("title", "file", "tests", "suites", "beforeHooks"):
        read(MOCHA, tree({**suite("s", awesome("a", "failed", err=odd)), key: odd}))
    for key in ("stats", "tests", "pending", "failures", "passes"):
        read(MOCHA, json.dumps({"passes": [], "tests": [case()], key: odd}).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"tests": 3}', b"not json"])
def test_what_holds_no_lists_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read(MOCHA, data)


def test_no_test_of_a_report_that_breaks_off_before_its_failures_passed() -> None:
    data = report(case("good"), failures=(failed("bad"),))
    records = read(MOCHA, data[: data.index(b'"failures": [{')])
    assert [each.status.word for each in results(records)] == ["unknown", "failed"]
    assert isinstance(records[-1], Damage)


SMALL = report(
    case("good"),
    case("good"),
    case("flaky", currentRetry=1, duration=3),
    failures=(failed("bad"), failed("good")),
    pending=(case("later"),),
    hooks=(failed('"before each" hook for "x"'),),
)
LATE = failed("late")
PASSES_FIRST = json.dumps(
    {"passes": [LATE, case("good")], "tests": [LATE, case("good")], "failures": [LATE]}
).encode()
TREE = tree(
    suite("basket", awesome("a", "passed"), awesome("b", None, skipped=True), file="/a.js"),
    suite("till", awesome("c", "failed"), afterHooks=[awesome("h", "failed")]),
)


@pytest.mark.parametrize("data", [SMALL, PASSES_FIRST, TREE])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(MOCHA, data) == []


# Recognition


@pytest.mark.parametrize("data", [SMALL, PASSES_FIRST, TREE, SMALL[:400]])
def test_it_is_recognised_in_any_order_of_keys(data: bytes) -> None:
    assert MOCHA.sniff(file_of(data).head) == 0.9


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b'{"stats": {"expected": 1, "unexpected": 0, "flaky": 0}}',
        b'{"tests": [{"name": "x"}]}',
        b'{"numTotalTests": 1, "testResults": []}',
        b"<x/>",
    ],
)
def test_other_json_is_left_alone(data: bytes) -> None:
    assert MOCHA.sniff(file_of(data).head) == 0.0


# Any run


names = st.text(PRINTABLE, min_size=1, max_size=8).filter(str.strip)
runs = st.lists(
    st.tuples(names.map(str.strip), st.sampled_from(["passed", "failed", "skipped"])),
    max_size=8,
    unique_by=lambda pair: pair[0],
)


@given(runs, st.integers(0, 10_000))
def test_what_was_written_is_read(run: list[tuple[str, str]], time: int) -> None:
    data = report(
        *(case(name, duration=time) for name, word in run if word == "passed"),
        failures=tuple(failed(name, "of " + name) for name, word in run if word == "failed"),
        pending=tuple(case(name) for name, word in run if word == "skipped"),
    )
    records = read(MOCHA, data)
    found = {each.name: each for each in results(records)}
    assert {name: each.status.word for name, each in found.items()} == dict(run)
    assert all(each.message == "of " + name for name, each in found.items() if each.trace)
    assert seconds(records) == pytest.approx(sum(w == "passed" for _, w in run) * time / 1000)


# Real files


@pytest.mark.parametrize("entry", entries("mocha"), ids=lambda entry: entry.file)
def test_real_files_give_what_stands_in_them(entry: Entry) -> None:
    figures = totals(read(MOCHA, entry.data))
    assert (figures["passed"], figures["failed"], figures["skipped"]) == (2, 2, 1)
    assert figures["total"] == 5
    assert differences(entry) == {}
