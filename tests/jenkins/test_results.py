"""What is fetched of a finished build: by zip, one by one, as Jenkins read it, from its log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.conftest import junit
from tests.jenkins.stub import Stub, a_build, artifacts, known_as, reading_of, source_of
from tests.reports import zipped
from tracker.errors import JenkinsError
from tracker.jenkins.client import Client, Refused
from tracker.jenkins.poll import PartlyRead, poll_job
from tracker.jenkins.recording import read_build
from tracker.queries.builds import build, reports
from tracker.queries.results import results
from tracker.settings import Settings
from tracker.store import history
from tracker.store.rules import ResultsRule, add_results_rule

Read = Callable[..., dict[str, str]]
TESTS = {"urlName": "testReport", "totalCount": 1, "failCount": 0, "skipCount": 0}
WHERE = "job/nightly/1/"
MEGABYTE = 1024 * 1024


@pytest.fixture
def read(stub: Stub, settings: Settings, store: Path) -> Read:
    """Read build 1, told with `more`; the names of its reports with their formats.

    Reports may have `most` bytes.
    """

    def poll(most: int = 64 * MEGABYTE, **more: Any) -> dict[str, str]:
        known_as(stub.url, "nightly")
        stub.has(a_build(1, **more))
        source = source_of(stub.url, max_bytes=most)
        poll_job(replace(reading_of(stub.url, settings), source=source), first_builds=1)
        return {row.name: row.format or row.failure for row in reports("nightly", "1")}

    return poll


def told(**cases: str) -> dict[str, Any]:
    """A testReport: each case by its status."""
    rows = [
        {"className": "s", "name": name, "status": status, "duration": 0.5}
        for name, status in cases.items()
    ]
    return {"suites": [{"name": "s", "cases": rows}]}


# Artifacts.


def test_several_reports_of_a_folder_come_in_one_zip_under_their_own_names(
    stub: Stub, read: Read
) -> None:
    archive = {"out/a.xml": junit(a="P"), "out/deep/b.xml": junit(b="F")}
    stub.answers[f"{WHERE}artifact/out/%2Azip%2A/out.zip"] = zipped(**archive)
    stub.answers[f"{WHERE}artifact/out/*zip*/out.zip"] = zipped(**archive)
    assert read(artifacts=artifacts("out/a.xml", "out/deep/b.xml", "app.jar")) == {
        "out/a.xml": "junit",
        "out/deep/b.xml": "junit",
    }
    assert not [path for path in stub.asked if path.endswith(".xml")]


def test_a_report_fetched_alone_and_the_same_from_a_zip_are_one(
    stub: Stub, read: Read, settings: Settings
) -> None:
    both = artifacts("a.xml", "b.xml")
    stub.answers[f"{WHERE}artifact/a.xml"] = junit(a="P")
    stub.answers[f"{WHERE}artifact/b.xml"] = junit(b="P")
    read(artifacts=both)
    before = build("nightly", "1")
    stub.answers[f"{WHERE}artifact/*zip*/archive.zip"] = zipped(
        **{"archive/a.xml": junit(a="P"), "archive/b.xml": junit(b="P")}
    )
    read_build(reading_of(stub.url, settings), 1)
    assert build("nightly", "1") == before


def test_one_report_is_fetched_alone(stub: Stub, read: Read) -> None:
    stub.answers[f"{WHERE}artifact/out/a.xml"] = junit(a="P")
    assert read(artifacts=artifacts("out/a.xml", "app.jar")) == {"out/a.xml": "junit"}
    assert not [path for path in stub.asked if "zip" in path]


def test_a_few_reports_among_many_files_are_fetched_one_by_one(stub: Stub, read: Read) -> None:
    for name in ("a.xml", "b.xml"):
        stub.answers[f"{WHERE}artifact/{name}"] = junit(**{name[0]: "P"})
    others = [f"{n}.bin" for n in range(20)]
    assert len(read(artifacts=artifacts("a.xml", "b.xml", *others))) == 2
    assert not [path for path in stub.asked if "zip" in path]


@pytest.mark.parametrize(
    "answer",
    [
        404,
        500,
        b"no zip at all",
        zipped(**{"out/a.xml": junit(a="P"), "out/b.xml": junit(b="P")})[:-30],
        zipped(**{"out/a.xml": junit(a="P")}),
        zipped(**{"elsewhere.xml": junit(a="P")}),
    ],
    ids=["404", "500", "no zip", "cut", "one is missing", "other names"],
)
def test_a_zip_that_is_none_is_no_trouble(stub: Stub, read: Read, answer: int | bytes) -> None:
    stub.answers[f"{WHERE}artifact/out/*zip*/out.zip"] = answer
    stub.answers[f"{WHERE}artifact/out/a.xml"] = junit(a="P")
    stub.answers[f"{WHERE}artifact/out/b.xml"] = junit(b="P")
    assert read(artifacts=artifacts("out/a.xml", "out/b.xml")) == {
        "out/a.xml": "junit",
        "out/b.xml": "junit",
    }
    assert build("nightly", "1").damaged == 0


def test_a_zip_that_took_all_the_time_is_trouble_in_words(
    stub: Stub, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.answers[f"{WHERE}artifact/out/*zip*/out.zip"] = b"no zip at all"
    is_up = property(lambda _: "out/*zip*" in unquote(stub.asked[-1]))
    monkeypatch.setattr(Client, "is_out_of_time", is_up)
    with pytest.raises(PartlyRead, match="The time was up with the zip of"):
        read(artifacts=artifacts("out/a.xml", "out/b.xml"))


def test_cells_bring_their_artifacts_in_the_answer_of_the_build(stub: Stub, read: Read) -> None:
    cell = {
        "number": 1,
        "url": "http://elsewhere/job/nightly/OS=linux/1/",
        "artifacts": artifacts("r.xml"),
    }
    older = {**cell, "number": 0, "url": "http://elsewhere/job/nightly/OS=mac/0/"}
    stub.answers["job/nightly/OS=linux/1/artifact/r.xml"] = junit(a="F")
    assert read(runs=[cell, older]) == {"OS=linux/r.xml": "junit"}
    [row] = results("nightly", "1", "all", limit=9)
    assert row.variant == "OS=linux"


# Jenkins' own reading.


def test_children_are_told_apart_and_those_of_older_builds_left_out(stub: Stub, read: Read) -> None:
    def child(url: str, number: int, **cases: str) -> dict[str, Any]:
        return {"child": {"number": number, "url": url}, "result": told(**cases)}

    stub.answers[f"{WHERE}testReport/api/json"] = {
        "failCount": 1,
        "childReports": [
            child("http://x/job/nightly/./OS=linux/1/", 1, a="PASSED"),
            child("http://x/job/nightly/./OS=mac/1/", 1, a="FAILED"),
            child("http://x/job/nightly/com.acme$web/0/", 0, old="FAILED"),
            child("http://x/job/downstream/1/", 1, other="FAILED"),
        ],
    }
    assert len(read(actions=[TESTS])) == 2
    rows = results("nightly", "1", "all", limit=9)
    assert {(row.variant, row.name, row.status) for row in rows} == {
        ("OS=linux", "a", "passed"),
        ("OS=mac", "a", "failed"),
    }


def test_children_of_one_variant_both_count(stub: Stub, read: Read) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = {
        "childReports": [
            {
                "child": {"number": 1, "url": f"http://x/job/nightly/{name}/1/"},
                "result": told(a=word),
            }
            for name, word in (("A=1", "PASSED"), ("./A=1", "FAILED"))
        ],
    }
    assert len(read(actions=[TESTS])) == 2
    [row] = results("nightly", "1", "all", limit=9)
    assert (row.variant, row.status) == ("A=1", "failed")


def test_stages_of_one_spelling_are_one(stub: Stub, read: Read) -> None:
    suites = []
    for stage, case in (("Test, fast", "a"), ("Test fast", "b")):
        [suite] = told(**{case: "PASSED"})["suites"]
        suites.append({**suite, "enclosingBlockNames": [stage]})
    stub.answers[f"{WHERE}testReport/api/json"] = {"suites": suites}
    read(actions=[TESTS])
    assert build("nightly", "1").totals.total == 2


def test_an_artifact_that_may_not_be_had_does_not_keep_the_test_report_out(
    stub: Stub, read: Read
) -> None:
    stub.answers[f"{WHERE}artifact/a.xml"] = 403
    stub.answers[f"{WHERE}testReport/api/json"] = told(login="FAILED")
    assert len(read(artifacts=artifacts("a.xml"), actions=[TESTS])) == 2
    row = build("nightly", "1")
    assert (row.complete, row.totals.failed, row.damaged) == (True, 1, 1)


def test_a_test_report_beyond_all_bounds_is_told_and_holds_nothing_up(
    stub: Stub, read: Read
) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = b" " * (2 * MEGABYTE) + b'{"suites": []}'
    [failure] = read(most=MEGABYTE, actions=[TESTS]).values()
    assert "larger than 1 MB. TRACKER_JENKINS_MAX_MB" in failure
    assert build("nightly", "1").complete


def test_a_test_report_that_may_not_be_had_is_told_and_holds_nothing_up(
    stub: Stub, read: Read
) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = 403
    assert list(read(actions=[TESTS])) == ["testReport"]
    assert build("nightly", "1").complete


def test_a_test_report_that_was_lost_is_no_damage_once_its_parts_are_read(
    stub: Stub, read: Read, settings: Settings
) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = 403
    read(actions=[TESTS])
    linux, windows = (told(a=status)["suites"][0] for status in ("FAILED", "PASSED"))
    linux["enclosingBlockNames"], windows["enclosingBlockNames"] = ["linux"], ["windows"]
    stub.answers[f"{WHERE}testReport/api/json"] = {"suites": [linux, windows]}
    read_build(reading_of(stub.url, settings), 1)
    assert [row.name for row in reports("nightly", "1")] == [
        "testReport stage=linux",
        "testReport stage=windows",
    ]
    assert build("nightly", "1").damaged == 0


def test_a_test_report_that_was_lost_is_no_damage_once_the_build_has_a_report(
    stub: Stub, read: Read, settings: Settings
) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = 403
    read(actions=[TESTS])
    stub.has(a_build(1, actions=[TESTS], artifacts=artifacts("a.xml")))
    stub.answers[f"{WHERE}artifact/a.xml"] = junit(a="P")
    read_build(reading_of(stub.url, settings), 1)
    assert [row.name for row in reports("nightly", "1")] == ["a.xml"]


# Refused in the middle.


def results_of(at: str) -> dict[str, Any]:
    """What a build tells that has its results at a path."""
    is_artifact = "artifact" in at
    return {"artifacts": artifacts("a.xml")} if is_artifact else {"actions": [TESTS]}


def result_at(at: str) -> Any:
    """What a passed test looks like at a path."""
    return junit(a="P") if "artifact" in at else told(a="PASSED")


PLACES = ["artifact/a.xml", "testReport/api/json"]


@pytest.mark.parametrize("at", PLACES)
def test_a_user_who_is_not_known_any_more_has_lost_nothing(
    stub: Stub, settings: Settings, store: Path, at: str
) -> None:
    known_as(stub.url, "nightly")
    stub.has(a_build(1, **results_of(at)))
    answers = stub.answers
    stub.answers = {**answers, f"{WHERE}{at}": 401, "job/nightly/api/json": 401}
    with pytest.raises(Refused, match=r"refuses anonymous \(401\)"):
        read_build(reading_of(stub.url, settings), 1)
    assert not history.on_record("nightly", 1) or not build("nightly", "1").complete
    stub.answers = {**answers, f"{WHERE}{at}": result_at(at)}
    poll_job(reading_of(stub.url, settings), first_builds=1)
    row = build("nightly", "1")
    assert (row.complete, row.totals.total, row.damaged) == (True, 1, 0)


@pytest.mark.parametrize("at", PLACES)
def test_one_report_that_asks_for_other_credentials_is_lost_and_the_build_read(
    stub: Stub, read: Read, settings: Settings, at: str
) -> None:
    stub.answers[f"{WHERE}{at}"] = 401
    [failure] = read(**results_of(at)).values()
    assert "refuses anonymous (401)" in failure
    row = build("nightly", "1")
    assert (row.complete, row.damaged) == (True, 1)
    stub.answers[f"{WHERE}{at}"] = result_at(at)
    read_build(reading_of(stub.url, settings), 1)
    row = build("nightly", "1")
    assert (row.totals.total, row.damaged) == (1, 0)


def test_of_a_user_who_is_not_known_any_more_no_other_report_is_asked(
    stub: Stub, settings: Settings, store: Path
) -> None:
    known_as(stub.url, "nightly")
    stub.has(a_build(1, artifacts=artifacts("a.xml", "b/b.xml", "c/c.txt", "d/d.txt", "e/e.txt")))
    refused = {f"{WHERE}artifact/{name}": 401 for name in ("a.xml", "b/b.xml")}
    stub.answers = {**stub.answers, **refused, "job/nightly/api/json": 401}
    with pytest.raises(Refused):
        read_build(reading_of(stub.url, settings), 1)
    assert [path for path in stub.asked if path in refused] == [f"{WHERE}artifact/a.xml"]


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("answer", [401, 403, 302], ids=["401", "403", "redirect"])
def test_nothing_is_lost_while_the_job_itself_is_refused(
    stub: Stub, read: Read, monkeypatch: pytest.MonkeyPatch, answer: int, at: str
) -> None:
    def refused_from_here(path: str, tree: str) -> Any:
        if path == f"{WHERE}{at}":
            stub.answers = dict.fromkeys([*stub.answers, path], answer)
        return usual(path, tree)

    usual = stub.answer
    monkeypatch.setattr(stub, "answer", refused_from_here)
    with pytest.raises(JenkinsError) as raised:
        read(**results_of(at))
    assert not isinstance(raised.value, PartlyRead)
    assert not history.on_record("nightly", 1) or not build("nightly", "1").complete


def test_bytes_that_are_no_text_in_a_stage_do_no_harm(stub: Stub, read: Read) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = (
        b'{"suites":[{"name":"s","enclosingBlockNames":["\xff"],"cases":'
        b'[{"className":"s","name":"a","status":"PASSED"}]}]}'
    )
    read(actions=[TESTS])
    assert build("nightly", "1").complete


def test_a_report_whose_children_all_ran_before_has_no_results(stub: Stub, read: Read) -> None:
    older = {"child": {"number": 0, "url": "http://x/job/m/A=1/0/"}, "result": told(a="FAILED")}
    stub.answers[f"{WHERE}testReport/api/json"] = {"failCount": 1, "childReports": [older]}
    assert read(actions=[TESTS]) == {}
    assert build("nightly", "1").complete


def test_stages_and_branches_of_a_pipeline_are_variants(stub: Stub, read: Read) -> None:
    linux, windows = (told(a=status)["suites"][0] for status in ("FAILED", "PASSED"))
    linux["enclosingBlockNames"] = ["linux", "Test"]
    windows["enclosingBlockNames"] = ["windows", "Test"]
    stub.answers[f"{WHERE}testReport/api/json"] = {"suites": [linux, windows]}
    assert len(read(actions=[TESTS])) == 2
    [row] = results("nightly", "1", "failed", limit=9) or results("nightly", "1", "new", limit=9)
    assert row.variant == "stage=Test / linux"


def test_a_report_that_was_cut_is_read_again_later(stub: Stub, read: Read) -> None:
    stub.answers[f"{WHERE}testReport/api/json"] = b'{"suites": [{"name": "s", "cases": ['
    with pytest.raises(JenkinsError, match="was cut"):
        read(actions=[TESTS])
    assert not build("nightly", "1").complete


@pytest.mark.parametrize("of_both", [True, False])
def test_a_report_that_is_no_json_is_lost_alone(
    stub: Stub, settings: Settings, store: Path, of_both: bool
) -> None:
    known_as(stub.url, "nightly")
    if of_both:
        rule(sources=("artifacts", "test_report"))
        stub.answers[f"{WHERE}artifact/a.xml"] = junit(a="P")
    stub.answers[f"{WHERE}testReport/api/json"] = rb'{"suites": [{"name": "\q", "cases": []}]}'
    stub.has(a_build(1, artifacts=artifacts("a.xml") if of_both else [], actions=[TESTS]))
    assert read_build(reading_of(stub.url, settings), 1)
    assert (build("nightly", "1").complete, build("nightly", "1").totals.total) == (True, of_both)
    lost = {row.name: row.failure for row in reports("nightly", "1") if row.failure}
    assert list(lost) == ["testReport"]
    assert lost["testReport"].startswith("The testReport of job/nightly/1/ cannot be read: ")


# Rules.


def rule(**said: Any) -> None:
    add_results_rule("night*", ResultsRule(**said))


def test_patterns_of_a_rule_choose_the_artifacts(stub: Stub, read: Read, store: Path) -> None:
    rule(artifacts=("out/**/TEST-*.xml",))
    stub.answers[f"{WHERE}artifact/out/x/TEST-a.xml"] = junit(a="P")
    assert read(artifacts=artifacts("out/x/TEST-a.xml", "out/other.xml", "TEST-b.xml")) == {
        "out/x/TEST-a.xml": "junit"
    }


def test_a_rule_may_want_the_test_report_alone(stub: Stub, read: Read, store: Path) -> None:
    rule(sources=("test_report",))
    stub.answers[f"{WHERE}testReport/api/json"] = told(a="PASSED")
    assert read(artifacts=artifacts("a.xml"), actions=[TESTS]) == {
        "testReport": "jenkins_testreport"
    }
    assert f"{WHERE}artifact/a.xml" not in stub.asked


def test_a_rule_may_want_the_artifacts_alone(stub: Stub, read: Read, store: Path) -> None:
    rule(sources=("artifacts",))
    assert read(actions=[TESTS]) == {}
    assert f"{WHERE}testReport/api/json" not in stub.asked


@pytest.mark.parametrize(("truth", "status"), [("artifacts", "passed"), ("test_report", "failed")])
def test_of_both_the_truth_is_believed(
    stub: Stub, read: Read, store: Path, truth: Any, status: str
) -> None:
    rule(sources=("artifacts", "test_report"), truth=truth)
    stub.answers[f"{WHERE}artifact/a.xml"] = junit(login="P")
    stub.answers[f"{WHERE}testReport/api/json"] = told(login="FAILED")
    assert len(read(artifacts=artifacts("a.xml"), actions=[TESTS])) == 2
    [row] = results("nightly", "1", "all", limit=9)
    assert row.status == status


TAP = b"Started by timer\n+ prove\n1..2\nok 1 - boots\nnot ok 2 - blinks\nFinished: FAILURE\n"


def test_the_console_is_read_by_an_explicit_rule_for_builds_without_reports(
    stub: Stub, read: Read, store: Path
) -> None:
    rule(console="tap")
    stub.answers[f"{WHERE}consoleText"] = TAP
    assert read() == {"console log.tap": "tap"}
    assert (build("nightly", "1").totals.total, build("nightly", "1").totals.failed) == (2, 1)


def test_the_console_is_not_read_without_a_rule(stub: Stub, read: Read) -> None:
    stub.answers[f"{WHERE}consoleText"] = TAP
    assert read() == {}
    assert f"{WHERE}consoleText" not in stub.asked


def test_the_console_is_not_read_where_there_is_a_report(
    stub: Stub, read: Read, store: Path
) -> None:
    rule(console="tap")
    stub.answers[f"{WHERE}artifact/a.xml"] = junit(a="P")
    assert read(artifacts=artifacts("a.xml")) == {"a.xml": "junit"}
    assert f"{WHERE}consoleText" not in stub.asked


def test_a_file_that_hangs_does_not_keep_later_builds_waiting(
    stub: Stub, read: Read, settings: Settings
) -> None:
    stub.answers[f"{WHERE}artifact/a.xml"] = 503
    with pytest.raises(PartlyRead, match="503"):
        read(artifacts=artifacts("a.xml"))
    stub.has(a_build(1, artifacts=artifacts("a.xml")), a_build(2))
    with pytest.raises(PartlyRead):
        poll_job(reading_of(stub.url, settings), first_builds=1)
    assert build("nightly", "2").state == "finished"
