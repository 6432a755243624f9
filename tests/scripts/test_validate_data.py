"""The script is the command: the same words, the same codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, environ_of, load_script
from tracker.settings import Settings
from tracker.store.sql import run


def script(settings: Settings, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "validate_data.py"), *map(str, arguments)],
        env=environ_of(settings),
        cwd="/",
        capture_output=True,
        text=True,
    )


def test_it_ends_with_0_where_nothing_is_found(settings: Settings, store: Path) -> None:
    said = script(settings, "--verbose")
    assert said.returncode == 0, said.stderr
    assert "checks found nothing" in said.stdout


def test_it_ends_with_1_and_writes_the_report_where_something_is(
    settings: Settings, store: Path, tmp_path: Path
) -> None:
    run("INSERT INTO counter (name, value) VALUES ('revision', -1)")
    file = tmp_path / "report.json"
    assert script(settings, "--export-report", file).returncode == 1
    [finding] = json.loads(file.read_text())["findings"]
    assert finding["check"] == "integrity.values.counter"


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ([], ["validate"]),
        (["--verbose"], ["validate", "--verbose"]),
        (["--home", "x", "--json"], ["--home", "x", "validate", "--json"]),
        (["--home=x", "--json"], ["--home=x", "validate", "--json"]),
    ],
)
def test_a_home_stands_before_the_command(given: list[str], arguments: list[str]) -> None:
    assert load_script("validate_data").arguments_of(given) == arguments
