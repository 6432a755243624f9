"""What operators watch: how late the looks at servers are, what is due when, what changed last."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.queries.select import select
from tracker.store.state_words import TaskState


@dataclass(frozen=True)
class ServerLag:
    """A server: for how many seconds it has not been read as it should, and whether it answers."""

    name: str
    lag: float
    is_up: bool


@dataclass(frozen=True)
class Waiting:
    """The tasks of a kind and state: `due`, `running`, `done` or `dead` (given up).

    `overdue` is for how many seconds the oldest of those that are due waits; `next` when the first
    of them is due (ms), None where none is. `error` is what one of them said last.
    """

    kind: str
    state: str
    count: int
    overdue: float
    next: int | None
    error: str


def waiting(now: int) -> list[Waiting]:
    """The tasks of the queue by kind and state; `now` in ms."""
    rows = select(
        "SELECT kind, CASE WHEN state = 'due' AND lease_until > ? THEN 'running' ELSE state END"
        " AS word, count(*), min(due), max(error) FROM work GROUP BY kind, word"
        " ORDER BY kind, word",
        now,
    )
    return [
        Waiting(
            kind=kind,
            state=word,
            count=count,
            overdue=max(0, now - due) / 1000 if word == TaskState.DUE else 0.0,
            next=due if word == TaskState.DUE else None,
            error=error,
        )
        for kind, word, count, due, error in rows
    ]


def server_lags(now: int) -> list[ServerLag]:
    """How late the reading of each server is, at `now` (ms).

    That is how long the look at it or a poll of one of its jobs is overdue or, where it is in
    trouble, since when; a look that a worker is at is not late.
    """
    rows = select(
        "SELECT s.name, s.error = '', max(max(coalesce(? - CASE WHEN s.error <> ''"
        " THEN s.error_since END, 0), 0), coalesce((SELECT max(? - w.due) FROM work w"
        " WHERE w.state = 'due' AND w.lease_until <= ?"
        " AND ((w.kind = 'watch' AND w.key = s.name) OR (w.kind = 'poll'"
        " AND w.key IN (SELECT name FROM job WHERE server_id = s.id)))), 0))"
        " FROM server s ORDER BY s.name",
        now,
        now,
        now,
    )
    return [ServerLag(name, lag / 1000, bool(is_up)) for name, is_up, lag in rows]


def last_change() -> int:
    """The revision at which results last changed; 0 where there are none."""
    return int(select("SELECT coalesce(max(changed), 0) FROM build")[0][0])
