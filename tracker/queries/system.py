"""The state of the machinery: workers, tasks, tokens, waiting uploads."""

from __future__ import annotations

from typing import Any

import msgspec

from tracker.errors import NotFound
from tracker.queries.rows import select


def workers() -> list[dict[str, Any]]:
    """Each worker's name, last sign of life (ms) and what it was doing."""
    rows = select("SELECT worker, at, doing FROM heartbeat ORDER BY worker")
    return [{"worker": worker, "at": at, "doing": doing} for worker, at, doing in rows]


def work(now: int) -> list[dict[str, Any]]:
    """Tasks by kind and state: how many, how long the oldest is overdue (s), the last error."""
    rows = select(
        "SELECT kind, CASE WHEN state = 'due' AND lease_until > ? THEN 'running' ELSE state END"
        " AS word, count(*), min(due), max(error) FROM work GROUP BY kind, word"
        " ORDER BY kind, word",
        now,
    )
    return [
        {
            "kind": kind,
            "state": word,
            "count": count,
            "overdue_seconds": max(0, (now - due) // 1000) if word == "due" else 0,
            "error": error,
        }
        for kind, word, count, due, error in rows
    ]


def tokens() -> list[dict[str, Any]]:
    """The tokens, without anything that opens a door."""
    rows = select("SELECT name, scope, hint, created, revoked FROM token ORDER BY name")
    return [
        {"name": name, "scope": scope, "hint": hint, "created": created, "revoked": revoked}
        for name, scope, hint, created, revoked in rows
    ]


def queued_upload(key: str) -> tuple[str, str, Any]:
    """State, error and outcome of an upload that the worker reads; NotFound for no such one."""
    rows = select("SELECT state, error, outcome FROM work WHERE kind = 'ingest' AND key = ?", key)
    if not rows:
        raise NotFound("No upload of this id waits or was read here.")
    state, error, outcome = rows[0]
    return state, error, msgspec.json.decode(outcome) if outcome else None
