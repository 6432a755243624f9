"""Jenkins' own reading of reports: recorded answers of real controllers, and shapes by hand."""

from __future__ import annotations

import importlib.util
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import CORPUS, ROOT, SHARED
from tests.plugins.corpus import Entry, differences, entries
from tests.plugins.reading import PRINTABLE, lies_of_a_cut, notes
from tracker.intake.contract import (
    Attempt,
    Damage,
    Note,
    Record,
    ReportError,
    ReportFile,
    Result,
    Status,
    Suite,
    Trouble,
)
from tracker.intake.sniff import head_of

RECORDED = SHARED / "jenkins" / "recorded" / "hudson-1.395"
PUBLIC = CORPUS / "jenkins-api" / "jaredpar__jenkins" / "from TestResources.resx"
needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded answers are not beside the repository"
)
needs_corpus = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="the corpus is not beside the repository"
)

spec = importlib.util.spec_from_file_location(
    "plugin_testreport", ROOT / "plugins" / "jenkins_testreport.py"
)
assert spec is not None
assert spec.loader is not None
plugin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plugin)


def records(data: bytes) -> list[Record]:
    return list(plugin.read.read(ReportFile(io.BytesIO(data), "x", head_of(data, "x"))))


def read(*cases: dict[str, Any], suite: str = "s") -> list[Result]:
    data = json.dumps({"suites": [{"name": suite, "cases": list(cases)}]}).encode()
    return results(records(data))


def results(found: list[Record]) -> list[Result]:
    return [each for each in found if isinstance(each, Result)]


def suites(found: list[Record]) -> list[tuple[str, ...]]:
    return [each.path for each in found if isinstance(each, Suite)]


def counts(found: list[Record]) -> tuple[int, int, int]:
    """Passed, failed, skipped, as Jenkins counts."""
    by_status = Counter(each.status for each in results(found))
    assert set(by_status) <= {Status.PASSED, Status.FAILED, Status.SKIPPED}
    return by_status[Status.PASSED], by_status[Status.FAILED], by_status[Status.SKIPPED]


def sniffed(data: bytes) -> float:
    score: float = plugin.looks_like(head_of(data, "x"))
    return score


# Recorded answers.

REPORTS = [
    path
    for path in sorted(RECORDED.glob("testreport-*.json"))
    if path.stem not in ("testreport-case", "testreport-class")
]


@needs_recorded
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_recorded_report_has_as_many_cases_as_jenkins_counted(path: Path) -> None:
    data = path.read_bytes()
    answer = json.loads(data)
    parts = [answer, *(each["result"] for each in answer.get("childReports", ()))]
    told = [part for part in parts if "passCount" in part]
    found = counts(records(data))
    assert sum(found) == sum(
        len(suite["cases"]) for part in parts for suite in part.get("suites", ())
    )
    if told:
        wanted = ("passCount", "failCount", "skipCount")
        assert found == tuple(sum(part[name] for part in told) for name in wanted)


@needs_recorded
@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_a_recorded_report_is_recognised(path: Path) -> None:
    assert sniffed(path.read_bytes()) >= 0.5


@needs_recorded
def test_what_a_case_says_is_kept() -> None:
    found = results(records((RECORDED / "testreport-unstable.json").read_bytes()))
    [broken] = [each for each in found if each.status is Status.FAILED]
    assert (broken.classname, broken.name, broken.duration) == ("pay.CardTest", "always fails", 0.1)
    assert (broken.message, broken.trace) == ("no route", "at net.Socket(Socket.java:7)")
    assert broken.stderr == "socket closed"


@needs_recorded
def test_the_cells_of_a_matrix_stand_below_their_names() -> None:
    found = records((RECORDED / "testreport-matrix.json").read_bytes())
    cells = {path[0] for path in suites(found)}
    assert cells == {f"DB={db},PY={py}" for db in ("sqlite", "postgres") for py in ("3.11", "3.12")}
    assert counts(found) == (7, 1, 0)


