"""Looking at a job: which of its builds are new, and recording them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import monotonic

from tracker.errors import Conflict, JenkinsError, SpoolDamage, TrackerError
from tracker.intake.ingest import Intake, ingest
from tracker.jenkins import results
from tracker.jenkins.builds import FACTS, facts_of, has_test_report, is_running
from tracker.jenkins.client import (
    Missing,
    Refused,
    TooSlow,
    Unreachable,
    Unusable,
    job_path,
    understood,
)
from tracker.jenkins.listing import Answer, Page, pages
from tracker.jenkins.results import Results
from tracker.jenkins.shape import check_build
from tracker.jenkins.source import Source
from tracker.store import history
from tracker.store.backfills import ask_backfill
from tracker.store.history import OnRecord
from tracker.store.records import BuildFacts
from tracker.store.rules import ResultsRule, results_rule
from tracker.store.seen import note_gone, note_polled

# Trouble with one build that keeps nobody from reading the next.
OF_ONE_BUILD = (Missing, Unusable, Conflict, SpoolDamage)
# Builds that ran or were incomplete, and are older than what a poll lists: so many are asked for.
MOST_UNSETTLED = 20
# A build that cannot be read is tried again until there are so many newer ones.
MOST_BEHIND = 50


class Vanished(JenkinsError):
    """The job is not there any more, or may not be seen."""


class PartlyRead(JenkinsError):
    """Some builds of a job could not be read; the others were."""


class Later(JenkinsError):
    """One build cannot be read now, and may well be when it is tried again."""


@dataclass(frozen=True)
class JenkinsJob:
    """A job of a Jenkins, and all it takes to read it.

    `seconds` is how long reading it may go on before others have their turn.
    """

    source: Source
    intake: Intake
    name: str
    jenkins_name: str
    clock: Callable[[], int]
    beat: Callable[[str], None] = lambda _: None
    seconds: float = 300

    @property
    def path(self) -> str:
        """Where the job is, below the server's address."""
        return job_path(self.jenkins_name)


@dataclass(frozen=True)
class Polled:
    """How many builds were news, and whether there was time for all of them."""

    news: int
    is_done: bool = True


@dataclass(frozen=True)
class _Listed:
    """What Jenkins lists of a job, as far as it is of interest.

    `news` are builds that were not worked through yet, in any order; `builds` all that were
    listed. `is_all` tells that there are no others, `is_anew` that the numbers began again.
    """

    page: Page
    builds: Mapping[int, Answer]
    news: tuple[Answer, ...]
    is_all: bool
    is_anew: bool

    @property
    def is_all_news(self) -> bool:
        """Whether Jenkins has no builds but those that are news."""
        return self.is_all and len(self.builds) == len(self.news)


def poll_job(job: JenkinsJob, *, first_builds: int) -> Polled:
    """Record what is new of a job: finished builds, running ones as running.

    Builds come oldest first, so that each one is the newest when it is judged. A job that is seen
    for the first time has its newest build read, and a back-fill asked for `first_builds`. A
    build that cannot be read does not keep the later ones waiting: what is wrong with it is raised
    at the end, and the next poll tries it again. A server that does not answer ends the poll at
    once; what was recorded stays.
    """
    until = monotonic() + 0.8 * job.seconds
    with job.source.client.limited(job.seconds), _whole_job(job):
        to = history.polled_to(job.name)
        listed = _list(job, to, first_builds)
        if to is None and first_builds > 1 and not listed.is_all_news:
            ask_backfill(job.name, builds=first_builds, now=job.clock())
        todo = _todo(job, listed)
        troubles: dict[int, TrackerError] = {}
        for place, (number, answer) in enumerate(todo, start=1):
            if monotonic() > until:
                _note(job, listed, to, [*troubles, *(each for each, _ in todo[place - 1 :])])
                return Polled(place - 1, is_done=False)
            job.beat(f"reading {job.name} #{number}, build {place} of {len(todo)}")
            if trouble := _read(job, number, answer, is_first=place == 1):
                troubles[number] = trouble
        _end(job, listed, to, troubles)
    return Polled(len(todo))


def poll_build(job: JenkinsJob, number: int) -> bool:
    """Record one build; False while it runs, or when Jenkins does not (yet) have it."""
    try:
        answer = job.source.client.json(f"{job.path}{int(number)}/", FACTS)
    except Missing:
        _ask_for_job(job)
        recorded = history.recorded(job.name, number)
        if recorded is not None:
            lose(job, number, recorded)
        return False
    return record_answer(job, number, answer)


def record_answer(job: JenkinsJob, number: int, answer: Answer) -> bool:
    """Record a build from what Jenkins says of it, and its results when it has finished."""
    with understood(f"What Jenkins {job.source.server!r} tells of {job.name} #{number}"):
        if answer.get("number") != number:
            raise ValueError("no build")
        check_build(answer)
        facts = facts_of(job.name, answer, tracker_name=job.source.tracker_name)
    if facts.state == "running":
        ingest(job.intake, facts, (), now=job.clock())
        return False
    _record(job, facts, answer)
    return True


