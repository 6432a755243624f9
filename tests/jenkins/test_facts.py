"""From Jenkins' answers to facts: recorded ones of real controllers, and shapes by hand."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CORPUS, SHARED
from tests.factories import NOW, record
from tracker.jenkins.builds import (
    artifacts_of,
    cells_of,
    facts_of,
    has_test_report,
    is_running,
    variant_at,
)
from tracker.store.records import About, BuildFacts, Change, FactSource
from tracker.store.sql import run

RECORDED = SHARED / "jenkins" / "recorded" / "hudson-1.395"
PUBLIC = CORPUS / "jenkins-api"
needs_recorded = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded answers are not beside the repository"
)
needs_corpus = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="the corpus is not beside the repository"
)


def recorded(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return answer


def facts(build: dict[str, Any]) -> BuildFacts:
    return facts_of("job", build, tracker_name=lambda name: f"west/{name}")


@needs_recorded
def test_a_finished_build_has_its_facts() -> None:
    told = facts(recorded("build-unstable"))
    assert told.about is not None
    assert dataclasses.replace(told, about=None) == BuildFacts(
        job="job",
        number=5,
        source=FactSource.JENKINS,
        state="finished",
        result="UNSTABLE",
        complete=True,
        started=1795495634860,
        duration=20,
        url="http://jenkins.example/job/nightly/5/",
    )


@needs_recorded
def test_a_running_build_has_no_result_and_no_duration() -> None:
    told = facts(recorded("build-running"))
    assert (told.state, told.result, told.duration, told.complete) == ("running", None, None, False)


@needs_recorded
@pytest.mark.parametrize(
    ("name", "result", "has_report"),
    [
        ("build-aborted", "ABORTED", True),
        ("build-failed", "FAILURE", False),
        ("build-passed", "SUCCESS", True),
        ("build-no-tests", "SUCCESS", False),
        ("build-matrix", "UNSTABLE", True),
        ("build-running", None, False),
    ],
)
def test_a_build_tells_its_result_and_whether_there_is_a_report(
    name: str, result: str | None, has_report: bool
) -> None:
    build = recorded(name)
    assert (facts(build).result, has_test_report(build)) == (result, has_report)


@needs_recorded
def test_the_upstream_build_has_the_trackers_name() -> None:
    told = facts(recorded("build-downstream"))
    assert (told.upstream_job, told.upstream_number) == ("west/unit", 1)


@needs_recorded
def test_artifacts_come_in_the_order_of_their_paths() -> None:
    assert artifacts_of(recorded("build-unstable")) == [
        "out/TEST-nested.xml",
        "out/TEST-pay.Card.xml",
    ]


@needs_recorded
def test_a_recorded_build_tells_of_its_parameters_causes_and_tests() -> None:
    told = facts(recorded("build-parameterised")).about
    assert told is not None
    assert dict(told.parameters)["SECRET"] == "(hidden)"
    assert dict(told.parameters)["BRANCH"]
    assert told.causes
    unstable = facts(recorded("build-unstable")).about
    assert unstable is not None
    assert unstable.tests is not None
    assert unstable.tests[0] >= unstable.tests[1] > 0


@needs_recorded
def test_every_recorded_build_has_facts() -> None:
    paths = [path for path in RECORDED.glob("build-*.json") if path.stem != "build-aggregated"]
    assert len(paths) > 10
    for path in paths:
        assert facts(json.loads(path.read_text())).number >= 1, path.name


@needs_corpus
def test_every_public_build_has_facts() -> None:
    manifest = json.loads((CORPUS / "MANIFEST.json").read_text())["files"]
    builds = [row for row in manifest if row.get("kind") == "build"]
    assert len(builds) >= 9
    for row in builds:
        told = facts(json.loads((CORPUS / row["file"]).read_text()))
        expected = row["expected"]
        seen = (told.number, told.result, told.duration, told.started)
        wanted = tuple(expected[name] for name in ("number", "result", "duration", "timestamp"))
        assert seen == wanted, row["file"]


@needs_corpus
def test_every_public_pipeline_build_has_facts() -> None:
    tables = sorted(PUBLIC.rglob("_raw_jenkins_api_builds*.csv"))
    assert len(tables) == 2
    for table in tables:
        for body in _bodies(table):
            assert facts(body).started, table.name


def _bodies(table: Path) -> list[dict[str, Any]]:
    with table.open(newline="") as file:
        return [json.loads(row["data"]) for row in csv.DictReader(file)]


# Shapes by hand.

BUILD = {
    "number": 7,
    "url": "",
    "building": False,
    "inProgress": False,
    "result": "SUCCESS",
}


@pytest.mark.parametrize(
    ("building", "in_progress", "running"),
    [(True, True, True), (False, True, True), (True, False, True), (False, False, False)],
)
def test_a_build_has_finished_when_both_flags_are_down(
    building: bool, in_progress: bool, running: bool
) -> None:
    build = {**BUILD, "building": building, "inProgress": in_progress}
    assert is_running(build) is running
    assert facts(build).result == (None if running else "SUCCESS")


@pytest.mark.parametrize(
    ("name", "branch"),
    [
        ("refs/remotes/origin/main", "main"),
        ("origin/feature/x", "feature/x"),
        ("main", "main"),
        ("detached", "detached"),
    ],
)
def test_the_branch_is_named_without_its_remote(name: str, branch: str) -> None:
    built = {"lastBuiltRevision": {"SHA1": "abc", "branch": [{"SHA1": "abc", "name": name}]}}
    told = facts({**BUILD, "actions": [{}, built]})
    assert (told.branch, told.commit) == (branch, "abc")


def test_a_revision_without_a_branch_is_a_revision() -> None:
    told = facts({**BUILD, "actions": [{"lastBuiltRevision": {"SHA1": "abc", "branch": []}}]})
    assert (told.branch, told.commit) == ("", "abc")


def test_missing_and_null_fields_say_nothing() -> None:
    actions = [None, {}, {"causes": None}]
    told = facts({"number": 7, "url": None, "actions": actions, "artifacts": None})
    assert (told.started, told.url, told.upstream_job, told.branch) == (None, "", "", "")
    assert (artifacts_of({}), has_test_report({}), told.about) == ([], False, About())


def test_a_slim_answer_takes_nothing_back_that_a_whole_one_told(store: Path) -> None:
    record(facts({**BUILD, "description": "for the release", "builtOn": "agent-1"}))
    record(facts({"number": 7, "timestamp": NOW, "building": False, "inProgress": False}))
    [(about, started)] = run("SELECT about, started FROM build")
    assert about == '{"description":"for the release","node":"agent-1"}'
    assert started == NOW


def test_cells_of_a_matrix_are_those_that_ran_in_this_build() -> None:
    runs = [
        {"number": 7, "url": "http://x/job/m/./OS=linux,PY=3.12/7/"},
        {"number": 6, "url": "http://x/job/m/OS=windows,PY=3.12/6/"},
        {"number": 7, "url": "http://x/job/m/OS=K%C3%BCche,PY=3.11/7/"},
        {"number": 7, "url": "http://x/job/other/7/"},
    ]
    assert [cell.variant for cell in cells_of({**BUILD, "runs": runs})] == [
        "OS=linux,PY=3.12",
        "OS=Küche,PY=3.11",
    ]


def test_the_axes_of_a_cell_are_in_canonical_order() -> None:
    [cell] = cells_of({**BUILD, "runs": [{"number": 7, "url": "http://x/job/m/PY=3,OS=a/7/"}]})
    assert cell.variant == "OS=a,PY=3"


def test_a_cell_brings_its_artifacts() -> None:
    run = {"number": 7, "url": "http://x/job/m/A=1/7/", "artifacts": [{"relativePath": "r.xml"}]}
    [cell] = cells_of({**BUILD, "runs": [run]})
    assert cell.artifacts == ("r.xml",)


@pytest.mark.parametrize(
    ("url", "variant"),
    [
        ("http://x/job/m/./A=1,B=x%20y/7/", "A=1,B=x y"),
        ("http://x/job/mvn/com.acme%24core/12/", "module=com.acme:core"),
        ("http://x/job/plain/7/", ""),
        ("", ""),
    ],
)
def test_the_variant_that_an_address_names(url: str, variant: str) -> None:
    assert variant_at(url) == variant


def test_what_else_jenkins_tells_of_a_build() -> None:
    change = {"commitId": "abc", "msg": "mend it", "author": {"fullName": "Dana"}, "timestamp": 5}
    told = facts(
        {
            **BUILD,
            "displayName": "1.2.3",
            "description": "for the release",
            "builtOn": "agent-1",
            "estimatedDuration": 60_000,
            "actions": [
                {"causes": [{"shortDescription": "Started by timer"}] * 2},
                {
                    "parameters": [
                        {"name": "SLOW", "value": True},
                        {"name": "API_TOKEN", "value": "hunter2"},
                        {"name": "PASS"},
                    ]
                },
                {"urlName": "testReport", "totalCount": 9, "failCount": 2, "skipCount": 1},
                {"urlName": "aggregatedTestReport", "totalCount": 99, "failCount": 0},
            ],
            "culprits": [{"fullName": "Dana"}],
            "changeSets": [{"items": [change]}],
            "artifacts": [{"relativePath": f"{n:03}.txt"} for n in range(120)],
        }
    ).about
    assert told == About(
        display_name="1.2.3",
        description="for the release",
        node="agent-1",
        causes=("Started by timer",),
        parameters=(("SLOW", "true"), ("API_TOKEN", "(hidden)"), ("PASS", "(hidden)")),
        changes=(Change("abc", "Dana", "mend it", 5),),
        culprits=("Dana",),
        artifacts=tuple(f"{n:03}.txt" for n in range(100)),
        more_artifacts=20,
        tests=(9, 2, 1),
        estimated=60_000,
    )


def test_half_a_surrogate_in_a_description_can_be_kept() -> None:
    told = facts({**BUILD, "description": "\ud800 broke"}).about
    assert told is not None
    assert told.description == "? broke"