@needs_corpus
def test_a_public_report_of_an_old_jenkins_has_the_counts_of_the_manifest() -> None:
    rows = json.loads((CORPUS / "MANIFEST.json").read_text())["files"]
    [expected] = [row["expected"] for row in rows if row["file"].endswith("Tao1TestResult.json")]
    found = counts(records((PUBLIC / "Tao1TestResult.json").read_bytes()))
    assert found == (expected["passed"], expected["failed"], expected["skipped"])


@needs_corpus
def test_a_public_report_that_lists_a_few_of_its_cases_gives_those() -> None:
    data = (PUBLIC / "TestReport2.json").read_bytes()
    assert sniffed(data) >= 0.5
    assert counts(records(data)) == (2, 0, 0)


@needs_corpus
def test_what_is_no_json_is_not_recognised() -> None:
    assert sniffed((PUBLIC / "TestReport1.txt").read_bytes()) == 0


@needs_corpus
def test_no_other_public_answer_is_taken_for_a_report() -> None:
    rows = json.loads((CORPUS / "MANIFEST.json").read_text())["files"]
    others = [
        row["file"]
        for row in rows
        if row["format"] == "jenkins-api" and row.get("kind") != "testReport"
    ]
    assert len(others) > 40
    assert [file for file in others if sniffed((CORPUS / file).read_bytes()) > 0] == []


