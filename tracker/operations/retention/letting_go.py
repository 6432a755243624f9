"""Retention: let go what the policy no longer keeps, and give the space back.

It may be stopped anywhere and started again: what was begun is finished first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tracker.beat import Beat, unheard
from tracker.errors import Busy
from tracker.operations.retention import raw_reports
from tracker.operations.retention.others import Others, others_now
from tracker.operations.retention.plan import JobPlan, job_ids, plan_job
from tracker.operations.retention.raw_reports import Raw
from tracker.operations.retention.rules import RULES, Policy
from tracker.settings import Settings
from tracker.store import retention, space, unreferenced
from tracker.store.engine import Space
from tracker.store.without_bytes import note_letting_go

_ROUNDS = 5


@dataclass(frozen=True)
class Report:
    """What went, or would go.

    builds, results  whose results were let go, and how many these are
    kept             how many builds with results stay, by the rule that keeps them
    jobs             how many builds go, by job
    raw, raw_bytes   raw reports that went from the spool, and their size
    texts            names and texts that nothing refers to any more, by table
    before, after    the size of the database in bytes; `free` of it is for what comes next
    reuse            what else becomes of what was let go, in words
    """

    policy: Policy
    is_trial: bool
    builds: int
    results: int
    kept: Mapping[str, int]
    jobs: Mapping[str, int]
    raw: int
    raw_bytes: int
    texts: Mapping[str, int] = field(default_factory=dict)
    before: int = 0
    after: int = 0
    free: int = 0
    gives_back: bool = True
    reuse: str = ""


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings describe."""
    return Policy(settings.keep_results_days, settings.keep_builds, settings.keep_spool_days)


def would_let_go(settings: Settings, policy: Policy, *, now: int) -> Report:
    """What the policy would let go now (ms); nothing is changed."""
    others = others_now()
    plans = [plan_job(job, policy, now=now, others=others) for job in job_ids()]
    raw = raw_reports.find(settings.spool, policy, now=now)
    size = space.space()
    return _report(policy, plans, raw, is_trial=True, before=size.file, after=size)


def let_go(settings: Settings, policy: Policy, *, now: int, beat: Beat = unheard) -> Report:
    """Let go what the policy no longer keeps at a time (ms), in steps that others write between.

    `beat` is told what is being done before each step. Raises Busy where a job does not stop
    changing.
    """
    before = space.space()
    others = others_now()
    plans = [_mark(job, policy, now, others) for job in job_ids()]
    is_news = _clear(beat)
    while retention.forget_overruled():
        beat("letting go what was said once")
    texts = _forget_texts(beat) if is_news else {}
    raw = list(_raw(settings, policy, now, beat))
    while space.give_back():
        beat("giving space back")
    space.checkpoint()
    return _report(
        policy, plans, raw, is_trial=False, before=before.file, after=space.space(), texts=texts
    )


def _mark(job: int, policy: Policy, now: int, others: Others) -> JobPlan:
    for _ in range(_ROUNDS):
        found = plan_job(job, policy, now=now, others=others)
        if not found.plan.builds or retention.mark(found.plan, now=now):
            return found
    raise Busy("Builds keep being recorded while old ones are looked for.", "Try again shortly.")


def _clear(beat: Beat) -> bool:
    """Let the rows of all marked builds go; whether there were any."""
    builds = retention.unfinished()
    for place, build in enumerate(builds, 1):
        beat(f"letting go results of build {place} of {len(builds)}")
        while retention.clear(build):
            beat(f"letting go results of build {place} of {len(builds)}")
    return bool(builds)


def _forget_texts(beat: Beat) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in unreferenced.find():
        beat(f"letting go {len(each.ids)} texts of {each.table}")
        found[each.table] += unreferenced.forget(each)
    return dict(found)


def _raw(settings: Settings, policy: Policy, now: int, beat: Beat) -> Iterator[Raw]:
    found = raw_reports.find(settings.spool, policy, now=now)
    if found:  # noted before they go: validation has to know why they are not there
        note_letting_go(len(found), before=raw_reports.oldest_kept(policy, now))
    for raw in found:
        beat("letting go raw reports")
        if raw_reports.remove(raw, policy, now=now):
            yield raw


def _report(
    policy: Policy,
    plans: Iterable[JobPlan],
    raw: Iterable[Raw],
    *,
    is_trial: bool,
    before: int,
    after: Space,
    texts: Mapping[str, int] | None = None,
) -> Report:
    plans, raw = list(plans), list(raw)
    return Report(
        policy=policy,
        is_trial=is_trial,
        builds=sum(len(each.plan.builds) for each in plans),
        results=sum(each.results for each in plans),
        kept={rule.name: sum(each.kept[rule.name] for each in plans) for rule in RULES},
        jobs={each.job: len(each.plan.builds) for each in plans if each.plan.builds},
        raw=len(raw),
        raw_bytes=sum(each.size for each in raw),
        texts=texts or {},
        before=before,
        after=after.file,
        free=after.free,
        gives_back=after.gives_back,
        reuse=after.words,
    )
