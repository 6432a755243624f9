"""The state of the machinery: workers, tasks, tokens, waiting uploads."""

from __future__ import annotations

from typing import Any

import msgspec

from tracker.errors import NotFound
from tracker.queries.rows import select

# What a worker is for: publishing, and all other tasks.
DOES = ("publish", "tasks")


def workers() -> list[dict[str, Any]]:
    """Each worker's name, last sign of life (ms), what it was doing and what it is for (DOES).

    One of a version that does not say what it is for is taken to be for all.
    """
    rows = select("SELECT worker, at, doing, does FROM heartbeat ORDER BY worker")
    return [
        {"worker": worker, "at": at, "doing": doing, "does": tuple(does.split()) or DOES}
        for worker, at, doing, does in rows
    ]


def tokens() -> list[dict[str, Any]]:
    """The tokens, without anything that opens a door."""
    rows = select(
        "SELECT name, scope, hint, jobs, created, expires, used, revoked FROM token ORDER BY name"
    )
    return [
        {
            "name": name,
            "scope": scope,
            "hint": hint,
            "jobs": jobs.split("\n") if jobs else [],
            "created": created,
            "expires": expires,
            "used": used,
            "revoked": revoked,
        }
        for name, scope, hint, jobs, created, expires, used, revoked in rows
    ]


def queued_upload(key: str) -> tuple[str, str, Any]:
    """State, error and outcome of an upload that the worker reads; NotFound for no such one."""
    rows = select("SELECT state, error, outcome FROM work WHERE kind = 'ingest' AND key = ?", key)
    if not rows:
        raise NotFound("No upload with this id waits or was read here.")
    state, error, outcome = rows[0]
    return state, error, msgspec.json.decode(outcome) if outcome else None
