"""TAP: what counts as a test, a plan, a subtest and a diagnosis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plugins.corpus import Entry, entries
from tests.plugins.reading import (
    file_of,
    is_marked,
    lies_of_a_cut,
    notes,
    parser_of,
    placed,
    read,
    results,
    totals,
    troubles,
)
from tracker.intake.contract import ReportError, Result, Status, Suite

TAP = parser_of("tap")


def of(*lines: str) -> list[Result]:
    return results(read(TAP, "\n".join([*lines, ""]).encode()))


def troubles_of(*lines: str) -> list[str]:
    records = read(TAP, "\n".join([*lines, ""]).encode())
    return troubles(records)


def paths(*lines: str) -> list[tuple[tuple[str, ...], str]]:
    kept = placed(read(TAP, "\n".join([*lines, ""]).encode()))
    return [(each.path, each.result.name) for each in kept]


# Test lines


@pytest.mark.parametrize(
    ("line", "name", "status"),
    [
        ("ok 1 - works", "works", Status.PASSED),
        ("ok 1 works", "works", Status.PASSED),
        ("ok - works", "works", Status.PASSED),
        ("ok works", "works", Status.PASSED),
        ("ok 1", "1", Status.PASSED),
        ("ok", "1", Status.PASSED),
        ("not ok 1 - breaks", "breaks", Status.FAILED),
        ("not ok", "1", Status.FAILED),
        ("ok 1 - a \\# b", "a # b", Status.PASSED),
        ("ok 1 - a \\\\ b", "a \\ b", Status.PASSED),
        ("ok 1 - issue #7", "issue #7", Status.PASSED),
        ("ok 1 - Größe # 1", "Größe # 1", Status.PASSED),
        ("ok 1 -5 is negative", "-5 is negative", Status.PASSED),
        ("ok 1 -  works", "works", Status.PASSED),
    ],
)
def test_a_test_line_is_a_name_and_a_status(line, name, status):
    [result] = of("1..1", line)
    assert (result.name, result.status) == (name, status)


@pytest.mark.parametrize("line", ["okay 1", "not  ok 1", "OK 1", "ok\t1"])
def test_what_only_looks_like_a_test_line_is_none(line):
    assert of("1..0", line) == []


@pytest.mark.parametrize("word", ["SKIP", "skip", "SKIPPED:", "Skip:"])
@pytest.mark.parametrize("ok", ["ok", "not ok"])
def test_a_skip_is_skipped_whatever_stands_before_it(ok, word):
    [result] = of("1..1", f"{ok} 1 - a # {word} no network")
    assert (result.name, result.status, result.message) == ("a", Status.SKIPPED, "no network")


def test_a_failing_todo_is_an_expected_failure():
    [result] = of("1..1", "not ok 1 - a # TODO later")
    assert (result.status, result.expected_failure, result.message) == (
        Status.SKIPPED,
        "xfail",
        "later",
    )


def test_a_passing_todo_is_marked_as_an_unexpected_pass():
    [result] = of("1..1", "ok 1 - a # todo")
    assert (result.status, result.expected_failure) == (Status.SKIPPED, "xpass")


def test_an_escaped_hash_begins_no_directive():
    [result] = of("1..1", "not ok 1 - a \\# TODO b")
    assert (result.name, result.status) == ("a # TODO b", Status.FAILED)


def test_a_time_behind_the_name_is_its_duration():
    [result] = of("1..1", "ok 1 - a # time=12.5ms")
    assert (result.name, result.duration) == ("a", 0.0125)


def test_bats_writes_times_into_names():
    first, second = of("1..2", "ok 1 a in 12ms", "not ok 2 b in 2500ms")
    assert (first.name, first.duration) == ("a", 0.012)
    assert (second.name, second.duration) == ("b", 2.5)


def test_a_name_that_only_ends_like_a_time_stays_whole():
    _, result = of("1..2", "ok 1 a", "ok 2 answers in 100ms")
    assert (result.name, result.duration) == ("answers in 100ms", None)


def test_check_writes_what_happened_into_names():
    passed, failed = of(
        "ok 1 - a.c:Core:sum: Passed", "not ok 2 - a.c:Core:sub: 1 is not 2", "1..2"
    )
    assert passed.name == "a.c:Core:sum"
    assert (failed.name, failed.message) == ("a.c:Core:sub", "1 is not 2")


def test_names_are_read_alike_wherever_they_stand():
    lines = [f"ok {number} -  a{number}" for number in range(1, 6)]
    assert [each.name for each in of("1..5", *lines)] == ["a1", "a2", "a3", "a4", "a5"]


# The run


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("1..3", "ok 1", "ok 2"), "planned 3 tests, found 2"),
        (("ok 1", "ok 2", "ok 3", "1..2"), "planned 2 tests, found 3"),
        (("ok 1", "ok 2"), "has no plan"),
        (("TAP version 13",), "has no plan"),
        (("1..2", "ok 1", "ok 1"), "repeats 1 test numbers"),
        (("1..2", "ok 1", "ok 7"), "numbers outside its plan"),
        (("1..2", "ok 0", "ok 1"), "numbers outside its plan"),
        (("1..2", "ok 1", "Bail out! no disk", "ok 2"), "Bail out! no disk"),
        (("ok 1", "1..1", "not ok 2"), "1 tests stand after the plan"),
        (("pragma +strict", "1..1", "noise", "ok"), "lines that are not TAP"),
        (("1..1", "# Subtest: a", "    1..2", "    ok", "not ok 1 - a"), 'subtest "a" planned 2'),
    ],
)
def test_a_run_that_went_wrong_is_told(lines, told):
    assert told in "; ".join(troubles_of(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        ("1..2", "ok 2", "ok 1"),
        ("ok", "ok", "1..2"),
        ("5..6", "ok 5", "ok 6"),
        ("1..1", "noise", "ok 1", "more noise"),
        ("1..0 # SKIP not here",),
        ("TAP version 14", "1..1 ", "ok 1"),
    ],
)
def test_a_run_that_is_only_unusual_is_in_no_trouble(lines):
    assert troubles_of(*lines) == []


def test_a_plan_of_nothing_says_why():
    records = read(TAP, b"1..0 # SKIP not on this system\n")
    assert notes(records) == ["no tests are planned: SKIP not on this system"]


def test_nothing_after_a_bail_out_is_a_result():
    assert len(of("1..3", "ok 1", "Bail out!", "ok 2", "not ok 3")) == 1


def test_numbers_may_be_longer_than_any_computer_counts():
    assert is_marked(read(TAP, b"1..1\nok " + b"9" * 5000 + b"\n"))


def test_other_lines_are_kept_as_output():
    records = read(TAP, b"1..1\nhello\nok 1\n")
    assert Suite((), stdout="hello") in records


def test_the_last_line_may_lack_its_end_where_the_plan_is_met():
    records = read(TAP, b"1..1\nnot ok 1 - a")
    assert totals(records)["failed"] == 1
    assert notes(records)
    assert not is_marked(records)


def test_a_last_line_without_end_and_plan_is_left_out_and_told():
    records = read(TAP, b"ok 1 - a\nok 2 - b")
    assert [each.name for each in results(records)] == ["a"]
    assert is_marked(records)


@pytest.mark.parametrize("data", [b"", b"hello\n", b"# only a comment\n", b"\xff\xfe\xff"])
def test_a_file_without_a_line_of_tap_is_refused(data):
    with pytest.raises(ReportError):
        read(TAP, data)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_no_text(encoding):
    assert totals(read(TAP, "1..1\nok 1 - ä\n".encode(encoding)))["passed"] == 1


# Subtests


def test_the_leaves_of_a_subtest_stand_in_a_suite_of_its_name():
    assert paths("# Subtest: a", "    ok 1 - x", "    1..1", "ok 1 - a", "1..1") == [(("a",), "x")]


def test_an_indented_comment_names_a_subtest_too():
    assert paths("    # Subtest: a", "    ok - x", "    1..1", "ok - a", "1..1") == [(("a",), "x")]


def test_a_subtest_without_comment_has_the_name_of_the_line_behind_it():
    assert paths("    ok 1 - x", "    1..1", "ok 1 - a", "1..1") == [(("a",), "x")]


def test_a_subtest_in_braces_has_the_name_of_the_line_before_it():
    assert paths("1..1", "ok 1 - a {", "    ok 1 - x", "    1..1", "}") == [(("a",), "x")]


def test_subtests_nest():
    lines = ("# Subtest: a", "    # Subtest: b", "        ok - x", "        1..1")
    assert paths(*lines, "    ok - b", "    1..1", "ok - a", "1..1") == [(("a", "b"), "x")]


def test_subtests_nested_too_deep_are_refused():
    with pytest.raises(ReportError, match="nested too deep"):
        of("1..1", " " * 40_000 + "ok")


def test_a_test_that_fails_alone_is_a_result_beside_its_leaves():
    lines = ("1..1", "# Subtest: a", "    ok - x", "    1..1", "not ok 1 - a")
    assert paths(*lines) == [(("a",), "x"), ((), "a")]


def test_a_test_that_fails_with_its_leaves_is_none():
    lines = ("1..1", "# Subtest: a", "    not ok - x", "    1..1", "not ok 1 - a")
    assert paths(*lines) == [(("a",), "x")]


def test_a_subtest_without_tests_is_a_result():
    lines = ("1..1", "# Subtest: a", "    1..0 # skip", "ok 1 - a # SKIP not here")
    assert paths(*lines) == [((), "a")]


def test_a_comment_that_announces_nothing_is_a_comment():
    assert paths("# Subtest: a", "ok 1 - a", "1..1") == [((), "a")]


def test_results_of_a_subtest_that_never_got_its_name_are_counted_as_left_out():
    told = troubles_of("1..2", "    ok 1 - x", "    not ok 2 - y")
    assert any("2 results (1 failed) are left out" in each for each in told)


# Diagnostics


def test_a_block_of_yaml_tells_what_went_wrong():
    [result] = of(
        "1..1",
        "not ok 1 - a",
        "  ---",
        "  duration_ms: 1500",
        "  location: 'file:///w/a.test.mjs:12:3'",
        "  failureType: 'testCodeFailure'",
        "  error: |-",
        "    1 is not 2",
        "  ",
        "    but 1",
        "  name: 'AssertionError'",
        "  severity: fail",
        "  expected: 2",
        "  stack: |-",
        "    at x (a.mjs:3)",
        "  ...",
    )
    assert result.message == "1 is not 2\n\nbut 1"
    assert (result.duration, result.type) == (1.5, "AssertionError")
    assert (result.file, result.line) == ("/w/a.test.mjs", 12)
    assert result.trace.endswith("severity: fail\nexpected: 2\n\nat x (a.mjs:3)")


@pytest.mark.parametrize(
    "lines",
    [
        ("at:", "  fileName: a.js", "  lineNumber: 7"),
        ("at: Test.<anonymous> (a.js:7:5)",),
        ("file: a.js", "line: 7"),
        ("at:", "  line: 7", "  column: 1", "  file: a.js"),
    ],
)
def test_a_place_has_many_spellings(lines):
    [result] = of("1..1", "not ok 1", "  ---", *(f"  {each}" for each in lines), "  ...")
    assert (result.file, result.line) == ("a.js", 7)


@pytest.mark.parametrize("time", ["NaN", "fast", "", "[1]", "inf"])
def test_a_time_that_is_none_is_not_told(time):
    [result] = of("1..1", "ok 1", "  ---", f"  duration_ms: {time}", "  ...")
    assert result.duration is None


def test_comments_behind_a_failure_belong_to_it():
    [result, _] = of(
        "1..2",
        "not ok 1 - a",
        "#   Failed test 'a'",
        "#   at t/a.t line 12.",
        "#          got: '1'",
        "ok 2",
    )
    assert (result.message, result.file, result.line) == ("got: '1'", "t/a.t", 12)
    assert "Failed test" in result.trace


def test_a_block_that_never_ends_hides_no_test():
    assert len(of("1..2", "ok 1", "  ---", "  a: 1", "not ok 2")) == 2


def test_lines_that_look_like_tests_inside_a_block_are_none():
    assert len(of("1..1", "ok 1", "  ---", "  not ok 2", "  ...")) == 1


# Sniffing


@pytest.mark.parametrize(
    "text",
    [
        "TAP version 13\n",
        "1..2\nok 1\n",
        "ok 1 - a\nnot ok 2 - b\n",
        "starting\n1..2\nok 1 a\n",
        "1..0 # SKIP\n",
        "Bail out!\n",
    ],
)
def test_tap_is_recognised(text):
    assert TAP.sniff(file_of(text.encode()).head) > 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ok  \texample.com/a\t0.01s\n",
        "everything ok\nnot ok at all\n",
        '{"ok": 1}\n1..2\n',
        "<a>\n1..2\nok 1\n</a>",
        "chapter\n1..10\nverses\n",
    ],
)
def test_other_texts_are_left_alone(text):
    assert TAP.sniff(file_of(text.encode()).head) == 0


# Whole runs

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda name: not name[0].isdigit() and name[0] != "-" and not name.endswith("{")
)
POINTS = st.tuples(NAMES, st.sampled_from(["ok", "not ok", "skip", "todo"]), st.booleans())
LINES = {"ok": "ok", "not ok": "not ok", "skip": "ok", "todo": "not ok"}
STATUSES = {
    "ok": Status.PASSED,
    "not ok": Status.FAILED,
    "skip": Status.SKIPPED,
    "todo": Status.SKIPPED,
}


def write(points: list[tuple[str, str, bool]], indent: str = "") -> list[str]:
    lines = [f"{indent}1..{len(points)}"]
    for number, (name, kind, has_time) in enumerate(points, 1):
        escaped = name.replace("\\", "\\\\").replace("#", "\\#")
        directive = f" # {kind.upper()} why" if kind in ("skip", "todo") else ""
        lines.append(f"{indent}{LINES[kind]} {number} - {escaped}{directive}")
        if has_time:
            lines += [f"{indent}  ---", f"{indent}  duration_ms: 250", f"{indent}  ..."]
    return lines


@given(st.lists(POINTS, min_size=1))
def test_what_is_written_is_read(points):
    records = read(TAP, ("\n".join(write(points)) + "\n").encode())
    assert [(each.name, each.status, each.duration) for each in results(records)] == [
        (name, STATUSES[kind], 0.25 if has_time else None) for name, kind, has_time in points
    ]
    assert not is_marked(records)


@given(st.lists(st.tuples(NAMES, st.lists(POINTS, min_size=1)), min_size=1))
def test_what_is_written_in_subtests_is_read(suites):
    lines = [f"1..{len(suites)}"]
    for name, points in suites:
        lines += [f"# Subtest: {name}", *write(points, "    "), f"ok - {name}"]
    kept = placed(read(TAP, ("\n".join(lines) + "\n").encode()))
    assert [(each.path, each.result.name) for each in kept] == [
        ((name,), point[0]) for name, points in suites for point in points
    ]


@given(st.lists(st.sampled_from(["ok", "not ok", "1..2", "    ok", "  ---", "  ...", "}", "ok {"])))
def test_no_order_of_lines_breaks_the_reader(lines):
    try:
        records = read(TAP, "\n".join(lines).encode())
    except ReportError:
        return
    assert all(isinstance(each.status, Status) for each in results(records))


TRAILING_PLAN = b"""TAP version 14
# Subtest: till
    ok 1 - opens
    not ok 2 - prints
      ---
      message: no paper
      duration_ms: 3.5
      ...
    1..2
