"""What the tests of the store share: the canonical state as a list of lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracker.queries.dump import lines


@pytest.fixture
def state(store: Path) -> Callable[..., list[dict[str, Any]]]:
    """The rows of one kind, as `tracker dump` tells them: `state("build", job="nightly")`."""

    def rows(kind: str, **wanted: object) -> list[dict[str, Any]]:
        found = [json.loads(line) for line in lines()]
        return [
            row
            for row in found
            if row["kind"] == kind and all(row[name] == value for name, value in wanted.items())
        ]

    return rows
