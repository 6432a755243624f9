"""The earlier application's releases, test metadata and bugs as a catalogue of the tracker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import msgspec

from tracker.intake.text import storable
from tracker.operations.legacy.names import jenkins_job, tracker_name
from tracker.operations.legacy.reader import LegacyDatabase
from tracker.operations.legacy.tables import LegacyBug, LegacyMetadata, LegacyRelease, LegacyResult
from tracker.store.catalogue import Catalogue, IssueFacts, ReleaseFacts, TestFacts

# A test by release and name, as the earlier application looked its metadata up.
TestName = tuple[str, str]


@dataclass(frozen=True)
class TakenCatalogue:
    """What is kept, and how many rows could not be."""

    kept: Catalogue
    repeated_releases: int = 0
    lost_tests: int = 0
    repeated_tests: int = 0
    unnamed_issues: int = 0
    repeated_issues: int = 0
    lost_links: int = 0


def catalogue_of(legacy: LegacyDatabase, prefixes: Mapping[str, str]) -> TakenCatalogue:
    """All three, without rows that are there twice or hang on rows that are not there."""
    releases = {storable(row.name): release_of(row, prefixes) for row in legacy.releases}
    names = {row.id: storable(row.name) for row in legacy.releases}
    found = [_test(row, names) for row in legacy.metadata]
    tests = tuple(dict.fromkeys(each for each in found if each is not None))
    bugs = {storable(row.defect_id): row for row in legacy.bugs if row.defect_id}
    unnamed = sum(not row.defect_id for row in legacy.bugs)
    refs, lost = _refs(legacy)
    return TakenCatalogue(
        kept=Catalogue(
            tuple(releases.values()),
            tests,
            tuple(_issue(bug, refs[key]) for key, bug in sorted(bugs.items())),
        ),
        repeated_releases=len(legacy.releases) - len(releases),
        lost_tests=found.count(None),
        repeated_tests=len(found) - found.count(None) - len(tests),
        unnamed_issues=unnamed,
        repeated_issues=len(legacy.bugs) - unnamed - len(bugs),
        lost_links=lost,
    )


def release_of(row: LegacyRelease, prefixes: Mapping[str, str]) -> ReleaseFacts:
    """A release, with its main job by the tracker's name."""
    job = jenkins_job(row.jenkins_job_url)
    return ReleaseFacts(
        name=storable(row.name),
        is_active=row.is_active != 0,
        main_job=tracker_name(job, prefixes) if job else "",
        last_build=row.last_processed_build,
        branch=storable(row.git_branch),
    )


def bare(name: str) -> str:
    """The name of a test without its parameters."""
    return name.partition("[")[0]


class FromResults:
    """What results say of tests that have no metadata, and where they differ from it."""

    def __init__(self, tests: Iterable[TestFacts]) -> None:
        self.differing = 0
        self._known = {(test.release, test.name): test for test in tests}
        self._found: dict[TestName, TestFacts] = {}

    def take(self, release: str, rows: Iterable[LegacyResult]) -> None:
        """Look at the results of a build."""
        for row in rows:
            if not (row.priority or row.topology_metadata or row.is_removed == 1):
                continue
            priority = storable(row.priority)
            test = self._test(release, row.test_name)
            if test is None:
                key = (release, storable(bare(row.test_name)))
                self._found[key] = TestFacts(
                    *key,
                    priority=priority,
                    topology=storable(row.topology_metadata),
                    is_removed=row.is_removed == 1,
                )
            elif priority != test.priority:
                self.differing += 1

    @property
    def tests(self) -> tuple[TestFacts, ...]:
        """Metadata of the tests that had none, as their newest results have it."""
        return tuple(self._found[key] for key in sorted(self._found))

    def _test(self, release: str, name: str) -> TestFacts | None:
        for each in (name, bare(name)):
            if found := self._known.get((release, each)) or self._known.get(("", each)):
                return found
        return None


def _test(row: LegacyMetadata, releases: Mapping[int | None, str]) -> TestFacts | None:
    if row.release_id is not None and row.release_id not in releases:
        return None
    return TestFacts(
        release="" if row.release_id is None else releases[row.release_id],
        name=storable(row.testcase_name),
        case_ref=storable(row.test_case_id),
        testrail_ref=storable(row.testrail_id),
        priority=storable(row.priority),
        component=storable(row.component),
        module=storable(row.module),
        automation=storable(row.automation_status),
        state=storable(row.test_state),
        class_name=storable(row.test_class_name),
        path=storable(row.test_path),
        topology=storable(row.topology),
        is_removed=row.is_removed == 1,
    )


def _issue(bug: LegacyBug, refs: Iterable[str]) -> IssueFacts:
    return IssueFacts(
        key=storable(bug.defect_id),
        type=storable(bug.bug_type),
        url=storable(bug.url),
        status=storable(bug.status),
        summary=storable(bug.summary),
        priority=storable(bug.priority),
        assignee=storable(bug.assignee),
        component=storable(bug.component),
        resolution=storable(bug.resolution),
        versions=storable(bug.affected_versions),
        labels=_labels(bug.labels),
        is_active=bug.is_active != 0,
        refs=tuple(sorted(set(map(storable, refs)))),
    )


def _labels(text: str) -> str:
    """A list of texts as JSON; what is none of that is one label."""
    try:
        found = msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, msgspec.ValidationError):
        found = [storable(text)] if text.strip() else []
    return msgspec.json.encode([storable(each) for each in found]).decode()


def _refs(legacy: LegacyDatabase) -> tuple[dict[str, list[str]], int]:
    """The ids of tests that each bug is about, and how many of them are of no bug."""
    keys = {bug.id: storable(bug.defect_id) for bug in legacy.bugs if bug.defect_id}
    found: dict[str, list[str]] = defaultdict(list)
    for row in legacy.mappings:
        if row.bug_id in keys:
            found[keys[row.bug_id]].append(row.case_id)
    return found, sum(row.bug_id not in keys for row in legacy.mappings)
