"""Comparing with the earlier application: equal, different with a cause, different without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import report, upload
from tests.operations.legacy.odd import JOB, MODULE, RELEASE, RESULT, change, make, small
from tracker.errors import UsageError
from tracker.intake.ingest import Intake
from tracker.operations.legacy.against import compare
from tracker.operations.legacy.take_over import take_over
from tracker.operations.validation.findings import Report
from tracker.store.sql import run

NAME = "7.0/routing"


@pytest.fixture
def path(tmp_path: Path, intake: Intake) -> Path:
    """A file that was taken over: a build, metadata of its test, and a bug about it."""
    made = make(
        tmp_path / "a.db",
        releases=[RELEASE],
        modules=[MODULE],
        jobs=[JOB],
        test_results=[RESULT],
        testcase_metadata=[{"testcase_name": "test_one", "test_case_id": "T-1", "priority": "P1"}],
        bug_metadata=[{"id": 1, "defect_id": "B-1", "status": "Open"}],
        bug_testcase_mappings=[{"bug_id": 1, "case_id": "T-1"}],
    )
    take_over(made, intake)
    return made


def found(said: Report) -> dict[str, tuple[str, ...]]:
    return {each.check: each.examples for each in said.findings}


def test_the_real_file_is_the_same_here_but_for_what_is_explained(
    corpus: Path, intake: Intake
) -> None:
    take_over(corpus, intake)
    said = compare(corpus)
    assert said.is_clean
    assert [note.split(":")[0] for note in said.notes] == ["7.0/routing #3"]
    assert {each.check: each.looked for each in said.checks} == {
        "comparison.releases": 2,
        "comparison.modules": 6,
        "comparison.builds": 23,
        "comparison.stored": 23,
        "comparison.releases.facts": 2,
        "comparison.metadata": 49,
        "comparison.issues": 5,
    }


def test_before_anything_was_taken_over_all_of_it_is_missing(corpus: Path, intake: Intake) -> None:
    counts = {each.check: each.count for each in compare(corpus).findings}
    assert counts == {
        "comparison.releases": 2,
        "comparison.modules": 6,
        "comparison.builds": 23,
        "comparison.releases.facts": 2,
        "comparison.metadata": 49,
        "comparison.issues": 5,
    }


def test_a_build_that_is_not_here_is_named_at_all_levels(path: Path) -> None:
    change(path, "INSERT INTO jobs (id, module_id, job_id) VALUES (2, 1, '2')")
    assert found(compare(path)) == {
        "comparison.releases": ("release 7.0 has 2 builds there and 1 here.",),
        "comparison.modules": (f"{NAME} has 2 builds there and 1 here.",),
        "comparison.builds": (f"{NAME} #2 is not here.",),
    }


def test_a_result_that_changed_there_is_named(path: Path) -> None:
    change(path, "UPDATE test_results SET status = 'FAILED'")
    change(path, "UPDATE jobs SET passed = 0, failed = 1")
    [example] = found(compare(path))["comparison.builds"]
    assert example == (f"{NAME} #1 has 0 passed there and 1 here, 1 failed there and 0 here.")


def test_a_build_that_the_tracker_read_itself_is_a_note(path: Path) -> None:
    upload(NAME, 1, report("own.xml", test_one="F", test_two="F"))
    said = compare(path)
    assert said.is_clean
    [note] = said.notes
    assert f"{NAME} #1 has 1 total there and 2 here" in note
    assert "the tracker read it itself" in note


def test_a_build_that_is_no_longer_there_is_a_note(path: Path) -> None:
    change(path, "DELETE FROM jobs")
    said = compare(path)
    assert said.is_clean
    assert "1 builds here that are no longer there, such as #1" in said.notes[0]


def test_stored_totals_that_nothing_explains_are_a_finding(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "b.db", job={**JOB, "total": 5})
    take_over(path, intake)
    assert list(found(compare(path))) == ["comparison.stored"]


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE test_metadata SET priority = 'P0'", "comparison.metadata"),
        ("DELETE FROM test_metadata", "comparison.metadata"),
        ("UPDATE known_issue SET status = 'Closed'", "comparison.issues"),
        ("DELETE FROM known_issue_link", "comparison.issues"),
        ("UPDATE release SET is_active = 0", "comparison.releases.facts"),
    ],
)
def test_a_catalogue_that_differs_is_a_finding(path: Path, statement: str, check: str) -> None:
    run(statement)
    assert list(found(compare(path))) == [check]


def test_a_file_that_is_none_is_refused(tmp_path: Path, intake: Intake) -> None:
    (tmp_path / "c.db").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="no SQLite database"):
        compare(tmp_path / "c.db")
