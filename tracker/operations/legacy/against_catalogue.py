"""Comparing releases, test metadata and known issues with those of the earlier application."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.operations.legacy.catalogue import catalogue_of
from tracker.operations.legacy.comparison import Comparison
from tracker.operations.legacy.reader import LegacyDatabase
from tracker.store.connection import reading
from tracker.store.sql import run


def compare_catalogues(
    legacy: LegacyDatabase, prefixes: Mapping[str, str], comparison: Comparison
) -> None:
    """Look at each of theirs: what is here beside these is no finding."""
    told = catalogue_of(legacy, prefixes).kept
    with reading():
        releases = set(run("SELECT name, is_active, main_job, last_build, branch FROM release"))
        tests = set(
            run(
                "SELECT release, name, case_ref, testrail_ref, priority, is_removed"
                " FROM test_metadata"
            )
        )
        issues: dict[str, str] = dict(run("SELECT key, status FROM known_issue"))
        links = set(
            run(
                "SELECT i.key, l.ref FROM known_issue_link l"
                " JOIN known_issue i ON i.id = l.issue_id"
            )
        )
    for each in told.releases:
        row = (each.name, each.is_active, each.main_job, each.last_build, each.branch)
        said = "" if row in releases else f"release {each.name} is told of otherwise here."
        comparison.look("comparison.releases.facts", said)
    for test in told.tests:
        key = (
            test.release,
            test.name,
            test.case_ref,
            test.testrail_ref,
            test.priority,
            test.is_removed,
        )
        said = "" if key in tests else f"{test.name} of {test.release or 'all releases'} differs."
        comparison.look("comparison.metadata", said)
    for issue in told.issues:
        has_all = {(issue.key, ref) for ref in issue.refs} <= links
        is_same = issues.get(issue.key) == issue.status and has_all
        comparison.look("comparison.issues", "" if is_same else f"{issue.key} differs.")
