"""What the Cucumber JSON plugin makes of the habits of all the Cucumbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import lies_of_a_cut, parser_of, placed, read, results
from tracker.intake.contract import (
    Attempt,
    Damage,
    Note,
    ReportError,
    Result,
    Status,
    Suite,
    Trouble,
)
from tracker.intake.sniff import head_of

plugin = parser_of("cucumber_json")


def step(status: Any = "passed", **more: Any) -> dict[str, Any]:
    result = {"status": status, "duration": 1_000_000, **more.pop("result", {})}
    return {"keyword": "Given ", "name": "a step", "result": result, **more}


def scenario(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "f;s",
        "line": 3,
        "type": "scenario",
        "keyword": "Scenario",
        "name": "s",
        "steps": list(steps),
        **more,
    }


def feature(*elements: Any, **more: Any) -> dict[str, Any]:
    return {
        "uri": "features/f.feature",
        "keyword": "Feature",
        "name": "F",
        "elements": list(elements),
        **more,
    }


def report(*features: Any) -> bytes:
    return json.dumps(features).encode()


def records(*elements: Any, **more: Any) -> list[Any]:
    return read(plugin, report(feature(*elements, **more)))


def found(*elements: Any, **more: Any) -> list[Result]:
    return results(records(*elements, **more))


def the_result(*steps: dict[str, Any], **more: Any) -> Result:
    [result] = found(scenario(*steps, **more))
    return result


def names(*elements: Any, **more: Any) -> list[str]:
    return [each.name for each in found(*elements, **more)]


# Which files are Cucumber JSON


@pytest.mark.parametrize(
    "text",
    [
        '[{"uri": "a.feature", "keyword": "Feature", "name": "A", "elements": [',
        '[{"line":1,"elements":[{"line":4,"name":"s","type":"scenario","keyword":"Scenario","st',
        '[{"elements":[{"before":[{"embeddings":[{"data":"AAAA',
        '[{"keyword":"Feature","location":"features/a.feature:1","name":"A","status":"skipped"}]',
        ' [\n{"id":"a","name":"A","line":1,"keyword":"Feature","uri":"a.feature"}]',
    ],
)
def test_it_is_recognised_whatever_the_order_of_its_keys(text):
    assert plugin.sniff(head_of(text.encode(), "x.txt")) >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[1]",
        "[[]]",
        '[{"name": "x"}]',
        '[{"elements": [1]}]',
        '[{"elements": {"steps": 1}}]',
        '{"elements": [{"steps": []}]}',
        '{"gherkinDocument": {}}',
        "",
    ],
)
def test_other_json_is_left_alone(text):
    assert plugin.sniff(head_of(text.encode(), "cucumber.json")) == 0


@pytest.mark.parametrize("text", ["{}", "[1, 2]", '[{"name": "x"}]', "nonsense", ""])
def test_what_holds_no_feature_is_refused(text):
    with pytest.raises(ReportError):
        read(plugin, text.encode())


# Where a scenario stands and how it is called


def test_a_feature_is_the_suite_and_its_tags_are_properties():
    assert records(scenario(step()), tags=[{"name": "@f", "line": 1}])[0] == Suite(
        ("F",), (("tag", "@f"),)
    )


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("features/a.feature", "features/a.feature"),
        ("classpath:com/acme/a.feature", "classpath:com/acme/a.feature"),
        ("file:///home/ci/17/features/a.feature", "a.feature"),
        ("/home/ci/17/features/a.feature", "a.feature"),
        ("C:\\ci\\17\\a.feature", "a.feature"),
        ("", "(unnamed)"),
    ],
)
def test_a_feature_without_a_name_is_called_after_its_file_but_not_after_the_checkout(uri, name):
    [one] = placed(records(scenario(step()), name="", uri=uri))
    assert one.path == (name,)


def test_file_line_and_tags_are_kept():
    result = the_result(step(), tags=[{"name": "@smoke"}, "plain"])
    assert (result.file, result.line) == ("features/f.feature", 3)
    assert result.properties == (("tag", "@smoke"), ("tag", "plain"))


def test_a_scenario_without_a_name_is_called_unnamed():
    assert the_result(step(), name="").name == "(unnamed)"


def test_rows_are_told_apart_by_the_table_and_row_in_the_id():
    outline = {"keyword": "Plan du scénario", "name": "eat"}
    assert names(
        scenario(step(), id="f;eat;;2", line=8, **outline),
        scenario(step(), id="f;eat;;3", line=9, **outline),
        scenario(step(), id="f;eat;many;2", line=12, **outline),
    ) == ["eat - #1.1", "eat - #1.2", "eat - many - #1"]


def test_rows_whose_ids_are_the_same_are_numbered_by_their_lines():
    outline = {"keyword": "Scenario Outline", "name": "eat", "id": "f;eat"}
    assert names(
        scenario(step(), line=12, **outline),
        scenario(step(), line=9, **outline),
    ) == ["eat - #1.2", "eat - #1.1"]


def test_a_row_with_an_id_of_its_own_has_a_name_of_its_own():
    row = {"keyword": "Scenario Outline", "line": 9}
    assert names(scenario(step(), id="f;eat-5", name="eat 5", **row)) == ["eat 5"]


def test_rows_that_behave_numbers_are_left_as_they_are():
    name = "eat -- @1.2 many"
    row = {"keyword": "Scenario Outline", "location": "features/f.feature:9", "name": name}
    assert names({"type": "scenario", "steps": [step()], **row}) == [name]


def test_parameters_of_pytest_are_in_the_id():
    assert names(
        scenario(step(), id="test_eat[12-5]", name="eat"),
        scenario(step(), id="test_eat[20-5]", name="eat"),
    ) == ["eat[12-5]", "eat[20-5]"]


def test_rows_of_pytest_are_told_apart_by_their_ids_too():
    row = {"keyword": "Scenario Outline", "name": "eat"}
    assert names(scenario(step(), id="test_eat[12-5]", **row)) == ["eat[12-5]"]


def test_a_rule_goes_before_the_name():
    assert names(
        scenario(step(), id="f;no-money;pay", name="pay"),
        scenario(step(), id="f;;pay", name="pay", line=9),
        scenario(step(), id="f;no-money;pay;;2", name="pay", line=12),
    ) == ["no-money - pay", "pay", "no-money - pay - #1.1"]


def test_scenarios_of_one_name_are_results_of_their_own():
    again = found(scenario(step("failed")), scenario(step(), line=9))
    assert [(each.status, each.attempts) for each in again] == [
        (Status.FAILED, ()),
        (Status.PASSED, ()),
    ]


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("passed", Status.PASSED, ""),
        ("Passed", Status.PASSED, ""),
        ("failed", Status.FAILED, ""),
        ("FAILED", Status.FAILED, ""),
        ("ambiguous", Status.FAILED, "ambiguous"),
        ("undefined", Status.SKIPPED, "undefined"),
        ("pending", Status.SKIPPED, "pending"),
        ("skipped", Status.SKIPPED, ""),
        ("untested", Status.SKIPPED, "untested"),
        ("error", Status.ERROR, ""),
        ("hook_error", Status.ERROR, "hook_error"),
        ("quantum", Status.UNKNOWN, "quantum"),
        (None, Status.UNKNOWN, ""),
        (7, Status.UNKNOWN, "7"),
    ],
)
def test_each_word_has_its_status(word, status, raw):
    result = the_result(step(), step(word), step())
    assert (result.status, result.raw_status) == (status, raw)


def test_the_worst_step_decides():
    order = ["error", "failed", "ambiguous", "quantum", "undefined", "pending", "skipped", "passed"]
    for place, word in enumerate(order):
        result = the_result(*(step(each) for each in reversed(order[place:])))
        assert result.raw_status or result.status.word == word


def test_a_scenario_without_steps_is_passed():
    assert the_result().status is Status.PASSED
    assert the_result().duration is None


def test_a_step_without_a_result_leaves_it_unknown():
    result = the_result(step(), {"keyword": "Then ", "name": "what?"})
    assert (result.status, result.message) == (Status.UNKNOWN, "no result: Then what?")


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_hook_that_failed_fails_the_scenario(place):
    hook = {"match": {"location": "hooks.ts:4"}, "result": {"status": "failed"}}
    result = the_result(step("skipped"), **{place: [hook]})
    assert (result.status, result.message) == (Status.FAILED, "failed: hooks.ts:4")
    assert f"{place} hook hooks.ts:4 ... failed" in result.trace


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_hook_around_a_step_that_failed_fails_the_scenario(place):
    hook = {"result": {"status": "failed", "error_message": "boom"}}
    result = the_result(step("passed", **{place: [hook]}))
    assert (result.status, result.message) == (Status.FAILED, "boom")


def test_a_step_that_is_undefined_is_the_reason_of_a_skip():
    assert the_result(step("undefined")).message == "undefined: Given a step"


def test_a_background_that_failed_fails_the_scenario_after_it_only():
    background = {
        "type": "background",
        "keyword": "Background",
        "steps": [step("failed", result={"error_message": "no"})],
    }
    passed = {**background, "steps": [step()]}
    first, second = found(
        background, scenario(step("skipped")), passed, scenario(step(), name="t", line=9)
    )
    assert (first.status, first.message) == (Status.FAILED, "no")
    assert (second.status, second.duration) == (Status.PASSED, 0.002)


def test_a_background_that_failed_without_a_scenario_after_it_is_a_trouble():
    told = records(scenario(step()), {"type": "background", "steps": [step("failed")]})
    assert [each for each in told if isinstance(each, Trouble)] == [
        Trouble('a background of "F" failed: failed: Given a step')
    ]


def test_an_outline_that_gherkin_wrote_itself_never_ran():
    assert names({"type": "scenario_outline", "name": "o", "steps": []}, scenario()) == ["s"]


# behave


def behave(status: str, /, *steps: dict[str, Any], **more: Any) -> list[Any]:
    element = {
        "type": "scenario",
        "keyword": "Scenario",
        "name": "s",
        "location": "features/f.feature:3",
        "status": status,
        "steps": list(steps),
        "tags": ["smoke"],
    }
    document = {"keyword": "Feature", "location": "features/f.feature:1", "name": "F", **more}
    background = {"type": "background", "keyword": "Background", "steps": [{"name": "given"}]}
    return read(plugin, report({**document, "elements": [background, element]}))


def test_behave_has_seconds_lists_of_lines_and_steps_that_never_ran():
    error = ["Traceback (most recent call last):", "AssertionError: 1 is 2"]
    failed = step("failed", result={"duration": 0.25, "error_message": error})
    [result] = results(behave("failed", failed, {"keyword": "Then", "name": "never"}))
    assert (result.status, result.duration) == (Status.FAILED, 0.25)
    assert (result.file, result.line) == ("features/f.feature", 3)
    assert result.properties == (("tag", "smoke"),)
    assert result.trace.splitlines() == [
        "Given a step ... failed",
        *error,
        "Then never ... no result",
    ]


@pytest.mark.parametrize(
    ("word", "status", "expected"),
    [
        ("skipped", Status.SKIPPED, ""),
        ("untested", Status.SKIPPED, ""),
        ("hook_error", Status.ERROR, ""),
        ("xfailed", Status.SKIPPED, "xfail"),
        ("xpassed", Status.PASSED, "xpass"),
        ("passed", Status.PASSED, ""),
    ],
)
def test_behave_says_itself_how_a_scenario_ended(word, status, expected):
    [result] = results(behave(word, {"keyword": "Given", "name": "never"}))
    assert (result.status, result.expected_failure) == (status, expected)


def test_what_behave_calls_an_error_says_which_step_it_comes_from():
    [result] = results(behave("error", step(), step("undefined")))
    assert (result.status, result.message) == (Status.ERROR, "undefined: Given a step")


def test_a_hook_around_a_feature_that_failed_is_its_set_up():
    [_, set_up] = results(behave("untested", status="hook_error"))
    assert (set_up.name, set_up.status) == ("<init>", Status.ERROR)


# Times


@pytest.mark.parametrize(
    ("durations", "seconds"),
    [
        ([1_500_000_000, 1], 1.500000001),
        ([0], 0.0),
        ([-5], 0.0),
        (["2000000000"], 2.0),
        (["0.5"], 0.5),
        ([0.25], 0.25),
        ([2_000_000_000.5], 2.0),
        ([10**30], 365 * 86_400.0),
        (["soon"], None),
        ([None], None),
        ([True], None),
        ([[1]], None),
        ([], None),
    ],
)
def test_durations_are_nanoseconds_unless_they_cannot_be(durations, seconds):
    steps = (step(result={"duration": each}) for each in durations)
    assert the_result(*steps).duration == pytest.approx(seconds)


# Texts


def test_a_failure_keeps_message_type_and_the_steps_around_it():
    error = "\njava.lang.AssertionError: 1 is 2\n\tat x.Y.z(Y.java:7)"
    result = the_result(
        step(),
        step("failed", name="it breaks", result={"error_message": error[1:]}),
        step("skipped"),
    )
    assert result.message == "java.lang.AssertionError: 1 is 2"
    assert result.type == "java.lang.AssertionError"
    assert result.trace == (
        f"Given a step ... passed\nGiven it breaks ... failed{error}\nGiven a step ... skipped"
    )


def test_of_what_pytest_prints_the_marked_line_is_the_message():
    error = "fixture = <function f at 0x7f>\n\n>   assert 0\nE   assert 0\n\nt.py:3: AssertionError"
    assert the_result(step("failed", result={"error_message": error})).message == "assert 0"


def test_what_steps_and_hooks_printed_is_output_and_named_attachments_are_kept():
    hook = {"result": {"status": "passed"}, "output": ["from a hook"]}
    shot = {"mime_type": "image/png", "data": "AA==", "name": "shot.png"}
    result = the_result(
        step(output=["hello", "world"], embeddings=[shot, {"data": "AA=="}]), before=[hook]
    )
    assert result.stdout == "from a hook\nhello\nworld"
    assert result.attachments == ("shot.png",)


# Further tries


def test_the_same_scenario_after_it_failed_is_a_further_try():
    failed = scenario(step("failed", result={"error_message": "no"}))
    [result] = found(failed, failed, scenario(step()))
    assert result.status is Status.PASSED
    one = Attempt(Status.FAILED, 0.001, "no", "Given a step ... failed\nno")
    assert result.attempts == (one, one)


def test_the_same_scenario_after_it_passed_is_a_result_of_its_own():
    assert [each.status for each in found(scenario(step()), scenario(step("failed")))] == [
        Status.PASSED,
        Status.FAILED,
    ]


def test_a_try_may_follow_when_the_feature_begins_again():
    data = report(
        feature(scenario(step("failed"))), feature(name="G", uri="g"), feature(scenario(step()))
    )
    [one] = placed(read(plugin, data))
    assert (one.result.status, one.result.retry, one.tries) == (Status.PASSED, True, 1)


def test_the_same_scenario_on_another_device_is_a_result_of_its_own():
    data = report(
        feature(scenario(step("failed")), metadata={"device": "a"}),
        feature(scenario(step()), metadata={"device": "b"}),
    )
    assert [each.status for each in results(read(plugin, data))] == [Status.FAILED, Status.PASSED]


# Odd types and damage

ODD = [None, 7, -1.5, True, "x", [], [1], [[]], {}, {"a": 1}, 10**30]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "key", ["result", "name", "keyword", "match", "before", "after", "output", "embeddings"]
)
def test_values_of_odd_types_in_a_step_are_survived(key, odd):
    assert len(found(scenario({**step("failed"), key: odd}))) == 1


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "key", ["id", "line", "name", "steps", "tags", "before", "after", "status", "keyword", "type"]
)
def test_values_of_odd_types_in_a_scenario_are_survived(key, odd):
    assert len(found(scenario(step(), **{key: odd}), scenario(step(), line=9))) >= 1


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["uri", "name", "elements", "tags", "status", "metadata"])
def test_values_of_odd_types_in_a_feature_are_survived(key, odd):
    read(plugin, report(feature(scenario(step()), **{key: odd}), 7, None))


def test_a_lone_surrogate_and_nan_are_read():
    data = report(feature(scenario(step()))).replace(b'"a step"', b'"\\ud800"')
    [result] = results(read(plugin, data.replace(b"1000000", b"NaN")))
    assert (result.status, result.duration) == (Status.PASSED, None)


SMALL = report(
    feature(
        {"type": "background", "keyword": "Background", "steps": [step("failed")]},
        scenario(step("failed"), step("skipped")),
        scenario(step()),
        scenario(step(), id="f;o;;2", line=9, name="o", tags=[{"name": "@x"}]),
    ),
    feature(scenario(step("undefined"), id="g;s"), name="G", uri="g.feature"),
)


def turned(value: Any) -> Any:
    """The same with the keys of all objects the other way round."""
    if isinstance(value, dict):
        return {key: turned(value[key]) for key in reversed(value)}
    return list(map(turned, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("data", [SMALL, json.dumps(turned(json.loads(SMALL))).encode()])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_scenarios_of_a_feature_whose_name_is_cut_off_are_counted():
    whole = [feature(scenario(step())), turned(feature(scenario(step()), scenario(step(), line=9)))]
    data = report(*whole)
    *kept, note, damage = read(plugin, data[:-60])
    assert len(results(kept)) == 1
    assert note == Note("2 results of a feature whose name is cut off are left out")
    assert isinstance(damage, Damage)


# Any run, written and read again

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]))
WORDS = {"passed": Status.PASSED, "failed": Status.FAILED, "skipped": Status.SKIPPED}
SCENARIOS = st.lists(
    st.tuples(TEXT, st.sampled_from(list(WORDS)), st.integers(0, 10**12), TEXT), max_size=5
)
RUNS = st.lists(st.tuples(TEXT.filter(bool), SCENARIOS.filter(bool)), max_size=4)


@given(RUNS)
def test_any_run_that_was_written_is_read_as_it_was(run):
    features, expected = [], []
    for number, (title, scenarios) in enumerate(run):
        elements = []
        for line, (name, word, nanoseconds, text) in enumerate(scenarios):
            result = {"duration": nanoseconds, "error_message": "m" + text}
            done = step(word, result=result)
            elements.append(scenario(done, id=f"f;{line}", line=line, name=name))
            message = "" if word == "passed" else "m" + text
            told = name or "(unnamed)", WORDS[word], nanoseconds / 1e9, message
            expected.append(((title,), *told))
        features.append(feature(*elements, name=title, uri=f"{number}.feature"))
    assert [
        (each.path, each.result.name, each.result.status, each.result.duration, each.result.message)
        for each in placed(read(plugin, report(*features)))
    ] == [(*one[:3], pytest.approx(one[3], abs=1e-8), one[4]) for one in expected]
