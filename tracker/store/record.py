"""Record one build: the single place where results enter the database.

One transaction writes the build, its reports and results, the names and texts they use, and all
that is derived from them. Recording the same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tracker.errors import Conflict, NotFound
from tracker.store import audit, judging
from tracker.store.build_rows import add_reports, write_whole
from tracker.store.connection import reading, writing
from tracker.store.epochs import find_build, new_build, settle_epochs
from tracker.store.families import ask_clustering
from tracker.store.identity import words
from tracker.store.merge import LaidAhead, Merged
from tracker.store.models import Build, Former, Job
from tracker.store.outcomes import Place
from tracker.store.plan import Plan, plan
from tracker.store.records import (
    BuildFacts,
    Contents,
    FactSource,
    ReadReport,
    Recorded,
    StoredReport,
    about_json,
)
from tracker.store.retention import results_let_go
from tracker.store.retired import end_of_rest
from tracker.store.revisions import next_revision, raise_revision
from tracker.store.rules import new_job
from tracker.store.sql import IN, listed, rows_of, run, save
from tracker.store.state_words import BuildState, is_from_jenkins
from tracker.store.twins import may_be_one, titles_of
from tracker.store.work import ask_publishing
from tracker.verdicts.outcomes import is_judged

# Found by an index, which `state = ?` would not be.
QUIET = "SELECT id FROM build WHERE state = 'receiving' AND NOT complete AND heard < ?"


@dataclass(frozen=True)
class Laid:
    """The results of a build whose reports were laid together elsewhere, with names and texts."""

    merged: Merged
    contents: Sequence[Contents]


class NeedsAllReports(Exception):
    """The new reports touch what older ones said: read `stored` again, record the build whole."""

    def __init__(self, build_id: int, stored: tuple[StoredReport, ...]) -> None:
        super().__init__(f"{len(stored)} reports to read again")
        self.build_id = build_id
        self.stored = stored


def record_build(
    facts: BuildFacts,
    reports: Sequence[ReadReport] = (),
    *,
    now: int,
    replace_reports: bool = False,
    reread: Sequence[ReadReport] | None = None,
    accept_new_job: bool = True,
    laid: Laid | None = None,
) -> Recorded:
    """Record what `facts` and `reports` say of a build; safe to repeat, in any order.

    `reread` holds the build's older reports, read again, after NeedsAllReports asked for them.
    `laid` has the results of all its reports, where those themselves have none. An upload under a
    name that a job had before it was renamed is recorded under its name of today; what a Jenkins
    says just now is not, since its job was renamed meanwhile.

    Raises Conflict for a report whose name was used for other bytes (unless `replace_reports`), for
    a new one of a build whose results were let go, and with `laid` where the build has other
    reports; NotFound for a job nobody knows where uploads may not make jobs, and for what is read
    of a job that has another name now.
    """
    ahead = LaidAhead()
    if len(reports) > 1 or reread:
        _lay_ahead(ahead, facts, reports, replace_reports, reread)
    with writing():
        job = _job(facts, accept_new_job)
        found = find_build(job, facts)
        before = _facts_of(found) if found else {}
        build = found or new_build(job, facts)
        todo = _todo(build, reports, replace_reports, laid)
        _believe(build, facts, now)
        rewritten = bool(todo.added or todo.replaced)
        if rewritten:
            _rewrite(job, build, todo, reread, laid or ahead)
        if replace_reports and todo.replaced:
            what = ", ".join(sorted(todo.replaced))
            audit.note("reports replaced", f"{job.name} #{build.number}", what)
        if found is None and laid is None and facts.source is not FactSource.RETOLD:
            end_of_rest(job, build)  # an import tells what was, of builds by uploads too
        revision = 0
        if rewritten or before != _facts_of(build):
            revision = _derive(job, build, before, rewritten, now)
        elif not build.complete:  # so long as it grows, its silence counts from here
            Build.update(heard=build.heard).where(Build.id == build.id).execute()
        return Recorded(
            build_id=build.id,
            job=job.name,
            number=build.number,
            epoch=build.epoch,
            created=found is None,
            added=tuple(report.name for report in todo.added),
            known=todo.known,
            revision=revision,
        )


def _lay_ahead(
    ahead: LaidAhead,
    facts: BuildFacts,
    reports: Sequence[ReadReport],
    replace: bool,
    reread: Sequence[ReadReport] | None,
) -> None:
    """Lay the reports together before others have to wait for it: most of the time goes there.

    What the build has may be other when the lock is had; then it is done again.
    """
    with reading():
        job = Job.get_or_none(Job.name == facts.job)
        build = find_build(job, facts) if job else None
        stored = stored_reports(build.id) if build else []
    with suppress(Conflict):  # told of when it is sure
        todo = plan(stored, reports, replace=replace)
        ahead.of(_whole(todo, reread) or todo.added)


def _todo(build: Build, reports: Sequence[ReadReport], replace: bool, laid: Laid | None) -> Plan:
    stored = stored_reports(build.id)
    if laid is None:
        return plan(stored, reports, replace=replace)
    if not stored:
        return Plan(tuple(reports), (), frozenset(), ())
    if {(each.name, each.sha256) for each in stored} != {(new.name, new.sha256) for new in reports}:
        raise Conflict(
            f"Build {build.number} of {build.job.name!r} has other reports here.",
            "It is left as it is.",
        )
    return Plan((), tuple(report.name for report in reports), frozenset(), tuple(stored))


def _rewrite(
    job: Job,
    build: Build,
    todo: Plan,
    reread: Sequence[ReadReport] | None,
    laid: Laid | LaidAhead,
) -> None:
    """Write what is new or other; Conflict where the build's results were let go."""
    if build.let_go is not None:
        raise results_let_go(
            build.job.name,
            build.number,
            build.let_go,
            also=", and no report can be added to them",
            remedy="Its counts stay as they are; send newer builds.",
        )
    _write_reports(job, build, todo, reread, laid)
    build.changed = next_revision()


