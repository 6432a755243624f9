"""`tracker metadata import`: a table is taken over whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tracker.queries.catalogue import entry

TABLE = "testcase_name,priority,owner\nlogin,P0,ann\nsearch,P2,bob\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "tests.csv"
    path.write_text(TABLE)
    return path


def test_a_table_is_taken_over_and_may_be_again(command: Command, table: Path) -> None:
    first = command("metadata", "import", str(table))
    assert first.out == (
        "2 tests are new, 0 are changed, 0 stay as they were.\nThese columns are not kept: owner.\n"
    )
    assert command("metadata", "import", str(table), "--json").json == {
        "taken": {"added": 0, "changed": 0, "same": 2},
        "left": ["owner"],
        "dry_run": False,
    }
    found = entry("", "login")
    assert found is not None
    assert found.priority == "P0"


def test_a_dry_run_changes_nothing(command: Command, table: Path) -> None:
    assert "2 tests would be new" in command("metadata", "import", str(table), "--dry-run").out
    assert entry("", "login") is None


def test_a_table_with_a_fault_is_refused_whole(command: Command, table: Path) -> None:
    table.write_text(f"{TABLE},P1,cy\n")
    said = command("metadata", "import", str(table))
    assert said.code == 1
    assert "line 4, column 1 (name): it is empty" in said.err
    assert entry("", "login") is None
