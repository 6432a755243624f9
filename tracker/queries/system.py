"""The state of the machinery: workers, tasks, tokens, waiting uploads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tracker.errors import NotFound
from tracker.queries.select import select

# What a worker is for: publishing, and all other tasks.
DOES = ("publish", "tasks")


@dataclass(frozen=True)
class WorkerRow:
    """A worker: its last sign of life (ms), what it was doing then, and what it is for (DOES)."""

    name: str
    at: int
    doing: str
    does: tuple[str, ...]


@dataclass(frozen=True)
class TokenRow:
    """A token without anything that opens a door; no `jobs` are all. Times are in ms."""

    name: str
    scope: str
    hint: str
    jobs: tuple[str, ...]
    created: int
    expires: int | None
    used: int | None
    revoked: int | None

    def is_in_use(self, now: int) -> bool:
        """Whether it opens something."""
        return self.revoked is None and (self.expires is None or self.expires > now)


def workers() -> list[WorkerRow]:
    """The workers that are known.

    One of a version that does not say what it is for is taken to be for all.
    """
    rows = select("SELECT worker, at, doing, does FROM heartbeat ORDER BY worker")
    return [
        WorkerRow(name, at, doing, tuple(does.split()) or DOES) for name, at, doing, does in rows
    ]


def tokens() -> list[TokenRow]:
    """The tokens, by name."""
    rows = select(
        "SELECT name, scope, hint, jobs, created, expires, used, revoked FROM token ORDER BY name"
    )
    return [
        TokenRow(name, scope, hint, tuple(filter(None, jobs.split("\n"))), *times)
        for name, scope, hint, jobs, *times in rows
    ]


def queued_upload(key: str) -> tuple[str, str, Any]:
    """State, error and outcome of an upload that the worker reads; NotFound for no such one."""
    rows = select("SELECT state, error, outcome FROM work WHERE kind = 'ingest' AND key = ?", key)
    if not rows:
        raise NotFound("No upload with this id waits or was read here.")
    state, error, outcome = rows[0]
    return state, error, msgspec.json.decode(outcome) if outcome else None
