"""The commands of deploy/migration.md, run one after the other against a real database."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SHARED, environ_of
from tracker.settings import Settings

GUIDE = (ROOT / "deploy" / "migration.md").read_text(encoding="utf-8")
CORPUS = SHARED / "corpus-legacy" / "legacy.db"
PHASES = ("Install beside", "Import", "Run both and compare", "Switch off")


def commands() -> list[str]:
    """The lines that are set apart as commands."""
    return [line.strip() for line in GUIDE.splitlines() if line.startswith("    ")]


def test_the_guide_has_four_phases_each_with_its_way_back() -> None:
    assert tuple(re.findall(r"^## \d\. (.+)$", GUIDE, re.M)) == PHASES
    assert GUIDE.count("*Way back:*") == len(PHASES)


@pytest.mark.skipif(not CORPUS.is_file(), reason="the earlier application's database is not here")
def test_its_commands_lead_from_the_file_to_a_comparison_without_findings(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copy(CORPUS, tmp_path / "legacy.db")
    # The first line names a home, which this test has already; the worker runs until it is ended.
    lines = [line for line in commands() if not line.startswith(("export", "tracker worker"))]
    assert len(lines) == len(commands()) - 2
    script = "\n".join(["set -eu", f'tracker() {{ "{sys.executable}" -m tracker "$@"; }}', *lines])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={
            **environ_of(settings),
            "LEGACY": str(tmp_path / "legacy.db"),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing is new" not in done.stdout
    report = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert report["findings"] == []
