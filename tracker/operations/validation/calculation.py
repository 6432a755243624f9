"""Calculation: counts and verdicts on record, against what the results give."""

from __future__ import annotations

from tracker.operations.validation.checks import Check, rows_of, rows_where
from tracker.operations.validation.judged_again import derived
from tracker.operations.validation.naming import named
from tracker.operations.validation.remedies import REBUILD, RECLUSTER, RECOUNT, REPARSE, RESTORE
from tracker.operations.validation.signatures import other_signatures
from tracker.store.sql import run
from tracker.verdicts.outcomes import Status

_STATUSES = tuple(Status)
_COUNTED = ", ".join(f"sum(results * (status = {int(each)})) AS {each.word}" for each in _STATUSES)
_SAID = " || ', ' || ".join(
    f"'{word} ' || t.{word} || ' (' || coalesce(o.{word}, 0) || ')'"
    for word in ("total", *(each.word for each in _STATUSES))
)
_DIFFER = " OR ".join(
    f"t.{word} <> coalesce(o.{word}, 0)" for word in ("total", *(each.word for each in _STATUSES))
)
_SUM = " + ".join(f"t.{each.word}" for each in _STATUSES)


def count_results() -> None:
    """Count the results once, for all checks that need that: `temp.told`, a row for each build,
    report (NULL: nobody knows it) and status.
    """
    run(
        "CREATE TEMP TABLE told AS SELECT build_id, report, status, count(*) AS results"
        " FROM result GROUP BY build_id, report, status"
    )
    run("CREATE INDEX temp.told_of_build ON told (build_id, report)")


_RESULTS_OF_REPORT = (
    "coalesce((SELECT sum(o.results) FROM temp.told o WHERE o.build_id = t.build_id"
    " AND o.report = t.n), 0)"
)
# Of results that were recorded before reports had numbers nobody knows the report.
_ALONE = (
    "(SELECT count(*) FROM report r WHERE r.build_id = t.build_id) = 1"
    " AND NOT EXISTS (SELECT 1 FROM temp.told o WHERE o.build_id = t.build_id AND o.report IS NULL)"
    " AND EXISTS (SELECT 1 FROM temp.told o WHERE o.build_id = t.build_id)"
)
# What was let go lives on in these counts alone.
_NOT_LET_GO = "t.build_id NOT IN (SELECT id FROM build WHERE let_go IS NOT NULL)"
_REVISION_NOW = "(SELECT coalesce(max(value), 0) FROM counter WHERE name = 'revision')"
_SIGHTINGS = "SELECT signature_id, build_id, count(*) AS cases FROM sighting GROUP BY 1, 2"
_APPEARANCES = "SELECT signature_id, build_id, cases FROM appearance"


def _ahead(table: str, column: str, sentence: str) -> Check:
    return Check(
        f"calculation.revision.{table}.{column}",
        sentence,
        RESTORE,
        rows_where(table, f"t.{column} > {_REVISION_NOW}", tell=f"': ' || t.{column}"),
    )


CHECKS: tuple[Check, ...] = (
    Check(
        "calculation.totals",
        "Builds whose totals are not those of their results (in brackets)",
        RECOUNT,
        rows_of(
            "build",
            f"SELECT {named('build')} || ': ' || {_SAID} FROM build t LEFT JOIN"
            f" (SELECT build_id, sum(results) AS total, {_COUNTED} FROM temp.told"
            " GROUP BY build_id) o"
            f" ON o.build_id = t.id WHERE t.let_go IS NULL AND ({_DIFFER})",
        ),
    ),
    Check(
        "calculation.rates",
        "Builds whose totals do not add up, so that no pass rate of theirs is right",
        RECOUNT,
        rows_where(
            "build", f"t.total <> {_SUM}", tell=f"': total ' || t.total || ', sum ' || ({_SUM})"
        ),
    ),
    Check(
        "calculation.damaged",
        "Builds whose count of damaged reports is not that of their reports",
        RECOUNT,
        rows_where(
            "build",
            "t.damaged <> (SELECT count(*) FROM report r WHERE r.build_id = t.id"
            " AND (r.recovered OR r.failure <> ''))",
            tell="': ' || t.damaged",
        ),
    ),
    Check(
        "calculation.report.cases",
        "Reports with another count of cases than results were read from them",
        REPARSE,
        rows_where(
            "report",
            # Of reports that overlap some results are counted under another one.
            f"{_RESULTS_OF_REPORT} > t.cases"
            f" OR {_RESULTS_OF_REPORT} <> t.cases AND {_ALONE} AND {_NOT_LET_GO}",
            tell=f"' (' || t.name || '): ' || t.cases || ', results ' || {_RESULTS_OF_REPORT}",
        ),
    ),
    Check(
        "calculation.loss.cases",
        "Losses with another count of cases than are missing by them",
        REBUILD,
        rows_where(
            "loss",
            "t.cases <> (SELECT count(*) FROM absence a WHERE a.build_id = t.build_id"
            f" AND a.n = t.n) AND {_NOT_LET_GO}",
            tell="': ' || t.cases",
        ),
    ),
    Check(
        "calculation.appearance",
        "Signatures with another count of failures in a build than there are sightings",
        RECLUSTER,
        rows_of(
            "sighting",
            f"SELECT {named('appearance')} FROM (SELECT * FROM ({_SIGHTINGS} EXCEPT {_APPEARANCES})"
            f" UNION SELECT * FROM ({_APPEARANCES} EXCEPT {_SIGHTINGS})) t WHERE {_NOT_LET_GO}",
        ),
    ),
    Check(
        "calculation.sightings",
        "Builds of which some failures are in no family, though all were looked at",
        RECLUSTER,
        rows_where(
            "build",
            "t.let_go IS NULL AND t.clustered >= 0 AND t.clustered = coalesce(t.changed, 0)"
            " AND t.failed + t.error <> (SELECT count(*) FROM sighting s WHERE s.build_id = t.id)",
            tell="': ' || (t.failed + t.error) || ' failures'",
        ),
    ),
    Check(
        "calculation.signature.seen",
        "Signatures that are told as seen and are in no build, or the other way round",
        RECLUSTER,
        rows_where(
            "signature",
            "(t.last = 0) = EXISTS (SELECT 1 FROM appearance a WHERE a.signature_id = t.id)"
            " OR t.last <> 0 AND t.first > t.last",
        ),
    ),
    Check(
        "calculation.signature",
        "Failures with another signature than their texts give",
        RECLUSTER,
        other_signatures,
    ),
    _ahead("job", "revision", "Jobs with a revision that the database has not reached"),
    _ahead("build", "said", "Builds judged at a revision that the database has not reached"),
    _ahead("build", "changed", "Builds changed at a revision that the database has not reached"),
    _ahead("episode", "said", "States said at a revision that the database has not reached"),
    _ahead("overruled", "unsaid", "States taken back at a revision that is not reached"),
    *derived(),
)
