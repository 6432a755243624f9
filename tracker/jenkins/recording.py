"""Recording one build of a Jenkins: what it says of it, and what it reported."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tracker.errors import Conflict, JenkinsError, SpoolDamage, TrackerError
from tracker.intake.ingest import ingest
from tracker.jenkins import results
from tracker.jenkins.builds import FACTS, facts_of, has_test_report, is_running
from tracker.jenkins.client import Missing, Refused, TooSlow, Unreachable, Unusable, understood
from tracker.jenkins.listing import Answer
from tracker.jenkins.results import FinishedBuild, Results
from tracker.jenkins.shape import checked
from tracker.jenkins.source import JenkinsJob
from tracker.store import history
from tracker.store.history import OnRecord
from tracker.store.records import BuildFacts, FactSource
from tracker.store.rules import results_rule
from tracker.store.state_words import BuildState

# Trouble with one build that keeps nobody from reading the next.
OF_ONE_BUILD = (Missing, Unusable, Conflict, SpoolDamage)


class Vanished(JenkinsError):
    """The job is not there any more, or may not be seen."""


class Later(JenkinsError):
    """One build cannot be read now, and may well be when it is tried again."""


def read_build(job: JenkinsJob, number: int) -> bool:
    """Record one build; False while it runs, or when Jenkins does not (yet) have it."""
    try:
        answer = job.source.client.json(f"{job.path}{int(number)}/", FACTS)
    except Missing:
        _ask_for_job(job)
        recorded = history.recorded(job.name, number)
        if recorded is not None:
            lose(job, number, recorded)
        return False
    with understood(f"What Jenkins {job.source.server!r} tells of {job.name} #{number}"):
        if answer.get("number") != number:
            raise ValueError("no build")
        answer = checked(answer)
    return record_answer(job, answer)


def record_answer(job: JenkinsJob, answer: Answer) -> bool:
    """Record a build from what Jenkins says of it, and its results when it has finished.

    The answer is one that `checked` lets pass.
    """
    facts = facts_of(job.name, answer, tracker_name=job.source.tracker_name)
    if facts.state == BuildState.RUNNING:
        _ingest_facts(job, facts)
        return False
    _record(job, facts, answer)
    return True


def read_in_turn(
    job: JenkinsJob, number: int, answer: Answer | None, *, is_first: bool
) -> TrackerError | None:
    """Record one build of a poll; one that takes all the time there is is laid aside.

    Otherwise it would be the first to be read again, and no later build would ever have its turn.
    Of one that cannot be read is recorded what the list tells, as incomplete: it is tried again,
    and stays in sight when it is tried no more.
    """
    try:
        trouble = read_one(job, number, answer)
    except TooSlow as error:
        if not (is_first and answer and "url" in answer and job.source.client.is_out_of_time):
            raise
        words = f"There was not enough time to read it. {error.message}"
        trouble = Later(words, error.remedy)
    if trouble is not None and answer is not None:
        facts = facts_of(job.name, answer, tracker_name=job.source.tracker_name)
        _ingest_facts(job, replace(facts, complete=False))
    return trouble


def read_one(job: JenkinsJob, number: int, answer: Answer | None) -> TrackerError | None:
    """Record one build, asking for it where its answer is not whole; what is wrong with it, if so.

    Raises what is wrong with the server or the job as a whole.
    """
    try:
        if answer is None or "url" not in answer:
            read_build(job, number)
        else:
            record_answer(job, answer)
    except OF_ONE_BUILD as error:
        return error
    except (Refused, Unreachable) as error:
        _ask_for_job(job)  # unless nothing answers any more
        return Later(error.message, error.remedy)
    return None


def is_news(recorded: OnRecord | None, answer: Answer) -> bool:
    """Whether a listed build says more than is on record."""
    if recorded is None or not recorded.from_jenkins or recorded.state == BuildState.LOST:
        return True
    if recorded.is_another(answer.get("timestamp")):
        return True
    if recorded.state == BuildState.RUNNING:
        return not is_running(answer)
    return not recorded.is_complete


@contextmanager
def whole_job(job: JenkinsJob) -> Iterator[None]:
    """A job that is not there is another story than a build that is not: Vanished."""
    try:
        yield
    except Missing as error:
        raise Vanished(
            f"Jenkins {job.source.server!r} has no job {job.jenkins_name!r} now (404).",
            "It was renamed, moved or deleted, or the user may not see it any more: the next looks"
            " at the server will tell. What is recorded stays.",
        ) from error


def _ask_for_job(job: JenkinsJob) -> None:
    """Whether the job itself answers; Vanished where it does not exist."""
    with whole_job(job):
        job.source.client.json(job.path, "name")


def lose(job: JenkinsJob, number: int, recorded: OnRecord) -> None:
    """A build that ran and is not there any more was lost, by a restart most likely.

    One that had finished, and was deleted before all of it was read, is as complete as it gets.
    """
    if not recorded.from_jenkins or (recorded.is_complete and recorded.state != BuildState.RUNNING):
        return
    state = BuildState.LOST if recorded.state == BuildState.RUNNING else None
    facts = BuildFacts(
        job.name,
        number,
        source=FactSource.JENKINS,
        state=state,
        complete=True,
        started=recorded.started,
    )
    _ingest_facts(job, facts)


def _record(job: JenkinsJob, facts: BuildFacts, answer: Answer) -> None:
    """Record what a finished build reported, as the rule of its job says.

    Where no rule speaks, Jenkins' own reading counts only if no artifact is a report. Until that
    is settled the build is not complete, so that the next poll reads it again if this one ends in
    between.
    """
    _, rule = results_rule(job.name)
    build = FinishedBuild(job.source, job.intake, f"{job.path}{facts.number}/", answer, rule)
    found = results.artifacts(build)
    if "test_report" in rule.sources:
        own = results.test_report(build)
        found = Results(found.fetched + own.fetched, found.lost + own.lost)
    _check_lost(job, found)
    may_be_more = rule.console or (not rule.sources and has_test_report(answer))
    first = replace(facts, complete=False) if may_be_more else facts
    build_id = _ingest(job, first, found)
    if may_be_more:
        more = Results() if history.report_count(build_id) else _instead(build)
        _check_lost(job, more)
        _ingest(job, facts, more)


def _check_lost(job: JenkinsJob, found: Results) -> None:
    """Reports are lost only while the job itself still answers, to us and not with a login page."""
    if not found.lost:
        return
    try:
        _ask_for_job(job)
    except Unusable as error:
        raise Unreachable(error.message, error.remedy) from error


def _instead(build: FinishedBuild) -> Results:
    """What stands for the reports of a build that has none."""
    found = Results() if build.rule.sources else results.test_report(build)
    return found if found.fetched or found.lost else results.console(build)


def _ingest(job: JenkinsJob, facts: BuildFacts, found: Results) -> int:
    recorded = history.recorded(facts.job, facts.number)
    is_ours = recorded is not None and not recorded.is_another(facts.started)
    on_record = history.report_digests(facts.job, facts.number) if is_ours else {}
    done = ingest(
        job.intake,
        facts,
        results.beside_uploads(found.fetched, on_record),
        now=job.clock(),
        lost=[report for report in found.lost if report.name not in on_record],
    )
    return done.recorded.build_id


def _ingest_facts(job: JenkinsJob, facts: BuildFacts) -> None:
    ingest(job.intake, facts, (), now=job.clock())
