"""What the Robot Framework plugin makes of output.xml of all versions, and of output.json."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.reading import lies_of_a_cut, notes, parser_of, placed, read, results
from tracker.intake.contract import Attempt, Damage, Note, ReportError, Result, Status, Suite
from tracker.intake.sniff import head_of

plugin = parser_of("robot")

HEAD = '<?xml version="1.0"?><robot generator="{} 7.1 (Python 3.12 on linux)" schemaversion="5">'
PASS = '<status status="PASS" start="2026-01-02T03:04:05.000000" elapsed="0.5"/>'
FAIL = '<status status="FAIL" start="2026-01-02T03:04:05.000000" elapsed="0.5">{}</status>'
SKIP = '<status status="SKIP" start="2026-01-02T03:04:05.000000" elapsed="0.5">{}</status>'


def report(*suites: str, generator: str = "Robot", tail: str = "") -> bytes:
    return f"{HEAD.format(generator)}{''.join(suites)}{tail}</robot>".encode()


def suite(name: str, *inside: str, ended: str = PASS) -> str:
    attributes = f"id='s1' name={quoteattr(name)} source={quoteattr('/w/' + name)}"
    return f"<suite {attributes}>{''.join(inside)}{ended}</suite>"


def case(name: str, ended: str = PASS, inside: str = "", attributes: str = "") -> str:
    return f"<test id='t' name={quoteattr(name)} {attributes}>{inside}{ended}</test>"


def fixture(kind: str, ended: str) -> str:
    return f'<kw name="Tidy" type="{kind}"><msg level="FAIL">old</msg>{ended}</kw>'


def the_result(data: bytes) -> Result:
    [result] = results(read(plugin, data))
    return result


def the_test(ended: str = PASS, inside: str = "", attributes: str = "") -> Result:
    return the_result(report(suite("S", case("t", ended, inside, attributes))))


def statuses(data: bytes) -> dict[str, Status]:
    return {each.name: each.status for each in results(read(plugin, data))}


# Which files are Robot's


@pytest.mark.parametrize(
    "text",
    [
        '<robot generator="Robot 7.1" generated="x">',
        "<?xml version='1.0'?><robot><suite name='a'>",
        '{"generator": "Rebot 7.2 (Python 3.13)", "suite": {',
        '{"rpa": false, "suite": {"id": "s1", "tests": [{"id": "s1-t1", "na',
        '{"suite": {"name": "x"}, "generator": "Robot 7.3 (x)"}',
    ],
)
def test_its_xml_and_json_are_recognised_wherever_they_are_cut(text):
    assert plugin.sniff(head_of(text.encode(), "x")) >= 0.8


@pytest.mark.parametrize(
    "text",
    [
        '<robot name="arm"><link name="base"/></robot>',
        "<testsuites/>",
        '{"generator": "rdoc", "suite": {}}',
        '{"suite": "s1"}',
        "[]",
        "",
    ],
)
def test_other_formats_are_left_alone(text):
    assert plugin.sniff(head_of(text.encode(), "output.xml")) == 0


@pytest.mark.parametrize(
    "text",
    [
        "<robot generator='Robot 7'/>",
        "<kw><status status='FAIL'/></kw>",
        "<test/>",
        '{"generator": "Robot 7.2"}',
    ],
)
def test_a_file_without_any_suite_is_refused_in_words(text):
    with pytest.raises(ReportError, match="no suite"):
        read(plugin, text.encode())


# Where a test stands


def test_a_suite_is_named_by_its_path_and_mentioned_once_a_run_of_tests():
    data = report(suite("A", suite("B", case("1"), case("2")), suite("C", case("3"))))
    assert [each.path for each in read(plugin, data) if isinstance(each, Suite)] == [
        ("A", "B"),
        ("A", "C"),
    ]


@pytest.mark.parametrize(
    ("file", "name"), [("/w/01__my_tests.robot", "My Tests"), ("C:\\w\\Log_In__.robot", "Log In")]
)
def test_a_suite_without_a_name_is_called_after_its_file(file, name):
    inner = f"<suite source='{file}'>{case('t')}{PASS}</suite>"
    [found] = placed(read(plugin, report(suite("A", inner))))
    assert found.path == ("A", name)


def test_file_line_and_tags_are_kept():
    result = the_test(inside="<tag>smoke</tag><tag>x</tag>", attributes='line="7"')
    assert (result.file, result.line) == ("/w/S", 7)
    assert result.properties == (("tag", "smoke"), ("tag", "x"))


def test_tags_before_robot_4_are_kept():
    assert the_test(inside="<tags><tag>old</tag></tags>").properties == (("tag", "old"),)


@pytest.mark.parametrize(
    "metadata",
    ['<meta name="V">1</meta>', '<metadata><item name="V">1</item></metadata>'],
)
def test_metadata_are_properties_of_the_suite(metadata):
    [found] = [
        each
        for each in read(plugin, report(suite("S", case("t"), metadata)))
        if isinstance(each, Suite)
    ]
    assert found.properties == (("V", "1"),)


def test_a_test_without_a_name_is_called_unnamed():
    assert the_result(report(suite("S", f"<test>{PASS}</test>"))).name == "(unnamed)"


# Statuses


@pytest.mark.parametrize(
    ("word", "status", "raw"),
    [
        ("PASS", Status.PASSED, ""),
        ("FAIL", Status.FAILED, ""),
        ("SKIP", Status.SKIPPED, ""),
        ("NOT RUN", Status.SKIPPED, "NOT RUN"),
        ("quantum", Status.UNKNOWN, "quantum"),
        ("", Status.UNKNOWN, ""),
    ],
)
def test_each_word_has_its_status(word, status, raw):
    result = the_test(f'<status status="{word}"/>')
    assert (result.status, result.raw_status) == (status, raw)


def test_a_test_without_a_status_is_unknown_and_says_so():
    result = the_test("<doc>no status</doc>")
    assert (result.status, result.message) == (Status.UNKNOWN, "it has no status")


def test_the_text_of_the_status_is_the_message():
    assert the_test(SKIP.format("not today")).message == "not today"


def test_a_test_that_was_not_critical_and_failed_is_failed_and_says_so():
    for result in (
        the_test('<status status="FAIL" critical="no"/>'),
        the_test('<status status="FAIL"/>', attributes='critical="no"'),
    ):
        assert result.status is Status.FAILED
        assert result.properties == (("critical", "no"),)


# Times


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [
        ('elapsed="0.25"', 0.25),
        ('elapsed="-1"', 0.0),
        ('elapsed="NaN"', None),
        ('elapsed="soon"', None),
        ('starttime="20240101 10:00:00.250" endtime="20240101 10:01:01.500"', 61.25),
        ('starttime="20231231 23:59:59.000" endtime="20240101 00:00:01.000"', 2.0),
        ('starttime="20240101 10:00:01.000" endtime="20240101 10:00:00.000"', 0.0),
        ('starttime="20240101 10:00:00.250" endtime="20240101 10:01:inf"', None),
        ('starttime="N/A" endtime="N/A"', None),
        ('starttime="20240101 10:00:00.250"', None),
        ("", None),
    ],
)
def test_times_of_all_versions_are_read(attributes, seconds):
    assert the_test(f'<status status="PASS" {attributes}/>').duration == seconds


# Keywords


def test_the_trace_is_the_keywords_that_failed_innermost_first_and_the_output_theirs():
    inside = f"""<kw name="Log"><arg>fine</arg><msg level="INFO">not kept</msg>{PASS}</kw>
      <for><iter><kw name="Check" owner="Lib"><kw name="Fail" owner="BuiltIn">
      <msg level="FAIL">boom</msg><msg level="DEBUG">Traceback</msg><arg>boom</arg><arg>2</arg>
      {FAIL.format("boom")}</kw>{FAIL.format("boom")}</kw>{FAIL.format("boom")}</iter>
      {FAIL.format("boom")}</for>"""
    result = the_test(FAIL.format("boom"), inside)
    assert result.trace.splitlines() == [
        "BuiltIn.Fail    boom    2",
        "  in Lib.Check",
        "  in ITER",
        "  in FOR",
    ]
    assert result.stdout == "DEBUG: Traceback"


def test_arguments_before_robot_4_are_in_the_trace():
    inside = '<kw name="Fail" library="B"><arguments><arg>x</arg></arguments>'
    inside += '<status status="FAIL"/></kw>'
    assert the_test('<status status="FAIL">x</status>', inside).trace == "B.Fail    x"


def test_a_failure_that_was_caught_leaves_nothing_in_this_test_or_the_next():
    caught = f'<kw name="Try"><kw name="Fail">{FAIL.format("caught")}</kw>{PASS}</kw>'
    set_up = f'<kw name="Begin" type="SETUP">{caught}{PASS}</kw>'
    data = report(suite("S", set_up, case("1", PASS, caught), case("2", FAIL.format("real"))))
    assert [each.trace for each in results(read(plugin, data))] == ["", ""]


# Set-up and tear-down of suites


def test_a_failed_tear_down_fails_every_test_below_the_suite():
    data = report(
        suite(
            "A",
            suite("B", case("p"), case("f", FAIL.format("mine")), case("s", SKIP.format("why"))),
            fixture("TEARDOWN", FAIL.format("no tidying")),
        )
    )
    found = {each.name: (each.status, each.message) for each in results(read(plugin, data))}
    assert found == {
        "p": (Status.FAILED, "Parent suite teardown failed:\nno tidying"),
        "f": (Status.FAILED, "mine\n\nAlso parent suite teardown failed:\nno tidying"),
        "s": (Status.SKIPPED, "why\n\nAlso parent suite teardown failed:\nno tidying"),
    }


def test_a_failed_tear_down_leaves_the_suites_beside_it_alone():
    torn = suite("B", case("b"), fixture("teardown", FAIL.format("x")))
    data = report(suite("A", suite("C", case("c")), torn, suite("D", case("d"))))
    assert statuses(data) == {"c": Status.PASSED, "b": Status.FAILED, "d": Status.PASSED}


def test_a_skipped_tear_down_skips_the_tests():
    data = report(suite("A", case("p"), fixture("TEARDOWN", SKIP.format("later"))))
    result = the_result(data)
    assert (result.status, result.message) == (
        Status.SKIPPED,
        "Skipped in parent suite teardown:\nlater",
    )


def test_rebot_has_done_that_already():
    data = report(suite("A", case("p"), fixture("TEARDOWN", FAIL.format("x"))), generator="Rebot")
    assert statuses(data)["p"] is Status.PASSED


def test_the_words_of_a_tear_down_may_be_in_its_log_or_in_the_status_of_its_suite():
    bare = '<status status="FAIL"/>'
    logged = report(suite("A", case("p"), fixture("teardown", bare)))
    assert the_result(logged).message == "Parent suite teardown failed:\nold"
    kw = f'<kw type="teardown" name="x">{bare}</kw>'
    told = '<status status="FAIL">Suite teardown failed:\nold words</status>'
    data = report(suite("A", case("p"), kw, ended=told))
    assert the_result(data).message == "Parent suite teardown failed:\nold words"


def test_fixtures_that_failed_where_no_test_did_are_results_of_their_own():
    data = report(
        suite(
            "A",
            fixture("SETUP", FAIL.format("no way")),
            case("s", SKIP.format("")),
            fixture("TEARDOWN", FAIL.format("no tidying")),
        )
    )
    assert statuses(data) == {
        "s": Status.SKIPPED,
        "<init>": Status.FAILED,
        "<tear-down>": Status.FAILED,
    }


def test_a_failed_set_up_is_told_by_its_tests_alone():
    setup = fixture("SETUP", FAIL.format("no way"))
    data = report(suite("A", setup, case("t", FAIL.format("Parent suite setup failed:\nno way"))))
    assert statuses(data) == {"t": Status.FAILED}


# Merged results

MERGED = (
    '*HTML* <span class="merge">Test has been re-executed and results merged.</span><hr>'
    '<span class="new-status">New status:</span> <span class="pass">PASS</span><br>'
    '<span class="new-message">New message:</span> fine<br><hr>'
    '<span class="old-status">Old status:</span> <span class="skip">SKIP</span><br><hr>'
    '<span class="old-status">Old status:</span> <span class="fail">FAIL</span><br>'
    '<span class="old-message">Old message:</span> 1 &lt; 2<br>'
)


def test_the_tries_that_rebot_merged_are_attempts_oldest_first():
    result = the_test(f'<status status="PASS">{escape(MERGED)}</status>')
    assert (result.status, result.message) == (Status.PASSED, "fine")
    assert result.attempts == (
        Attempt(Status.FAILED, None, "1 < 2"),
        Attempt(Status.SKIPPED, None, ""),
    )


def test_tries_merged_by_old_versions_are_in_plain_text():
    text = (
        "Test has been re-executed and results merged.\n\nNew status: FAIL\nNew message: a\nb\n\n"
    )
    result = the_test(FAIL.format(text + "Old status: FAIL\nOld message: c"))
    assert result.message == "a\nb"
    assert result.attempts == (Attempt(Status.FAILED, None, "c"),)


def test_a_message_in_html_is_made_plain():
    message = "*HTML* <b>bold</b> &lt;i&gt;<br>next"
    assert the_test(FAIL.format(escape(message))).message == "bold <i>\nnext"


# What a report says of itself


def total(passed: int, failed: int, skipped: int) -> str:
    stat = f'<stat pass="{passed}" fail="{failed}" skip="{skipped}">All Tests</stat>'
    critical = '<stat pass="9" fail="9">Critical Tests</stat>'
    return f"<statistics><total>{critical}{stat}</total><suite><stat/></suite></statistics>"


def test_statistics_that_agree_are_no_news():
    data = report(suite("S", case("a"), case("b", FAIL.format(""))), tail=total(1, 1, 0))
    assert notes(read(plugin, data)) == []


def test_statistics_that_differ_are_noted():
    assert notes(read(plugin, report(suite("S", case("a")), tail=total(2, 1, 0)))) == [
        "the report declares 2 passed, 1 failed, 0 skipped tests; found 1, 0, 0"
    ]


def test_errors_of_the_run_are_noted_and_warnings_are_not():
    errors = '<errors><msg level="ERROR">no library X</msg><msg level="WARN">old</msg></errors>'
    assert notes(read(plugin, report(suite("S", case("a")), tail=errors))) == [
        "Robot Framework reported: no library X"
    ]


def test_a_suite_whose_tests_are_in_another_file_is_noted():
    data = report('<suite name="A"><suite name="B" src="out-001.xml"><doc/></suite></suite>')
    assert notes(read(plugin, data)) == ['the tests of "A / B" are in another file']


# JSON


def json_report(root: dict[str, object], **more: object) -> bytes:
    return json.dumps({"generator": "Robot 7.2 (x)", "suite": root, **more}).encode()


STEP = {"name": "Fail", "owner": "BuiltIn", "args": ["x"], "status": "FAIL"}
JSON = json_report(
    {
        "name": "A",
        "metadata": {"V": "1"},
        "suites": [
            {
                "name": "B",
                "source": "/w/b.robot",
                "tests": [
                    {
                        "name": "p",
                        "lineno": 3,
                        "tags": ["x"],
                        "status": "PASS",
                        "elapsed_time": 0.5,
                    },
                    {
                        "name": "f",
                        "status": "FAIL",
                        "message": "x",
                        "elapsed_time": 1,
                        "body": [
                            {
                                "type": "FOR",
                                "status": "FAIL",
                                "body": [
                                    {
                                        **STEP,
                                        "body": [
                                            {"type": "MESSAGE", "level": "INFO", "message": "m"},
                                            {"type": "MESSAGE", "level": "FAIL", "message": "x"},
                                        ],
                                    }
                                ],
                            }
                        ],
                    },
                    {"name": "s", "status": "SKIP", "message": "why"},
                ],
            }
        ],
    },
    statistics={"total": {"pass": 1, "fail": 1, "skip": 1}},
    errors=[{"level": "ERROR", "message": "no library"}],
)


def test_json_says_the_same_as_xml():
    assert read(plugin, JSON) == [
        Suite(("A", "B")),
        Result("p", Status.PASSED, 0.5, file="/w/b.robot", line=3, properties=(("tag", "x"),)),
        Result(
            "f",
            Status.FAILED,
            1.0,
            message="x",
            trace="BuiltIn.Fail    x\n  in FOR",
            stdout="INFO: m",
            file="/w/b.robot",
        ),
        Result("s", Status.SKIPPED, message="why", file="/w/b.robot"),
        Note("Robot Framework reported: no library"),
    ]


def test_a_tear_down_of_json_fails_the_tests_too():
    torn = {"name": "x", "status": "FAIL", "message": "no tidying"}
    inner = {"name": "B", "tests": [{"name": "p", "status": "PASS"}]}
    result = the_result(json_report({"name": "A", "suites": [inner], "teardown": torn}))
    assert result.message == "Parent suite teardown failed:\nno tidying"


ODD = [None, 7, -1.5, True, "x", [], [1], {}, {"a": 1}, 10**30]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "key", ["name", "status", "message", "elapsed_time", "tags", "body", "lineno", "setup"]
)
def test_values_of_odd_types_in_a_test_cost_nothing_but_themselves(key, odd):
    test = {"name": "t", "status": "FAIL", "body": [{**STEP, key: odd}], key: odd}
    result = the_result(json_report({"name": "A", "tests": [test]}))
    assert result.status in (Status.FAILED, Status.UNKNOWN)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["suite", "statistics", "errors", "generator"])
def test_values_of_odd_types_around_the_tests_are_survived(key, odd):
    document = {"generator": "Robot 7.2", "suite": {"tests": [{"status": "PASS"}]}, key: odd}
    try:
        read(plugin, json.dumps(document).encode())
    except ReportError:
        assert key == "suite"


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["name", "source", "suites", "teardown", "metadata", "message"])
def test_values_of_odd_types_in_a_suite_are_survived(key, odd):
    result = the_result(json_report({"name": "A", "tests": [{"status": "PASS"}], key: odd}))
    assert result.status is Status.PASSED


def test_json_with_a_lone_surrogate_or_nan_is_read():
    data = JSON.replace(b'"why"', b'"\\ud800"').replace(b"0.5", b"NaN")
    assert [each.duration for each in results(read(plugin, data))] == [None, 1.0, None]


def test_suites_that_are_nested_without_end_are_refused():
    deep = '{"name":"x","suites":[' * 500 + "]}" * 500
    with pytest.raises(ReportError, match="nested too deep"):
        read(plugin, b'{"generator":"Robot 7.2","suite":%b}' % deep.encode())


# Damage


def test_an_entity_is_refused_and_nothing_is_opened():
    doctype = '<!DOCTYPE robot [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    data = report(suite("A", case("t", FAIL.format("&x;")))).replace(
        b'<?xml version="1.0"?>', doctype.encode()
    )
    with pytest.raises(ReportError, match="DOCTYPE"):
        read(plugin, data)


XML = report(
    suite(
        "A",
        suite("B", case("1"), case("2", FAIL.format("x"), f"<kw>{FAIL.format('x')}</kw>")),
        suite("C", case("3", SKIP.format("why")), fixture("TEARDOWN", FAIL.format("c"))),
        case("4"),
        fixture("TEARDOWN", SKIP.format("s")),
    ),
    tail=total(1, 2, 1),
)


@pytest.mark.parametrize("data", [XML, XML.replace(b"Robot 7", b"Rebot 7"), JSON])
def test_no_cut_makes_a_report_better(data):
    assert lies_of_a_cut(plugin, data) == []


def test_json_with_the_name_behind_the_tests_is_cut_without_a_lie():
    root = {"tests": [{"name": "t", "status": "PASS"}], "suites": [], "name": "A", "status": "PASS"}
    assert lies_of_a_cut(plugin, json_report(root)) == []


def test_what_looks_passed_is_unknown_where_its_suite_breaks_off():
    data = report(suite("A", case("p"), case("f", FAIL.format("x")), case("last")))
    records = read(plugin, data[: data.index(b'name="last"')])
    assert isinstance(records[-1], Damage)
    found = {each.name: each.status for each in results(records)}
    assert (found["p"], found["f"]) == (Status.UNKNOWN, Status.FAILED)


def test_what_rebot_wrote_is_final():
    data = report(suite("A", case("p")), generator="Rebot")
    assert the_result(data[: data.index(b"</suite>")]).status is Status.PASSED


def test_a_file_cut_before_its_first_test_is_an_error():
    with pytest.raises(ReportError, match="the file ends"):
        read(plugin, XML[: XML.index(b"</test>")])


def test_texts_of_very_many_failures_are_cut_short_in_the_end():
    long = FAIL.format("x" * 9_000_000)
    data = report(suite("A", *(case(str(n), long) for n in range(8))))
    lengths = [len(each.message) for each in results(read(plugin, data))]
    assert lengths[0] == 9_000_000
    assert lengths[-1] < 1000
    assert notes(read(plugin, data)) == ["the texts of 3 results are cut short"]


# Any run, written and read again

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="￾￿\xa0")
).map(lambda text: "".join(text.split()))
TESTS = st.lists(
    st.tuples(TEXT, st.sampled_from(["PASS", "FAIL", "SKIP"]), st.floats(0, 1e6), TEXT), max_size=5
)
RUNS = st.lists(st.tuples(TEXT.filter(bool), TESTS.filter(bool)), max_size=4)
WORDS = {"PASS": Status.PASSED, "FAIL": Status.FAILED, "SKIP": Status.SKIPPED}


def expected(run) -> list[tuple[object, ...]]:
    return [
        (("root", name), test or "(unnamed)", WORDS[word], seconds, message)
        for name, tests in run
        for test, word, seconds, message in tests
    ]


def as_read(data: bytes) -> list[tuple[object, ...]]:
    return [
        (each.path, each.result.name, each.result.status, each.result.duration, each.result.message)
        for each in placed(read(plugin, data))
    ]


@given(RUNS)
def test_any_run_that_was_written_as_xml_is_read_as_it_was(run):
    def written(name, word, seconds, message):
        status = f'<status status="{word}" elapsed="{seconds!r}">{escape(message)}</status>'
        return case(name, status)

    suites = (suite(name, *(written(*each) for each in tests)) for name, tests in run)
    assert as_read(report(suite("root", *suites))) == expected(run)


@given(RUNS)
def test_any_run_that_was_written_as_json_is_read_as_it_was(run):
    suites = [
        {
            "tests": [
                {"name": test, "status": word, "elapsed_time": seconds, "message": message}
                for test, word, seconds, message in tests
            ],
            "name": name,
        }
        for name, tests in run
    ]
    assert as_read(json_report({"suites": suites, "name": "root"})) == expected(run)
