"""Space in the database: what was deleted goes back to the disk, or is used for what comes next."""

from __future__ import annotations

from tracker.store.connection import connected, reading
from tracker.store.engine import Sizes, Space, engine


def space() -> Space:
    """How large the database is."""
    with reading():
        return engine().space()


def sizes() -> Sizes:
    """What the database takes on the disk."""
    with reading():
        return engine().sizes()


def give_back() -> bool:
    """Give some free space back to the disk, where that can be done; whether more is left."""
    with connected():
        return engine().give_back()


def check_compact() -> None:
    """UsageError where `compact` is not for the tracker to do."""
    engine().check_compact()


def compact() -> Space:
    """Rewrite the database without its free space; UsageError where that is not for us to do."""
    with connected():
        return engine().compact()


def checkpoint() -> None:
    """Have the database take its size after space was given back."""
    with connected():
        engine().checkpoint()
