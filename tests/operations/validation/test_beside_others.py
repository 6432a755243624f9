"""Nothing is found after other operations either, nor beside them: retention, an import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import DAY, NOW, cluster_all, judge_all
from tests.operations.validation.histories import Uploads, finished, found_by, result
from tests.store.test_retention import shorten
from tracker.operations.export.everything import lines
from tracker.operations.export.selection import Selection
from tracker.operations.imports import import_lines
from tracker.operations.retention.letting_go import let_go
from tracker.operations.retention.rules import Policy
from tracker.operations.validation.validate import CHECKS, validate
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run

ALL = Selection(("*",))
BUILDS = 40


def test_nothing_is_found_once_results_were_let_go(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten(monkeypatch)  # of judging's windows, so that a short history outgrows them
    open_store(settings.store)
    uploads = Uploads(settings.spool)
    for number in range(1, BUILDS + 1):
        row = [
            result("flickers", "F" if number % 7 == 0 else "P"),
            result("broke", "F" if 10 <= number % 20 < 15 else "P"),
            result("steady", "P", 1.0 + number % 3 * 0.1),
            *([result("gone", "P")] if number % 20 < 18 else []),
        ]
        uploads.send(finished("nightly", number), uploads.report("r.xml", row))
    cluster_all()
    let_go(settings, Policy(builds=1, spool_days=1), now=NOW + 1000 * DAY)
    [(gone,)] = run("SELECT count(*) FROM build WHERE let_go IS NOT NULL")
    close_store()
    assert gone > 5
    assert found_by(settings).findings == []


_LETS_GO = """
import sys
from tracker.operations.retention.letting_go import let_go
from tracker.operations.retention.rules import Policy
from tracker.settings import Settings
from tracker.store.connection import open_store

home, output, now = sys.argv[1:]
settings = Settings.load({}, home=home, output=output)
open_store(settings.store)
let_go(settings, Policy(spool_days=1), now=int(now))
"""


def files(settings: Settings) -> int:
    return sum(path.is_file() for path in settings.spool.rglob("*"))


def test_bytes_that_are_let_go_while_it_looks_are_no_finding(world: Settings) -> None:
    before = files(world)

    def let_go_beside(words: str) -> None:
        if words == "looking at what is on record":
            told = [world.home, world.output, NOW + 1000 * DAY]
            subprocess.run([sys.executable, "-c", _LETS_GO, *map(str, told)], check=True)

    report = validate(world, now=NOW + 100 * DAY, is_thorough=True, beat=let_go_beside)
    assert files(world) < before
    assert report.findings == []
    assert {each.check for each in report.checks} == {check.id for check in CHECKS}


def test_nothing_is_found_in_what_was_imported(world: Settings, tmp_path: Path) -> None:
    open_store(world.database)
    exported = list(lines(ALL, now=NOW))
    close_store()
    other = Settings.load({}, home=tmp_path / "other", output=tmp_path / "other output")
    open_store(other.database)
    import_lines(exported, now=NOW)
    judge_all()
    cluster_all()
    close_store()
    assert found_by(other).findings == []
