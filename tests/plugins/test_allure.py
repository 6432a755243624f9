"""Allure: results, tries of one history, names and places, fixtures, and damaged files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    SAMPLES,
    Placed,
    lies_of_a_cut,
    parser_of,
    placed,
    read_folder,
    results,
    totals,
    troubles,
)
from tests.plugins.reading import read as read_with
from tracker.intake.contract import Damage, Note, Record, ReportError, Result, Status
from tracker.intake.sniff import head_of

parser = parser_of("allure")


def case(uuid: str = "u1", status: object = "passed", **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "name": "adds", "status": status, "start": 1000, "stop": 1250, **more}


def container(*children: str, uuid: str = "c1", **more: Any) -> dict[str, Any]:
    return {"uuid": uuid, "children": list(children), **more}


def label(**labels: str) -> dict[str, Any]:
    return {"labels": [{"name": name, "value": value} for name, value in labels.items()]}


def broken(name: str = "connect", message: str = "no line") -> dict[str, Any]:
    return {"name": name, "status": "broken", "statusDetails": {"message": message}}


def read(*files: Any) -> list[Record]:
    """A folder of files, in the order in which they are given."""
    return read_folder(
        parser,
        {f"{number}.json": json.dumps(each).encode() for number, each in enumerate(files)},
    )


def one(file: Any) -> Result:
    """A file on its own."""
    [result] = results(read_with(parser, json.dumps(file).encode()))
    return result


def place(file: Any) -> Placed:
    [found] = placed(read(file))
    return found


# What a result is


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("Passed", Status.PASSED, ""),
        ("FAILED", Status.FAILED, ""),
        ("broken", Status.ERROR, "broken"),
        ("skipped", Status.SKIPPED, ""),
        ("unknown", Status.UNKNOWN, "unknown"),
        ("boiled", Status.UNKNOWN, "boiled"),
        (None, Status.UNKNOWN, ""),
        (3, Status.UNKNOWN, "3"),
    ],
)
def test_each_word_has_its_status(word: object, status: Status, raw: str) -> None:
    result = one(case(status=word))
    assert (result.status, result.raw_status) == (status, raw)


def test_a_test_that_never_ended_says_where_it_stood() -> None:
    result = one({"uuid": "u", "name": "a", "stage": "running", "start": 1})
    assert (result.status, result.message) == (Status.UNKNOWN, "status None, stage 'running'")


def test_the_details_are_message_and_trace() -> None:
    details = {"message": "no", "trace": "at a", "flaky": True, "known": False, "muted": True}
    result = one(case(status="failed", statusDetails=details))
    assert (result.message, result.trace) == ("no", "at a")
    assert result.properties == (("flaky", "true"), ("muted", "true"))


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        ("skipped", "XFAIL bug 42\n\nAssertionError", "xfail"),
        ("passed", "XPASS bug 42", "xpass"),
        ("failed", "[XPASS(strict)] bug 42", "xpass"),
        ("failed", "AssertionError", ""),
    ],
)
def test_expected_failures_of_pytest_are_told(status: str, message: str, expected: str) -> None:
    result = one(case(status=status, statusDetails={"message": message}))
    assert result.expected_failure == expected


@pytest.mark.parametrize(
    ("start", "stop", "duration"),
    [
        (1000, 1250, 0.25),
        (1000, 1000, 0.0),
        (1000, 900, None),
        (None, 900, None),
        (1000, None, None),
        ("1000", 1250, None),
        (0, 1_700_000_000_000, None),
        (True, 1250, None),
    ],
)
def test_the_time_goes_from_start_to_stop(start: Any, stop: Any, duration: float | None) -> None:
    assert one(case(start=start, stop=stop)).duration == duration


def test_labels_and_links_are_properties_but_host_and_thread_are_not() -> None:
    labels = label(epic="Shop", tag="smoke", host="h", thread="t", framework="x", language="y")
    links = [{"type": "issue", "url": "https://i/1"}, {"name": "only"}, 3]
    assert one(case(**labels, links=links)).properties == (
        ("epic", "Shop"),
        ("tag", "smoke"),
        ("issue", "https://i/1"),
        ("link", "only"),
    )


def test_attachments_of_steps_within_steps_are_named() -> None:
    def attached(name: str) -> list[dict[str, str]]:
        return [{"name": "log", "source": f"{name}.txt"}]

    inner = [{"name": "s", "attachments": attached("c")}]
    steps = [{"name": "s", "attachments": attached("b"), "steps": inner}, {"name": "t"}, 3]
    file = case(attachments=[*attached("a"), {"name": "unsourced"}], steps=steps)
    assert one(file).attachments == ("a.txt", "unsourced", "b.txt", "c.txt")


# Names and places


def test_suites_are_named_outermost_first() -> None:
    labels = label(subSuite="c", suite="b", parentSuite="a", host="h", testClass="com.acme.FooTest")
    found = place(case(**labels))
    assert (found.path, found.result.classname) == (("a", "b", "c"), "com.acme.FooTest")


@pytest.mark.parametrize(
    ("file", "path", "classname"),
    [
        (label(suite="com.acme.FooTest", testClass="com.acme.FooTest"), (), "com.acme.FooTest"),
        (
            label(**{"class": "com.acme.FooTest"}, suite="My suite"),
            ("My suite",),
            "com.acme.FooTest",
        ),
        (label(package="com.acme"), ("com.acme",), ""),
        ({"titlePath": ["e2e", "a.spec.ts", "adds"]}, ("e2e", "a.spec.ts", "adds"), ""),
        ({"fullName": "com.acme.FooTest.bar"}, (), ""),
        ({"fullName": "Acme.Tests#bar"}, (), "Acme.Tests"),
        ({"fullName": "e2e/a.spec.ts#adds twice"}, (), ""),
        (label(thread="t", host="h"), (), ""),
    ],
)
def test_the_place_is_what_is_the_same_in_every_run(
    file: dict[str, Any], path: tuple[str, ...], classname: str
) -> None:
    found = place(case(**file))
    assert (found.path, found.result.classname) == (path, classname)


def test_what_pytest_ran_has_the_names_of_its_junit_xml() -> None:
    labels = label(parentSuite="tests", suite="test_a", subSuite="TestB", framework="pytest")
    parameters = [{"name": "x", "value": "<object at 0x7f>"}]
    file = {**labels, "fullName": "tests.test_a.TestB#test_c", "parameters": parameters}
    found = place(case(**{**file, "name": "test_c[x0]"}))
    assert (found.path, found.result.classname) == (("pytest",), "tests.test_a.TestB")
    assert found.result.name == "test_c[x0]"


@pytest.mark.parametrize(
    ("name", "parameters", "shown"),
    [
        ("adds", [{"name": "a", "value": "1"}, {"name": "b", "value": 2}], "adds[a=1, b=2]"),
        ("adds", [{"name": "a", "value": "1", "excluded": True}], "adds"),
        ("adds", [{"name": "a", "value": "1", "mode": "hidden"}], "adds"),
        ("adds", [{"name": "a", "value": "secret", "mode": "masked"}], "adds[a=******]"),
        ("adds (1)", [{"name": "a", "value": "1"}], "adds (1)"),
        ("1 and 2", [{"name": "a", "value": "1"}], "1 and 2[a=1]"),
        ("adds", [3, None], "adds"),
    ],
)
def test_parameters_belong_to_the_name(name: str, parameters: list[Any], shown: str) -> None:
    assert one(case(name=name, parameters=parameters)).name == shown


def test_an_excluded_parameter_is_a_property() -> None:
    parameters = [{"name": "port", "value": "8080", "excluded": True}]
    assert one(case(parameters=parameters)).properties == (("port", "8080"),)


@pytest.mark.parametrize(("full", "name"), [("a.b", "a.b"), (None, "(unnamed)")])
def test_a_result_without_a_name_has_its_full_one(full: object, name: str) -> None:
    assert one(case(name=None, fullName=full)).name == name


# Tries


@pytest.mark.parametrize(
    "identity", [{"historyId": "h"}, {"testCaseId": "t"}, {"fullName": "com.acme.FooTest.bar"}]
)
def test_results_of_one_history_are_tries_and_the_newest_decides(identity: dict[str, str]) -> None:
    newest = case("u3", "passed", start=5000, stop=5100, **identity)
    first = case("u1", "failed", statusDetails={"message": "one"}, **identity)
    second = case("u2", "broken", start=3000, stop=3100, **identity)
    [result] = results(read(second, newest, first))
    assert result.status is Status.PASSED
    assert [each.status for each in result.attempts] == [Status.FAILED, Status.ERROR]
    assert (result.attempts[0].message, result.attempts[0].duration) == ("one", 0.25)


def test_the_one_that_stopped_last_decides_though_it_started_first() -> None:
    slow = case("u1", "failed", start=1000, stop=9000, historyId="h")
    [result] = results(read(slow, case("u2", start=2000, stop=3000, historyId="h")))
    assert result.status is Status.FAILED


def test_parameters_tell_cases_without_a_history_apart() -> None:
    files = [
        case(str(value), testCaseId="t", parameters=[{"name": "a", "value": value}])
        for value in (1, 2)
    ]
    assert [each.name for each in results(read(*files))] == ["adds[a=1]", "adds[a=2]"]


def test_what_has_no_history_is_a_case_of_its_own() -> None:
    assert len(results(read(case(), case()))) == 2


def test_results_come_in_the_order_in_which_they_started() -> None:
    files = [case(str(start), name=str(start), start=start) for start in (30, 10, 20)]
    assert [each.name for each in results(read(*files))] == ["10", "20", "30"]


# Fixtures


def test_a_fixture_that_failed_is_told_in_what_failed_within_it() -> None:
    [result] = results(read(case(status="broken"), container("u1", befores=[broken()])))
    assert result.message == 'the set-up "connect" failed: no line'
    assert result.trace == result.message


def test_a_fixture_keeps_the_trace_and_the_message_of_the_result() -> None:
    file = case(status="failed", statusDetails={"message": "no", "trace": "at a"})
    [result] = results(read(container("u1", afters=[broken("close")]), file))
    assert result.message == "no"
    assert result.trace == 'at a\n\nthe tear-down "close" failed: no line'


def test_a_fixture_of_a_container_around_a_container_is_told() -> None:
    outer = container("c1", uuid="c2", befores=[broken()])
    records = read(case(status="skipped"), container("u1"), outer)
    assert "connect" in results(records)[0].trace
    assert not troubles(records)


def test_containers_within_each_other_end() -> None:
    records = read(case(), container("c2", befores=[broken()]), container("c1", uuid="c2"))
    assert len(troubles(records)) == 1


def test_a_fixture_that_no_result_shows_is_trouble() -> None:
    records = read(case(), container("u1", afters=[broken("close"), {"status": "passed"}]))
    assert troubles(records) == ['the tear-down "close" failed: no line']
    assert results(records)[0].trace == ""


def test_a_fixture_that_an_earlier_try_shows_is_none() -> None:
    failed = case("u1", "failed", historyId="h")
    records = read(
        failed, case("u2", stop=9000, historyId="h"), container("u1", befores=[broken()])
    )
    assert not troubles(records)
    assert "connect" in results(records)[0].attempts[0].trace


def test_a_container_on_its_own_holds_no_test_and_is_no_mistake() -> None:
    records = read_with(parser, json.dumps(container("u1", befores=[{"name": "a"}])).encode())
    assert records == [Note("it holds fixtures only, and no test")]


# Damage


def test_a_damaged_file_is_named_and_the_others_are_kept() -> None:
    records = read_folder(
        parser, {"a-result.json": b'{"uuid": "u', "b-result.json": json.dumps(case()).encode()}
    )
    assert len(results(records)) == 1
    [damage] = [each for each in records if isinstance(each, Damage)]
    assert damage.reason.startswith("a-result.json: ")


@pytest.mark.parametrize("data", [b"", b"x", b"[]", b"{}", b'{"uuid": "u", "status": "passed"'])
def test_a_file_without_a_whole_result_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        read_with(parser, data)


def test_a_folder_of_damaged_files_alone_is_refused() -> None:
    with pytest.raises(ReportError, match=r"a\.json"):
        read_folder(parser, {"a.json": b"{", "b.json": b""})


def test_files_of_other_kinds_are_counted_in_a_note() -> None:
    records = read(case(), {"name": "Jenkins", "type": "jenkins"}, [])
    assert Note("2 files are no results of Allure and were left out") in records


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], [[]], [{"name": [], "value": {}}]])
def test_oddly_typed_fields_do_not_break_it(odd: Any) -> None:
    fields = ["name", "start", "stop", "labels", "links", "parameters", "steps", "attachments"]
    fields += ["statusDetails", "historyId", "testCaseId", "fullName", "titlePath", "stage"]
    file = {"uuid": "u1", "status": "failed", **dict.fromkeys(fields, odd)}
    fixtures = {"befores": odd, "afters": [odd, {"status": "failed", "statusDetails": odd}]}
    assert totals(read(file, {"uuid": "c", "children": ["u1"], **fixtures}))["failed"] == 1


@pytest.mark.parametrize(
    "file",
    [
        case(status="failed", **label(suite="a"), statusDetails={"message": "no"}),
        {"name": "ä", "status": "passed", "steps": [{"name": "s"}], "uuid": "u1"},
    ],
)
def test_a_file_cut_anywhere_makes_nothing_up(file: dict[str, Any]) -> None:
    assert lies_of_a_cut(parser, json.dumps(file, indent=1).encode()) == []


def test_the_folder_of_allure_pytest_is_one_report() -> None:
    folder = SAMPLES / "allure" / "pytest"
    records = read_folder(
        parser, {path.name: path.read_bytes() for path in folder.glob("*-*t.json")}
    )
    found = totals(records)
    assert found["total"] == 10
    assert (found["passed"], found["failed"], found["error"], found["skipped"]) == (4, 2, 2, 2)
    assert found["flaky"] == 1


# Sniffing

OWN = [
    case(),
    {"uuid": "123", "name": "A result", "status": "passed"},
    {"uuid": "1", "status": None, "name": "a", "start": 1},
    {"testCaseId": "t", "historyId": "h", "status": "Passed", "name": "a"},
    container("u1"),
    container(),
    {"uuid": "c", "befores": []},
]


@pytest.mark.parametrize("file", OWN)
def test_results_and_containers_are_recognised_in_any_order_of_keys(file: dict[str, Any]) -> None:
    for each in (file, dict(reversed(file.items()))):
        assert parser.sniff(head_of(json.dumps(each).encode(), "x")) > 0.5


def test_a_result_whose_uuid_is_out_of_sight_is_recognised() -> None:
    file = {"name": "a", "status": "broken", "statusDetails": {"trace": "x" * 70_000}, "uuid": "u"}
    assert parser.sniff(head_of(json.dumps(file).encode(), "x")) > 0


@pytest.mark.parametrize(
    "file",
    [
        [],
        {},
        {"uuid": "u"},
        {"uuid": "u", "status": "active"},
        {"uuid": 3, "status": "passed"},
        {"name": "a", "status": "passed"},
        {"name": "a", "status": "passed", "steps": []},
        {"uuid": "u", "children": [{"name": "x"}]},
        {"id": "u", "children": []},
        {"name": "Jenkins", "type": "jenkins", "buildName": "b"},
        [{"name": "Product defects", "matchedStatuses": ["failed"]}],
    ],
)
def test_other_files_are_left_alone(file: Any) -> None:
    assert parser.sniff(head_of(json.dumps(file).encode(), "x-result.json")) == 0


# Runs written and read again

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
WORDS = {"passed": "passed", "failed": "failed", "broken": "error", "skipped": "skipped"}
CASE = st.tuples(TEXT, st.sampled_from(sorted(WORDS)), st.integers(0, 10**6), TEXT, TEXT)


@given(st.lists(CASE, max_size=6), st.randoms(use_true_random=False))
def test_what_is_written_is_read_again(run: list[Any], chance: Any) -> None:
    files = [
        case(
            str(number),
            word,
            name=name,
            start=10**7 * number,
            stop=10**7 * number + time,
            statusDetails={"message": message},
            historyId=f"h{number}",
            **label(suite=suite),
        )
        for number, (name, word, time, message, suite) in enumerate(run)
    ]
    chance.shuffle(files)
    assert [
        (each.result.name, each.result.status.word, each.result.duration, each.path)
        for each in placed(read(*files) if files else [])
    ] == [(name, WORDS[word], time / 1000, (suite,)) for name, word, time, _, suite in run]
