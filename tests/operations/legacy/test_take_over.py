"""Taking over again and again while both run: what wins, what changes, and what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.factories import jenkins, judge_all, report, upload
from tests.operations.legacy.odd import JOB, MODULE, RELEASE, RESULT, change, make, small
from tracker.errors import UsageError
from tracker.intake.ingest import Intake
from tracker.operations.legacy.summary import Summary, as_text
from tracker.operations.legacy.take_over import take_over
from tracker.queries import builds, cases, jobs
from tracker.queries.dump import lines
from tracker.queries.select import select
from tracker.store import taken_over
from tracker.store.identity import case_id, key, suite_id
from tracker.store.jobs import add_server
from tracker.store.rules import add_name_rule, remove_rule
from tracker.store.sql import run

NAME = "7.0/routing"
SUITE = suite_id(("pytest", "net.test_a.TestA"))
KEY = key(case_id(SUITE, "test_one", "topology=5s"))


def kinds(summary: Summary) -> dict[str, int]:
    """What is not kept, by kind and the first word of why."""
    return {f"{each.what}: {each.why}": each.count for each in summary.not_kept}


def status(job: str = NAME, build: str = "1") -> str | None:
    [row] = cases.history(job, KEY, limit=1)
    assert row.build.label == build
    return row.status


# Again


def test_a_build_that_is_new_there_is_added(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "a.db")
    take_over(path, intake)
    change(path, "INSERT INTO jobs (id, module_id, job_id) VALUES (2, 1, '2')")
    assert take_over(path, intake).builds == {"known": 1, "new": 1}
    assert builds.count_builds(NAME) == 2


def test_results_that_changed_there_replace_what_was_taken_over(
    tmp_path: Path, intake: Intake
) -> None:
    path = small(tmp_path / "a.db", results=[RESULT, {**RESULT, "id": 2, "test_name": "test_two"}])
    take_over(path, intake)
    change(path, "UPDATE test_results SET status = 'FAILED' WHERE id = 1")
    change(path, "DELETE FROM test_results WHERE id = 2")
    assert take_over(path, intake).builds == {"changed": 1}
    assert status() == "failed"
    assert builds.build(NAME, "1").totals.total == 1


def test_a_build_that_was_run_again_under_its_number_has_its_new_time(
    tmp_path: Path, intake: Intake
) -> None:
    path = small(tmp_path / "a.db", job={**JOB, "executed_at": "2026-02-02 00:00:00"})
    take_over(path, intake)
    change(path, "UPDATE jobs SET executed_at = '2026-03-05 00:00:00'")
    assert take_over(path, intake).builds == {"facts": 1}
    [row] = builds.builds(NAME, limit=5)
    assert (row.epoch, str(row.started)) == (0, "2026-03-05 00:00:00+00:00")


def test_what_vanished_there_stays_here(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "a.db")
    take_over(path, intake)
    before = list(lines())
    change(path, "DELETE FROM jobs")
    change(path, "DELETE FROM test_results")
    take_over(path, intake)
    assert list(lines()) == before


def test_one_that_broke_off_is_carried_on(
    tmp_path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"id": 2, "release_id": 1, "name": "switching"}
    path = make(
        tmp_path / "a.db",
        releases=[RELEASE],
        modules=[MODULE, other],
        jobs=[JOB, {**JOB, "id": 2, "module_id": 2}],
        test_results=[RESULT, {**RESULT, "id": 2, "job_id": 2}],
    )
    record = taken_over.take_over

    def broken(job: str, *rest: object, **more: object) -> object:
        if job == "7.0/switching":
            raise KeyboardInterrupt
        return record(job, *rest, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(taken_over, "take_over", broken)
        with pytest.raises(KeyboardInterrupt):
            take_over(path, intake)
    assert take_over(path, intake).builds == {"known": 1, "new": 1}
    assert take_over(path, intake).builds == {"known": 2}


def test_a_file_that_is_refused_leaves_nothing(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "a.db")
    change(path, "DROP TABLE modules")
    with pytest.raises(UsageError):
        take_over(path, intake)
    assert list(lines()) == []


# Beside what the tracker reads itself


def test_a_report_of_its_own_takes_the_place_of_what_was_taken_over(
    tmp_path: Path, intake: Intake
) -> None:
    path = small(tmp_path / "a.db", results=[{**RESULT, "status": "FAILED"}])
    take_over(path, intake)
    upload(NAME, 1, report("own.xml", test_one="P", test_two="P"))
    row = builds.build(NAME, "1")
    assert (row.totals.passed, row.totals.total) == (2, 2)
    assert [each.name for each in builds.reports(NAME, "1")] == ["own.xml"]


def test_a_build_with_a_report_of_its_own_is_left_as_it_is(tmp_path: Path, intake: Intake) -> None:
    upload(NAME, 1, report("own.xml", test_one="P"), started=1_770_000_000_000, complete=True)
    before = [line for line in lines() if '"kind":"given' not in line]
    path = small(tmp_path / "a.db", results=[{**RESULT, "status": "FAILED"}])
    assert take_over(path, intake).builds == {"own": 1}
    said = [line for line in lines() if '"kind":"given' not in line and '"release"' not in line]
    assert said == before


def test_which_of_both_came_first_leaves_no_trace(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "a.db")
    take_over(path, intake)
    jenkins(NAME, 1, report("own.xml", test_one="F"))
    judge_all()
    results = [line for line in lines() if '"kind":"result"' in line]
    assert take_over(path, intake).builds == {"own": 1}
    assert [line for line in lines() if '"kind":"result"' in line] == results
    assert builds.build(NAME, "1").totals.failed == 1


def test_a_build_that_jenkins_tells_of_without_results_gets_those_of_the_file(
    tmp_path: Path, intake: Intake
) -> None:
    jenkins(NAME, 1, result="UNSTABLE", url="https://jenkins.example/own/1/")
    path = small(tmp_path / "a.db", job={**JOB, "jenkins_url": "https://jenkins.example/job/a/1/"})
    upload(NAME, 2)  # so that the module is known under this name
    run("INSERT INTO given_parts SELECT id, '7.0', 'routing' FROM job")
    assert take_over(path, intake).builds == {"new": 1}
    row = builds.build(NAME, "1")
    assert (row.result, row.url, row.totals.passed) == (
        "UNSTABLE",
        "https://jenkins.example/own/1/",
        1,
    )
    before = list(lines())
    assert take_over(path, intake).builds == {"own": 1}
    assert list(lines()) == before


def test_a_build_of_another_time_under_the_same_number_is_another_build(
    tmp_path: Path, intake: Intake
) -> None:
    upload(NAME, 1, report("own.xml", test_one="P"), started=1_795_000_000_000, complete=True)
    path = small(tmp_path / "a.db", job={**JOB, "executed_at": "2026-02-02 00:00:00"})
    assert take_over(path, intake).builds == {"new": 1}
    assert take_over(path, intake).builds == {"known": 1}
    assert [row.label for row in builds.builds(NAME, limit=5)] == ["1", "1~0"]


def test_results_that_were_let_go_here_do_not_come_back(tmp_path: Path, intake: Intake) -> None:
    path = small(tmp_path / "a.db")
    take_over(path, intake)
    run("UPDATE build SET let_go = 1")
    run("DELETE FROM result")
    run("DELETE FROM report")
    assert take_over(path, intake).builds == {"known": 1}
    assert select("SELECT count(*) FROM result") == [(0,)]


# Names, releases and modules


def test_a_job_of_jenkins_that_is_a_modules_own_goes_on_under_its_name(
    tmp_path: Path, intake: Intake
) -> None:
    add_server("west", "https://jenkins.example/", prefix="west")
    url = "https://jenkins.example/job/team/job/routing/1/"
    take_over(small(tmp_path / "a.db", job={**JOB, "jenkins_url": url}), intake)
    parts = jobs.job("west/team/routing").parts
    assert (parts.release, parts.module) == ("7.0", "routing")


def test_a_module_keeps_its_name_when_its_job_serves_a_new_release_too(
    tmp_path: Path, intake: Intake
) -> None:
    url = "https://jenkins.example/job/routing/"
    path = small(tmp_path / "a.db", job={**JOB, "jenkins_url": f"{url}1/"})
    take_over(path, intake)
    change(path, "INSERT INTO releases (id, name) VALUES (2, '7.1')")
    change(path, "INSERT INTO modules (id, release_id, name) VALUES (2, 2, 'routing')")
    change(path, "INSERT INTO jobs (id, module_id, job_id, jenkins_url) VALUES (2, 2, '2', ?)", url)
    summary = take_over(path, intake)
    assert summary.jobs == {"7.0/routing": "routing", "7.1/routing": "7.1/routing"}
    assert "'routing' builds 7.0/routing, 7.1/routing" in "\n".join(summary.notes)


def test_release_and_module_stay_when_rules_of_names_change(tmp_path: Path, intake: Intake) -> None:
    take_over(small(tmp_path / "a.db"), intake)
    add_name_rule("team/{module}")
    parts = jobs.job(NAME).parts
    assert (parts.release, parts.module) == ("7.0", "routing")


def test_a_rule_that_fits_a_name_counts_more_than_what_was_taken_over(
    tmp_path: Path, intake: Intake
) -> None:
    take_over(small(tmp_path / "a.db"), intake)
    add_name_rule("{platform}/{module}")
    assert jobs.job(NAME).parts.release == ""
    remove_rule("names", "{platform}/{module}")
    assert jobs.job(NAME).parts.release == "7.0"


# What cannot be kept


def test_rows_that_lead_nowhere_are_counted_and_left_out(tmp_path: Path, intake: Intake) -> None:
    path = make(
        tmp_path / "a.db",
        releases=[RELEASE],
        modules=[MODULE, {"id": 2, "release_id": 9, "name": "lost"}],
        jobs=[JOB, {**JOB, "id": 2, "module_id": 2}, {**JOB, "id": 3, "module_id": 77}],
        test_results=[RESULT, {**RESULT, "job_id": 2}, {**RESULT, "job_id": 99}],
        testcase_metadata=[{"release_id": 9, "testcase_name": "t"}],
        bug_metadata=[{"id": 1, "defect_id": "B-1"}],
        bug_testcase_mappings=[{"bug_id": 1, "case_id": "T"}, {"bug_id": 5, "case_id": "T"}],
    )
    assert kinds(take_over(path, intake)) == {
        "modules: their release is not there": 1,
        "builds: their module is not there or not kept": 2,
        "results: their build is not there or not kept": 2,
        "rows of test metadata: their release is not there": 1,
        "links of bugs: their bug is not there, or has no key": 1,
    }
    assert select("SELECT count(*) FROM result") == [(1,)]


def test_rows_that_are_there_twice_are_counted_and_the_later_one_is_kept(
    tmp_path: Path, intake: Intake
) -> None:
    metadata = {"testcase_name": "t", "priority": "P1"}
    path = make(
        tmp_path / "a.db",
        releases=[RELEASE, {**RELEASE, "id": 2}],
        modules=[MODULE],
        jobs=[{**JOB, "id": 7}, {**JOB, "id": 8, "total": 1}],
        test_results=[
            {**RESULT, "id": 1, "job_id": 8, "status": "PASSED"},
            {**RESULT, "id": 2, "job_id": 8, "status": "FAILED"},
        ],
        testcase_metadata=[metadata, metadata],
        bug_metadata=[{"id": 1, "defect_id": "B-1"}, {"id": 2, "defect_id": "B-1"}],
    )
    summary = take_over(path, intake)
    assert kinds(summary) == {
        "builds: a later row of their module has their number": 1,
        "results: a later row of their build is of the same test and topology": 1,
        "releases: a later row has their name": 1,
        "rows of test metadata: another row says just the same": 1,
        "bugs: a later row has their key": 1,
    }
    assert status() == "failed"


@pytest.mark.parametrize("number", ["", "0", "12a", "99999999999999999999", None])
def test_a_build_without_a_number_is_left_out(
    tmp_path: Path, intake: Intake, number: str | None
) -> None:
    path = small(tmp_path / "a.db", job={**JOB, "job_id": number})
    summary = take_over(path, intake)
    assert kinds(summary) == {
        "builds: what stands for their number is none": 1,
        "results: their build is not there or not kept": 1,
    }


def test_a_time_that_is_none_is_told(tmp_path: Path, intake: Intake) -> None:
    summary = take_over(small(tmp_path / "a.db", job={**JOB, "executed_at": "soon"}), intake)
    assert list(kinds(summary).values()) == [1]
    assert builds.build(NAME, "1").started is None


def test_a_module_that_no_job_can_be_called_is_told(tmp_path: Path, intake: Intake) -> None:
    path = make(
        tmp_path / "a.db", releases=[RELEASE], modules=[{**MODULE, "name": ".."}], jobs=[JOB]
    )
    summary = take_over(path, intake)
    assert any(note.startswith("No job can be called 7.0/..,") for note in summary.notes)
    assert jobs.jobs() == []


def test_bugs_whose_keys_cannot_be_told_apart_here_are_one(tmp_path: Path, intake: Intake) -> None:
    """NUL is kept as U+FFFD, which another key may have."""
    path = make(
        tmp_path / "a.db",
        releases=[RELEASE],
        bug_metadata=[
            {"id": 1, "defect_id": "A\0B"},
            {"id": 2, "defect_id": "A\ufffdB"},
            {"id": 3, "defect_id": None},
        ],
        bug_testcase_mappings=[{"id": 1, "bug_id": 1, "case_id": "T-1"}],
    )
    assert list(kinds(take_over(path, intake)).values()) == [1, 1]
    assert select("SELECT key FROM known_issue") == [("A\ufffdB",)]
    assert not take_over(path, intake).catalogue_changed


def test_a_dry_run_does_not_say_that_jobs_are_judged(
    tmp_path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taken_over, "AT_ONCE", 0)  # the worker judges even one build
    path = small(tmp_path / "a.db")
    assert take_over(path, intake).waiting_jobs == 1
    assert take_over(path, intake, dry_run=True).waiting_jobs == 0


def test_priorities_without_metadata_are_taken_from_results(tmp_path: Path, intake: Intake) -> None:
    told = {**RESULT, "test_name": "test_one[a]", "priority": "P2", "is_removed": 1}
    summary = take_over(small(tmp_path / "a.db", results=[told]), intake)
    rows = select("SELECT release, name, priority, is_removed FROM test_metadata")
    assert rows == [("7.0", "test_one", "P2", 1)]
    assert "1 tests have no metadata" in "\n".join(summary.notes)


def test_priorities_that_differ_from_the_metadata_are_counted(
    tmp_path: Path, intake: Intake
) -> None:
    path = make(
        tmp_path / "a.db",
        releases=[RELEASE],
        modules=[MODULE],
        jobs=[JOB],
        test_results=[{**RESULT, "priority": "P2"}],
        testcase_metadata=[{"testcase_name": "test_one", "priority": "P0"}],
    )
    assert list(kinds(take_over(path, intake)).values()) == [1]
    assert select("SELECT priority FROM test_metadata") == [("P0",)]


@pytest.mark.parametrize(
    ("stored", "results", "cause"),
    [
        ({"failed": 1, "passed": 0}, [{**RESULT, "status": "ERROR"}], "1 of status ERROR"),
        ({"total": 0, "passed": 0}, [{**RESULT, "is_removed": 1}], "1 of removed tests"),
        ({"total": 2, "passed": 2}, [RESULT, {**RESULT, "id": 2}], "1 rows of tests that are"),
        ({"passed": 0, "failed": 1}, [{**RESULT, "status": "BOILED"}], "1 of a status that is"),
        ({"total": 5}, [RESULT], "the cause is not known"),
    ],
)
def test_totals_that_were_stored_otherwise_have_their_cause(
    tmp_path: Path,
    intake: Intake,
    stored: dict[str, int],
    results: list[dict[str, object]],
    cause: str,
) -> None:
    path = small(tmp_path / "a.db", job={**JOB, **stored}, results=results)
    [difference] = take_over(path, intake).differences
    assert cause in difference.sentence


def test_texts_of_all_kinds_are_taken_over(tmp_path: Path, intake: Intake) -> None:
    odd = {
        **RESULT,
        "test_name": "test_größe[測試::🚧 <b>]\x00\x1b",
        "status": "FAILED",
        "failure_message": "a\x00b\r\nc\n\n\ud7ff ]]>",
        "setup_ip": '"<&',
        "jenkins_topology": "a,b=c",
    }
    path = small(tmp_path / "a.db", results=[odd])
    take_over(path, intake)
    assert take_over(path, intake).builds == {"known": 1}
    assert builds.build(NAME, "1").totals.failed == 1


def test_the_summary_names_each_kind_once(tmp_path: Path, intake: Intake) -> None:
    summary = take_over(small(tmp_path / "a.db"), intake)
    text = "\n".join(as_text(summary))
    assert "1 are new" in text
    assert f"{NAME} is {NAME}" in text
    assert "Nothing is new" not in text
    assert "Nothing is new" in "\n".join(as_text(take_over(tmp_path / "a.db", intake)))
