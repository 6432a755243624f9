"""Validating a database in PostgreSQL: every check is made, on a copy of one moment."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests import servers
from tracker.errors import StorageError
from tracker.operations.validation.findings import Report
from tracker.operations.validation.validate import CHECKS, validate
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store, writing
from tracker.store.sql import run

NOW = 1_795_000_000_000


def report_of(settings: Settings) -> Report:
    close_store()
    return validate(settings, now=NOW)


def test_what_is_sound_is_found_so_by_all_checks_but_that_of_the_file(filled: Settings) -> None:
    report = report_of(filled)
    assert report.findings == []
    left_out = [check.check for check in report.checks if check.skipped]
    assert left_out == ["integrity.file"]
    assert len(report.checks) == len(CHECKS)
    assert report.facts["result"] > 0


def test_damage_is_found_as_in_a_file(filled: Settings) -> None:
    open_store(filled.store)
    with writing():
        run("UPDATE build SET failed = failed + 1 WHERE number = 10")
        run("DELETE FROM failure")
    found = {finding.check for finding in report_of(filled).findings}
    assert any("failure" in check for check in found)
    assert any(check.startswith("calculation") for check in found)


def test_the_password_is_in_no_report(filled: Settings) -> None:
    secret = filled.database_url.replace("postgres@", "postgres:secret@")
    report = report_of(msgspec.structs.replace(filled, database_url=secret))
    assert report.subject.startswith("postgresql://postgres@")
    assert "secret" not in report.subject


def test_an_empty_database_is_none_of_the_tracker(settings: Settings) -> None:
    bare = Settings.load(
        {},
        home=settings.home,
        output=settings.output,
        database_url=servers.new_database("template0"),
    )
    with pytest.raises(StorageError, match="no database of the tracker"):
        validate(bare, now=NOW)


def test_one_of_an_older_version_is_left_alone(filled: Settings) -> None:
    open_store(filled.store)
    with writing():
        run("DELETE FROM schema_migration WHERE name = '0009_break_windows'")
    with pytest.raises(StorageError, match="older version"):
        report_of(filled)


def test_nothing_is_left_of_the_copy(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    report_of(filled)
    assert set(tmp_path.iterdir()) == before
