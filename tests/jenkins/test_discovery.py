"""One look at a server: which jobs it has, and which of them have news."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import RunningDemo
from tests.jenkins.stub import Stub, source_of
from tracker.jenkins.client import JSON_BYTES, TooMuch, Unusable
from tracker.jenkins.discovery import look


def names(url: str, *patterns: str, view: str = "") -> list[str]:
    return sorted(job.name for job in look(source_of(url), patterns, view).jobs)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["*"], ["platforms", "team/nightly", "team/smoke"]),
        (["team/*"], ["team/nightly", "team/smoke"]),
        (["plat*", "*/smoke"], ["platforms", "team/smoke"]),
        (["*", "!team/s*"], ["platforms", "team/nightly"]),
        (["!team/*"], ["platforms"]),
        (["nightly"], []),
        (["TEAM/*"], []),
    ],
)
def test_patterns_admit_full_names_and_exclude_some_again(
    demo: RunningDemo, patterns: list[str], found: list[str]
) -> None:
    assert names(demo.url, *patterns) == found


def test_names_of_jobs_that_are_not_admitted_are_listed_too(demo: RunningDemo) -> None:
    assert look(source_of(demo.url), ["plat*"]).names == {
        "platforms",
        "team/nightly",
        "team/smoke",
    }


def test_a_prefix_stands_before_the_names_in_the_tracker(demo: RunningDemo) -> None:
    [job] = look(source_of(demo.url, "west"), ["team/smoke"]).jobs
    assert (job.name, job.jenkins_name) == ("west/team/smoke", "team/smoke")


def test_all_jobs_are_found_in_one_request(demo: RunningDemo) -> None:
    before = demo.server.requests.total()
    look(source_of(demo.url), ["*"])
    assert demo.server.requests.total() == before + 1


def folder(name: str, *jobs: dict[str, Any], kind: str = "folder.Folder") -> dict[str, Any]:
    return {"_class": f"com.cloudbees.hudson.plugins.{kind}", "name": name, "jobs": list(jobs)}


def test_branches_are_named_as_jenkins_has_them_and_are_told_from_other_jobs(stub: Stub) -> None:
    branch = {"_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": "feature%2Fx"}
    project = folder("shop", branch, kind="workflow.multibranch.WorkflowMultiBranchProject")
    stub.answers["api/json"] = {"jobs": [folder("acme", project, {**branch, "name": "main"})]}
    found = {job.name: job.kind for job in look(source_of(stub.url), ["*"]).jobs}
    assert found == {"acme/shop/feature%2Fx": "branch", "acme/main": "pipeline"}


def test_folders_below_those_of_one_question_are_asked_by_themselves(stub: Stub) -> None:
    deep = folder("f9")
    del deep["jobs"]
    for depth in range(8, 0, -1):
        deep = folder(f"f{depth}", deep)
    stub.answers["api/json"] = {"jobs": [deep]}
    path = "".join(f"job/f{depth}/" for depth in range(1, 10))
    stub.answers[f"{path}api/json"] = {"jobs": [{"name": "nightly"}]}
    assert names(stub.url, "*") == ["f1/f2/f3/f4/f5/f6/f7/f8/f9/nightly"]


def test_a_list_beyond_all_bounds_says_what_to_do(stub: Stub) -> None:
    stub.answers["api/json"] = b" " * (JSON_BYTES + 1)
    with pytest.raises(TooMuch, match=r"The list of jobs: .* larger than 6 MB.*--view VIEW"):
        look(source_of(stub.url), ["*"])


def test_an_empty_folder_is_no_job(stub: Stub) -> None:
    stub.answers["api/json"] = {"jobs": [folder("empty"), {"name": "nightly"}, {"color": "blue"}]}
    assert names(stub.url, "*") == ["nightly"]


@pytest.mark.parametrize(
    "told", [{"disabled": True}, {"color": "disabled"}, {"color": "disabled_anime"}]
)
def test_a_disabled_job_is_told(stub: Stub, told: dict[str, Any]) -> None:
    stub.answers["api/json"] = {"jobs": [{"name": "nightly", **told}]}
    assert [job.standing for job in look(source_of(stub.url), ["*"]).jobs] == ["disabled"]


def test_the_jobs_of_a_view_are_found_and_nothing_is_said_of_others(stub: Stub) -> None:
    stub.answers["view/a%20b/view/c/api/json"] = {"jobs": [{"name": "x", "fullName": "team/x"}]}
    listing = look(source_of(stub.url), ["*"], "a b/c")
    assert [job.name for job in listing.jobs] == ["team/x"]
    assert listing.names is None


@pytest.mark.parametrize(
    "change",
    [
        {"lastBuild": {"number": 8, "timestamp": 5, "building": True}},
        {"lastBuild": {"number": 7, "timestamp": 6}},
        {"lastCompletedBuild": {"number": 7}},
        {"lastBuild": None},
        {"nextBuildNumber": 9},
    ],
)
def test_a_fingerprint_changes_with_every_build_that_begins_or_ends(
    stub: Stub, change: dict[str, Any]
) -> None:
    job = {
        "name": "nightly",
        "nextBuildNumber": 8,
        "lastBuild": {"number": 7, "timestamp": 5},
        "lastCompletedBuild": {"number": 6},
    }
    stub.answers["api/json"] = {"jobs": [job]}
    [before] = look(source_of(stub.url), ["*"]).jobs
    stub.answers["api/json"] = {"jobs": [{**job, "color": "red"}]}
    [same] = look(source_of(stub.url), ["*"]).jobs
    stub.answers["api/json"] = {"jobs": [{**job, **change}]}
    [after] = look(source_of(stub.url), ["*"]).jobs
    assert (before.builds == same.builds, before.builds == after.builds) == (True, False)


def test_a_list_of_jobs_of_another_shape_is_told_in_words(stub: Stub) -> None:
    stub.answers["api/json"] = {"jobs": [1]}
    with pytest.raises(Unusable, match="another shape"):
        look(source_of(stub.url), ["*"])
