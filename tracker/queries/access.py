"""Who may sign in, and what people, tokens and users did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.queries.select import select


@dataclass(frozen=True)
class PersonRow:
    """Somebody who may sign in, since when, and until when a PIN sets the password, if it does.

    Times are in ms.
    """

    name: str
    scope: str
    created: int
    changed: int
    pin_until: int | None


@dataclass(frozen=True)
class Deed:
    """What somebody did at a time (ms), to what, and what came of it."""

    at: int
    who: str
    address: str
    what: str
    subject: str
    outcome: str


def people() -> list[PersonRow]:
    """The people who may sign in, by name."""
    rows = select("SELECT name, scope, created, changed, pin_until FROM person ORDER BY name")
    return [PersonRow(*row) for row in rows]


def audited(since: int = 0) -> Iterator[Deed]:
    """What was done from `since` (ms) on, oldest first."""
    rows = select(
        "SELECT at, who, address, what, subject, outcome FROM audit WHERE at >= ? ORDER BY id",
        since,
    )
    return (Deed(*row) for row in rows)
