"""The catalogue beside the results: releases, what is known of tests by name, known issues.

It is told whole, by an import: what is no longer told is forgotten, the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from tracker.store.connection import reading, writing
from tracker.store.revisions import raise_all_jobs
from tracker.store.sql import Row, run, run_many
from tracker.store.work import ask_publishing


@dataclass(frozen=True)
class ReleaseFacts:
    """What is told of a release beyond its name (see the table `release`)."""

    name: str
    is_active: bool = True
    main_job: str = ""
    last_build: int | None = None
    branch: str = ""


@dataclass(frozen=True)
class TestFacts:
    """What a catalogue says of a test by its name, for one release or ("") for all of them."""

    release: str
    name: str
    case_ref: str = ""
    testrail_ref: str = ""
    priority: str = ""
    component: str = ""
    module: str = ""
    automation: str = ""
    state: str = ""
    class_name: str = ""
    path: str = ""
    topology: str = ""
    is_removed: bool = False


@dataclass(frozen=True)
class IssueFacts:
    """A bug as its tracker tells of it; `labels` is JSON, `refs` are ids of tests it is about."""

    key: str
    type: str = ""
    url: str = ""
    status: str = ""
    summary: str = ""
    priority: str = ""
    assignee: str = ""
    component: str = ""
    resolution: str = ""
    versions: str = ""
    labels: str = "[]"
    is_active: bool = True
    refs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All that is told at once; of two tests of one release and name the later one counts."""

    releases: tuple[ReleaseFacts, ...] = ()
    tests: tuple[TestFacts, ...] = ()
    issues: tuple[IssueFacts, ...] = ()


_RELEASE = ", ".join(field.name for field in fields(ReleaseFacts))
_TEST = ", ".join(field.name for field in fields(TestFacts))
_ISSUE = ", ".join(field.name for field in fields(IssueFacts) if field.name != "refs")
_LINKS = (
    "SELECT i.key, l.ref FROM known_issue_link l JOIN known_issue i ON i.id = l.issue_id"
    " ORDER BY i.key, l.ref"
)


def take_catalogue(told: Catalogue, *, now: int) -> bool:
    """Put what is told in the place of what was told before; whether that changed anything."""
    with writing():
        if not would_change(told):
            return False
        run("DELETE FROM known_issue_link")
        for table, columns, order, rows in _tables(told):
            _put(table, columns, _in_order(order, rows))
        run_many(
            "INSERT INTO known_issue_link (issue_id, ref)"
            " SELECT id, ? FROM known_issue WHERE key = ?",
            [(ref, key) for key, ref in _links(told.issues)],
        )
        raise_all_jobs()
        ask_publishing(now=now)
        return True


def would_change(told: Catalogue) -> bool:
    """Whether taking this over would change anything."""
    with reading():
        links = run(_LINKS)
        return links != _links(told.issues) or any(
            run(f"SELECT {columns} FROM {table} ORDER BY {order}") != _in_order(order, rows)
            for table, columns, order, rows in _tables(told)
        )


def _tables(told: Catalogue) -> Iterator[tuple[str, str, str, list[Row]]]:
    """Each table with its columns, its order, and the rows that it is to have."""
    yield "release", _RELEASE, "name", _rows(told.releases)
    yield "test_metadata", _TEST, "id", _rows(told.tests)
    yield "known_issue", _ISSUE, "key", _rows(told.issues)


def _rows(told: Iterable[object]) -> list[Row]:
    """The values of dataclasses, but for what stands in a table of its own."""
    return [
        tuple(getattr(each, field.name) for field in fields(each) if field.name != "refs")  # type: ignore[arg-type]
        for each in told
    ]


def _in_order(order: str, rows: list[Row]) -> list[Row]:
    """Rows as the database gives them back: those of a key by it, others as they came."""
    return rows if order == "id" else sorted(rows)


def _put(table: str, columns: str, rows: Sequence[Row]) -> None:
    run(f"DELETE FROM {table}")
    marks = ", ".join("?" for _ in columns.split(", "))
    run_many(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)


def _links(issues: Iterable[IssueFacts]) -> list[Row]:
    return sorted((issue.key, ref) for issue in issues for ref in set(issue.refs))
