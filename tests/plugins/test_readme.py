"""The worked example of plugins/README.md is a plugin that works."""

from __future__ import annotations

import re
from pathlib import Path

from tracker.intake import spool
from tracker.intake.plugins import PluginSources
from tracker.intake.sandbox import Limits, read_reports
from tracker.intake.spool import SpooledReport

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_example_reads_what_it_says(tmp_path: Path) -> None:
    text = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.S)
    assert example is not None
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "mine.py").write_text(example[1], encoding="utf-8")
    kept = spool.store(tmp_path / "spool", [b"MINE 1\nlogin: ok\nlogout: FAILED\npay: maybe\n"])
    [report] = read_reports(
        [SpooledReport(kept.path, "results.txt", kept.sha256, kept.size)],
        Limits(),
        PluginSources(ROOT / "plugins", folder),
    )
    assert report.failure == ""
    assert [row[1] for row in report.contents.results] == [0, 1, 4]
