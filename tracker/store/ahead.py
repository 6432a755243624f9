"""What a clock that ran ahead leaves behind.

Tasks that are due too far in the future, and leases of dead workers that end too late.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tracker.clock import DAY, HOUR, MINUTE, SECOND
from tracker.store.connection import reading, writing
from tracker.store.sql import run
from tracker.store.work import REST_HOURS

# Longer than the pause of a task after trouble, and of those that come back in no time.
LONGEST = 15 * MINUTE
# The clocks of two machines may differ so much.
SLACK = 2 * HOUR
_PAUSE = (
    f"CASE WHEN state = 'dead' THEN {REST_HOURS * HOUR + LONGEST}"
    f" WHEN kind = 'retention' THEN {2 * DAY}"
    f" WHEN kind = 'tidy' THEN {2 * HOUR}"
    " WHEN kind = 'watch' THEN ?2"
    f" ELSE {LONGEST} END"
)
_PUT_OFF = (
    f"SELECT id, kind, due, {_PAUSE} FROM work"
    f" WHERE due > ?1 + {SLACK} + {_PAUSE} AND state IN ('due', 'dead')"
)


class Lease(NamedTuple):
    """A claim of a task as it stands: it moves whenever who has it gives a sign of life."""

    id: int
    fence: int
    until: int


class PutOff(NamedTuple):
    """A task as it waits: it moves whenever a worker does it, or puts it off.

    Where one lives that does, it moves within the longest `pause` (ms) of its kind.
    """

    id: int
    kind: str
    due: int
    pause: int


def put_off(now: int, *, poll_seconds: int) -> list[PutOff]:
    """The tasks that wait for longer than any pause of theirs, by more than clocks may differ."""
    with reading():
        rows = run(_PUT_OFF, now, LONGEST + 2 * SECOND * poll_seconds)
    return [PutOff(*row) for row in rows]


def pull_in(tasks: Iterable[PutOff], now: int) -> None:
    """Have tasks done now, but for those that moved meanwhile."""
    with writing():
        for task in tasks:
            run("UPDATE work SET due = ? WHERE id = ? AND due = ?", now, task.id, task.due)


def far_leases(now: int, lease_ms: int) -> list[Lease]:
    """The claims that end later than one that begins now, by more than a lease."""
    with reading():
        rows = run(
            "SELECT id, fence, lease_until FROM work WHERE state = 'due' AND lease_until > ?",
            now + 2 * lease_ms,
        )
    return [Lease(*row) for row in rows]


def end_leases(leases: Iterable[Lease], now: int) -> None:
    """Have claims end now, as those of dead workers do."""
    with writing():
        for lease in leases:
            run(
                "UPDATE work SET lease_until = ? WHERE id = ? AND fence = ? AND lease_until = ?",
                now,
                *lease,
            )
