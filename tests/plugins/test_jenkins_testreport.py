"""Jenkins' own reading of reports: recorded answers of real controllers, and shapes by hand."""

from __future__ import annotations

import importlib.util
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, ROOT, SHARED
from tracker.intake.contract import Note, Record, ReportError, ReportFile, Result, Status, Suite
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
    assert [each.text for each in found if isinstance(each, Note)] == [
        "The child report A=1 has no result."
    ]
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
def test_what_is_not_whole_is_refused(data: bytes) -> None:
    with pytest.raises(ReportError, match="JSON"):
        records(data)


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
    "data", [b"<testsuite/>", b"[1]", b'{"number": 7}', b"TAP version 13", b"", b'{"jobs": []}']
)
def test_other_formats_are_left_alone(data: bytes) -> None:
    assert sniffed(data) == 0
