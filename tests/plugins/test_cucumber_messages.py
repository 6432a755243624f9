"""What the Cucumber messages plugin makes of the stream of a run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import lies_of_a_cut, notes, parser_of, placed, read, results, troubles
from tracker.intake.contract import (
    Attempt,
    Damage,
    ReportError,
    Result,
    Status,
    Suite,
)
from tracker.intake.sniff import head_of

plugin = parser_of("cucumber_messages")

META = {"meta": {"protocolVersion": "31.1.0", "implementation": {"name": "x"}}}
BEGIN = {"testRunStarted": {"id": "run", "timestamp": {"seconds": 0, "nanos": 0}}}
END = {"testRunFinished": {"timestamp": {"seconds": 9, "nanos": 0}, "success": True}}
FAILED_END = {"testRunFinished": {"timestamp": {"seconds": 9, "nanos": 0}, "success": False}}


def stream(*messages: Any) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in messages).encode()


def run(*messages: Any, end: Any = FAILED_END) -> bytes:
    return stream(META, BEGIN, *messages, end)


def node(kind: str, line: int, **more: Any) -> dict[str, Any]:
    return {kind: {"location": {"line": line, "column": 1}, **more}}


def document(*children: Any, name: str = "F", uri: str = "f.feature") -> Any:
    return {"gherkinDocument": {"uri": uri, "feature": {"name": name, "children": children}}}


def pickle(key: str = "1", name: str = "s", **more: Any) -> Any:
    content = {
        "id": f"p{key}",
        "uri": "f.feature",
        "name": name,
        "astNodeIds": [f"s{key}"],
        "steps": [{"id": f"ps{key}", "text": "a step"}],
        **more,
    }
    return {"pickle": content}


def planned(key: str = "1", *, hook: str = "") -> Any:
    steps = [{"id": f"ts{key}", "pickleStepId": f"ps{key}"}]
    steps += [{"id": f"th{key}", "hookId": hook}] if hook else []
    return {"testCase": {"id": f"c{key}", "pickleId": f"p{key}", "testSteps": steps}}


def started(key: str = "1", attempt: int = 0) -> Any:
    content = {"id": f"r{key}.{attempt}", "testCaseId": f"c{key}", "attempt": attempt}
    return {"testCaseStarted": {**content, "timestamp": {"seconds": 1, "nanos": 0}}}


def step(word: Any, key: str = "1", attempt: int = 0, *, kind: str = "ts", **more: Any) -> Any:
    result = {"status": word, "duration": {"seconds": 0, "nanos": 1_000_000}, **more}
    ids = {"testCaseStartedId": f"r{key}.{attempt}", "testStepId": f"{kind}{key}"}
    return {"testStepFinished": {**ids, "testStepResult": result}}


def finished(key: str = "1", attempt: int = 0, **more: Any) -> Any:
    ids = {"testCaseStartedId": f"r{key}.{attempt}", **more}
    return {"testCaseFinished": {**ids, "timestamp": {"seconds": 1, "nanos": 500_000_000}}}


def tried(word: Any, key: str = "1", attempt: int = 0, *, again: Any = False, **more: Any) -> Any:
    yield started(key, attempt)
    yield step(word, key, attempt, **more)
    yield finished(key, attempt, willBeRetried=again)


PLAN = (document(node("scenario", 3, id="s1", name="s")), pickle(), planned())


def the_result(*messages: Any, plan: Any = PLAN) -> Result:
    [result] = results(read(plugin, run(*plan, *messages)))
    return result


# Which files are messages


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(META),
        '{"source": {"uri": "f.feature", "data": "Feature: very lo',
        '{"gherkinDocument":{"comments":[],"uri":"f.feature"}}\n{"pickle":{}}',
        '{"testRunStarted":{"timestamp":{"seconds":1}}}',
    ],
)
def test_it_is_recognised_by_its_first_message(text):
    assert plugin.sniff(head_of(text.encode(), "x.txt")) == 0.9


@pytest.mark.parametrize(
    "text",
    [
        '{"meta": {"title": "x"}}',
        '{"meta": 1}',
        '{"meta": {"protocolVersion": "1"}, "other": 1}',
        '{"source": "x"}',
        '{"Action": "run"}',
        "[]",
        "{}",
        "",
    ],
)
def test_other_json_is_left_alone(text):
    assert plugin.sniff(head_of(text.encode(), "messages.ndjson")) == 0


@pytest.mark.parametrize("text", ['{"a": 1}\n', "nonsense", ""])
def test_what_holds_no_message_is_refused(text):
    with pytest.raises(ReportError, match="no messages"):
        read(plugin, text.encode())


# Where a scenario stands and how it is called


def test_a_scenario_stands_in_its_feature_with_file_line_and_tags():
    plan = (PLAN[0], pickle(tags=[{"name": "@a"}]), planned())
    data = run(*plan, *tried("PASSED"), end=END)
    assert read(plugin, data) == [
        Suite(("F",)),
        Result("s", Status.PASSED, 0.5, file="f.feature", line=3, properties=(("tag", "@a"),)),
    ]


@pytest.mark.parametrize(
    ("uri", "name"), [("a/f.feature", "a/f.feature"), ("file:///home/ci/17/f.feature", "f.feature")]
)
def test_a_feature_without_a_name_is_called_after_its_file_but_not_after_the_checkout(uri, name):
    plan = (document(name="", uri=uri), pickle(uri=uri), planned())
    [one] = placed(read(plugin, run(*plan, *tried("PASSED"))))
    assert one.path == (name,)


def test_a_rule_goes_before_the_name():
    inner = node("scenario", 5, id="s1", name="s")
    rule = {"rule": {"name": "no money", "children": [inner]}}
    assert the_result(*tried("PASSED"), plan=(document(rule), *PLAN[1:])).name == "no money - s"


def rows(*tables: tuple[str, list[str]], name: str) -> Any:
    examples = [
        {"name": title, "tableBody": [{"id": each, "location": {"line": 9}} for each in body]}
        for title, body in tables
    ]
    return document(node("scenario", 3, id="s1", name=name, examples=examples))


def test_rows_are_called_as_cucumber_calls_them_in_junit_xml():
    plan = [rows(("", ["a", "b"]), ("many", ["c"]), name="eat <n>")]
    for key, row in enumerate("abc"):
        plan += [pickle(str(key), f"eat {row}", astNodeIds=["s1", row]), planned(str(key))]
    ran = [each for key in "012" for each in tried("PASSED", key)]
    assert [each.name for each in results(read(plugin, run(*plan, *ran)))] == [
        "eat <n> - #1.1: eat a",
        "eat <n> - #1.2: eat b",
        "eat <n> - many - #2.1: eat c",
    ]


def test_rows_that_leave_the_name_alone_do_not_repeat_it():
    plan = (rows(("", ["a"]), name="eat"), pickle(name="eat", astNodeIds=["s1", "a"]), planned())
    result = the_result(*tried("PASSED"), plan=plan)
    assert (result.name, result.line) == ("eat - #1.1", 9)


def test_a_scenario_without_a_name_is_called_unnamed():
    plan = (document(node("scenario", 3, id="s1", name="")), pickle(name=""), planned())
    assert the_result(*tried("PASSED"), plan=plan).name == "(unnamed)"


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("PASSED", Status.PASSED, ""),
        ("FAILED", Status.FAILED, ""),
        ("AMBIGUOUS", Status.FAILED, "AMBIGUOUS"),
        ("UNDEFINED", Status.SKIPPED, "UNDEFINED"),
        ("PENDING", Status.SKIPPED, "PENDING"),
        ("SKIPPED", Status.SKIPPED, ""),
        ("UNKNOWN", Status.UNKNOWN, "UNKNOWN"),
        ("quantum", Status.UNKNOWN, "QUANTUM"),
        (7, Status.UNKNOWN, "7"),
        (None, Status.UNKNOWN, ""),
    ],
)
def test_each_word_has_its_status(word, status, raw):
    result = the_result(started(), step("PASSED"), step(word), step("PASSED"), finished())
    assert (result.status, result.raw_status) == (status, raw)


def test_the_worst_step_decides():
    order = ["FAILED", "AMBIGUOUS", "QUANTUM", "UNDEFINED", "PENDING", "SKIPPED", "PASSED"]
    for place, word in enumerate(order):
        words = map(step, reversed(order[place:]))
        result = the_result(started(), *words, finished(willBeRetried=False))
        assert result.raw_status or result.status.name == word


def test_a_scenario_without_steps_is_passed():
    plan = (*PLAN[:2], {"testCase": {"id": "c1", "pickleId": "p1", "testSteps": []}})
    assert the_result(started(), finished(), plan=plan).status is Status.PASSED


def test_a_step_that_did_not_end_leaves_it_unknown():
    result = the_result(started(), finished())
    assert (result.status, result.message) == (
        Status.UNKNOWN,
        "status 'UNKNOWN': a step of it did not end",
    )


def test_a_hook_that_failed_fails_the_scenario():
    hook = {"id": "h", "type": "AFTER_TEST_CASE", "sourceReference": {"uri": "hooks.ts"}}
    plan = ({"hook": hook}, *PLAN[:2], planned(hook="h"))
    ran = (started(), step("PASSED"), step("FAILED", kind="th"), finished(willBeRetried=False))
    result = the_result(*ran, plan=plan)
    assert (result.status, result.message) == (Status.FAILED, "failed: after test case hooks.ts")
    assert result.trace.splitlines()[:2] == [
        "a step ... passed",
        "after test case hooks.ts ... failed",
    ]


def test_a_step_that_is_undefined_is_the_reason_of_a_skip():
    assert the_result(*tried("UNDEFINED")).message == "undefined: a step"


# Texts and times


def test_an_exception_gives_class_message_and_trace():
    exception = {"type": "Bad", "message": "1 is 2\nreally", "stackTrace": "Bad: 1 is 2\n at x"}
    result = the_result(*tried("FAILED", message="m", exception=exception))
    assert (result.type, result.message) == ("Bad", "1 is 2")
    assert result.trace == "a step ... failed\nBad: 1 is 2\n at x"


def test_old_protocols_have_the_trace_for_a_message():
    result = the_result(*tried("FAILED", message="boom\n at x"))
    assert (result.message, result.trace) == ("boom", "a step ... failed\nboom\n at x")


def test_a_duration_is_from_start_to_end_else_the_sum_of_the_steps():
    assert the_result(*tried("PASSED")).duration == 0.5
    untimed = {"testCaseFinished": {"testCaseStartedId": "r1.0"}}
    assert the_result(started(), step("PASSED"), step("PASSED"), untimed).duration == 0.002


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"seconds": "x"}, {"seconds": [1]}])
def test_times_that_are_none_are_left_out(odd):
    begun = {"testCaseStarted": {"id": "r1.0", "testCaseId": "c1", "timestamp": odd}}
    result = the_result(begun, step("PASSED", duration=odd), finished())
    assert result.duration is None


def test_seconds_may_be_text():
    begun = {"testCaseStarted": {"id": "r1.0", "testCaseId": "c1", "timestamp": {"seconds": "1"}}}
    assert the_result(begun, step("PASSED"), finished()).duration == 0.5


def test_logs_are_output_and_names_of_attachments_are_kept():
    def attached(**content: Any) -> Any:
        return {"attachment": {"testCaseStartedId": "r1.0", **content}}

    log = {"mediaType": "text/x.cucumber.log+plain", "contentEncoding": "IDENTITY"}
    result = the_result(
        started(),
        attached(**log, body="hello"),
        attached(mediaType="image/png", body="AA==", contentEncoding="BASE64"),
        attached(mediaType="image/png", body="AA==", fileName="shot.png"),
        {"externalAttachment": {"testCaseStartedId": "r1.0", "url": "http://x/y.png"}},
        step("PASSED"),
        finished(),
    )
    assert result.stdout == "hello"
    assert result.attachments == ("shot.png", "http://x/y.png")


# Further tries


def test_tries_that_will_be_retried_are_attempts():
    result = the_result(
        *tried("FAILED", message="no", again=True), *tried("PASSED", attempt=1, again=False)
    )
    assert result.status is Status.PASSED
    assert result.attempts == (Attempt(Status.FAILED, 0.5, "no", "a step ... failed\nno"),)


def test_old_protocols_tell_it_at_the_step():
    result = the_result(
        started(), step("FAILED", willBeRetried=True), finished(), *tried("PASSED", attempt=1)
    )
    assert (result.status, len(result.attempts)) == (Status.PASSED, 1)


def test_where_nothing_is_told_a_further_try_is_a_retry():
    result = the_result(
        *(started(), step("FAILED"), finished()),
        *(started(attempt=1), step("PASSED", attempt=1), finished(attempt=1)),
    )
    assert (result.status, result.retry) == (Status.PASSED, True)


def test_a_try_that_was_to_be_retried_and_was_not_leaves_it_unknown():
    result = the_result(*tried("FAILED", again=True))
    assert (result.status, len(result.attempts)) == (Status.UNKNOWN, 1)


# The run


def test_a_hook_of_the_run_that_failed_is_a_trouble():
    data = run(
        {"hook": {"id": "h", "type": "BEFORE_TEST_RUN", "name": "database"}},
        {"testRunHookStarted": {"id": "rh", "hookId": "h"}},
        {"testRunHookFinished": {"testRunHookStartedId": "rh", "result": {
            "status": "FAILED", "message": "no server"}}},
    )  # fmt: skip
    assert troubles(read(plugin, data)) == ["before test run database: failed: no server"]


def test_an_exception_outside_every_test_is_a_trouble():
    end = {"testRunFinished": {"success": False, "exception": {"message": "Whoops!"}}}
    assert troubles(read(plugin, run(end=end))) == ["the run failed outside every test: Whoops!"]


def test_a_feature_that_could_not_be_parsed_is_a_trouble():
    error = {"parseError": {"source": {"uri": "f.feature"}, "message": "(1:1): expected: #EOF"}}
    assert troubles(read(plugin, run(error))) == [
        "f.feature could not be parsed: (1:1): expected: #EOF"
    ]


def test_a_run_that_failed_without_a_reason_is_a_trouble():
    assert troubles(read(plugin, run(*PLAN, *tried("PASSED")))) == [
        "the run says that it failed, and no test of it did"
    ]
    assert troubles(read(plugin, run(*PLAN, *tried("UNDEFINED")))) == []
    assert troubles(read(plugin, run(*PLAN, *tried("PASSED"), end=END))) == []


def test_scenarios_that_never_ran_are_counted():
    data = run(*PLAN, *tried("PASSED"), pickle("2"), pickle("3"), planned("3"), end=END)
    assert notes(read(plugin, data)) == ["2 scenarios never ran"]


def test_a_run_without_its_end_is_damaged():
    records = read(plugin, stream(META, BEGIN, *PLAN, *tried("PASSED")))
    assert records[-1] == Damage("it ends before its run has ended")
    assert results(records)[0].status is Status.PASSED


def test_what_began_and_did_not_end_is_unknown():
    [result] = results(read(plugin, stream(META, BEGIN, *PLAN, started(), step("PASSED"))))
    assert (result.status, result.message) == (
        Status.UNKNOWN,
        "status 'UNKNOWN': it began and did not end",
    )


def test_what_failed_and_did_not_end_is_failed():
    [result] = results(read(plugin, stream(META, BEGIN, *PLAN, started(), step("FAILED"))))
    assert result.status is Status.FAILED


def test_a_second_run_in_one_stream_must_end_too():
    data = run(*PLAN, *tried("PASSED"), end=END) + stream(BEGIN)
    assert isinstance(read(plugin, data)[-1], Damage)


def test_a_line_that_is_no_message_is_damage():
    data = run(*PLAN) + b"Killed\n" + stream(*tried("PASSED"), END)
    *_, damage = read(plugin, data)
    assert damage == Damage("a line is no message of Cucumber", "line 7")


def test_a_run_cut_off_before_its_first_test_is_an_error():
    with pytest.raises(ReportError, match="before its run has ended"):
        read(plugin, stream(META, BEGIN))


SMALL = run(
    *PLAN,
    document(node("scenario", 3, id="s2", name="t"), name="G", uri="g"),
    pickle("2", "t", uri="g"),
    planned("2"),
    *tried("FAILED", again=True, message="no"),
    *tried("PASSED", "2"),
    *tried("SKIPPED", attempt=1),
    pickle("3"),
)


@pytest.mark.parametrize("data", [SMALL, run(*PLAN, *tried("UNDEFINED"))])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


ODD = [None, 7, -1.5, True, "x", [], [1], [[]], {}, {"a": 1}, 10**30]
WHOLE = [*PLAN, *tried("FAILED", exception={"message": "x"}), FAILED_END]
PLACES = [
    (number, kind, key)
    for number, message in enumerate(WHOLE)
    for kind, content in message.items()
    for key in content
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(("number", "kind", "key"), PLACES)
def test_values_of_odd_types_are_survived(number, kind, key, odd):
    messages = json.loads(json.dumps(WHOLE))
    messages[number][kind][key] = odd
    assert not any(
        each.status is Status.PASSED for each in results(read(plugin, stream(*messages)))
    )


@pytest.mark.parametrize("odd", ODD)
def test_messages_of_odd_types_are_survived(odd):
    data = run(*PLAN, {"pickle": odd}, {"testCaseFinished": odd}, odd, *tried("PASSED"))
    assert len(results(read(plugin, data))) == 1


# Any run, written and read again

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]))
WORDS = {"PASSED": Status.PASSED, "FAILED": Status.FAILED, "SKIPPED": Status.SKIPPED}
SCENARIOS = st.lists(
    st.tuples(TEXT, st.sampled_from(list(WORDS)), st.integers(0, 10**6), TEXT), max_size=5
)
RUNS = st.lists(st.tuples(TEXT.filter(bool), SCENARIOS.filter(bool)), max_size=4)


@given(RUNS)
def test_any_run_that_was_written_is_read_as_it_was(run_of_features):
    messages, expected = [], []
    for number, (title, scenarios) in enumerate(run_of_features):
        nodes = [
            node("scenario", line, id=f"s{number}.{line}", name=name)
            for line, (name, *_) in enumerate(scenarios)
        ]
        messages.append(document(*nodes, name=title, uri=str(number)))
        for line, (name, word, nanos, text) in enumerate(scenarios):
            key = f"{number}.{line}"
            messages += [pickle(key, name, uri=str(number)), planned(key), started(key)]
            messages += [step(word, key, message="m" + text), finished(key, willBeRetried=False)]
            messages[-1]["testCaseFinished"]["timestamp"] = {"seconds": 1, "nanos": nanos * 1000}
            message = "" if word == "PASSED" else "m" + text
            told = name or "(unnamed)", WORDS[word], pytest.approx(nanos / 1e6, abs=1e-8), message
            expected.append(((title,), *told))
    assert [
        (each.path, each.result.name, each.result.status, each.result.duration, each.result.message)
        for each in placed(read(plugin, run(*messages)))
    ] == expected
