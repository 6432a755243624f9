"""Taking over the database of the earlier application, as often as wanted.

A second time only what is new or has changed there is recorded. Nothing that the tracker read
itself is changed, and nothing is deleted here because it vanished there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tracker.beat import Beat, unheard
from tracker.clock import now_ms
from tracker.intake import spool
from tracker.intake.ingest import Intake
from tracker.operations.legacy import left_out
from tracker.operations.legacy.catalogue import FromResults, TakenCatalogue, catalogue_of
from tracker.operations.legacy.layout import Layout, LegacyModuleBuilds, layout_of
from tracker.operations.legacy.mapping import (
    TopologyReport,
    facts_of,
    reports_of,
    time_of,
    without_repeats,
)
from tracker.operations.legacy.reader import LegacyDatabase, opened
from tracker.operations.legacy.reading import read
from tracker.operations.legacy.summary import Difference, Summary
from tracker.operations.legacy.totals import difference_of
from tracker.store import taken_over
from tracker.store.catalogue import take_catalogue, would_change
from tracker.store.connection import reading
from tracker.store.records import BuildFacts
from tracker.store.rejudging import waiting_jobs
from tracker.store.sql import run
from tracker.store.taken_over import BuildHere, Standing, TakenBuild

# So many results are recorded in one transaction, so that others can write in between.
AT_A_TIME = 20_000


@dataclass(frozen=True)
class _Prepared:
    """A build, what it is, and its reports where they are to be recorded."""

    standing: Standing
    facts: BuildFacts
    reports: tuple[TopologyReport, ...]


class _Tally:
    """What was come across while builds were looked at."""

    def __init__(self, results: FromResults) -> None:
        self.from_results = results
        self.builds: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self.rows = self.repeats = self.odd_times = 0


def take_over(
    path: Path,
    intake: Intake,
    *,
    dry_run: bool = False,
    beat: Beat = unheard,
) -> Summary:
    """Record what the database `path` holds, and say what became of it; `beat` hears how far.

    With `dry_run` nothing is recorded. Raises UsageError for a file that is no such database, Busy
    while it is locked, StorageError for one that is damaged.
    """
    with opened(path) as legacy:
        prefixes = server_prefixes()
        layout = layout_of(legacy, prefixes, taken_over.given_names())
        catalogue = catalogue_of(legacy, prefixes)
        tally = _Tally(FromResults(catalogue.kept.tests))
        for module in layout.modules:
            beat(f"{module.release}/{module.module}: {len(module.builds)} builds")
            _take_module(legacy, module, intake, tally, dry_run)
        for job, builds in layout.parents.items():
            _take_parents(job, builds, tally, dry_run)
        kept = replace(catalogue.kept, tests=(*catalogue.kept.tests, *tally.from_results.tests))
        changed = would_change(kept) if dry_run else take_catalogue(kept, now=now_ms())
        return _summary(legacy, layout, catalogue, tally, changed, dry_run)


def server_prefixes() -> dict[str, str]:
    """The prefixes that names of jobs have, by the addresses of the servers."""
    with reading():
        return dict(run("SELECT url, prefix FROM server"))


def _take_module(
    legacy: LegacyDatabase,
    module: LegacyModuleBuilds,
    intake: Intake,
    tally: _Tally,
    dry_run: bool,
) -> None:
    waiting: list[_Prepared] = []
    here = taken_over.builds_here(module.name)
    parts = (module.release, module.module)
    for prepared in _prepared(legacy, module, here, tally):
        if prepared.standing in ("known", "own"):
            tally.builds[prepared.standing] += 1
            continue
        waiting.append(prepared)
        if sum(len(report.results) for each in waiting for report in each.reports) >= AT_A_TIME:
            _record(module.name, parts, waiting, intake, tally, dry_run)
            waiting = []
    _record(module.name, parts, waiting, intake, tally, dry_run)


def _prepared(
    legacy: LegacyDatabase,
    module: LegacyModuleBuilds,
    here: dict[int, list[BuildHere]],
    tally: _Tally,
) -> Iterator[_Prepared]:
    """The builds of a module, held against those that are here."""
    for number, job in module.builds.items():
        rows = legacy.results(job)
        kept = without_repeats(rows)
        tally.from_results.take(module.release, kept)
        tally.rows += len(rows)
        tally.repeats += len(rows) - len(kept)
        tally.odd_times += bool(job.executed_at) and time_of(job.executed_at) is None
        found = difference_of(job, kept, len(rows) - len(kept))
        if found:
            tally.differences.append(Difference(module.release, module.module, number, found))
        facts = facts_of(job, module.name, number, module.main_job)
        reports = tuple(reports_of(kept))
        digests = frozenset((report.name, report.sha256) for report in reports)
        standing = taken_over.standing(here.get(number, ()), facts, digests)
        yield _Prepared(standing, facts, reports if standing in ("new", "changed") else ())


def _record(
    job: str,
    parts: tuple[str, str] | None,
    waiting: Sequence[_Prepared],
    intake: Intake,
    tally: _Tally,
    dry_run: bool,
) -> None:
    """Record builds; the bytes of their reports are safe before that."""
    if not dry_run:
        builds = [
            TakenBuild(each.standing, each.facts, tuple(read(intake, each.reports)))
            for each in waiting
        ]
        if any(build.reports for build in builds):
            spool.make_durable(intake.spool)
        refused = taken_over.take_over(job, parts, builds, now=now_ms())
        tally.builds["refused"] += len(refused)
        waiting = [each for each in waiting if each.facts.number not in refused]
    tally.builds.update(each.standing for each in waiting)


def _take_parents(job: str, builds: Mapping[int, str], tally: _Tally, dry_run: bool) -> None:
    """The builds that started others have no rows there: nothing is known but that they ran."""
    here = taken_over.builds_here(job)
    fresh = [
        TakenBuild("new", BuildFacts(job, number, complete=True, url=url))
        for number, url in builds.items()
        if number not in here
    ]
    tally.builds["parents"] += len(fresh)
    if fresh and not dry_run:
        taken_over.take_over(job, None, fresh, now=now_ms())


def _summary(
    legacy: LegacyDatabase,
    layout: Layout,
    catalogue: TakenCatalogue,
    tally: _Tally,
    changed: bool,
    dry_run: bool,
) -> Summary:
    return Summary(
        database=str(legacy.path),
        schema=legacy.schema,
        is_dry_run=dry_run,
        found={
            "releases": len(legacy.releases),
            "modules": len(legacy.modules),
            "builds": len(legacy.jobs),
            "parent runs": sum(map(len, layout.parents.values())),
            "results": legacy.count_results(),
            "rows of test metadata": len(legacy.metadata),
            "bugs": len(legacy.bugs),
            "links of bugs to tests": len(legacy.mappings),
        },
        builds={key: count for key, count in sorted(tally.builds.items()) if count},
        jobs={f"{each.release}/{each.module}": each.name for each in layout.modules},
        catalogue_changed=changed,
        differences=tuple(tally.differences),
        not_kept=tuple(
            left_out.not_kept(
                legacy,
                layout,
                catalogue,
                repeats=tally.repeats,
                strays=legacy.count_results() - tally.rows,
                odd_times=tally.odd_times,
                differing=tally.from_results.differing,
            )
        ),
        notes=tuple(left_out.notes(legacy, layout, len(tally.from_results.tests))),
        waiting_jobs=0 if dry_run else len(waiting_jobs()),
    )
