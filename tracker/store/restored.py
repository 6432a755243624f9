"""What a restored database must say of itself, so that nobody takes it for the one before.

Its revision goes on above all that was ever shown: pages kept by browsers and the published site
are known by it, and would otherwise be taken for those of other results. Workers of then are gone.
"""

from __future__ import annotations

from tracker.store.audit import note
from tracker.store.connection import writing
from tracker.store.counters import raise_to
from tracker.store.models import Heartbeat
from tracker.store.revisions import raise_revision
from tracker.store.sql import run
from tracker.store.work import ask_publishing


def mark_restored(backup: str, *, above: int, now: int) -> int:
    """Make the open database one that was restored from `backup`; its revision, over `above`."""
    with writing():
        raise_to("revision", above)
        run("UPDATE work SET lease_until = 0, fence = fence + 1 WHERE lease_until > 0")
        Heartbeat.delete().execute()
        ask_publishing(now=now)
        note("restore", backup)
        return raise_revision()
