"""The tasks of the workers one by one: what waits, and what goes wrong again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.queries.columns import at
from tracker.queries.select import select
from tracker.store.state_words import TaskState

# So often in a row nothing goes wrong by a restart of something else, nor is a build that a hook
# told of too early for its results.
MANY = 5


@dataclass(frozen=True)
class TaskRow:
    """A task that is `due`, `running` or `dead` (given up), and next done at `due`.

    `subject` is what no two are done for at once. `failures` in a row count against it; trouble of
    the disk or the load does not, and stands in `error` alone.
    """

    kind: str
    key: str
    subject: str
    state: str
    failures: int
    due: datetime | None
    error: str

    @property
    def about(self) -> str:
        """What it is for, in words: an upload's key says nothing."""
        return self.subject or self.key

    @property
    def fails_often(self) -> bool:
        """Whether it is still tried, and went wrong too often for that to pass by itself."""
        return self.state != TaskState.DEAD and self.failures >= MANY


def unfinished(now: int) -> list[TaskRow]:
    """The tasks that are not done, those first that went wrong most often; `now` in ms."""
    rows = select(
        "SELECT kind, key, subject, CASE WHEN state = 'due' AND lease_until > ? THEN 'running'"
        " ELSE state END, tries - CASE WHEN state = 'due' AND lease_until > ? THEN 1 ELSE 0 END"
        " AS failures, due, error FROM work WHERE state <> 'done'"
        " ORDER BY failures DESC, work.due, id",
        now,
        now,
    )
    return [
        TaskRow(kind, key, subject, state, failures, at(due), error)
        for kind, key, subject, state, failures, due, error in rows
    ]
