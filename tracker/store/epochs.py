"""Which build is meant by a number: controllers are rebuilt, and numbers start again."""

from __future__ import annotations

from tracker.clock import DAY, MINUTE
from tracker.store.models import Build, Job
from tracker.store.records import BuildFacts
from tracker.store.sql import rows_of, run, run_many, save
from tracker.store.state_words import is_from_jenkins


def find_build(job: Job, facts: BuildFacts) -> Build | None:
    """The recorded build that the facts speak of: of their number, in the newest fitting epoch."""
    same_number = rows_of(
        Build, "job_id = ? AND number = ? ORDER BY epoch DESC", job.id, facts.number
    )
    return next((build for build in same_number if not _contradicts(build, facts)), None)


def new_build(job: Job, facts: BuildFacts) -> Build:
    """A row for a build that has none, in a free epoch until `settle_epochs` knows better."""
    [(epoch,)] = run("SELECT coalesce(max(epoch), 0) FROM build WHERE job_id = ?", job.id)
    taken = run("SELECT 1 FROM build WHERE job_id = ? AND number = ? LIMIT 1", job.id, facts.number)
    build = Build(job=job, number=facts.number, epoch=epoch + bool(taken))
    save(build)
    return build


def settle_epochs(job: Job, build: Build) -> int | None:
    """Number the epochs of a job anew; the lowest one that changed, None where none did.

    By start time, an epoch lasts until a number comes that it has already, or one that is lower
    than a number of more than a day before: the controller was rebuilt in between. So the order
    of arrival leaves no trace. Builds that no source told the start of stay where they are.
    """
    if not _may_be_rebuilt(job, build):
        return None
    rows = run(
        "SELECT id, epoch, number, started FROM build WHERE job_id = ? AND started IS NOT NULL"
        " ORDER BY started, number",
        job.id,
    )
    moved: list[tuple[int, int, int]] = []
    epoch, seen, highest, highest_at = 0, set[int](), 0, 0
    for build_id, before, number, started in rows:
        if number in seen or (number < highest and started - highest_at > DAY):
            epoch, seen, highest = epoch + 1, set(), 0
        seen.add(number)
        if number > highest:
            highest, highest_at = number, started
        if before != epoch:
            moved.append((epoch, before, build_id))
    _move(moved)
    return min((min(row[:2]) for row in moved), default=None)


def _contradicts(build: Build, facts: BuildFacts) -> bool:
    """Whether the start times say that this is another build of the same number."""
    if build.started is None or facts.started is None:
        return False
    both_from_jenkins = facts.from_jenkins and is_from_jenkins(build.state)
    return abs(build.started - facts.started) > (MINUTE if both_from_jenkins else DAY)


def _may_be_rebuilt(job: Job, build: Build) -> bool:
    """Whether there are epochs already, or numbers and times of this build run against others."""
    if build.started is None:
        return False
    # Each by an index of its own: for the newest build none of them has anything to look through.
    is_later = (
        "SELECT 1 FROM build INDEXED BY build_number"
        " WHERE job_id = ? AND number > ? AND started < ? LIMIT 1"
    )
    is_earlier = (
        "SELECT 1 FROM build INDEXED BY build_begun"
        " WHERE job_id = ? AND started > ? AND number < ? LIMIT 1"
    )
    return bool(
        run("SELECT 1 FROM build WHERE job_id = ? AND epoch > 0 LIMIT 1", job.id)
        or run(is_later, job.id, build.number, build.started - DAY)
        or run(is_earlier, job.id, build.started + DAY, build.number)
    )


def _move(moved: list[tuple[int, int, int]]) -> None:
    """Give builds other epochs; first out of the way, since (epoch, number) is unique."""
    run_many("UPDATE build SET epoch = -1 - id WHERE id = ?", [(row[2],) for row in moved])
    run_many("UPDATE build SET epoch = ? WHERE id = ?", [(row[0], row[2]) for row in moved])
