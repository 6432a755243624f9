"""Whose a break may be: what was committed between the last pass and the first failure."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.queries.build_labels import label_of
from tracker.queries.builds import build
from tracker.queries.select import select, snapshot
from tracker.queries.turns import Turn
from tracker.store.records import about_of

# So many authors are named; of more the others are counted.
NAMED = 3


@dataclass(frozen=True)
class Commits:
    """So many commits that the builds from `first` to `last` (labels) were the first to have.

    `authors` are those of a few, `more_authors` counts the others among the commits that Jenkins
    told. `message` is that of the commit where it is one.
    """

    count: int
    first: str
    last: str
    authors: tuple[str, ...]
    more_authors: int
    message: str


def commits_of(job: str, turn: Turn) -> Commits | None:
    """The commits of the builds after the last pass, to the first failure; None if none is told.

    Where the case never passed they are those of its first failure alone.
    """
    with snapshot():
        failed = build(job, turn.failed.label)
        after = build(job, turn.passed.label) if turn.passed else None
        rows = select(
            f"SELECT {label_of('b')}, b.about FROM build b JOIN job j ON j.id = b.job_id"
            " WHERE j.name = ? AND (b.epoch, b.number) <= (?, ?)"
            f" AND (b.epoch, b.number) {'>' if after else '>='} (?, ?)"
            " ORDER BY b.epoch, b.number",
            job,
            *(failed.epoch, failed.number),
            *((after.epoch, after.number) if after else (failed.epoch, failed.number)),
        )
    told = [(label, about_of(about)) for label, about in rows]
    changes = [change for _, about in told for change in about.changes]
    if not changes:
        return None
    authors = tuple(dict.fromkeys(change.author for change in changes if change.author))
    count = len(changes) + sum(about.more_changes for _, about in told)
    return Commits(
        count=count,
        first=told[0][0],
        last=told[-1][0],
        authors=authors[:NAMED],
        more_authors=len(authors[NAMED:]),
        message=changes[0].message if count == 1 else "",
    )
