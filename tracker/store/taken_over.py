"""Builds taken over from the earlier application: recorded a job at a time, judged by the worker.

What they were read from stands in for reports of their own: the first report that is read from
Jenkins or uploaded takes its place, and a build that has one is left as it is. As long as nobody
else spoke of a build, what the earlier application says of it now replaces what it said before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tracker.clock import DAY
from tracker.errors import Conflict
from tracker.store.build_rows import write_whole
from tracker.store.connection import reading, writing
from tracker.store.judging import AT_ONCE
from tracker.store.models import Build, Job, database
from tracker.store.record import NeedsAllReports, judge, record_build
from tracker.store.records import BuildFacts, ReadReport, Recorded, about_json
from tracker.store.rejudging import wait_from, waits_from
from tracker.store.revisions import next_revision, raise_revision
from tracker.store.rules import give_parts, new_job
from tracker.store.sql import run, save
from tracker.store.state_words import is_from_jenkins
from tracker.store.work import ask_judging, ask_publishing

# How the names of the reports begin that stand for the earlier application's rows.
REPORT_FOLDER = "earlier-application/"

# What a build is that the earlier application tells of, as far as the tracker is concerned: `new`,
# `changed` there since it was taken over or in its facts alone, `known` as it is, or the tracker's
# `own`, which stays.
Standing = Literal["new", "changed", "facts", "known", "own"]


@dataclass(frozen=True)
class BuildHere:
    """A recorded build of a number; `facts` are those that are compared.

    `reports` are pairs of name and SHA-256; it is only `taken` over as long as no other source
    spoke of it. The results of one that `is_let_go` were let go here and do not come back.
    """

    id: int
    started: int | None
    is_taken: bool
    reports: frozenset[tuple[str, str]]
    facts: tuple[object, ...]
    is_let_go: bool = False


@dataclass(frozen=True)
class TakenBuild:
    """A build to take over; of one whose facts alone changed the reports are not read."""

    standing: Standing
    facts: BuildFacts
    reports: tuple[ReadReport, ...] = field(default=(), repr=False)


def given_names() -> dict[tuple[str, str], str]:
    """The jobs that stand for a release and module of the earlier application, by both."""
    with reading():
        rows = run(
            "SELECT g.release, g.module, j.name FROM given_parts g JOIN job j ON j.id = g.job_id"
        )
    return {(release, module): name for release, module, name in rows}


def builds_here(job: str) -> dict[int, list[BuildHere]]:
    """The builds of a job by their numbers, the newest epoch first."""
    with reading():
        rows = run(
            "SELECT b.id, b.number, b.state, b.started, b.url, b.upstream_job, b.upstream_number,"
            " b.about, b.let_go FROM build b JOIN job j ON j.id = b.job_id WHERE j.name = ?"
            " ORDER BY b.epoch DESC",
            job,
        )
        reports = _reports(job)
    found: dict[int, list[BuildHere]] = defaultdict(list)
    for build_id, number, state, *facts, let_go in rows:
        own = reports.get(build_id, frozenset())
        is_taken = not is_from_jenkins(state) and all(_is_ours(name) for name, _ in own)
        found[number].append(
            BuildHere(build_id, facts[0], is_taken, own, tuple(facts), let_go is not None)
        )
    return found


def standing(
    builds: Sequence[BuildHere], facts: BuildFacts, reports: frozenset[tuple[str, str]]
) -> Standing:
    """What a build of the earlier application is, held against those recorded under its number."""
    build = match(builds, facts)
    if build is None:
        return "new"
    if build.is_let_go:
        return "known"
    if not build.is_taken:
        has_own = any(sha256 and not _is_ours(name) for name, sha256 in build.reports)
        return "own" if has_own or reports <= build.reports else "new"
    if build.reports != reports:
        return "changed"
    return "known" if build.facts == _facts_of(facts) else "facts"


def match(builds: Sequence[BuildHere], facts: BuildFacts) -> BuildHere | None:
    """The recorded build that is meant: one that was taken over or, by its start, another."""
    taken = [build for build in builds if build.is_taken]
    fitting = [build for build in builds if _is_near(build.started, facts.started)]
    return next(iter([*taken, *fitting]), None)


def take_over(
    job: str, parts: tuple[str, str] | None, builds: Sequence[TakenBuild], *, now: int
) -> frozenset[int]:
    """Record builds of a job in one transaction; the numbers of those that somebody else changed
    meanwhile, or whose own reports stand in the way, and that are as they were.

    `parts` are the release and module of the job, where the earlier application tells them.
    """
    with writing():
        row = Job.get_or_none(Job.name == job) or new_job(job)
        if parts:
            give_parts(row, *parts)
        numbers = [build.facts.number for build in builds if build.reports]
        if len(numbers) > AT_ONCE:
            _leave_to_the_worker(row, min(numbers), now)
        refused = {build.facts.number for build in builds if not _take(row, build, now)}
        if len(refused) < len(builds):
            raise_revision(row.id)
            ask_publishing(now=now)
        return frozenset(refused)


def _take(job: Job, build: TakenBuild, now: int) -> bool:
    if build.standing in ("changed", "facts"):
        found = match(builds_here(job.name).get(build.facts.number, ()), build.facts)
        if found is None or not found.is_taken:
            return False  # meanwhile somebody else spoke of it
        _rewrite(job, Build.get_by_id(found.id), build, now)
        return True
    recorded = _record(build, now)
    if recorded is None:
        return False
    told = about_json(build.facts.about)
    run("UPDATE build SET about = ? WHERE id = ? AND about = '{}'", told, recorded.build_id)
    return True


def _record(build: TakenBuild, now: int) -> Recorded | None:
    """Record a build whose number is free, or that has no results of its own."""
    facts, reports, reread = replace(build.facts, about=None), build.reports, None
    while True:
        try:
            with database.atomic():  # a savepoint: what is refused leaves nothing behind
                return record_build(facts, reports, now=now, replace_reports=True, reread=reread)
        except NeedsAllReports as need:
            stored = {(report.name, report.sha256) for report in need.stored}
            again = [report for report in reports if (report.name, report.sha256) in stored]
            if reread is not None or len(again) != len(stored):
                return None
            reread = again
        except Conflict:
            return None


def _rewrite(job: Job, row: Build, build: TakenBuild, now: int) -> None:
    """Put what is said of a build now in the place of what was said of it before."""
    facts = build.facts
    row.started, row.url, row.about = facts.started, facts.url, about_json(facts.about)
    row.upstream_job, row.upstream_number = facts.upstream_job, facts.upstream_number
    is_news = build.standing == "changed"
    if is_news:
        write_whole(job, row, build.reports)
        row.changed = next_revision()
    save(row)
    judge(job, row, is_news=is_news, now=now)


def _leave_to_the_worker(job: Job, lowest: int, now: int) -> None:
    """Judge the job once, when all is here, instead of at each build."""
    # Where it is waiting for a later place, the first build that is recorded brings it forward.
    if waits_from(job.id) is None:
        wait_from(job.id, (0, lowest))
    ask_judging(job.name, now=now)


def _reports(job: str) -> Mapping[int, frozenset[tuple[str, str]]]:
    rows = run(
        "SELECT r.build_id, r.name, r.sha256 FROM report r JOIN build b ON b.id = r.build_id"
        " JOIN job j ON j.id = b.job_id WHERE j.name = ?",
        job,
    )
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for build_id, name, sha256 in rows:
        found[build_id].add((name, sha256))
    return {build_id: frozenset(pairs) for build_id, pairs in found.items()}


def _is_ours(report: str) -> bool:
    return report.startswith(REPORT_FOLDER)


def _is_near(one: int | None, other: int | None) -> bool:
    return one is None or other is None or abs(one - other) <= DAY


def _facts_of(facts: BuildFacts) -> tuple[object, ...]:
    return (
        facts.started,
        facts.url,
        facts.upstream_job,
        facts.upstream_number,
        about_json(facts.about),
    )
