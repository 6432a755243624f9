"""A tracker with rows in every table and nothing wrong, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.validation.histories import fill
from tracker.settings import Settings
from tracker.store.connection import close_store


@pytest.fixture(scope="package")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The tracker that is copied; nobody may change it."""
    folder = tmp_path_factory.mktemp("whole")
    settings = Settings.load({}, home=folder / "home", output=folder / "output")
    fill(settings)
    return settings


@pytest.fixture
def world(whole: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy to do damage to, with its store closed."""
    shutil.copytree(whole.home, tmp_path / "home")
    shutil.copytree(whole.output, tmp_path / "output", symlinks=True)
    yield Settings.load({}, home=tmp_path / "home", output=tmp_path / "output")
    close_store()
