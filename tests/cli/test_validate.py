"""`tracker validate`: what it says, what it writes, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import ROOT, environ_of, running_demo
from tests.operations.validation.histories import Uploads, finished, result
from tracker.settings import Settings
from tracker.store.sql import run

KINDS = ("integrity", "calculation", "consistency")


@pytest.fixture
def damaged(home: Path) -> None:
    """A database in which two builds have a wrong count."""
    run("UPDATE build SET skipped = 5 WHERE number < 3")


@pytest.fixture(autouse=True)
def _recorded(home: Path) -> None:
    """Two jobs with a few builds, and the bytes of their reports."""
    uploads = Uploads(home / "spool")
    for number, letters in enumerate(("PP", "PF", "PP", "FP"), start=1):
        row = [result(case, letter) for case, letter in zip(("in", "out"), letters, strict=True)]
        uploads.send(finished("nightly", number), uploads.report("r.xml", row))
    uploads.send(finished("smoke", 3), uploads.report("s.xml", [result("opens", "P")]))


def test_a_clean_database_ends_with_0(command: Command) -> None:
    said = command("validate")
    assert said.code == 0, said.out


def test_a_finding_ends_with_1_and_says_what_to_do(command: Command, damaged: None) -> None:
    said = command("validate")
    assert said.code == 1
    assert "ERROR calculation.rates" in said.out
    assert ": 2 of 5." in said.out
    assert "What to do: `tracker reparse --all`" in said.out


def test_what_is_on_record_does_not_steer_the_terminal(command: Command) -> None:
    run("UPDATE job SET standing = ? WHERE name = 'nightly'", "x\x1b[2J")
    said = command("validate", "--verbose")
    assert (said.code, "\x1b" in said.out) == (1, False)
    assert "x\N{REPLACEMENT CHARACTER}[2J" in said.out


def test_there_is_a_line_for_each_kind(command: Command) -> None:
    lines = command("validate").out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(KINDS)] == [*KINDS]


def test_examples_and_all_checks_are_told_when_asked_for(command: Command, damaged: None) -> None:
    plain, verbose = command("validate").out, command("validate", "--verbose").out
    assert "nightly #1: total" not in plain
    assert "nightly #1: total 2, sum 7" in verbose
    assert verbose.count("\nok ") > 100


def test_json_has_the_documented_shape(command: Command, damaged: None) -> None:
    told = command("validate", "--json").json
    assert " ".join(told) == "subject at clean seconds facts kinds checks findings notes"
    [finding] = [each for each in told["findings"] if each["check"] == "calculation.rates"]
    assert " ".join(finding) == "check kind severity sentence count remedy examples"
    assert " ".join(told["checks"][0]) == "check kind sentence looked found seconds skipped"
    assert (told["clean"], finding["count"], finding["severity"]) == (False, 2, "error")
    assert told["kinds"]["calculation"].keys() == {"checks", "looked", "found"}


def test_the_report_is_written_as_it_is_printed(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text("before")
    printed = command("validate", "--json", "--export-report", file).json
    assert json.loads(file.read_text()) == printed
    assert list(tmp_path.glob("tmp*")) == []


def test_a_report_that_cannot_be_written_ends_with_3(command: Command, tmp_path: Path) -> None:
    said = command("validate", "--export-report", tmp_path / "nowhere" / "report.json")
    assert said.code == 3
    assert "report.json cannot be written" in said.err


@pytest.mark.sqlite
def test_a_missing_database_ends_with_3_and_is_not_made(command: Command, tmp_path: Path) -> None:
    said = command("--home", tmp_path / "other", "validate")
    assert (said.code, said.out) == (3, "")
    assert "`tracker init` makes one" in said.err
    assert not (tmp_path / "other").exists()


@pytest.mark.sqlite
def test_a_file_that_is_no_database_ends_with_3(command: Command, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tracker.db").write_bytes(b"no database" * 100)
    said = command("--home", tmp_path / "other", "validate")
    assert (said.code, said.out) == (3, "")
    assert "file is not a database" in said.err


def test_a_database_of_a_newer_version_ends_with_3(command: Command, home: Path) -> None:
    run("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    said = command("validate")
    assert (said.code, said.out) == (3, "")
    assert "newer version" in said.err


def _read_and_validate(
    folder: Path,
    url: str,
    jobs: tuple[str, ...] = (),
    publishing: tuple[str, ...] = (),
    builds: str = "60",
) -> None:
    """Read all of a Jenkins as a worker does, then find nothing."""
    settings = Settings.load({}, home=folder / "demo", output=folder / "site")

    def tracker(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tracker", *arguments],
            cwd=ROOT,
            env=environ_of(settings, TRACKER_FIRST_BUILDS=builds),
            capture_output=True,
            text=True,
        )

    assert tracker("server", "add", "main", url, "--rate", "500", *jobs).returncode == 0
    assert tracker("worker", "--until-idle", *publishing).returncode == 0
    said = tracker("validate", "--verbose")
    assert (said.returncode, said.stderr) == (0, ""), said.stdout
    assert " 0 of            0  calculation.totals" not in said.stdout


def test_nothing_is_found_in_a_job_of_the_demo(tmp_path: Path) -> None:
    with running_demo(20) as demo:
        only = ("--jobs", "team/nightly")
        _read_and_validate(tmp_path, demo.url, only, ("--publishing", "elsewhere"), builds="4")


@pytest.mark.nightly
def test_nothing_is_found_in_a_long_demo_of_all_kinds_that_is_published(tmp_path: Path) -> None:
    with running_demo(40, more=True) as demo:
        _read_and_validate(tmp_path, demo.url)
