"""Who did what: one row for each action of an operator, in the transaction that does it.

Whoever lets people act says once who acts (`acting`); the functions that change something say what
they did (`note`). Rows are added and never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tracker.clock import now_ms
from tracker.store.connection import writing
from tracker.store.models import Audit

LONGEST = 500


@dataclass(frozen=True)
class Actor:
    """Who acts: a token, a person or a user of the machine, and the address they act from."""

    who: str
    address: str = ""


ITSELF = Actor("the tracker itself")
_actor: ContextVar[Actor] = ContextVar("actor", default=ITSELF)


def acting(who: str, address: str = "") -> None:
    """From here on, in this thread, all is done by `who`."""
    _actor.set(Actor(who, address))


@contextmanager
def on_behalf(who: str, address: str = "") -> Iterator[None]:
    """What is done inside was asked for by `who`."""
    before = _actor.set(Actor(who, address))
    try:
        yield
    finally:
        _actor.reset(before)


def asked_by() -> Actor:
    """Who acts, for `on_behalf` in another process."""
    return _actor.get()


def address() -> str:
    """The address that is acted from; "" for this machine."""
    return _actor.get().address


def is_by_itself() -> bool:
    """Whether nobody asked for what is being done now."""
    return _actor.get() == ITSELF


def note(what: str, subject: str, outcome: str = "") -> None:
    """Write down that the one who acts did `what` to `subject`.

    Inside `writing` it is there together with the deed, or neither is.

    Never give it a secret: what is written stays, also in backups.
    """
    actor = _actor.get()
    with writing():
        Audit.create(
            at=now_ms(),
            who=actor.who[:LONGEST],
            address=actor.address[:LONGEST],
            what=what,
            subject=subject[:LONGEST],
            outcome=outcome[:LONGEST],
        )
