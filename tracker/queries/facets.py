"""Which facets a case's failures go with: its platform, branch, agent, hour, weekday, variant.

It is looked at in the newest builds of all jobs that run it, and all its variants are runs of one
test. Of other jobs what was recorded up to the newest change of its own job counts: the page of a
case is made anew when its job changes, and must say the same until then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.queries.columns import as_sentence, at
from tracker.queries.select import select, snapshot
from tracker.store.identity import id_of
from tracker.store.outcomes import FAILED, IS_INCIDENT, JUDGED
from tracker.store.sql import IN, listed
from tracker.verdicts.facets import Finding, Run, explains, time_facets

# So many builds are looked at, the newest, of so many jobs at most; with fewer failures of none.
MOST_BUILDS, MOST_JOBS = 120, 12
LEAST_FAILURES = 3

_WITHIN = "coalesce(changed, said) <= ?1"
# The next judged build with results lifts an incident: before the job knew of that, it was one.
_NEXT = (
    f"SELECT {_WITHIN} FROM build WHERE job_id = b.job_id AND {JUDGED} AND total > 0"
    " AND (epoch, number) > (b.epoch, b.number) ORDER BY epoch, number LIMIT 1"
)
_COUNTS = f"{JUDGED} AND {_WITHIN} AND (NOT {IS_INCIDENT} OR (lifted AND ({_NEXT})))"
_NEWEST = "ORDER BY b.epoch DESC, b.number DESC LIMIT"


@dataclass(frozen=True)
class ExplainedFailures:
    """Which facets explain a case's failures, in a sentence and in numbers."""

    sentence: str
    finding: Finding


def explained(job: str, case_key: str) -> ExplainedFailures | None:
    """What `facets_of` finds, with its sentence."""
    found = facets_of(job, case_key)
    if found is None:
        return None
    return ExplainedFailures(as_sentence(found.sentence), found)


def facets_of(job: str, case_key: str) -> Finding | None:
    """The smallest set of facets that explains the failures of a case; None if nothing does."""
    with snapshot():
        variants = _variants(id_of(case_key))
        if not _failed_often(variants):
            return None
        runs = _runs(_builds(job, variants), variants)
    if sum(run.failed for run in runs) < LEAST_FAILURES:
        return None
    return explains(runs)


def _variants(case: int | None) -> dict[int, str]:
    """The case and the others of its suite and name, by id."""
    return dict(
        select(
            "SELECT o.id, o.variant FROM test_case c JOIN test_case o"
            " ON o.twin = c.twin AND o.suite_id = c.suite_id AND o.name = c.name WHERE c.id = ?",
            case,
        )
    )


def _failed_often(cases: Collection[int]) -> bool:
    rows = select(
        f"SELECT 1 FROM result r WHERE r.case_id IN {IN} AND {FAILED} LIMIT ?",
        listed(cases),
        LEAST_FAILURES,
    )
    return len(rows) >= LEAST_FAILURES


def _builds(job: str, cases: Collection[int]) -> dict[int, dict[str, str]]:
    """The newest builds of the jobs that run one of the cases, with their facets."""
    [(revision,)] = select("SELECT coalesce(max(revision), 0) FROM job WHERE name = ?", job)
    newest = f"SELECT b.id FROM build b WHERE b.job_id = j.id AND {_COUNTS} {_NEWEST} 1"
    jobs = select(
        "SELECT j.id FROM job j WHERE j.name = ?2 OR EXISTS (SELECT 1 FROM result r"
        f" WHERE r.build_id = ({newest}) AND r.case_id IN (SELECT value FROM json_each(?3)))"
        " ORDER BY j.name <> ?2, j.name LIMIT ?4",
        revision,
        job,
        listed(cases),
        MOST_JOBS,
    )
    found: dict[int, dict[str, str]] = {}
    for place, (job_id,) in enumerate(jobs):
        wanted = f"WHERE b.job_id = ?2 AND {_COUNTS} {_NEWEST} ?3"
        found |= of_builds(wanted, revision, job_id, _share(place, len(jobs)))
    return found


def _share(place: int, jobs: int) -> int:
    """How many builds are looked at of a job: half of all are the first job's, which was asked."""
    if jobs == 1:
        return MOST_BUILDS
    return MOST_BUILDS // 2 if place == 0 else MOST_BUILDS // 2 // (jobs - 1)


def of_builds(rest: str, *parameters: Any) -> dict[int, dict[str, str]]:
    """The facets of builds `b` by their ids, in their order; `rest` is WHERE and order."""
    rows = select(
        "SELECT b.id, j.platform, b.branch, json_extract(b.about, '$.node'), b.started"
        f" FROM build b JOIN job j ON j.id = b.job_id {rest}",
        *parameters,
    )
    return {row[0]: _of_build(*row[1:]) for row in rows}


def _of_build(platform: str, branch: str, node: str | None, started: int | None) -> dict[str, str]:
    told = {"platform": platform, "branch": branch, "agent": node or ""}
    when = at(started)
    return {
        **{name: value for name, value in told.items() if value},
        **(time_facets(when) if when else {}),
    }


def _runs(builds: Mapping[int, Mapping[str, str]], variants: Mapping[int, str]) -> list[Run]:
    """One run for each build and variant; what the variant says of itself is believed."""
    rows: list[tuple[Any, ...]] = select(
        "SELECT r.build_id, r.case_id, r.status FROM json_each(?) b CROSS JOIN json_each(?) c"
        " CROSS JOIN result r ON r.build_id = b.value AND r.case_id = c.value"
        " WHERE r.status IN (0, 1, 2)",
        listed(builds),
        listed(variants),
    )
    failed: dict[tuple[int, str], bool] = {}
    for build, case, status in rows:
        run = (build, variants[case])
        failed[run] = failed.get(run, False) or status != 0
    return [
        Run(failed[build, variant], {**builds[build], **variant_facets(variant)})
        for build, variant in sorted(failed)
    ]


def variant_facets(variant: str) -> dict[str, str]:
    """The facets of a variant such as `browser=firefox,platform=linux`."""
    return dict(part.split("=", 1) for part in variant.split(",") if "=" in part)