def _derive(job: Job, build: Build, before: Mapping[str, object], rewritten: bool, now: int) -> int:
    """Save the build, derive what follows from what is news of it; the new revision."""
    save(build)
    facts = _facts_of(build)
    is_news = rewritten or any(before.get(each, False) != facts[each] for each in _NEWS)
    judge(job, build, is_news=is_news, now=now)
    revision = raise_revision(job.id)
    former = before.get("upstream_job")
    if former and former != build.upstream_job:  # its page showed this build, too
        run("UPDATE job SET revision = ? WHERE name = ?", revision, former)
    ask_publishing(now=now)
    return revision


def complete_quiet_builds(before: int) -> int:
    """Mark builds known only by uploads, silent since `before` (ms), as complete; how many."""
    with reading():
        if not run(QUIET, before):
            return 0  # nobody waits for a look that finds nothing
    with writing():
        found = [build for (build,) in run(QUIET, before)]
        order = (Build.epoch.desc(), Build.number.desc())
        quiet = list(Build.select().where(Build.id.in_(found)).order_by(*order))
        for build in quiet:
            Build.update(complete=True).where(Build.id == build.id).execute()
        earliest = {build.job.id: build for build in quiet}  # the later ones are judged with it
        for build in earliest.values():
            place = Place(build.id, build.epoch, build.number)
            judging.judge(build.job, place, now=before)  # due at once: now is later than that
            raise_revision(build.job.id)
            ask_publishing(now=before)
        return len(quiet)


def _job(facts: BuildFacts, accept_new: bool) -> Job:
    """The job of that name; of an upload also one that was renamed, and had it before.

    Jenkins knows how its jobs are called today: one of its that has the name is another job. What
    is retold was said once, of a job of that very name.
    """
    known = rows_of(Job, "name = ?", facts.job)
    job = known[0] if known else None
    if job is None and facts.source is not FactSource.RETOLD:
        former = Former.get_or_none(Former.name == facts.job)
        if former and facts.source is FactSource.JENKINS:
            raise NotFound(
                f"The job {facts.job!r} is called {former.job.name!r} now.",
                "It is read under that name.",
            )
        job = former.job if former else None
    if job is not None:
        return job
    if not accept_new and not facts.from_jenkins:
        raise NotFound(
            f"No job named {facts.job!r} is known here.",
            "Uploads may not make jobs (accept_new_jobs is off); `tracker job add` does.",
        )
    return new_job(facts.job)


def judge(job: Job, build: Build, *, is_news: bool, now: int) -> None:
    """Derive what changed: from this build on, or from the first epoch that was numbered anew."""
    moved = settle_epochs(job, build)
    if moved is not None:
        build.epoch = Build.get_by_id(build.id).epoch
        judging.judge(job, Place(0, min(moved, build.epoch), 0), now=now)
    elif is_news:
        judging.judge(job, Place(build.id, build.epoch, build.number), now=now)
    if is_news and (build.failed or build.error or build.clustered >= 0):
        ask_clustering(now=now)


_FACTS = (
    "state",
    "result",
    "complete",
    "started",
    "duration",
    "url",
    "branch",
    "commit",
    "upstream_job",
    "upstream_number",
    "about",
    "gone",
)


# What decides whether and by what a build is judged.
_NEWS = ("complete", "judged")


