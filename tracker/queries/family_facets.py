"""Which facets a family's failures go with: where it fails more often than elsewhere.

Looked at are the newest judged builds of the jobs it was seen in. It has one run for each build and
variant in which a test of it ran, and failed there if any failure of the family is there.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.queries.columns import as_sentence
from tracker.queries.facets import (
    LEAST_FAILURES,
    MOST_BUILDS,
    MOST_JOBS,
    ExplainedFailures,
    of_builds,
    variant_facets,
)
from tracker.queries.select import select
from tracker.store.outcomes import IS_OUT, JUDGED
from tracker.store.sql import IN, listed
from tracker.verdicts.facets import Run, explains

# Whether a variant ran in a build is asked of so many of the family's tests.
_MOST_CASES = 100
_COUNTS = f"{JUDGED} AND NOT {IS_OUT}"


def explained(family: int) -> ExplainedFailures | None:
    """The smallest set of facets that explains when the family is there; None if nothing does."""
    builds = _builds(family)
    cases, failed = _failures(family, builds)
    if len(failed) < LEAST_FAILURES:
        return None
    runs = failed | _ran(builds, cases)
    found = explains(
        Run((build, variant) in failed, {**builds[build], **variant_facets(variant)})
        for build, variant in sorted(runs)
    )
    if found is None:
        return None
    return ExplainedFailures(as_sentence(found.sentence), found)


def _builds(family: int) -> dict[int, dict[str, str]]:
    """The newest builds of the family's jobs, with their facets."""
    jobs = select(
        "SELECT b.job_id, count(*) FROM signature s JOIN appearance a ON a.signature_id = s.id"
        " JOIN build b ON b.id = a.build_id WHERE s.family_id = ?"
        " GROUP BY b.job_id ORDER BY count(*) DESC, b.job_id LIMIT ?",
        family,
        MOST_JOBS,
    )
    found: dict[int, dict[str, str]] = {}
    for job_id, _ in jobs:
        wanted = f"WHERE b.job_id = ? AND {_COUNTS} ORDER BY b.epoch DESC, b.number DESC LIMIT ?"
        found |= of_builds(wanted, job_id, MOST_BUILDS // len(jobs))
    return found


def _failures(family: int, builds: Iterable[int]) -> tuple[dict[int, str], set[tuple[int, str]]]:
    """Some of the family's tests in all their variants; in which builds and variants it is."""
    rows = select(
        "SELECT x.build_id, x.case_id, c.variant FROM json_each(?) b"
        " CROSS JOIN sighting x ON x.build_id = b.value"
        " JOIN signature s ON s.id = x.signature_id AND s.family_id = ?"
        " JOIN test_case c ON c.id = x.case_id",
        listed(builds),
        family,
    )
    some = sorted({case for _, case, _ in rows})[:_MOST_CASES]
    variants = select(
        "SELECT o.id, o.variant FROM test_case c JOIN test_case o"
        " ON o.twin = c.twin AND o.suite_id = c.suite_id AND o.name = c.name"
        f" WHERE c.id IN {IN}",
        listed(some),
    )
    return dict(variants), {(build, variant) for build, _, variant in rows}


def _ran(builds: Iterable[int], cases: dict[int, str]) -> set[tuple[int, str]]:
    rows = select(
        "SELECT r.build_id, r.case_id FROM json_each(?) b CROSS JOIN json_each(?) c"
        " CROSS JOIN result r ON r.build_id = b.value AND r.case_id = c.value"
        " WHERE r.status IN (0, 1, 2)",
        listed(builds),
        listed(cases),
    )
    return {(build, cases[case]) for build, case in rows}
