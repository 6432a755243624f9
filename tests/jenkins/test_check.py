"""Checking a server: what is wrong is said with what to do about it."""

from __future__ import annotations

import pytest

from tests.jenkins.stub import Stub, a_build, artifacts, source_of
from tracker.jenkins.check import Checked, check, clock_in_words


def checked(stub: Stub, *patterns: str, **more: str) -> Checked:
    return check(source_of(stub.url, **more), patterns, "")


def wrong(found: Checked) -> list[str]:
    return [f"{each.words} {each.remedy}" for each in found.findings if not each.is_well]


@pytest.fixture
def nightly(stub: Stub) -> Stub:
    """A server with one job, whose build has an artifact and a test report."""
    report = {"urlName": "testReport", "totalCount": 1}
    stub.has(a_build(1, artifacts=artifacts("r.xml"), actions=[report]))
    stub.answers["api/json"] = {"jobs": [{"name": "nightly"}], "mode": "NORMAL"}
    stub.answers["job/nightly/1/testReport/api/json"] = {"suites": []}
    stub.answers["job/nightly/1/artifact/r.xml"] = b"<testsuite/>"
    stub.answers["me/api/json"] = {"fullName": "ci"}
    return stub


def test_a_server_that_shows_all_is_well(nightly: Stub) -> None:
    found = checked(nightly, "*", username="ci")
    assert (wrong(found), found.is_well, found.user, found.jobs) == ([], True, "ci", ("nightly",))


def test_one_that_takes_us_for_nobody_is_not_well(nightly: Stub) -> None:
    del nightly.answers["me/api/json"]
    assert "for anonymous although we ask as ci" in " ".join(
        wrong(checked(nightly, "*", username="ci"))
    )


def test_a_job_that_may_not_be_read_is_named(nightly: Stub) -> None:
    nightly.answers["job/nightly/api/json"] = 403
    [said] = wrong(checked(nightly, "*"))
    assert "We may not read nightly" in said
    assert "--exclude" in said


def test_artifacts_that_may_not_be_read_name_their_permission(nightly: Stub) -> None:
    nightly.answers["job/nightly/1/artifact/r.xml"] = 403
    [said] = wrong(checked(nightly, "*"))
    assert "Run/Artifacts" in said


def test_a_test_report_that_is_not_there_is_told(nightly: Stub) -> None:
    del nightly.answers["job/nightly/1/testReport/api/json"]
    [said] = wrong(checked(nightly, "*"))
    assert "the test report of nightly #1" in said


def test_a_server_without_jobs_asks_for_permissions(nightly: Stub) -> None:
    nightly.answers["api/json"] = {"jobs": [], "mode": "NORMAL"}
    [said] = wrong(checked(nightly, "*"))
    assert "Job/Read and Job/Discover" in said


def test_patterns_that_admit_nothing_are_told_from_missing_permissions(nightly: Stub) -> None:
    [said] = wrong(checked(nightly, "team/*"))
    assert "None of the 1 jobs it shows matches" in said


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (None, ""),
        (30, ""),
        (-300, "Its clock is 5 minutes behind ours"),
        (86_400 * 2, "Its clock is 48.0 hours ahead of ours"),
    ],
)
def test_a_clock_that_is_off_is_told_in_words(ahead: float | None, words: str) -> None:
    assert clock_in_words(ahead).startswith(words)
    assert bool(clock_in_words(ahead)) is bool(words)
