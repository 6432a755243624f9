"""What cases that are newly broken in a build were called until then, and whether that failed.

Names begin histories: a case that failed for weeks and is renamed is newly broken. Which cases a
build has under other names is known only once it was judged; it lacks the old ones for some builds,
and only in the first one is what broke not the new one's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tracker.queries.build_labels import label_of
from tracker.queries.builds import Found
from tracker.queries.case_rows import CaseRow, FormerName
from tracker.queries.columns import suite_names
from tracker.queries.select import select
from tracker.queries.states import FAILING_STATES
from tracker.store.identity import id_of, key
from tracker.store.late_failures import AT_BUILD
from tracker.store.sql import IN, listed


def with_former_names(found: Found, rows: Iterable[CaseRow]) -> list[CaseRow]:
    """The rows of a build, those that it surely has under another name with that."""
    rows = list(rows)
    former = _former_names(found, rows)
    return [replace(row, was=former.get(row.key)) for row in rows] if former else rows


def _former_names(found: Found, rows: Iterable[CaseRow]) -> dict[str, FormerName]:
    """What the build lacks and has as one of the cases, by their keys."""
    place = (found.row.epoch, found.row.number)
    told = select(
        f"SELECT x.other_case, c.id, s.path, c.name, c.variant, {label_of('n')}"
        " FROM absence x JOIN test_case c ON c.id = x.case_id JOIN suite s ON s.id = c.suite_id"
        " LEFT JOIN (episode e JOIN build a ON a.id = e.from_build"
        " LEFT JOIN build z ON z.id = e.until_build JOIN build n"
        " ON n.id = coalesce(e.since_build, e.from_build))"
        f" ON e.job_id = ? AND e.case_id = x.case_id AND e.state IN {FAILING_STATES} AND {AT_BUILD}"
        f" WHERE x.build_id = ? AND x.is_certain AND x.other_case IN {IN}"
        " AND NOT EXISTS (SELECT 1 FROM absence y JOIN build p ON p.id = y.build_id"
        " WHERE y.case_id = x.case_id AND y.other_case = x.other_case AND p.job_id = ?"
        " AND (p.epoch, p.number) < (?, ?)) ORDER BY c.id DESC",
        found.job_id,
        *place,
        *place,
        found.build_id,
        listed(id_of(row.key) for row in rows),
        found.job_id,
        *place,
    )
    return {
        key(other): FormerName(key(case), suite_names(path), name, variant, since)
        for other, case, path, name, variant, since in told
    }
