"""Back-fill: older builds of a job, newest first, a few at a time, from where it was left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from tracker.errors import TrackerError
from tracker.jenkins.listing import Answer, numbers, part
from tracker.jenkins.recording import Later, is_news, read_in_turn, whole_job
from tracker.jenkins.source import JenkinsJob
from tracker.store import history
from tracker.store.backfills import (
    Filling,
    backfill_of,
    note_backfilled,
    note_unread,
    plan_backfill,
)

# Builds read in one turn, before other tasks have theirs.
CHUNK = 10
# How often a build is tried that cannot be read now.
TRIES = 3
# Builds that may begin between two turns, and push the others back in Jenkins' list.
SHIFT = 5


@dataclass(frozen=True)
class Filled:
    """How far a back-fill is: so many builds of so many; `is_retry` where only those are left that
    could not be read before.
    """

    done: int
    total: int
    is_retry: bool = False

    @property
    def is_over(self) -> bool:
        """Whether all of it was worked through."""
        return self.done >= self.total


def fill(job: JenkinsJob) -> Filled:
    """Read the next few builds of a job's back-fill; progress is kept build by build.

    Builds that are on record already cost nothing. One that cannot be read now is tried again
    behind the others; one that never can is named with the back-fill, and left for `tracker poll
    JOB --build N`. Raises what is wrong with the server or the job as a whole; the next turn goes
    on from there.
    """
    with job.source.client.limited(job.seconds), whole_job(job):
        filling = _planned(job)
        if filling is None:
            return Filled(0, 0)
        _fill(job, filling)
    left = backfill_of(job.name)
    total = len(filling.numbers or ())
    if left is None or left.numbers is None:
        return Filled(total, total)
    return Filled(left.done, len(left.numbers), left.is_retry)


def gaps_of(found: Sequence[int], *, is_all: bool) -> list[tuple[int, int]]:
    """First and last number of each row of builds that Jenkins has no more, newest first.

    `found` is what it has, newest first; with `is_all` it has nothing older, so that all numbers
    below are a gap too.
    """
    below = [*found[1:], *([0] if is_all else [])]
    pairs = zip(found, below, strict=False)
    return [(older + 1, newer - 1) for newer, older in pairs if newer - older > 1]


def _planned(job: JenkinsJob) -> Filling | None:
    """The back-fill with the numbers it is about: Jenkins is asked for them once."""
    filling = backfill_of(job.name)
    if filling is None or filling.numbers is not None:
        return filling
    found, is_all = numbers(job.source, job.jenkins_name, filling.wanted)
    plan_backfill(job.name, found, gaps_of(found, is_all=is_all), now=job.clock())
    return backfill_of(job.name)


def _fill(job: JenkinsJob, filling: Filling) -> None:
    numbers = filling.numbers or ()
    chunk = filling.rest[:CHUNK]
    answers = {} if filling.is_retry else _answers(job, filling.done, chunk)
    until = monotonic() + 0.8 * job.seconds
    for done, number in enumerate(chunk, start=filling.done + 1):
        if monotonic() > until:
            return
        job.beat(f"back-filling {job.name}, build {done} of {len(numbers)}")
        if error := _read(job, number, answers, is_first=done == filling.done + 1):
            again = isinstance(error, Later) and numbers[:done].count(number) < TRIES
            note_unread(job.name, number, f"#{number}: {error}", again=again)
        note_backfilled(job.name, done=done, now=job.clock())


def _read(
    job: JenkinsJob, number: int, answers: dict[int, Answer], *, is_first: bool
) -> TrackerError | None:
    recorded = history.recorded(job.name, number)
    answer = answers.get(number)
    if recorded is not None and not is_news(recorded, answer or {}):
        return None
    return read_in_turn(job, number, answer, is_first=is_first)


def _answers(job: JenkinsJob, start: int, chunk: Sequence[int]) -> dict[int, Answer]:
    """What Jenkins says of the builds of one turn, in one request; none where all are recorded."""
    recorded = history.on_record(job.name, min(chunk, default=0))
    if not any(is_news(recorded.get(number), {}) for number in chunk):
        return {}
    page = part(job.source, job.jenkins_name, start, len(chunk) + SHIFT)
    return {build["number"]: build for build in page.builds}
