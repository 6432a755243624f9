"""How work that takes long tells that it still goes on, and what it is at."""

from __future__ import annotations

from collections.abc import Callable

# Takes what is done just now, in words; from time to time, so that silence means that it hangs.
Beat = Callable[[str], None]


def unheard(_: str) -> None:
    """The beat of work that nobody waits for."""
