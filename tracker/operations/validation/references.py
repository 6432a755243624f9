"""What refers to what, told by the names of columns: foreign keys, and what the writer keeps."""

from __future__ import annotations

from collections.abc import Iterator

from tracker.operations.validation.checks import Check, rows_of, rows_where
from tracker.operations.validation.remedies import RECLUSTER, REPARSE, RESTORE, remedy_of
from tracker.store.models import TABLES

# Column -> the table whose `id` it holds, wherever a column is called so.
TARGETS = {
    "build_id": "build",
    "from_build": "build",
    "until_build": "build",
    "since_build": "build",
    "judged_from": "build",
    "job_id": "job",
    "server_id": "server",
    "suite_id": "suite",
    "case_id": "test_case",
    "other_case": "test_case",
    "failure_id": "failure",
    "detail_id": "detail",
    "signature_id": "signature",
    "family_id": "family",
    "other_id": "family",
    "merged_into": "family",
    "issue_id": "known_issue",
}
# Columns that end like these and hold no id of ours: of Git, and of Jenkins.
NO_REFERENCES = frozenset({("build", "commit_id"), ("release", "last_build")})


def orphans() -> Iterator[Check]:
    """One check for each column that refers to another table, and those for pairs of columns."""
    for model in TABLES:
        table = model._meta.table_name
        for field in model._meta.sorted_fields:
            column = field.column_name
            if column in TARGETS and (table, column) not in NO_REFERENCES:
                yield _orphans(table, column, TARGETS[column])
    yield from PAIRS


def _orphans(table: str, column: str, target: str) -> Check:
    return Check(
        f"integrity.orphans.{table}.{column}",
        f"Rows of {table} whose {column} is no row of {target}",
        remedy_of(table),
        rows_where(
            table,
            f"t.{column} IS NOT NULL AND t.{column} NOT IN (SELECT id FROM {target})",
            tell=f"': {column} ' || t.{column}",
        ),
    )


def _pair(table: str, target: str, columns: tuple[str, ...], sentence: str) -> Check:
    same = " AND ".join(f"o.{column} = t.{column}" for column in columns)
    return Check(
        f"integrity.orphans.{table}",
        sentence,
        remedy_of(table),
        rows_where(table, f"NOT EXISTS (SELECT 1 FROM {target} o WHERE {same})"),
    )


PAIRS = (
    _pair("attempt", "result", ("build_id", "case_id"), "Attempts of cases without a result"),
    _pair("output", "result", ("build_id", "case_id"), "Outputs of cases without a result"),
    _pair("absence", "loss", ("build_id", "n"), "Absences that belong to no loss of their build"),
    Check(
        "integrity.orphans.result.report",
        "Results that were read from no report of their build",
        REPARSE,
        rows_of(
            "result",
            "SELECT coalesce((SELECT j.name || ' #' || b.number FROM build b"
            " JOIN job j ON j.id = b.job_id WHERE b.id = t.build_id), 'build ' || t.build_id)"
            " || ': report ' || t.report FROM temp.told t WHERE t.report IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM report r WHERE r.build_id = t.build_id AND r.n = t.report)"
            " GROUP BY t.build_id, t.report",
        ),
    ),
    Check(
        "integrity.orphans.sighting",
        "Sightings in families of cases that did not fail in their build",
        RECLUSTER,
        rows_where(
            "sighting",
            "NOT EXISTS (SELECT 1 FROM result o WHERE o.build_id = t.build_id"
            " AND o.case_id = t.case_id AND o.status IN (1, 2)) AND EXISTS (SELECT 1 FROM build b"
            " WHERE b.id = t.build_id AND b.let_go IS NULL"
            " AND b.clustered = coalesce(b.changed, 0))",
        ),
    ),
    Check(
        "integrity.foreign_keys",
        "Rows that break a foreign key, as SQLite itself says",
        RESTORE,
        rows_of(
            "build",
            "SELECT \"table\" || ' ' || coalesce(rowid, '') || ': no ' || parent"
            " FROM pragma_foreign_key_check",
        ),
    ),
)