def _read(
    job: JenkinsJob, number: int, answer: Answer | None, *, is_first: bool
) -> TrackerError | None:
    """Record one build of a poll; one that takes all the time there is is laid aside.

    Otherwise it would be the first to be read again, and no later build would ever have its turn.
    """
    try:
        return read_one(job, number, answer)
    except TooSlow as error:
        if not (is_first and answer and "url" in answer and job.source.client.is_out_of_time):
            raise
        facts = facts_of(job.name, answer, tracker_name=job.source.tracker_name)
        ingest(job.intake, replace(facts, complete=False), (), now=job.clock())
        return Later(f"There was not enough time to read it. {error.message}", error.remedy)


def read_one(job: JenkinsJob, number: int, answer: Answer | None) -> TrackerError | None:
    """Record one build, asking for it where its answer is not whole; what is wrong with it, if so.

    Raises what is wrong with the server or the job as a whole.
    """
    try:
        if answer is None or "url" not in answer:
            poll_build(job, number)
        else:
            record_answer(job, number, answer)
    except OF_ONE_BUILD as error:
        return error
    except (Refused, Unreachable) as error:
        _ask_for_job(job)  # unless nothing answers any more
        return Later(error.message, error.remedy)
    return None


def is_news(recorded: OnRecord | None, answer: Answer) -> bool:
    """Whether a listed build says more than is on record."""
    if recorded is None or not recorded.from_jenkins or recorded.state == "lost":
        return True
    if recorded.is_another(answer.get("timestamp")):
        return True
    if recorded.state == "running":
        return not is_running(answer)
    return not recorded.is_complete


def _list(job: JenkinsJob, to: int | None, first_builds: int) -> _Listed:
    """List builds, newest first, until what was worked through is reached."""
    builds: dict[int, Answer] = {}
    newest: Page | None = None
    is_anew = is_all = False
    for page in pages(job.source, job.jenkins_name):
        newest = newest or page
        fresh = [each for each in page.builds if each["number"] not in builds]
        builds.update((each["number"], each) for each in fresh)
        is_all = page.is_last
        if to is None:
            break
        is_anew = is_anew or newest.next_number <= to or _contradicts(job, to, builds)
        lowest = min(builds, default=0)
        if (len(builds) >= first_builds or not _news(job, fresh)) if is_anew else lowest <= to + 1:
            break
    assert newest is not None
    answers = list(builds.values())
    if to is None:
        news = _newest(answers)
    elif is_anew:
        news = answers[: max(first_builds, 1)]
    else:
        news = [each for each in answers if each["number"] > to]
    return _Listed(newest, builds, tuple(news), is_all, is_anew)


def _newest(answers: Sequence[Answer]) -> list[Answer]:
    """The running builds at the head of a list, and the newest that has finished."""
    for place, answer in enumerate(answers):
        if not is_running(answer):
            return list(answers[: place + 1])
    return list(answers)


def _contradicts(job: JenkinsJob, to: int, builds: Mapping[int, Answer]) -> bool:
    """Whether the build up to which all was worked through is another one now."""
    recorded = history.recorded(job.name, to)
    return to in builds and recorded is not None and recorded.is_another(builds[to]["timestamp"])


def _news(job: JenkinsJob, answers: Sequence[Answer]) -> list[Answer]:
    recorded = history.on_record(job.name, min((each["number"] for each in answers), default=0))
    return [each for each in answers if is_news(recorded.get(each["number"]), each)]


def _todo(job: JenkinsJob, listed: _Listed) -> list[tuple[int, Answer | None]]:
    """Numbers to read, oldest first, with their answers where they are listed.

    That is what is news, and what ran or was incomplete at the last look.
    """
    todo: dict[int, Answer | None] = {}
    unsettled = _unsettled(job, listed)
    for number, recorded in unsettled.items():
        answer = listed.builds.get(number)
        newest = history.recorded(job.name, number)
        if (answer is not None and recorded.is_another(answer.get("timestamp"))) or (
            newest is not None and recorded.is_another(newest.started)
        ):
            lose(job, number, recorded)  # its number is another build's now
        elif answer is None or is_news(recorded, answer):
            todo[number] = answer
    todo.update((each["number"], each) for each in _news(job, listed.news))
    # What could not be read before comes last: it may take all the time again.
    tried = {number for number, recorded in unsettled.items() if recorded.state == "finished"}
    return sorted(todo.items(), key=lambda each: (each[0] in tried, each[0]))