# Shapes by hand.


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("PASSED", Status.PASSED),
        ("FIXED", Status.PASSED),
        ("FAILED", Status.FAILED),
        ("REGRESSION", Status.FAILED),
        ("SKIPPED", Status.SKIPPED),
        ("BROKEN", Status.UNKNOWN),
        ("passed", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_the_status_words_of_old_and_new(word: str, status: Status) -> None:
    [result] = read({"name": "x", "status": word})
    assert result.status is status


@pytest.mark.parametrize("case", [{}, {"status": None}, {"status": 3}, {"status": ["PASSED"]}])
def test_a_case_without_a_word_never_passed(case: dict[str, Any]) -> None:
    [result] = read(case)
    assert (result.status, result.name) == (Status.UNKNOWN, "(unnamed)")
    assert result.message.startswith("status ")


def test_a_skip_tells_its_reason() -> None:
    [result] = read({"name": "x", "status": "SKIPPED", "skippedMessage": "later"})
    assert result.message == "later"


@pytest.mark.parametrize(
    ("duration", "kept"), [(1, 1.0), (0.25, 0.25), (None, None), ("1,250.5", None), ([], None)]
)
def test_a_duration_is_a_number_or_none(duration: object, kept: float | None) -> None:
    [result] = read({"name": "x", "status": "PASSED", "duration": duration})
    assert result.duration == kept


def test_the_suite_and_the_class_are_told_apart() -> None:
    data = (
        b'{"suites":[{"name":"outer","cases":[{"className":"a.B","name":"x","status":"PASSED"}]}]}'
    )
    found = records(data)
    assert suites(found) == [("outer",)]
    assert results(found)[0].classname == "a.B"


def test_a_child_without_a_result_is_noted() -> None:
    data = json.dumps(
        {
            "childReports": [
                {"child": {"number": 1, "url": "http://x/job/m/./A=1/7/"}, "result": None},
                {"child": None, "result": {"suites": [{"name": "s", "cases": []}]}},
            ]
        }
    ).encode()
    found = records(data)
    assert notes(found) == ["The child report A=1 has no result."]
    assert suites(found) == [("child", "s")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"suites":[{"name":"s","cases":[{"className":"c","name":"x","status":"PASS',
        b"[]",
        b"null",
        b'"text"',
        b"[" * 200_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_holds_no_case_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError):
        records(data)


def answer(*cases: dict[str, Any], **more: Any) -> bytes:
    suite = {"cases": list(cases), "name": "s"}
    return json.dumps({"suites": [suite], **more}).encode()


def case(name: str = "x", status: str = "PASSED", **more: Any) -> dict[str, Any]:
    return {"className": "a.B", "name": name, "status": status, **more}


def test_a_report_that_breaks_off_keeps_the_suites_that_were_named() -> None:
    suites = [{"name": "a", "cases": [case()]}, {"name": "b", "cases": [case(), case("y")]}]
    data = json.dumps({"suites": suites}).encode()
    found = records(data[: data.rindex(b'"y"')])
    assert len(results(found)) == 2
    assert isinstance(found[-1], Damage)


def test_a_suite_that_breaks_off_before_its_name_gives_nothing() -> None:
    suites = [{"cases": [case()], "name": "a"}, {"cases": [case()], "name": "b"}]
    data = json.dumps({"suites": suites}).encode()
    assert [each.name for each in results(records(data[: data.rindex(b'"name"')]))] == ["x"]


def test_tries_before_the_last_one_are_attempts() -> None:
    tries = [{"message": "m", "type": "E", "stackTrace": "at x", "stdout": None}, None, 3]
    [flaky, failed] = results(
        records(
            answer(case(flakyFailures=tries), case(status="FAILED", rerunFailures=tries, age=1))
        )
    )
    assert flaky.attempts == (Attempt(Status.FAILED, None, "m", "at x", "E"),)
    assert failed.attempts == flaky.attempts


def test_a_word_of_history_is_kept_beside_the_outcome() -> None:
    [result] = read(case(status="REGRESSION"))
    assert (result.status, result.raw_status) == (Status.FAILED, "REGRESSION")


def test_properties_are_kept() -> None:
    [result] = read(case(properties={"browser": "firefox", "tries": 3, "none": None}))
    assert result.properties == (("browser", "firefox"), ("tries", "3"), ("none", ""))


def test_the_output_of_a_suite_is_kept_once() -> None:
    suite = {"name": "s", "stdout": "all", "stderr": None, "cases": [case(stdout="all")]}
    [first, result] = records(json.dumps({"suites": [suite]}).encode())
    assert first == Suite(("s",), stdout="all")
    assert isinstance(result, Result)
    assert result.stdout == ""


def test_the_stages_of_a_pipeline_are_a_property_of_the_suite() -> None:
    suite = {"name": "s", "enclosingBlockNames": ["Unit", "Test"], "cases": []}
    assert records(json.dumps({"suites": [suite]}).encode()) == [
        Suite(("s",), (("stage", "Test / Unit"),))
    ]


def test_cases_that_are_counted_and_not_listed_are_noted() -> None:
    found = records(answer(case(), passCount=3, failCount=0, skipCount=0))
    assert found[-1] == Note("the whole report declares 3 as passCount, found 1")


def test_a_failure_that_is_counted_and_not_listed_is_a_trouble() -> None:
    found = records(answer(case(), passCount=1, failCount=2))
    assert found[-1] == Trouble(
        "the whole report declares 2 as failCount, found 0: failures are missing from it"
    )


def test_the_counts_of_a_child_are_compared_with_what_it_lists() -> None:
    child = {"url": "http://x/job/m/./A=1/7/"}
    result = {"suites": [{"name": "s", "cases": [case()]}], "passCount": 2}
    found = records(json.dumps({"childReports": [{"child": child, "result": result}]}).encode())
    assert found[-1] == Note("the report of A=1 declares 2 as passCount, found 1")


def test_counts_that_agree_are_not_worth_a_word() -> None:
    data = answer(case(), case("y", "SKIPPED"), passCount=1, failCount=0, skipCount=1)
    assert len(records(data)) == 3


@pytest.mark.parametrize("odd", [None, 3, True, "x", [], {}, [None, 3], -1, 1e999])
def test_odd_values_do_no_harm(odd: object) -> None:
    for key in (*case(), "duration", "errorDetails", "stdout", "properties", "flakyFailures"):
        assert len(read({**case(), key: odd})) == 1
    for key in ("suites", "childReports", "passCount", "failCount", "duration"):
        records(json.dumps({**json.loads(answer(case())), key: odd}).encode())
    records(json.dumps({"childReports": [{"child": odd, "result": {"suites": odd}}]}).encode())


SMALL = answer(
    case(stdout="s"),
    case("y", "FAILED", errorDetails="no", rerunFailures=[{"message": "m"}]),
    case("z", "SKIPPED"),
    passCount=1,
    failCount=1,
)
MATRIX = json.dumps(
    {
        "failCount": 1,
        "childReports": [
            {"child": {"url": f"http://x/m/{cell}/7/"}, "result": json.loads(SMALL)}
            for cell in ("A=1", "A=2")
        ],
    }
).encode()


@pytest.mark.parametrize("data", [SMALL, MATRIX])
def test_no_cut_makes_a_report_better(data: bytes) -> None:
    assert lies_of_a_cut(plugin.read, data) == []


NAMES = st.text(PRINTABLE, min_size=1, max_size=8)
WORDS = st.sampled_from(["PASSED", "FAILED", "SKIPPED"])
RUNS = st.lists(st.tuples(NAMES, WORDS, st.floats(0, 100)), max_size=6)


@given(RUNS)
def test_what_was_written_is_read(run: list[tuple[str, str, float]]) -> None:
    cases = [
        case(name, word, duration=time, errorDetails="of " + name if word == "FAILED" else None)
        for name, word, time in run
    ]
    found = read(*cases)
    assert [(each.name, each.duration) for each in found] == [(name, time) for name, _, time in run]
    assert [each.status.name for each in found] == [word for _, word, _ in run]
    assert all(each.message in ("", "of " + each.name) for each in found)


@pytest.mark.parametrize("entry", entries("jenkins_testreport"), ids=lambda entry: entry.file)
def test_public_answers_give_the_figures_of_the_manifest(entry: Entry) -> None:
    assert differences(entry) == {}


@pytest.mark.parametrize("end", range(1, 200, 7))
def test_no_part_of_a_report_is_taken_for_a_whole_one(end: int) -> None:
    whole = json.dumps(
        {"suites": [{"name": "s", "cases": [{"className": "c", "name": "x" * 200}]}]}
    ).encode()
    with pytest.raises(ReportError):
        records(whole[:end])


@pytest.mark.parametrize(
    "answer",
    [
        {"suites": None},
        {"suites": {"name": "s"}},
        {"suites": [None, 3, "x", []]},
        {"suites": [{"name": None, "cases": None}]},
        {"suites": [{"cases": [None, 7]}]},
        {"childReports": [None, 3]},
        {},
    ],
)
def test_odd_shapes_give_no_results_and_no_error(answer: object) -> None:
    assert results(records(json.dumps(answer).encode())) == []


@pytest.mark.parametrize(
    ("data", "score"),
    [
        (b'{"suites": [{"cases": [{"age": 0}], "name": "s"}]}', 0.9),
        (b'{"duration": 1, "suites": [{"cases": [{"age": 0, "className": "a', 0.9),
        (b'{"_class": "hudson.maven.reporters.SurefireAggregatedReport", "childReports": [{', 0.9),
        (b'{"suites": []}', 0.5),
        (b'{"failCount": 0, "passCount": 3}', 0.5),
        (b'{"_class": "hudson.tasks.junit.TestResult", "failCount": 0}', 0.5),
    ],
)
def test_answers_are_recognised_by_what_they_hold(data: bytes, score: float) -> None:
    assert sniffed(data) == score


@pytest.mark.parametrize(
    "data",
    [
        b"<testsuite/>",
        b"[1]",
        b'{"number": 7}',
        b"TAP version 13",
        b"",
        b'{"jobs": []}',
        b'{"config": {}, "suites": [], "stats": {}}',
        b'{"suites": [{"title": "a.spec.ts", "specs": []}]}',
        b'{"stats": {"passes": 1}, "results": [{"suites": []}]}',
    ],
)
def test_other_formats_are_left_alone(data: bytes) -> None:
    assert sniffed(data) == 0
