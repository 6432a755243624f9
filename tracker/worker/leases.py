"""What a clock that was ahead left: leases that end too late, and tasks that are put off too far.

Both are told by what moves and not by what clocks say: of two machines whose clocks differ one
always sees such leases and tasks of the other, which lives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Generic, TypeVar

from tracker.clock import SECOND
from tracker.store.ahead import Lease, PutOff, end_leases, far_leases, pull_in, put_off

T = TypeVar("T", Lease, PutOff)


class FarLeases:
    """Watches claims that end later than they can: of one that lives the lease moves every few
    seconds, and one that stands still for as long as a lease is dead.
    """

    def __init__(self, lease_ms: int) -> None:
        self._lease_ms = lease_ms
        self._standing = _Standing[Lease](lambda _: lease_ms)

    def look(self, now: int) -> None:
        """Free those that did not move for so long."""
        if still := self._standing.of(far_leases(now, self._lease_ms)):
            end_leases(still, now)


class FarTasks:
    """Watches tasks that wait for longer than any pause of theirs: of one that a machine whose
    clock is ahead does again and again the time moves within such a pause.
    """

    def __init__(self, poll_seconds: int) -> None:
        self._poll_seconds = poll_seconds
        self._standing = _Standing[PutOff](lambda task: task.pause)

    def look(self, now: int) -> None:
        """Have those done now that did not move for as long as the longest pause of their kind."""
        if still := self._standing.of(put_off(now, poll_seconds=self._poll_seconds)):
            pull_in(still, now)


class _Standing(Generic[T]):
    """What is found again and again without having moved, for its patience (ms)."""

    def __init__(self, patience: Callable[[T], int]) -> None:
        self._patience: Callable[[T], int] = patience
        self._since: dict[T, float] = {}

    def of(self, found: Iterable[T]) -> list[T]:
        at = monotonic()
        self._since = {each: self._since.get(each, at) for each in found}
        return [
            each
            for each, since in self._since.items()
            if SECOND * (at - since) >= self._patience(each)
        ]