def _facts_of(build: Build) -> dict[str, object]:
    facts: dict[str, object] = {name: getattr(build, name) for name in _FACTS}
    return {**facts, "judged": _is_judged(build)}


def _believe(build: Build, facts: BuildFacts, now: int) -> None:
    """Take over what the source says: Jenkins is believed, uploads fill what it left open."""
    build.heard = max(build.heard, now)
    is_late = build.state == BuildState.FINISHED and facts.state == BuildState.RUNNING
    build.complete = build.complete or facts.complete
    if facts.from_jenkins:
        if build.state != BuildState.FINISHED:  # what has finished never runs again
            build.state = facts.state or build.state
        build.result = facts.result or build.result
        build.gone = facts.state == BuildState.LOST or (build.gone and facts.state is None)
        if facts.about is not None and not is_late:
            build.about = about_json(facts.about)
    for name in ("started", "duration", "upstream_number"):
        value, known = getattr(facts, name), getattr(build, name)
        if value is None:
            continue
        if facts.from_jenkins or known is None:
            setattr(build, name, value)
        elif not is_from_jenkins(build.state):  # of two uploads the lesser, whichever came first
            setattr(build, name, min(value, known))
    for name in ("url", "branch", "commit", "upstream_job"):
        value, known = getattr(facts, name), getattr(build, name)
        # Where uploads differ the greater text stays, so that their order leaves no trace.
        by_uploads = not is_from_jenkins(build.state) and value > known
        if value and (facts.from_jenkins or not known or by_uploads):
            setattr(build, name, value)


def _is_judged(build: Build) -> bool:
    return is_judged(build.state, build.result)


def stored_reports(build_id: int) -> list[StoredReport]:
    """The reports the store has of a build, in the order of their names."""
    rows = run(
        "SELECT name, sha256, bytes, variant, failure, stand_in, archive, decides"
        " FROM report WHERE build_id = ? ORDER BY name",
        build_id,
    )
    return [
        StoredReport(name, digest, size, variant, failure, bool(stands_in), archive, bool(decides))
        for name, digest, size, variant, failure, stands_in, archive, decides in rows
    ]


def _write_reports(
    job: Job,
    build: Build,
    todo: Plan,
    reread: Sequence[ReadReport] | None,
    laid: Laid | LaidAhead,
) -> None:
    """Write reports and results."""
    if isinstance(laid, Laid):
        add_reports(job, build, todo.added, laid.merged, laid.contents)
        return
    if whole := _whole(todo, reread):
        write_whole(job, build, whole, laid.of(whole))
        return
    merged = laid.of(todo.added)
    if todo.replaced or merged.overlaps or _overlaps(build, todo.added, merged):
        if todo.untouched:
            raise NeedsAllReports(build.id, todo.untouched)
        write_whole(job, build, todo.added, merged)
        return
    add_reports(job, build, todo.added, merged)


def _whole(todo: Plan, reread: Sequence[ReadReport] | None) -> list[ReadReport]:
    """All reports of the build, where its older ones were read again; none where they were not."""
    if reread is None or not _has_all(reread, todo.untouched):
        return []
    added = {report.sha256 for report in todo.added}
    older = [report for report in reread if report.sha256 not in added or not report.archive]
    return [*older, *todo.added]


def _has_all(reread: Sequence[ReadReport], stored: Sequence[StoredReport]) -> bool:
    """Whether just the stored reports were read again; of an archive there may be more of them."""
    own = {(report.name, report.sha256) for report in stored if not report.archive}
    read = {(report.name, report.sha256) for report in reread}
    return {
        (report.name, report.sha256) for report in reread if not report.archive
    } == own and read.issuperset((report.name, report.sha256) for report in stored)


def _overlaps(build: Build, added: Sequence[ReadReport], merged: Merged) -> bool:
    """Whether the build has tests of these reports already, or a report of the same run."""
    suites = run("SELECT suite_id, variant FROM suite_run WHERE build_id = ?", build.id)
    if any(key in merged.suite_runs for key in suites):
        return True
    if not build.total:
        return False
    if run(
        f"SELECT 1 FROM result WHERE build_id = ? AND case_id IN {IN} LIMIT 1",
        build.id,
        listed(row[0] for row in merged.results),
    ):
        return True
    titles = titles_of(added)
    cases = run(
        "SELECT c.twin, s.path, c.name FROM test_case c"
        " CROSS JOIN result r ON r.build_id = ? AND r.case_id = c.id"
        f" JOIN suite s ON s.id = c.suite_id WHERE c.twin IN {IN}",
        build.id,
        listed(titles),
    )
    return any(
        may_be_one(words(path, name), around) for key, path, name in cases for around in titles[key]
    )
