"""Looking at Jenkins: which jobs there are, which builds are new, and what they reported."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.sandbox import SpooledReport
from tracker.jenkins.builds import (
    ARTIFACTS_TREE,
    BUILD_TREE,
    JOB_TREE,
    TEST_REPORT_TREE,
    Listed,
    cells_of,
    facts_of,
    has_test_report,
    listed_builds,
    report_artifacts,
)
from tracker.jenkins.client import Client, Missing, Unusable, artifact_path, job_path, names_of
from tracker.store import history
from tracker.store.record import STAND_IN
from tracker.store.records import BuildFacts

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

    Builds come oldest first, so that each one is the newest when it is judged. What was recorded
    before an error stays; the next poll goes on behind it.
    """
    answer = source.client.json(job_path(jenkins_name), JOB_TREE)
    wanted = [build for build in listed_builds(answer)[-first_builds:] if _is_news(name, build)]
    for place, build in enumerate(wanted, start=1):
        beat(f"reading {name} #{build.number}, build {place} of {len(wanted)}")
        poll_build(source, intake, name, jenkins_name, build.number, now=clock())
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
        return False
    if answer.get("number") != number:
        raise Unusable(f"What Jenkins {source.server!r} tells of {name} #{number} is no build.")
    facts = facts_of(name, answer, tracker_name=source.tracker_name)
    if facts.state == "running":
        ingest(intake, facts, (), now=now)
        return False
    reports = list(_artifacts(source, intake, path, answer))
    if reports:
        spool.make_durable(intake.spool)
    _record(source, intake, facts, reports, path, has_test_report(answer), now)
    return True


def _is_news(name: str, build: Listed) -> bool:
    recorded = history.recorded(name, build.number)
    if recorded is None:
        return True
    if recorded.started is not None and build.started is not None:
        same_build = abs(recorded.started - build.started) < 60_000 or not recorded.from_jenkins
        if not same_build:
            return True
    return not (recorded.is_complete and recorded.from_jenkins) and not (
        build.is_running and recorded.state == "running"
    )


def _artifacts(
    source: Source, intake: Intake, path: str, answer: dict[str, object]
) -> Iterator[SpooledReport]:
    for relative in report_artifacts(answer):
        yield _fetch(source, intake, artifact_path(path, relative), relative, "")
    for cell in cells_of(answer):
        cell_path = source.client.path_of(cell.url)
        if not cell_path:
            continue
        listed = source.client.json(cell_path, ARTIFACTS_TREE)
        for relative in report_artifacts(listed):
            name = f"{cell.variant}/{relative}"
            yield _fetch(source, intake, artifact_path(cell_path, relative), name, cell.variant)


def _fetch(source: Source, intake: Intake, path: str, name: str, variant: str) -> SpooledReport:
    with spool.writer(intake.spool) as out:
        source.client.fetch(path, out.write)
        kept = out.keep(durable=False)
    return SpooledReport(kept.path, name, kept.sha256, kept.size, variant)


def _record(
    source: Source,
    intake: Intake,
    facts: BuildFacts,
    reports: Sequence[SpooledReport],
    path: str,
    has_report: bool,
    now: int,
) -> None:
    """Record the artifacts; Jenkins' own reading counts only where the build has no report.

    Until that is settled the build is not complete, so that the next poll reads it again if this
    one ends in between.
    """
    first = replace(facts, complete=False) if has_report else facts
    beside = _beside_uploads(facts, reports)
    done = ingest(intake, first, beside, now=now, from_jenkins=True)
    if has_report:
        read = list(_test_report(source, intake, path, done.recorded.build_id))
        ingest(intake, facts, read, now=now, from_jenkins=True)


def _beside_uploads(facts: BuildFacts, reports: Sequence[SpooledReport]) -> list[SpooledReport]:
    """The artifacts, those under another name that an upload used for other bytes.

    Both stay: the same test read twice counts once, and the build's page says so.
    """
    uploaded = history.report_digests(facts.job, facts.number)
    return [
        report
        if uploaded.get(report.name, report.sha256) == report.sha256
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
        yield SpooledReport(kept.path, STAND_IN, kept.sha256, kept.size)
