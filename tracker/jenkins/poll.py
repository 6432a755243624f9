"""Looking at Jenkins: which jobs there are, which builds are new, and what they reported."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracker.errors import Conflict, SpoolDamage, TrackerError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.plugins import endings
from tracker.intake.spool import SpooledReport
from tracker.jenkins.builds import (
    ALL_BUILDS_TREE,
    ARTIFACTS_TREE,
    BUILD_TREE,
    JOB_TREE,
    NEWEST,
    TEST_REPORT_TREE,
    Listed,
    cells_of,
    facts_of,
    has_test_report,
    listed_builds,
    report_artifacts,
)
from tracker.jenkins.client import (
    Client,
    Missing,
    Unreachable,
    Unusable,
    artifact_path,
    job_path,
    names_of,
    understood,
)
from tracker.store import history
from tracker.store.history import OnRecord
from tracker.store.jobs import note_polled
from tracker.store.records import BuildFacts, ReadReport

DEPTH = 8


@dataclass(frozen=True)
class Source:
    """A Jenkins with the rules of its names: `prefix` stands before them in the tracker."""

    client: Client
    server: str
    prefix: str

    def tracker_name(self, jenkins_name: str) -> str:
        """What the tracker calls a job of this server."""
        return f"{self.prefix}/{jenkins_name}" if self.prefix else jenkins_name


@dataclass(frozen=True)
class FoundJob:
    """A job that Jenkins has and the patterns admit."""

    name: str
    jenkins_name: str
    url: str


def find_jobs(source: Source, patterns: Sequence[str]) -> list[FoundJob]:
    """The jobs of a server whose full names match one of the patterns, in one request."""
    tree = "name,url,_class"
    for _ in range(DEPTH):
        tree = f"name,url,_class,jobs[{tree}]"
    with understood(f"The list of jobs of Jenkins {source.server!r}"):
        answer = source.client.json("", f"jobs[{tree}]")
        return [
            FoundJob(source.tracker_name(name), name, job.get("url") or "")
            for name, job in names_of(answer.get("jobs") or ())
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        ]


def poll_job(
    source: Source,
    intake: Intake,
    name: str,
    jenkins_name: str,
    *,
    first_builds: int,
    clock: Callable[[], int],
    beat: Callable[[str], None],
) -> int:
    """Record what is new of a job: finished builds, running ones as running; how many.

    Builds come oldest first, so that each one is the newest when it is judged. One that cannot be
    read does not keep the later ones waiting: what is wrong with it is raised at the end, and the
    next poll tries it again. A server that does not answer ends the poll at once; what was
    recorded stays.
    """
    since, to = history.polled(name)
    listed = _listed(source, name, jenkins_name, to)
    window = _window(listed, since, first_builds)
    if since is None:
        since = min((build.started or 0 for build in window), default=0)
        note_polled(name, since=since, to=to)
    wanted = _wanted(name, listed, window)
    troubles: list[TrackerError] = []
    for place, number in enumerate(wanted, start=1):
        beat(f"reading {name} #{number}, build {place} of {len(wanted)}")
        try:
            poll_build(source, intake, name, jenkins_name, number, now=clock())
        except (Missing, Unusable, Conflict, SpoolDamage) as error:
            troubles.append(error)
        except Unreachable as error:
            source.client.json(job_path(jenkins_name), "name")  # unless nothing answers any more
            troubles.append(Unusable(error.message, error.remedy))
    newest = max((build.number for build in listed), default=to)
    if newest != to:  # an idle poll writes nothing
        note_polled(name, since=since, to=newest)
    if troubles:
        raise troubles[0]
    return len(wanted)


def poll_build(
    source: Source, intake: Intake, name: str, jenkins_name: str, number: int, *, now: int
) -> bool:
    """Record one build; False while it runs, or when Jenkins does not (yet) have it."""
    path = f"{job_path(jenkins_name)}{int(number)}/"
    try:
        answer = source.client.json(path, BUILD_TREE)
    except Missing:
        source.client.json(job_path(jenkins_name), "name")  # a missing job is another story
        _end_if_it_ran(intake, name, number, now)
        return False
    with understood(f"What Jenkins {source.server!r} tells of {name} #{number}"):
        if answer.get("number") != number:
            raise ValueError("no build")
        facts = facts_of(name, answer, tracker_name=source.tracker_name)
        files = list(_files(source, path, answer, endings(intake.sources)))
        has_report = has_test_report(answer)
    if facts.state == "running":
        ingest(intake, facts, (), now=now)
        return False
    _record(source, intake, facts, files, path, has_report, now)
    return True


def _listed(source: Source, name: str, jenkins_name: str, to: int | None) -> list[Listed]:
    """The builds that Jenkins has: its newest 100, and more where we missed some since `to`."""
    path = job_path(jenkins_name)
    with understood(f"What Jenkins {source.server!r} tells of {name}"):
        listed = listed_builds(source.client.json(path, JOB_TREE))
        if len(listed) >= NEWEST and to is not None and listed[0].number > to + 1:
            listed = listed_builds(source.client.json(path, ALL_BUILDS_TREE), "allBuilds")
    return listed


def _window(listed: Sequence[Listed], since: int | None, first_builds: int) -> list[Listed]:
    """The builds that are of interest: the newest ones at first, later all since the oldest."""
    if since is None:
        return list(listed[-first_builds:])
    return [build for build in listed if build.started is None or build.started >= since]


def _wanted(name: str, listed: Sequence[Listed], window: Sequence[Listed]) -> list[int]:
    """The numbers to read, oldest first: what is news, and what ran before and is gone."""
    recorded = history.on_record(name, min((build.number for build in window), default=0))
    news = {build.number for build in window if _is_news(recorded.get(build.number), build)}
    gone = history.running(name) - {build.number for build in listed}
    return sorted(news | gone)


def _is_news(recorded: OnRecord | None, build: Listed) -> bool:
    if recorded is None or recorded.is_another(build.started):
        return True
    if recorded.state == "finished":
        return not recorded.is_complete
    return not (build.is_running and recorded.state == "running")


def _end_if_it_ran(intake: Intake, name: str, number: int, now: int) -> None:
    """A running build that Jenkins lost has ended, however it did."""
    recorded = history.recorded(name, number)
    if recorded is not None and recorded.state == "running":
        facts = BuildFacts(name, number, from_jenkins=True, state="finished", complete=True)
        ingest(intake, facts, (), now=now)


@dataclass(frozen=True)
class _File:
    """A report to fetch: where it is, what it is called, the variant of its cases."""

    path: str
    name: str
    variant: str


def _files(
    source: Source, path: str, answer: dict[str, Any], ends: tuple[str, ...]
) -> Iterator[_File]:
    """The artifacts of a build that may be reports, and those of the cells of a matrix."""
    for relative in report_artifacts(answer, ends):
        yield _File(artifact_path(path, relative), relative, "")
    for cell in cells_of(answer):
        cell_path = source.client.path_of(cell.url)
        if not cell_path:
            continue
        try:
            listed = source.client.json(cell_path, ARTIFACTS_TREE)
        except Missing:
            yield _File(cell_path, cell.variant, cell.variant)  # fetching it will say so
            continue
        for relative in report_artifacts(listed, ends):
            name = f"{cell.variant}/{relative}"
            yield _File(artifact_path(cell_path, relative), name, cell.variant)


def _fetch(source: Source, intake: Intake, file: _File) -> SpooledReport:
    with spool.writer(intake.spool) as out:
        source.client.fetch(file.path, out.write)
        kept = out.keep(durable=False)
    return SpooledReport(kept.path, file.name, kept.sha256, kept.size, file.variant)


def _record(
    source: Source,
    intake: Intake,
    facts: BuildFacts,
    files: Sequence[_File],
    path: str,
    has_report: bool,
    now: int,
) -> None:
    """Record the artifacts; Jenkins' own reading counts only where the build has no report.

    A file that cannot be fetched is recorded as a report that could not be read. Until Jenkins'
    reading is settled the build is not complete, so that the next poll reads it again if this one
    ends in between.
    """
    fetched: list[SpooledReport] = []
    lost: list[ReadReport] = []
    for file in files:
        try:
            fetched.append(_fetch(source, intake, file))
        except (Missing, Unusable) as error:
            lost.append(ReadReport(file.name, "", 0, file.variant, failure=str(error)))
    if fetched:
        spool.make_durable(intake.spool)
    first = replace(facts, complete=False) if has_report else facts
    recorded = history.recorded(facts.job, facts.number)
    is_ours = recorded is not None and not recorded.is_another(facts.started)
    on_record = history.report_digests(facts.job, facts.number) if is_ours else {}
    done = ingest(
        intake,
        first,
        _beside_uploads(fetched, on_record),
        now=now,
        lost=[report for report in lost if report.name not in on_record],
    )
    if has_report:
        read = list(_test_report(source, intake, path, done.recorded.build_id))
        ingest(intake, facts, read, now=now)


def _beside_uploads(
    reports: Sequence[SpooledReport], on_record: Mapping[str, str]
) -> list[SpooledReport]:
    """The artifacts, those under another name that an upload used for other bytes.

    Both stay: the same test read twice counts once, and the build's page says so.
    """
    return [
        report
        if on_record.get(report.name, report.sha256) in (report.sha256, "")
        else replace(report, name=f"{report.name} (archived by Jenkins)")
        for report in reports
    ]


def _test_report(
    source: Source, intake: Intake, path: str, build_id: int
) -> Iterator[SpooledReport]:
    if history.report_count(build_id):
        return
    body = source.client.test_report(path, TEST_REPORT_TREE)
    if body is not None:
        kept = spool.store(intake.spool, [body])
        yield SpooledReport(kept.path, "testReport", kept.sha256, kept.size, stand_in=True)
