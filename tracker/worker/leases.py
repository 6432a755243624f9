"""Leases that end too late: those of workers that died while a clock was ahead."""

from __future__ import annotations

from time import monotonic

from tracker.clock import SECOND
from tracker.store.ahead import Lease, end_leases, far_leases


class FarLeases:
    """Watches claims that end later than they can, by what moves and not by what clocks say.

    Of two machines whose clocks differ one always sees such claims of the other, which lives: it
    moves its lease every few seconds. One that stands still for as long as a lease is dead.
    """

    def __init__(self, lease_ms: int) -> None:
        self._lease_ms = lease_ms
        self._since: dict[Lease, float] = {}

    def look(self, now: int) -> None:
        """Free those that did not move for so long."""
        at = monotonic()
        found = far_leases(now, self._lease_ms)
        self._since = {lease: self._since.get(lease, at) for lease in found}
        still = [x for x, since in self._since.items() if SECOND * (at - since) >= self._lease_ms]
        if still:
            end_leases(still, now)
