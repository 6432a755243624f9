"""`tracker backup` and `tracker restore`, as an operator types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.commands import Said
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run


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


@pytest.mark.sqlite
def test_a_backup_says_that_it_is_clean(command: Command, taken: Path) -> None:
    said = command("backup", "--json")
    assert (said.code, said.json["findings"]) == (0, [])


@pytest.fixture
def with_errors(command: Command, taken: Path, home: Path) -> Said:
    """What a backup of a database with an error says; one before it is clean."""
    open_store(home / "tracker.db")
    run("UPDATE build SET damaged = damaged + 1")
    close_store()
    return command("backup")


@pytest.mark.sqlite
def test_a_backup_with_errors_is_kept_and_ends_with_1(with_errors: Said) -> None:
    assert (with_errors.code, Path(with_errors.out.strip()).is_file()) == (1, True)
    assert "warning: The database has errors: calculation.damaged." in with_errors.err


@pytest.mark.sqlite
def test_the_list_of_backups_says_which_are_clean(
    command: Command, with_errors: Said, taken: Path
) -> None:
    newest, first = command("restore").out.splitlines()
    assert (newest.split()[0], first.split()[0]) == (with_errors.out.strip(), str(taken))
    assert newest.endswith("  errors: calculation.damaged")
    assert first.endswith(" UTC  clean")
    findings = [each["findings"] for each in command("restore", "--json").json]
    assert findings == [["calculation.damaged"], []]


@pytest.mark.sqlite
def test_a_proof_says_what_validation_found(command: Command, with_errors: Said) -> None:
    said = command("restore", with_errors.out.strip(), "--verify")
    assert (said.code, "errors: calculation.damaged" in said.out) == (0, True)


@pytest.mark.sqlite
def test_a_backup_that_cannot_be_validated_is_kept_and_ends_with_4(
    command: Command, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.operations.backup.validating.SPARE", 1 << 60)
    said = command("backup")
    assert (said.code, Path(said.out.strip()).is_file()) == (4, True)
    assert "whole, but was not validated" in said.err
    assert "--no-validate" in said.err


@pytest.mark.sqlite
def test_a_backup_whose_validation_is_cut_off_is_there(
    command: Command, taken: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tracker.operations.backup.validating.validate_copy", cut_off)
    assert command("backup").code == 130
    newest, _ = command("restore").out.splitlines()
    assert newest.endswith(" UTC  not validated")
    assert not list(home.glob(".verify-*"))


def test_who_does_not_want_to_wait_has_a_backup_that_is_not_validated(
    command: Command, taken: Path
) -> None:
    said = command("backup", "--no-validate", "--json")
    assert (said.code, said.json["findings"]) == (0, None)


def test_where_no_backup_is_the_list_says_so(command: Command, home: Path) -> None:
    said = command("restore")
    assert (said.code, said.out, "`tracker backup` makes one" in said.err) == (0, "", True)


def test_a_restore_of_nothing_is_no_list(command: Command, taken: Path) -> None:
    said = command("restore", "--yes")
    assert (said.code, "No backup is named" in said.err) == (2, True)


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
