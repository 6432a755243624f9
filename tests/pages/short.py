"""Lists of few rows a page: that they end is the same with 20 rows as with 500."""

from __future__ import annotations

import sys

import pytest


def shorten_lists(monkeypatch: pytest.MonkeyPatch, rows: int = 20) -> None:
    """Have every list of every page be divided into pages of so many rows."""
    for name, module in sys.modules.items():
        if name.startswith("tracker.pages") and hasattr(module, "ROWS"):
            monkeypatch.setattr(module, "ROWS", rows)
