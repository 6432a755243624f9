"""Reports that real tools wrote of our own tests: what was planned is what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.plugins.reading import SAMPLES, lies_of_a_cut, parser_of
from tracker.intake.ingest import Intake, try_reading
from tracker.intake.plugins import PluginSources
from tracker.intake.sandbox import Limits
from tracker.queries.trial import Trial, trial
from tracker.store.models import RESULT_COUNTS

EXPECTED: list[dict[str, Any]] = json.loads((SAMPLES / "EXPECTED.json").read_text())
INTAKE = Intake(SAMPLES, Limits(), PluginSources(ROOT / "plugins"))


def tried(path: Path) -> Trial:
    """What would be recorded of a file, an archive or a folder, read as intake reads it."""
    paths = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return trial(try_reading(INTAKE, {str(each.relative_to(SAMPLES)): each for each in paths}))


@pytest.mark.parametrize("sample", EXPECTED, ids=lambda sample: sample["file"])
def test_a_sample_is_read_as_its_tests_were_planned(sample: dict[str, Any]) -> None:
    found = tried(SAMPLES / sample["file"])
    assert found.format == sample["format"]
    counted = {name: getattr(found.totals, name) for name in RESULT_COUNTS} | {"flaky": found.flaky}
    planned = {name: sample.get(name, 0) for name in (*RESULT_COUNTS, "flaky")}
    assert counted == {**planned, **sample.get("ours", {})}


def test_what_is_read_otherwise_than_planned_has_a_reason() -> None:
    assert all(bool(sample.get("why")) == bool(sample.get("ours")) for sample in EXPECTED)


# TAP whose plan stands first may be cut inside its last line; its own tests cut it elsewhere.
CUT = [
    sample
    for sample in EXPECTED
    if sample["format"] != "tap" and Path(sample["file"]).suffix not in ("", ".zip")
]


@pytest.mark.parametrize("sample", CUT, ids=lambda sample: sample["file"])
def test_a_sample_that_breaks_off_never_tells_more_or_better(sample: dict[str, Any]) -> None:
    data = (SAMPLES / sample["file"]).read_bytes()
    step = max(1, len(data) // 25)
    assert lies_of_a_cut(parser_of(sample["format"]), data, step=step) == []


def test_every_sample_is_expected_to_be_something() -> None:
    expected = [sample["file"] for sample in EXPECTED]
    assert len(expected) == len(set(expected))
    files = {
        str(path.relative_to(SAMPLES))
        for path in SAMPLES.rglob("*")
        if path.is_file()
        and path.parent != SAMPLES
        and not {"sources", "crashes"} & set(path.parts)
    }
    within = {file for file in files for sample in expected if file.startswith(f"{sample}/")}
    # What TestNG writes beside its reports to run the failures again.
    assert files - within - set(expected) == {"testng/run/Shop/testng-failed.xml"}


def test_the_forms_of_one_run_are_counted_once() -> None:
    """TestNG's own report, the one JUnit file for each class, the one for each of its tests."""
    found = tried(SAMPLES / "testng" / "run")
    alone = tried(SAMPLES / "testng" / "run" / "testng-results.xml")
    set_up_and_tear_down = 6
    assert found.totals.total <= alone.totals.total + set_up_and_tear_down
    assert found.flaky == alone.flaky
