"""Running commands: through the one place that turns errors into words and codes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.conftest import RunningDemo, junit, running_demo
from tests.store.fresh import lay_out
from tracker import cli
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store


@dataclass
class Said:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


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
def command(home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command through the one place that turns errors into words and codes."""

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["tracker", *map(str, arguments)])
        runner = CliRunner()
        with runner.isolation() as streams:
            try:
                cli.main()
                code: object = 0
            except SystemExit as ending:
                code = ending.code
            out, err = streams[0].getvalue().decode(), streams[1].getvalue().decode()
        assert "Traceback" not in err or code == cli.BUG
        return Said(int(str(code or 0)), out, err)

    return call


@pytest.fixture(scope="module")
def demo() -> Iterator[RunningDemo]:
    with running_demo(20) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of two reports and one file that is none."""
    folder = tmp_path / "results"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.xml").write_bytes(junit(login="P", logout="F"))
    (folder / "deep" / "b.xml").write_bytes(junit(other="P"))
    return folder