def _unsettled(job: JenkinsJob, listed: _Listed) -> dict[int, OnRecord]:
    """The builds to look at again: those that ran, that are not complete, or that came back."""
    found = history.unsettled(job.name)
    lowest = max(listed.builds, default=0) - MOST_BEHIND
    recorded = history.on_record(job.name, min(listed.builds, default=0))
    back = {n: recorded[n] for n in listed.builds if n in recorded and recorded[n].state == "lost"}
    recent = sorted(n for n in found if n >= lowest or found[n].state == "running")
    return {**{n: found[n] for n in recent[-MOST_UNSETTLED:]}, **back}


def _end(
    job: JenkinsJob, listed: _Listed, to: int | None, troubles: Mapping[int, TrackerError]
) -> None:
    """Write down how far the list was worked through; raise the first of the troubles."""
    if not listed.is_anew:
        _mark_gone(job, listed)
    _note(job, listed, to, list(troubles))
    if troubles:
        number, error = min(troubles.items())
        more = f" (and {len(troubles) - 1} more builds)" if len(troubles) > 1 else ""
        raise PartlyRead(f"#{number}{more}: {error.message}", error.remedy)


def _note(job: JenkinsJob, listed: _Listed, to: int | None, unread: Sequence[int]) -> None:
    """Write down up to which number all was worked through: below the first that was not read.

    What is older and could not be read before is kept by its incomplete record.
    """
    highest = max(listed.builds, default=to)
    news = [number for number in unread if to is None or listed.is_anew or number > to]
    if news and highest is not None:
        highest = max(min(news) - 1, highest - MOST_BEHIND, 0)
    note_polled(job.name, to=highest, builds=listed.page.fingerprint)


def _mark_gone(job: JenkinsJob, listed: _Listed) -> None:
    """Builds on record that had begun when Jenkins was asked, and that it does not list, are gone.

    Of those between its oldest one and what was listed nothing is known.
    """
    page = listed.page
    lowest = 0 if listed.is_all else min(listed.builds, default=page.next_number)
    others = history.in_jenkins(job.name) - listed.builds.keys()
    note_gone(
        job.name, {n for n in others if n < page.first_number or lowest <= n < page.next_number}
    )


@contextmanager
def _whole_job(job: JenkinsJob) -> Iterator[None]:
    """A job that is not there is another story than a build that is not."""
    try:
        yield
    except Missing as error:
        raise vanished(job) from error


def vanished(job: JenkinsJob) -> Vanished:
    """What to say of a job that answers 404."""
    return Vanished(
        f"Jenkins {job.source.server!r} has no job {job.jenkins_name!r} now (404).",
        "It was renamed, moved or deleted, or the user may not see it any more: the next looks at"
        " the server tell. What is recorded stays.",
    )


def _ask_for_job(job: JenkinsJob) -> None:
    """Whether the job itself answers; Vanished where it does not exist."""
    try:
        job.source.client.json(job.path, "name")
    except Missing as error:
        raise vanished(job) from error


def lose(job: JenkinsJob, number: int, recorded: OnRecord) -> None:
    """A build that ran and is not there any more was lost, by a restart most likely.

    One that had finished, and was deleted before all of it was read, is as complete as it gets.
    """
    if not recorded.from_jenkins or (recorded.is_complete and recorded.state != "running"):
        return
    state = "lost" if recorded.state == "running" else None
    facts = BuildFacts(
        job.name,
        number,
        from_jenkins=True,
        state=state,
        complete=True,
        started=recorded.started,
    )
    ingest(job.intake, facts, (), now=job.clock())


def _record(job: JenkinsJob, facts: BuildFacts, answer: Answer) -> None:
    """Record what a finished build reported, as the rule of its job says.

    Where no rule speaks, Jenkins' own reading counts only if no artifact is a report. Until that
    is settled the build is not complete, so that the next poll reads it again if this one ends in
    between.
    """
    _, rule = results_rule(job.name)
    path = f"{job.path}{facts.number}/"
    of = (job.source, job.intake, path, answer, rule)
    found = results.artifacts(*of)
    if "test_report" in rule.sources:
        own = results.test_report(*of)
        found = Results(found.fetched + own.fetched, found.lost + own.lost)
    may_be_more = rule.console or (not rule.sources and has_test_report(answer))
    first = replace(facts, complete=False) if may_be_more else facts
    build_id = _ingest(job, first, found)
    if may_be_more:
        more = Results() if history.report_count(build_id) else _instead(job, answer, rule, path)
        _ingest(job, facts, more)


def _instead(job: JenkinsJob, answer: Answer, rule: ResultsRule, path: str) -> Results:
    """What stands for the reports of a build that has none."""
    found = Results()
    if not rule.sources:
        found = results.test_report(job.source, job.intake, path, answer, rule)
    return (
        found
        if found.fetched or found.lost
        else results.console(job.source, job.intake, path, rule)
    )


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
