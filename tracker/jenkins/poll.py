"""Looking at a job: which of its builds are new, and having them recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from tracker.errors import JenkinsError, TrackerError
from tracker.jenkins.builds import is_running
from tracker.jenkins.listing import Answer, Page, pages
from tracker.jenkins.recording import is_news, lose, read_in_turn, whole_job
from tracker.jenkins.source import JenkinsJob
from tracker.store import history
from tracker.store.backfills import ask_backfill
from tracker.store.history import OnRecord
from tracker.store.seen import note_gone, note_polled
from tracker.store.state_words import BuildState

# Builds that ran or were incomplete, and are older than what a poll lists: so many are asked for.
MOST_UNSETTLED = 20
# A build that cannot be read is tried again until there are so many newer ones.
MOST_BEHIND = 50


class PartlyRead(JenkinsError):
    """Some builds of a job could not be read; the others were."""


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
    with job.source.client.limited(job.seconds), whole_job(job):
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
            if trouble := read_in_turn(job, number, answer, is_first=place == 1):
                troubles[number] = trouble
        _end(job, listed, to, troubles)
    return Polled(len(todo))


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
        if is_anew:
            is_enough = len(builds) >= first_builds or not _news(job, fresh)
        else:
            is_enough = min(builds, default=0) <= to + 1
        if is_enough:
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
    if to not in builds or recorded is None:
        return False
    return recorded.is_another(builds[to].get("timestamp"))


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
    tried = {
        number for number, recorded in unsettled.items() if recorded.state == BuildState.FINISHED
    }
    return sorted(todo.items(), key=lambda each: (each[0] in tried, each[0]))


def _unsettled(job: JenkinsJob, listed: _Listed) -> dict[int, OnRecord]:
    """The builds to look at again: those that ran, that are not complete, or that came back."""
    found = history.unsettled(job.name)
    lowest = max(listed.builds, default=0) - MOST_BEHIND
    recorded = history.on_record(job.name, min(listed.builds, default=0))
    back = {
        n: recorded[n]
        for n in listed.builds
        if n in recorded and recorded[n].state == BuildState.LOST
    }
    recent = sorted(n for n in found if n >= lowest or found[n].state == BuildState.RUNNING)
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
