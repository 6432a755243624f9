"""Who may sign in, and what people, tokens and users did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.queries.rows import select


def people() -> list[dict[str, Any]]:
    """The people who may sign in: name, scope, since when (ms), and whether they have a PIN yet."""
    rows = select("SELECT name, scope, created, changed, pin_until FROM person ORDER BY name")
    return [
        {"name": name, "scope": scope, "created": made, "changed": changed, "pin_until": until}
        for name, scope, made, changed, until in rows
    ]


def audited(since: int = 0) -> Iterator[dict[str, Any]]:
    """What was done from `since` (ms) on, oldest first."""
    rows = select(
        "SELECT at, who, address, what, subject, outcome FROM audit WHERE at >= ? ORDER BY id",
        since,
    )
    names = ("at", "who", "address", "what", "subject", "outcome")
    return (dict(zip(names, row, strict=True)) for row in rows)
