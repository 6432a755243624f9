"""What the catalogue says of tests: priority, ids, component, and the known issues about them.

A test is looked up by its name, and by its name without parameters where no row has all of it. The
row of a job's release counts before the one for all releases, of two equal ones the later. A known
issue is about a test if one of its links is an id of a row of that name, whatever the release.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from tracker.queries.case_rows import CaseRow, IssueRow
from tracker.queries.select import select, snapshot
from tracker.store.outcomes import FAILED
from tracker.store.sql import IN_TEXTS, listed

_COLUMNS = (
    "release, name, case_ref, testrail_ref, priority, component, module, automation, state,"
    " topology, is_removed"
)


@dataclass(frozen=True)
class CatalogueEntry:
    """What is known of a test beside its results; `topology` is the one it was designed for."""

    priority: str
    case_ref: str
    testrail_ref: str
    component: str
    module: str
    automation: str
    state: str
    topology: str
    is_removed: bool
    issues: tuple[IssueRow, ...]


@dataclass(frozen=True)
class PriorityCount:
    """How many failures of a build are of tests with this priority; "" for those without one."""

    priority: str
    failures: int


def entry(release: str, name: str) -> CatalogueEntry | None:
    """What is known of one test in a job of a release; None where that is nothing."""
    return entries(release, [name]).get(name)


def entries(release: str, names: Collection[str]) -> dict[str, CatalogueEntry]:
    """What is known of tests in a job of a release, by their names."""
    wanted = {name: (name, _bare(name)) for name in names}
    with snapshot():
        rows = _rows({each for pair in wanted.values() for each in pair})
        issues = _issues(rows)
    by_name: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        by_name[row.name].append(row)
    found = {
        name: _entry(release, by_name.get(own) or by_name[bare], issues)
        for name, (own, bare) in wanted.items()
        if own in by_name or bare in by_name
    }
    return {name: each for name, each in found.items() if each is not None}


def with_catalogue(release: str, rows: Sequence[CaseRow]) -> tuple[CaseRow, ...]:
    """Rows of results with priority and known issues beside what failed."""
    failed = {row.name for row in rows if row.status in ("failed", "error")}
    known = entries(release, failed) if failed else {}
    return tuple(
        replace(row, priority=known[row.name].priority, issues=known[row.name].issues)
        if row.name in known and row.status in ("failed", "error")
        else row
        for row in rows
    )


def failures_by_priority(
    job: str, number: int, epoch: int, release: str
) -> tuple[PriorityCount, ...]:
    """The failures of a build by priority, the most urgent first; none without a catalogue."""
    with snapshot():
        if not select("SELECT 1 FROM test_metadata LIMIT 1"):
            return ()
        names = select(
            "SELECT c.name, count(*) FROM result r JOIN test_case c ON c.id = r.case_id"
            " JOIN build b ON b.id = r.build_id JOIN job j ON j.id = b.job_id"
            " WHERE j.name = ? AND b.number = ? AND b.epoch = ?"
            f" AND {FAILED} GROUP BY c.name",
            job,
            number,
            epoch,
        )
        known = entries(release, [name for name, _ in names])
    counts: Counter[str] = Counter()
    for name, count in names:
        counts[known[name].priority if name in known else ""] += count
    return tuple(PriorityCount(each, counts[each]) for each in sorted(counts, key=_urgency))


# Words for priorities, the most urgent first; others come after these, by name.
_URGENT = ("P0", "BLOCKER", "CRITICAL", "P1", "HIGH", "P2", "MEDIUM", "P3", "LOW", "P4")


def _urgency(priority: str) -> tuple[bool, int, str]:
    word = priority.upper()
    return priority == "", _URGENT.index(word) if word in _URGENT else len(_URGENT), priority


class _Row(msgspec.Struct, frozen=True):
    """A row of metadata; its fields are those that are read."""

    release: str
    name: str
    case_ref: str
    testrail_ref: str
    priority: str
    component: str
    module: str
    automation: str
    state: str
    topology: str
    is_removed: int


def _rows(names: Collection[str]) -> list[_Row]:
    found = select(
        f"SELECT {_COLUMNS} FROM test_metadata WHERE name IN {IN_TEXTS} ORDER BY id",
        listed(names),
    )
    return [_Row(*row) for row in found]


def _issues(rows: Iterable[_Row]) -> dict[str, tuple[IssueRow, ...]]:
    """The known issues by the ids of tests that they are about."""
    refs = {ref for row in rows for ref in (row.case_ref, row.testrail_ref) if ref}
    found: dict[str, tuple[IssueRow, ...]] = {}
    linked = select(
        "SELECT l.ref, i.key, i.url, i.status, i.summary, i.is_active FROM known_issue_link l"
        " JOIN known_issue i ON i.id = l.issue_id"
        f" WHERE l.ref IN {IN_TEXTS} ORDER BY i.key",
        listed(refs),
    )
    for ref, key, url, status, summary, is_active in linked:
        issue = IssueRow(key, url, status, summary, bool(is_active))
        found[ref] = (*found.get(ref, ()), issue)
    return found


def _entry(
    release: str, rows: Sequence[_Row], issues: Mapping[str, tuple[IssueRow, ...]]
) -> CatalogueEntry | None:
    """The row that counts, with the issues of all; None where only other releases know the test."""
    counting = [row for row in rows if row.release == release]
    counting = counting or [row for row in rows if row.release == ""]
    refs = dict.fromkeys(ref for row in rows for ref in (row.case_ref, row.testrail_ref))
    about = dict.fromkeys(issue for ref in refs for issue in issues.get(ref, ()))
    if not counting and not about:
        return None
    row = counting[-1] if counting else _Row("", rows[0].name, "", "", "", "", "", "", "", "", 0)
    return CatalogueEntry(
        priority=row.priority,
        case_ref=row.case_ref,
        testrail_ref=row.testrail_ref,
        component=row.component,
        module=row.module,
        automation=row.automation,
        state=row.state,
        topology=row.topology,
        is_removed=bool(row.is_removed),
        issues=tuple(sorted(about, key=lambda issue: (not issue.is_active, issue.key))),
    )


def _bare(name: str) -> str:
    """The name of a test without its parameters."""
    return name.partition("[")[0]
