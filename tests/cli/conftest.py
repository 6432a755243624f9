"""Running commands: through the one place that turns errors into words and codes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.commands import Said, run_command
from tests.conftest import junit
from tests.store.fresh import lay_out
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store

Command = Callable[..., Said]


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The home that commands work for, with its store open for looking."""
    for name in [name for name in os.environ if name.startswith("TRACKER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRACKER_HOME", str(settings.home))
    monkeypatch.setenv("TRACKER_OUTPUT", str(settings.output))
    monkeypatch.setenv("TRACKER_DATABASE_URL", settings.database_url)
    open_store(lay_out(settings.store))
    yield settings.home
    close_store()


@pytest.fixture
def command(home: Path) -> Command:
    """Run a command for this home."""
    return run_command


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of two reports and one file that is none."""
    folder = tmp_path / "results"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.xml").write_bytes(junit(login="P", logout="F"))
    (folder / "deep" / "b.xml").write_bytes(junit(other="P"))
    return folder
