"""The real database of the earlier application: every number that must be found in it is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.operations.legacy.conftest import CORPUS
from tracker.intake.ingest import Intake
from tracker.intake.reparse import reparse
from tracker.operations.legacy.mapping import time_of
from tracker.operations.legacy.summary import Summary
from tracker.operations.legacy.take_over import take_over
from tracker.queries import builds, catalogue, jobs
from tracker.queries.columns import EPOCH
from tracker.queries.details import details_of
from tracker.queries.dump import lines
from tracker.queries.select import select
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.verdicts.outcomes import Status

NOW = 1_795_000_000_000
WORDS = {"PASSED": "passed", "FAILED": "failed", "ERROR": "error", "SKIPPED": "skipped"}


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Summary]:
    """An empty tracker into which the file was taken over once for all tests."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus with the earlier application's database is not here")
    settings = Settings.load({}, home=tmp_path_factory.mktemp("home"))
    open_store(settings.store)
    summary = take_over(CORPUS / "legacy.db", Intake.of(settings))
    close_store()
    return settings, summary


@pytest.fixture
def taken(imported: tuple[Settings, Summary]) -> Iterator[Summary]:
    """What was said of it, with the store open."""
    open_store(imported[0].database)
    yield imported[1]
    close_store()


def results() -> list[tuple[Any, ...]]:
    """Every result: release, module, name, variant, status, attempts, details."""
    return [
        (*row[:4], Status(row[4]).word.upper(), *row[5:])
        for row in select(
            "SELECT j.release, j.module, c.name, c.variant, r.status,"
            " (SELECT count(*) FROM attempt a WHERE a.build_id = b.id AND a.case_id = c.id),"
            " d.data, c.suite_id FROM result r JOIN build b ON b.id = r.build_id"
            " JOIN job j ON j.id = b.job_id JOIN test_case c ON c.id = r.case_id"
            " LEFT JOIN detail d ON d.id = r.detail_id"
        )
    ]


def properties(data: str) -> dict[str, str]:
    return dict(details_of(data).properties)


def test_all_results_are_there_by_status(taken: Summary, expected: dict[str, Any]) -> None:
    assert Counter(row[4] for row in results()) == expected["results_by_status"]


def test_all_results_are_there_by_release_and_module(
    taken: Summary, expected: dict[str, Any]
) -> None:
    found = Counter(f"{row[0]}/{row[1]}/{row[4]}" for row in results())
    assert found == expected["results_by_release_module_status"]


def test_all_results_are_there_by_topology(taken: Summary, expected: dict[str, Any]) -> None:
    found = Counter(row[3].removeprefix("topology=") for row in results())
    assert found == expected["results_by_jenkins_topology"]


def test_all_results_are_there_by_the_module_of_their_path(
    taken: Summary, expected: dict[str, Any]
) -> None:
    found = Counter(properties(row[6]).get("testcase_module", "None") for row in results())
    assert found == expected["results_by_testcase_module"]


def test_all_results_are_there_by_priority(taken: Summary, expected: dict[str, Any]) -> None:
    found: Counter[str] = Counter()
    for release, _, name, *_ in results():
        entry = catalogue.entry(release, name)
        found[(entry.priority if entry else "") or "None"] += 1
    assert found == expected["results_by_priority"]


def test_what_was_run_again_has_an_attempt(taken: Summary, expected: dict[str, Any]) -> None:
    tried = [row for row in results() if row[5]]
    assert len(tried) == expected["rerun"]["was_rerun"]
    still = [row for row in tried if row[4] == "FAILED"]
    assert len(still) == expected["rerun"]["rerun_still_failed"]
    assert {row[5] for row in tried} == {1}


def test_tests_are_told_apart_as_they_were(taken: Summary, expected: dict[str, Any]) -> None:
    assert len({(row[7], row[2]) for row in results()}) == expected["distinct_test_keys"]


def test_every_result_has_its_setup_and_its_place_in_the_order(taken: Summary) -> None:
    assert all({"setup_ip", "order"} <= properties(row[6]).keys() for row in results())


def test_every_build_is_there_with_its_totals_parent_version_and_time(
    taken: Summary, expected: dict[str, Any]
) -> None:
    for job in expected["jobs"]:
        name = f"{job['release']}/{job['module']}"
        row = builds.build(name, job["job"])
        assert row.totals.total == sum(job["rows_by_status"].values())
        for word, count in job["rows_by_status"].items():
            assert getattr(row.totals, WORDS[word]) == count
        parent = None if job["parent"] is None else int(job["parent"])
        assert (row.upstream_job, row.upstream_number) == ("nightly" if parent else "", parent)
        assert row.started == _moment(job["executed_at"])
        told = dict(builds.about(name, job["job"]).parameters)
        version = {"version": job["version"]} if job["version"] else {}
        assert told == {"environment": job["environment"], **version}
        assert row.url.endswith(f"/job/{job['module']}/{job['job']}/")


