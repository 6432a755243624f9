"""`tracker backup` and `tracker restore`, as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tracker.store.connection import close_store


@pytest.fixture
def taken(command: Command, files: Path, home: Path) -> Path:
    """A backup of one build; nobody has the database open."""
    command("ingest", "--job", "nightly", "--build", 1, files / "a.xml")
    path = Path(command("backup").out.strip())
    close_store()
    return path


def test_a_backup_prints_where_it_is(taken: Path, home: Path) -> None:
    assert taken.parent == home / "backups"
    assert taken.is_file()


def test_a_backup_goes_where_it_is_told(command: Command, tmp_path: Path) -> None:
    said = command("backup", "--to", tmp_path / "there", "--json")
    assert said.json["folder"] == str(tmp_path / "there")
    assert (tmp_path / "there" / said.json["file"]).is_file()
    assert said.json["removed"] == []


def test_a_backup_that_a_full_home_cannot_note_is_one(
    command: Command, taken: Path, home: Path, tmp_path: Path
) -> None:
    (home / "last-backup.json").unlink()
    (home / "last-backup.json.part").symlink_to("/dev/full")
    said = command("backup", "--to", tmp_path / "there")
    assert (said.code, Path(said.out.strip()).is_file()) == (0, True)
    assert "was not noted in home" in said.err
    assert "No space left on device" in said.err


def test_a_backup_with_the_spool_has_the_raw_reports(command: Command, taken: Path) -> None:
    command("backup", "--with-spool")
    assert len(list((taken.parent / "spool").glob("??/*"))) == 1


@pytest.mark.sqlite
def test_without_a_database_there_is_no_backup(command: Command, home: Path) -> None:
    close_store()
    (home / "tracker.db").unlink()
    said = command("backup")
    assert (said.code, "There is no database" in said.err) == (3, True)


def test_a_proof_says_what_is_in_the_backup(command: Command, taken: Path) -> None:
    said = command("restore", taken, "--verify")
    assert (said.code, "can be restored" in said.out) == (0, True)
    assert "1 builds, 2 results" in said.out


def test_a_backup_may_be_called_by_its_name_alone(command: Command, taken: Path) -> None:
    assert command("restore", taken.name, "--verify", "--json").json["backup"] == taken.name


def test_a_damaged_backup_is_refused(command: Command, taken: Path) -> None:
    taken.write_bytes(taken.read_bytes()[:-1])
    said = command("restore", taken, "--verify")
    assert (said.code, "SHA-256" in said.err) == (3, True)


def test_what_is_no_file_is_no_backup(command: Command, home: Path) -> None:
    said = command("restore", "yesterday")
    assert (said.code, "There is no backup yesterday" in said.err) == (2, True)


def test_a_restore_asks_first(command: Command, taken: Path) -> None:
    said = command("restore", taken)
    assert (said.code, "--yes" in said.err) == (2, True)


def test_a_restore_says_what_to_do_next(command: Command, taken: Path, files: Path) -> None:
    command("ingest", "--job", "nightly", "--build", 2, files / "a.xml")
    close_store()
    said = command("restore", taken, "--yes")
    assert said.code == 0
    assert ".before-" in said.out
    assert "--replay-spool" in said.out
    assert "nightly" in command("dump").out
    assert '"number":2' not in command("dump").out


def test_a_restore_reads_again_what_came_after_the_backup(
    command: Command, taken: Path, files: Path
) -> None:
    command("ingest", "--job", "nightly", "--build", 2, files / "a.xml")
    before = command("dump").out
    close_store()
    said = command("restore", taken, "--yes", "--replay-spool")
    assert (said.code, "1 of 1 builds" in said.out) == (0, True)
    assert command("dump").out == before


def test_what_cannot_be_read_again_is_named(
    command: Command, taken: Path, files: Path, home: Path
) -> None:
    command("ingest", "--job", "nightly", "--build", 2, files / "deep" / "b.xml")
    close_store()
    for path in (home / "spool").glob("??/*"):
        path.unlink()
    said = command("restore", taken, "--yes", "--replay-spool", "--json")
    assert said.code == 4
    [again] = said.json["replayed"]
    assert (again["number"], bool(again["trouble"])) == (2, True)


def test_a_restore_is_refused_while_the_database_is_used(command: Command, taken: Path) -> None:
    command("dump")  # it is open in this process from now on
    said = command("restore", taken, "--yes")
    assert (said.code, "in use by the" in said.err) == (3, True)


def test_a_restore_is_written_down(command: Command, taken: Path) -> None:
    close_store()
    command("restore", taken, "--yes")
    [row] = [row for row in command("audit", "--json").json if row["what"] == "restore"]
    assert row["subject"] == taken.name
    assert row["who"].startswith("user ")
