"""The real database of the earlier application, and what must be found in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHARED
from tracker.intake.ingest import Intake
from tracker.settings import Settings

CORPUS = SHARED / "corpus-legacy"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A copy of the real database, skipped where there is none."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus with the earlier application's database is not here")
    return Path(shutil.copy(CORPUS / "legacy.db", tmp_path / "legacy.db"))


@pytest.fixture
def expected(corpus: Path) -> dict[str, Any]:
    """What the corpus says that must be found in it."""
    found: dict[str, Any] = json.loads((CORPUS / "EXPECTED.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def intake(settings: Settings, store: Path) -> Intake:
    """The intake of a tracker of its own, with its store open."""
    return Intake.of(settings)
