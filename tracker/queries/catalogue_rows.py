"""The catalogue as rows of the canonical state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tracker.queries.select import select

# What is told of each kind: its columns, and the tables that have them.
_KINDS = (
    (
        "given parts",
        "j.name, g.release, g.module",
        "given_parts g JOIN job j ON j.id = g.job_id",
    ),
    ("release", "name, is_active, main_job, last_build, branch", "release"),
    (
        "test metadata",
        "release, name, case_ref, testrail_ref, priority, component, module, automation, state,"
        " class_name, path, topology, is_removed",
        "test_metadata",
    ),
    (
        "known issue",
        "key, type, url, status, summary, priority, assignee, component, resolution, versions,"
        " labels, is_active",
        "known_issue",
    ),
    (
        "known issue link",
        "i.key, l.ref",
        "known_issue_link l JOIN known_issue i ON i.id = l.issue_id",
    ),
)


def catalogue_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row that the catalogue holds, with its kind; of test metadata the later row counts."""
    for kind, columns, tables in _KINDS:
        names = [column.rpartition(".")[2] for column in columns.split(", ")]
        order = "id" if kind == "test metadata" else columns
        for row in select(f"SELECT {columns} FROM {tables} ORDER BY {order}"):
            yield kind, named(names, row)


def named(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """A row by its names; flags are 0 or 1, whatever the database has them as."""
    plain = (int(value) if isinstance(value, bool) else value for value in row)
    return dict(zip(names, plain, strict=True))
