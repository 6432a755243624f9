"""The tables of the earlier application, as far as they are read: one named tuple a table.

Text that is not there is "", a number that is not there or is none is None. Statements name only
the columns that a file has, so that older and newer files of it are read alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, get_type_hints

# The newest version of its schema, by the name that its migrations keep in `alembic_version`.
SCHEMA = "9d2f6734f71b"


class LegacyRelease(NamedTuple):
    """A release; its main job starts the builds of all modules."""

    id: int | None
    name: str
    is_active: int | None
    jenkins_job_url: str
    last_processed_build: int | None
    git_branch: str


class LegacyModule(NamedTuple):
    """A module of a release: there it is one job of Jenkins."""

    id: int | None
    release_id: int | None
    name: str


class LegacyJob(NamedTuple):
    """A build, by its number in Jenkins `job_id`, with the totals that were stored of it."""

    id: int | None
    module_id: int | None
    job_id: str
    parent_job_id: str
    total: int | None
    passed: int | None
    failed: int | None
    skipped: int | None
    jenkins_url: str
    version: str
    executed_at: str
    environment: str


class LegacyResult(NamedTuple):
    """A test in a build, on a topology."""

    id: int | None
    file_path: str
    class_name: str
    test_name: str
    status: str
    setup_ip: str
    jenkins_topology: str
    order_index: int | None
    was_rerun: int | None
    rerun_still_failed: int | None
    failure_message: str
    priority: str
    topology_metadata: str
    is_removed: int | None
    testcase_module: str


class LegacyMetadata(NamedTuple):
    """What is known of a test by its name, for a release or, where that is None, for all."""

    id: int | None
    release_id: int | None
    testcase_name: str
    test_case_id: str
    priority: str
    testrail_id: str
    component: str
    automation_status: str
    module: str
    test_state: str
    test_class_name: str
    test_path: str
    topology: str
    is_removed: int | None


class LegacyBug(NamedTuple):
    """A bug."""

    id: int | None
    defect_id: str
    bug_type: str
    url: str
    status: str
    summary: str
    priority: str
    assignee: str
    component: str
    resolution: str
    affected_versions: str
    labels: str
    is_active: int | None


class LegacyMapping(NamedTuple):
    """A bug is about the test with this id, its own or TestRail's."""

    id: int | None
    bug_id: int | None
    case_id: str


TABLES: dict[str, type[NamedTuple]] = {
    "releases": LegacyRelease,
    "modules": LegacyModule,
    "jobs": LegacyJob,
    "test_results": LegacyResult,
    "testcase_metadata": LegacyMetadata,
    "bug_metadata": LegacyBug,
    "bug_testcase_mappings": LegacyMapping,
}
# Without these columns a file is none of the earlier application's.
NEEDED: dict[str, frozenset[str]] = {
    "releases": frozenset({"id", "name"}),
    "modules": frozenset({"id", "release_id", "name"}),
    "jobs": frozenset({"id", "module_id", "job_id"}),
    "test_results": frozenset({"job_id", "file_path", "class_name", "test_name", "status"}),
}
# Known columns that are not read: what they hold is derived, or of the other program alone.
NOT_READ = {
    "releases": frozenset({"created_at", "updated_at"}),
    "modules": frozenset({"created_at", "updated_at"}),
    "jobs": frozenset({"pass_rate", "created_at", "downloaded_at"}),
    "test_results": frozenset({"job_id", "created_at"}),
    "testcase_metadata": frozenset({"created_at", "updated_at"}),
    "bug_metadata": frozenset({"created_at", "updated_at"}),
    "bug_testcase_mappings": frozenset({"created_at"}),
}
# Tables that have no counterpart here, and why.
LEFT_OUT = {
    "page_visits": "who looked at which page there says nothing about tests",
    "jenkins_polling_logs": "the tracker keeps a record of its own looks at Jenkins",
    "metadata_sync_logs": "the tracker does not read test metadata from a repository",
    "testcase_metadata_changes": "only the newest test metadata is kept",
    "app_settings": "settings of the tracker stand in tracker.toml or its environment",
}


def statement(table: str, columns: Collection[str]) -> str:
    """SELECT of a table's rows as its named tuple, where it has these columns."""
    kind = TABLES[table]
    hints = get_type_hints(kind)
    parts = [_column(name, hints[name] is str, name in columns) for name in kind._fields]
    return f"SELECT {', '.join(parts)} FROM {table}"


def _column(name: str, is_text: bool, is_there: bool) -> str:
    if not is_there:
        return "''" if is_text else "NULL"
    if is_text:
        return f"coalesce(CAST({name} AS TEXT), '')"
    return f"CASE WHEN typeof({name}) IN ('integer', 'real') THEN CAST({name} AS INTEGER) END"
