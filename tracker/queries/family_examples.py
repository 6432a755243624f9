"""What fails of each family now: its first tests by suite and name, with what they said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tracker.queries.build_labels import label_of
from tracker.queries.case_rows import case_row
from tracker.queries.families import NEWEST, FailingCase, FamilyRow
from tracker.queries.idle import idle_ids
from tracker.queries.select import select
from tracker.store.sql import IN, listed

# So many tests of a family are named in the list of families.
EXAMPLES = 2

# Of a test that fails with a family in several jobs one is taken.
_FIRST = (
    f"WITH newest (id) AS ({NEWEST}),"
    " failing AS (SELECT g.family_id, x.case_id, min(x.build_id) AS build_id FROM newest"
    " CROSS JOIN sighting x ON x.build_id = newest.id JOIN signature g ON g.id = x.signature_id"
    f" WHERE g.family_id IN {IN} GROUP BY g.family_id, x.case_id),"
    " ranked AS (SELECT n.family_id, n.case_id, n.build_id, s.path, c.name, c.variant,"
    " row_number() OVER (PARTITION BY n.family_id ORDER BY s.path, c.name, c.variant) AS place"
    " FROM failing n JOIN test_case c ON c.id = n.case_id JOIN suite s ON s.id = c.suite_id)"
    f" SELECT n.family_id, j.name, {label_of('b')}, n.case_id, n.path, n.name, n.variant,"
    " r.status, r.duration, coalesce(f.message, '') FROM ranked n"
    " JOIN result r ON r.build_id = n.build_id AND r.case_id = n.case_id"
    " LEFT JOIN failure f ON f.id = r.failure_id"
    " JOIN build b ON b.id = n.build_id JOIN job j ON j.id = b.job_id"
    " WHERE n.place <= ? ORDER BY n.family_id, n.place"
)


def with_examples(rows: Sequence[FamilyRow]) -> tuple[FamilyRow, ...]:
    """The rows, those of families that fail now with the first tests that do."""
    failing = [row.id for row in rows if row.failures]
    found: dict[int, list[FailingCase]] = {}
    for row in select(_FIRST, idle_ids(), listed(failing), EXAMPLES) if failing else ():
        found.setdefault(row[0], []).append(FailingCase(row[1], row[2], case_row(row[3:])))
    return tuple(replace(row, examples=tuple(found.get(row.id, ()))) for row in rows)
