"""What the TestNG plugin makes of retries, data rows, instances and configuration methods."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import (
    is_marked,
    lies_of_a_cut,
    notes,
    parser_of,
    placed,
    read,
    totals,
    troubles,
)
from tracker.intake.contract import (
    UNNAMED,
    Attempt,
    Damage,
    Record,
    ReportError,
    Result,
    Status,
)
from tracker.intake.sniff import head_of

plugin = parser_of("testng")


def report(methods: str, counts: str = "", fixture: str = "shop.TillTest") -> bytes:
    return (
        f'<testng-results {counts}><reporter-output/><suite name="Shop"><groups>'
        '<group name="slow"><method name="pays" class="shop.TillTest"/></group></groups>'
        f'<test name="Till"><class name="{fixture}">{methods}</class></test></suite>'
        "</testng-results>"
    ).encode()


def records(methods: str, counts: str = "") -> list[Record]:
    return read(plugin, report(methods, counts))


def results(methods: str) -> list[Result]:
    return [one.result for one in placed(records(methods))]


def the_result(method: str) -> Result:
    [one] = results(method)
    return one


def method(name: str, status: str, more: str = "", inner: str = "") -> str:
    return f'<test-method name="{name}" status="{status}" {more}>{inner}</test-method>'


def parameters(*values: str | None) -> str:
    told = (
        f'<param index="{n}"><value is-null="true"/></param>'
        if value is None
        else f'<param index="{n}"><value>\n  <![CDATA[{value}]]>\n</value></param>'
        for n, value in enumerate(values)
    )
    return f"<params>{''.join(told)}</params>"


def exception(message: str, kind: str = "java.lang.AssertionError") -> str:
    return (
        f'<exception class="{kind}"><message><![CDATA[{message}]]></message>'
        f"<full-stacktrace><![CDATA[{kind}: {message}\n\tat shop.Till.pay]]></full-stacktrace>"
        "</exception>"
    )


# Which files are TestNG's


def test_its_root_is_recognised():
    assert plugin.sniff(head_of(b'<?xml version="1.0"?><testng-results total="1">', "x")) > 0.8


@pytest.mark.parametrize("root", ["suite", "testsuite", "testsuites", "test-results", "html"])
def test_other_roots_are_left_alone(root):
    assert plugin.sniff(head_of(f"<{root}/>".encode(), "testng-results.xml")) == 0


def test_what_holds_no_testng_results_is_refused():
    with pytest.raises(ReportError, match="no testng-results"):
        read(plugin, b"<html/>")


# Names and places


def test_the_path_is_suite_test_and_class():
    [one] = placed(records(method("pays", "PASS")))
    assert (one.path, one.result.name) == (("Shop", "Till", "shop.TillTest"), "pays")


def test_data_rows_have_their_parameters_in_the_name():
    rows = method("pays", "PASS", "", parameters("1", "a b"))
    rows += method("pays", "PASS", "", parameters("", None))
    assert [one.name for one in results(rows)] == ["pays(1, a b)", "pays(, null)"]


def test_instances_of_a_factory_are_told_apart():
    methods = method("pays", "PASS", 'test-instance-name="east"', parameters("1"))
    methods += method("pays", "PASS", 'test-instance-name="west"')
    assert [one.name for one in results(methods)] == ["pays(1) [east]", "pays [west]"]


@pytest.mark.parametrize("instance", ["shop.TillTest", "pays"])
def test_an_instance_that_says_nothing_new_is_left_out(instance):
    told = f'test-instance-name="{instance}" signature="pays()"'
    assert the_result(method("pays", "PASS", told)).name == "pays"


@pytest.mark.parametrize("signature", ["pays()", "TillTest.pays(int)[pri:0, instance:x.T@1f]"])
def test_older_versions_write_the_instance_over_the_method(signature):
    told = f'test-instance-name="east" signature="{signature}"'
    assert the_result(method("east", "PASS", told)).name == "pays [east]"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("shop.Money@1b2c3d4", "shop.Money"),
        ("[Ljava.lang.String;@7d3a22a9", "[Ljava.lang.String;"),
        ("[I@7d3a22a9", "[I"),
        ("me@example.com", "me@example.com"),
        ("price @12", "price @12"),
    ],
)
def test_hashes_of_objects_are_taken_off(value, shown):
    assert the_result(method("pays", "PASS", "", parameters(value))).name == f"pays({shown})"


def test_a_method_without_a_name_is_called_unnamed():
    assert the_result('<test-method status="PASS"/>').name == UNNAMED


# Outcomes


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("PASS", Status.PASSED, ""),
        ("FAIL", Status.FAILED, ""),
        ("SKIP", Status.SKIPPED, ""),
        ("SUCCESS_PERCENTAGE_FAILURE", Status.PASSED, "SUCCESS_PERCENTAGE_FAILURE"),
        ("STARTED", Status.UNKNOWN, "STARTED"),
        ("pass", Status.UNKNOWN, "pass"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_the_word_gives_the_status(word, status, raw):
    found = the_result(method("pays", word))
    assert (found.status, found.raw_status) == (status, raw)


def test_an_unknown_word_is_told_in_the_message():
    assert the_result(method("pays", "ODD")).message == "status 'ODD'"
    assert the_result('<test-method name="pays"/>').message == "the report tells no status"


def test_a_failure_has_message_stack_trace_and_class():
    found = the_result(method("pays", "FAIL", "", exception("no money")))
    assert (found.message, found.type) == ("no money", "java.lang.AssertionError")
    assert found.trace == "java.lang.AssertionError: no money\n\tat shop.Till.pay"


def test_a_failure_without_a_message_has_the_first_line_of_its_trace():
    told = "<exception class='E'><short-stacktrace>E\n\tat x</short-stacktrace></exception>"
    found = the_result(method("pays", "FAIL", "", told))
    assert (found.message, found.trace) == ("E", "E\n\tat x")


def test_the_exception_that_a_passed_test_expected_is_no_message():
    assert the_result(method("pays", "PASS", "", exception("expected"))).message == ""


def test_a_failure_within_the_success_percentage_keeps_what_was_thrown():
    found = the_result(method("pays", "SUCCESS_PERCENTAGE_FAILURE", "", exception("busy")))
    assert (found.status, found.message) == (Status.PASSED, "busy")


def test_output_groups_description_and_attributes_are_kept():
    inner = """<reporter-output><line><![CDATA[one]]></line><line>two</line></reporter-output>
        <attributes><attribute name="link">T-1</attribute></attributes>"""
    found = the_result(method("pays", "PASS", 'description="pays all"', inner))
    assert found.stdout == "one\ntwo"
    assert found.properties == (("group", "slow"), ("description", "pays all"), ("link", "T-1"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("12", 0.012),
        ("0", 0.0),
        ("-5", 0.0),
        ("9e15", 365 * 86_400.0),
        ("NaN", None),
        ("soon", None),
        ("", None),
    ],
)
def test_durations_are_milliseconds(text, seconds):
    assert the_result(method("pays", "PASS", f'duration-ms="{text}"')).duration == seconds


# Retries

RETRIED = 'retried="true" duration-ms="5"'
FIRST = Attempt(
    Status.FAILED,
    0.005,
    "busy",
    "java.lang.AssertionError: busy\n\tat shop.Till.pay",
    "java.lang.AssertionError",
)


def test_what_was_retried_is_an_attempt_of_the_later_result():
    methods = method("pays", "SKIP", RETRIED, exception("busy")) + method("pays", "PASS")
    found = records(methods)
    [one] = placed(found)
    assert (one.result.status, one.result.attempts) == (Status.PASSED, (FIRST,))
    assert totals(found)["flaky"] == totals(found)["total"] == 1


def test_attempts_belong_to_the_row_with_the_same_parameters():
    methods = method("pays", "SKIP", RETRIED, parameters("1"))
    methods += method("pays", "PASS", "", parameters("2")) + method(
        "pays", "FAIL", "", parameters("1")
    )
    assert [(one.name, len(one.attempts)) for one in results(methods)] == [
        ("pays(2)", 0),
        ("pays(1)", 1),
    ]


def test_attempts_that_are_written_behind_their_result_are_its_own_too():
    methods = method("pays", "PASS") + method("pays", "SKIP", RETRIED)
    [one] = results(methods)
    assert (one.status, len(one.attempts)) == (Status.PASSED, 1)


def test_what_was_retried_and_has_no_later_result_failed():
    methods = method("pays", "SKIP", RETRIED) + method("pays", "SKIP", RETRIED)
    [one] = results(methods)
    assert (one.status, len(one.attempts)) == (Status.FAILED, 1)


def test_invocations_that_were_not_retried_are_results_of_their_own():
    assert len(results(method("again", "PASS") * 2)) == 2


# Configuration methods

SET_UP = method("open", "FAIL", 'is-config="true"', exception("no till", "X"))


def test_configuration_methods_are_not_counted():
    found = records(method("open", "PASS", 'is-config="true"') + method("pays", "PASS"))
    assert totals(found)["total"] == 1
    assert not is_marked(found)


@pytest.mark.parametrize("methods", [SET_UP + method("pays", "SKIP"), method("a", "PASS") + SET_UP])
def test_a_configuration_method_that_failed_is_trouble(methods):
    found = records(methods)
    assert totals(found)["total"] == 1
    assert troubles(found) == [
        "configuration method shop.TillTest.open failed\nX: no till\n\tat shop.Till.pay"
    ]


def test_a_configuration_method_that_failed_explains_the_skips_of_its_class():
    [one] = results(SET_UP + method("pays", "SKIP"))
    assert one.message == "configuration method shop.TillTest.open failed: no till"


def test_a_configuration_method_with_an_unknown_status_is_trouble():
    found = records(method("open", "ODD", 'is-config="true"') + method("pays", "PASS"))
    assert troubles(found) == ["configuration method shop.TillTest.open has the status 'ODD'"]


def test_many_that_failed_are_counted():
    assert len(troubles(records(SET_UP * 50 + method("pays", "PASS")))) == 21


# Counts


@pytest.mark.parametrize("total", [1, 2, 3])
def test_retried_and_ignored_methods_may_be_in_the_total_or_not(total):
    methods = method("pays", "SKIP", RETRIED) + method("pays", "PASS")
    assert notes(records(methods, f'total="{total}" ignored="1" failed="0"')) == []


def test_counts_that_differ_are_noted():
    found = records(method("pays", "PASS"), 'total="121" failed="2"')
    assert notes(found) == [
        "the report declares 121 tests, found 1",
        "the report declares 2 failures, found 0",
    ]


# Damage

SMALL = report(
    method("pays", "PASS", 'duration-ms="5"')
    + method("flaky", "SKIP", RETRIED, parameters("1"))
    + method("flaky", "PASS", "", parameters("1")),
    'total="3"',
)
BROKEN = report(SET_UP + method("gone", "SKIP", RETRIED) * 2 + method("pays", "SKIP"))


@pytest.mark.parametrize("data", [SMALL, BROKEN])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_what_waits_for_its_last_try_in_a_cut_file_is_unknown():
    data = report(method("pays", "PASS") + method("flaky", "SKIP", RETRIED))
    found = read(plugin, data[: data.index(b"</class>")])
    assert [(one.result.name, one.result.status) for one in placed(found)] == [
        ("pays", Status.PASSED),
        ("flaky", Status.UNKNOWN),
    ]
    assert isinstance(found[-1], Damage)


# Arbitrary runs, written and read back

TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
WORDS = {Status.PASSED: "PASS", Status.FAILED: "FAIL", Status.SKIPPED: "SKIP"}
CASE = st.tuples(
    st.from_regex(r"[a-z]\w{0,5}", fullmatch=True),
    st.lists(TEXT.filter(lambda text: "@" not in text).map(str.strip), max_size=2),
    st.sampled_from(sorted(WORDS)),
    st.none() | st.integers(0, 10**6),
    TEXT.map(str.strip),
    st.integers(0, 2),
)


def written(
    name: str, values: list[str], status: Status, ms: int | None, message: str, tries: int
) -> str:
    told = "".join(f"<param><value>{escape(value)}</value></param>" for value in values)
    told = f"<params>{told}</params>" if values else ""
    thrown = f"<exception class='E'><message>{escape(message)}</message></exception>"
    time = "" if ms is None else f" duration-ms={quoteattr(str(ms))}"
    attempt = f'<test-method name="{name}" status="SKIP" retried="true">{told}</test-method>'
    last = f'<test-method name="{name}" status="{WORDS[Status(status)]}"{time}>'
    return attempt * tries + f"{last}{told}{thrown if message else ''}</test-method>"


@given(st.lists(CASE, min_size=1, max_size=8))
def test_a_run_that_is_written_is_read_back(cases):
    found = placed(records("".join(written(*case) for case in cases)))
    assert [
        (one.result.name, one.result.status, one.result.duration, one.result.message, one.tries)
        for one in found
    ] == [
        (
            f"{name}({', '.join(values)})" if values else name,
            status,
            None if ms is None else ms / 1000,
            "" if status is Status.PASSED else message,
            tries,
        )
        for name, values, status, ms, message, tries in cases
    ]
