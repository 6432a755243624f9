"""How many rows a query reads: what it shows decides that, and not how long the history is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tracker.queries import select


def rows_read(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> int:
    """How many rows the database answers to what a query asks."""
    answered: list[int] = []
    real = select.run

    def counting(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        found = real(statement, *parameters)
        answered.append(len(found))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(select, "run", counting)
        what()
    return sum(answered)
