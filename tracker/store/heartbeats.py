"""Signs of life of the workers."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.clock import DAY
from tracker.store.connection import writing
from tracker.store.models import Heartbeat


def beat(worker: str, *, now: int, doing: str = "", kinds: Iterable[str] = ()) -> None:
    """Write down that a worker for tasks of these kinds lives; forget who was silent for a day, or
    beats by another clock.
    """
    does = " ".join(sorted({"publish" if kind == "publish" else "tasks" for kind in kinds}))
    said = {Heartbeat.at: now, Heartbeat.doing: doing, Heartbeat.does: does}
    with writing():
        Heartbeat.insert({Heartbeat.worker: worker, **said}).on_conflict(
            conflict_target=[Heartbeat.worker], update=said
        ).execute()
        Heartbeat.delete().where(~Heartbeat.at.between(now - DAY, now + DAY)).execute()


def retire(worker: str) -> None:
    """Take back the heartbeat of a worker that ends in order."""
    with writing():
        Heartbeat.delete().where(Heartbeat.worker == worker).execute()