not ok 1 - till
ok 2 - basket # SKIP closed
    # Subtest: shelf
        ok 1 - is full
        1..1
    ok 1 - shelf
    1..1
ok 3 - store
not ok 4 - price # TODO later
1..4
"""
LEADING_PLAN = b"""1..4
ok 1 - one
not ok 2 - two
# at t/two.t line 2.
    ok 1 - inside
    1..1
ok 3 - three
ok 4 - four {
    1..1
    ok 1 - inside
}
# done
"""


@pytest.mark.parametrize("data", [TRAILING_PLAN, LEADING_PLAN])
def test_a_cut_report_tells_no_lies(data):
    unknowable = LEADING_PLAN.index(b" {\n") if data is LEADING_PLAN else len(data)
    lies = lies_of_a_cut(TAP, data)
    # Cut inside its last test line, a report with a plan that is met looks whole.
    start = data.index(b"ok 4 - four") if data is LEADING_PLAN else len(data)
    cuts = [int(each.split()[2]) for each in lies]
    assert all(start < cut <= unknowable + 1 for cut in cuts)


@pytest.mark.parametrize("entry", entries("tap"), ids=lambda entry: entry.file.rpartition("/")[2])
def test_every_report_of_the_corpus_is_recognised(entry: Entry):
    assert TAP.sniff(file_of(entry.data).head) > 0