def _moment(text: str | None) -> datetime | None:
    at = time_of(text or "")
    return None if at is None else datetime.fromtimestamp(at / 1000, EPOCH.tzinfo)


def test_the_jobs_are_of_their_release_and_module(taken: Summary, expected: dict[str, Any]) -> None:
    found = {
        (row.parts.release, row.parts.module): builds.count_builds(row.name)
        for row in jobs.jobs()
        if row.name != "nightly"
    }
    assert found == Counter((job["release"], job["module"]) for job in expected["jobs"])


def test_every_parent_run_has_a_build_that_leads_to_its_modules(
    taken: Summary, expected: dict[str, Any]
) -> None:
    parents = Counter(job["parent"] for job in expected["jobs"] if job["parent"])
    assert taken.found["parent runs"] == len(parents)
    for number, children in parents.items():
        assert len(builds.downstream(builds.build("nightly", number))) == children


def test_releases_are_kept(taken: Summary, expected: dict[str, Any]) -> None:
    rows = select("SELECT name, is_active, last_build, branch FROM release ORDER BY name")
    keys = ("name", "is_active", "last_processed_build", "git_branch")
    assert rows == [tuple(release[key] for key in keys) for release in expected["releases"]]


def test_all_test_metadata_are_kept(taken: Summary, expected: dict[str, Any]) -> None:
    rows = select(
        "SELECT release, name, case_ref, testrail_ref, priority, is_removed FROM test_metadata"
        " ORDER BY id"
    )
    assert rows == [
        ("" if release == "(global)" else release, *(text or "" for text in texts), removed)
        for release, *texts, removed in expected["metadata_rows"]
    ]
    assert len(rows) == expected["tables"]["testcase_metadata"]
    priorities = Counter(row[4] or "None" for row in rows)
    assert priorities == expected["metadata_priorities"]


def test_all_bugs_and_their_links_are_kept(taken: Summary, expected: dict[str, Any]) -> None:
    rows = select(
        "SELECT id, key, type, status, priority, is_active, summary FROM known_issue ORDER BY key"
    )
    for (issue, *told), bug in zip(rows, expected["bugs"], strict=True):
        keys = ("defect", "type", "status", "priority", "is_active", "summary")
        assert told == [bug[key] or "" if key != "is_active" else bug[key] for key in keys]
        refs = select("SELECT ref FROM known_issue_link WHERE issue_id = ? ORDER BY ref", issue)
        assert [ref for (ref,) in refs] == bug["cases"]


def test_totals_that_were_stored_otherwise_are_told_with_the_cause(
    taken: Summary, expected: dict[str, Any]
) -> None:
    odd = [
        (job["release"], job["module"], int(job["job"]))
        for job in expected["jobs"]
        for rows in [job["rows_by_status"]]
        if job["stored"]["failed"] != rows.get("FAILED", 0)
        or job["stored"]["total"] != sum(rows.values())
    ]
    assert [(each.release, each.module, each.build) for each in taken.differences] == odd
    assert "status ERROR" in taken.differences[0].sentence


def test_what_is_not_kept_is_told_with_its_count(taken: Summary, expected: dict[str, Any]) -> None:
    kinds = ("page_visits", "jenkins_polling_logs", "metadata_sync_logs")
    kinds = (*kinds, "testcase_metadata_changes", "app_settings")
    told = {each.what.removeprefix("rows of "): each.count for each in taken.not_kept}
    assert told == {kind: expected["tables"][kind] for kind in kinds}
    assert any("PIN" in note for note in taken.notes)


def test_a_second_time_nothing_is_new_and_the_state_is_the_same(
    taken: Summary, imported: tuple[Settings, Summary], corpus: Path
) -> None:
    before = list(lines())
    again = take_over(corpus, Intake.of(imported[0]))
    assert again.builds == {"known": 23}
    assert not again.is_news
    assert list(lines()) == before


def test_the_reports_that_are_kept_are_read_again_as_the_same_results(
    taken: Summary, imported: tuple[Settings, Summary]
) -> None:
    intake = Intake.of(imported[0])
    done = list(reparse(intake, now=NOW, job="6.4/routing", everything=True, dry_run=True))
    assert len(done) == 3
    assert {(each.trouble, each.revised.results, each.revised.reports) for each in done} == {
        ("", 0, 0)
    }


def test_a_dry_run_says_the_same_and_leaves_nothing(corpus: Path, intake: Intake) -> None:
    said = take_over(corpus, intake, dry_run=True)
    assert list(lines()) == []
    assert not intake.spool.exists()
    done = take_over(corpus, intake)
    assert (said.builds, said.found, said.jobs) == (done.builds, done.found, done.jobs)
    assert said.is_news
