"""`tracker import-legacy` and `tracker validate --against`: words, data, and how they end."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.factories import report, upload
from tests.operations.legacy.odd import change, small
from tracker.operations.legacy import reader


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A file of the earlier application with one build."""
    return small(tmp_path / "legacy.db")


def test_a_name_cannot_steer_the_terminal(command: Command, tmp_path: Path) -> None:
    path = small(tmp_path / "odd.db")
    change(path, "UPDATE modules SET name = ?", "a\x1b[2Jb\nc")
    assert "\x1b" not in command("import-legacy", path).out


def test_the_summary_says_what_was_recorded(command: Command, database: Path) -> None:
    said = command("import-legacy", database)
    assert said.code == 0
    assert "1 are new" in said.out
    assert "7.0/routing is 7.0/routing" in said.out
    assert command("job", "list", "--json").json[0]["name"] == "7.0/routing"


def test_the_summary_is_data_too(command: Command, database: Path) -> None:
    found = command("import-legacy", database, "--json").json
    assert (found["builds"], found["found"]["results"]) == ({"new": 1}, 1)
    assert found["is_dry_run"] is False


def test_a_dry_run_records_nothing(command: Command, database: Path) -> None:
    said = command("import-legacy", database, "--dry-run")
    assert (said.code, "had this been no dry run" in said.out) == (0, True)
    assert command("job", "list", "--json").json == []


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"not a database", 2, "no SQLite database"),
        (b"SQLite format 3\x00" + bytes(3000), 3, "is damaged"),
    ],
)
@pytest.mark.parametrize("arguments", [("import-legacy",), ("validate", "--against")])
def test_a_file_that_is_none_ends_it_in_words(
    command: Command,
    tmp_path: Path,
    data: bytes,
    code: int,
    words: str,
    arguments: tuple[str, ...],
) -> None:
    (tmp_path / "a.db").write_bytes(data)
    said = command(*arguments, tmp_path / "a.db")
    assert said.code == code
    assert words in said.err
    assert "Traceback" not in said.err


def test_a_file_that_is_locked_ends_it_in_words(
    command: Command, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "WAIT_SECONDS", 0.05)
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    said = command("import-legacy", database)
    writer.close()
    assert (said.code, "Try again in a minute" in said.err) == (3, True)


def test_a_comparison_ends_with_0_where_all_is_here_and_with_1_where_not(
    command: Command, database: Path, tmp_path: Path
) -> None:
    command("import-legacy", database)
    assert command("validate", "--against", database).code == 0
    change(database, "INSERT INTO jobs (id, module_id, job_id) VALUES (2, 1, '2')")
    said = command("validate", "--against", database, "--export-report", tmp_path / "report.json")
    assert said.code == 1
    assert "7.0/routing #2 is not here." in (tmp_path / "report.json").read_text()
    assert json.loads((tmp_path / "report.json").read_text())


def test_a_build_that_the_tracker_read_itself_is_left_and_told(
    command: Command, database: Path
) -> None:
    command("import-legacy", database)
    upload("7.0/routing", 1, report("own.xml", one="P", two="P"))
    said = command("import-legacy", database)
    assert "1 were read by the tracker itself, which is believed" in said.out
    assert command("validate", "--against", database).code == 0
