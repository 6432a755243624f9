"""What a policy lets go: each job's history is read, and the rules are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.operations.retention.horizon import PastBuild, first_judgeable
from tracker.operations.retention.others import Others, others_now
from tracker.operations.retention.rules import LEAST, RULES, History, Policy, kept_by
from tracker.store.connection import reading
from tracker.store.outcomes import IS_INCIDENT, IS_OUT, JUDGED
from tracker.store.retention import LettingGo
from tracker.store.sightings import UP_TO_DATE
from tracker.store.sql import run


@dataclass(frozen=True)
class JobPlan:
    """What goes of a job, and how many builds with results stay, by the rule that keeps them."""

    job: str
    plan: LettingGo
    results: int
    kept: Mapping[str, int]


def plan_job(job_id: int, policy: Policy, *, now: int, others: Others | None = None) -> JobPlan:
    """What the policy lets go of a job now (ms), beside the others as they are."""
    others = others or others_now()
    with reading():
        history = _history(job_id, others)
    kept = kept_by(history, policy, now)
    stay = set().union(*kept.values())
    going = [
        build
        for build in history.builds
        if policy.lets_results_go and build.total and not build.is_let_go and build.id not in stay
    ]
    return JobPlan(
        job=history.name,
        plan=LettingGo(
            job_id,
            history.revision,
            tuple(build.id for build in going),
            _judged_from(history, {build.id for build in going}),
        ),
        results=sum(build.total for build in going),
        kept={rule.name: len(kept[rule.name]) for rule in RULES},
    )


def job_ids() -> list[int]:
    """All jobs, by name."""
    with reading():
        return [number for (number,) in run("SELECT id FROM job ORDER BY name")]


def _judged_from(history: History, going: set[int]) -> int | None:
    """The build from which on the job can be judged again; None where it can be as a whole.

    The newest where none can: `place_to_judge_from` sees that nor can that one.
    """
    judged = history.judged
    gone = going | {build.id for build in judged if build.is_let_go}
    gone &= {build.id for build in judged}
    if not gone:
        return None
    place = first_judgeable(judged, gone)
    return judged[len(judged) - 1 if place is None else place].id


def _history(job_id: int, others: Others) -> History:
    [(name, revision, release, standing, waits)] = run(
        "SELECT name, revision, release, standing,"
        " EXISTS (SELECT 1 FROM rejudging w WHERE w.job_id = j.id) FROM job j WHERE id = ?",
        job_id,
    )
    return History(
        job_id=job_id,
        name=name,
        revision=revision,
        release=release,
        is_built=not standing and job_id not in others.idle,
        is_read_by_readiness=release in others.releases,
        is_settled=not waits,
        builds=tuple(_builds(job_id)),
        open=_open(job_id),
    )


def _builds(job_id: int) -> list[PastBuild]:
    rows = run(
        f"SELECT id, epoch, number, coalesce(started, heard), total, {JUDGED},"
        f" complete AND damaged = 0, {IS_INCIDENT}, {IS_OUT},"
        f" complete AND state <> 'running' AND clustered = {UP_TO_DATE}"
        f" AND (judging <> '{{}}' OR NOT ({JUDGED})), kept, let_go IS NOT NULL"
        " FROM build WHERE job_id = ? ORDER BY epoch, number",
        job_id,
    )
    return [PastBuild(row[0], (row[1], row[2]), *row[3:5], *map(bool, row[5:])) for row in rows]


def _open(job_id: int) -> frozenset[int]:
    """The builds that verdicts began in which stand, of cases that ran in the newest builds."""
    rows = run(
        "WITH newest AS (SELECT id FROM build WHERE job_id = ?1"
        f" AND {JUDGED} ORDER BY epoch DESC, number DESC LIMIT {LEAST})"
        " SELECT from_build, CASE WHEN state IN ('flaky', 'suspect') THEN NULL ELSE since_build END"
        " FROM episode e WHERE job_id = ?1 AND until_build IS NULL AND EXISTS (SELECT 1 FROM newest"
        " JOIN result r ON r.build_id = newest.id AND r.case_id = e.case_id)",
        job_id,
    )
    return frozenset(build for row in rows for build in row if build is not None)
