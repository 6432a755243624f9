"""The states of episodes that queries ask for, as lists of SQL."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.verdicts.states import BROKEN, OPENED, State


def _listed(states: Iterable[State]) -> str:
    return "(" + ", ".join(f"'{state}'" for state in sorted(states)) + ")"


OPENED_STATES = _listed(OPENED)
BROKEN_STATES = _listed(BROKEN)
# Broken, and failed when it ran last.
FAILING_STATES = _listed(BROKEN - {State.RECOVERING})
