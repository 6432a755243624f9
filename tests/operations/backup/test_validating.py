"""A backup is validated once it is taken, and its manifest says what was found."""

from __future__ import annotations

import shutil
from collections import namedtuple
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import cluster_all, judge_all
from tests.operations.backup.taken import backup
from tests.operations.validation.histories import Uploads, finished, result
from tracker.errors import StorageError
from tracker.operations.backup.copies import digest_of
from tracker.operations.backup.manifest import Manifest, manifest_of
from tracker.operations.backup.validating import validated
from tracker.settings import Settings
from tracker.store.connection import close_store
from tracker.store.sql import run

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.home / "backups"


def looked_at(settings: Settings, folder: Path, *damage: str) -> Manifest:
    """What is said of a backup of two builds, with this damage."""
    uploads = Uploads(settings.home / "no spool")
    for number, letter in enumerate("PF", start=1):
        tests = [result("login", letter), result("logout", "P")]
        uploads.send(finished("nightly", number), uploads.report("r.xml", tests))
    judge_all()
    cluster_all()
    for statement in damage:
        run(statement)
    close_store()
    made = backup(settings.database, folder, now=NOW)
    return validated(made, folder, settings, now=NOW_MS)


def test_a_backup_of_a_sound_database_is_clean(
    settings: Settings, store: Path, folder: Path
) -> None:
    """The raw reports of this one are nowhere: what is beside a database is no part of it."""
    made = looked_at(settings, folder)
    assert (made.findings, made.is_clean) == ((), True)
    assert manifest_of(folder / made.file) == made


def test_errors_are_named_in_the_manifest(settings: Settings, store: Path, folder: Path) -> None:
    made = looked_at(settings, folder, "UPDATE build SET damaged = damaged + 1")
    assert made.findings == ("calculation.damaged",)
    assert manifest_of(folder / made.file) == made


def test_a_warning_leaves_it_clean(settings: Settings, store: Path, folder: Path) -> None:
    """It may be of what Jenkins tells, and stay for ever."""
    tomorrow = NOW_MS + 3 * 24 * 60 * 60 * 1000
    assert looked_at(settings, folder, f"UPDATE job SET standing_since = {tomorrow}").is_clean


def test_the_backup_stays_as_it_was_and_no_copy_of_it_is_left(
    settings: Settings, store: Path, folder: Path
) -> None:
    made = looked_at(settings, folder, "UPDATE build SET regressions = 7")
    assert made.findings == ("calculation.build.regressions",)
    assert digest_of(folder / made.file) == made.sha256
    assert not list(settings.home.glob(".verify-*"))


def test_one_that_changed_on_the_disk_is_not_validated(
    settings: Settings, store: Path, folder: Path
) -> None:
    made = backup(store, folder, now=NOW)
    with (folder / made.file).open("r+b") as file:
        file.write(b"x")
    with pytest.raises(StorageError, match="not what was backed up"):
        validated(made, folder, settings, now=NOW_MS)
    assert manifest_of(folder / made.file) == made


def test_a_database_that_was_not_migrated_yet_is_not_validated(
    settings: Settings, store: Path, folder: Path
) -> None:
    run("DELETE FROM schema_migration WHERE name = '0009_break_windows'")
    close_store()
    made = backup(store, folder, now=NOW)
    with pytest.raises(StorageError):
        validated(made, folder, settings, now=NOW_MS)


def test_what_the_service_needs_of_the_disk_is_left_to_it(
    settings: Settings, store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup(store, folder, now=NOW)
    usage = namedtuple("usage", "free")(60 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match="to look at needs"):
        validated(made, folder, settings, now=NOW_MS)


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        (None, "not validated"),
        ((), "clean"),
        (("a",), "errors: a"),
        (("a", "b", "c", "d", "e"), "errors: a, b, c and 2 more"),
    ],
)
def test_what_was_found_is_said_in_words(findings: tuple[str, ...] | None, words: str) -> None:
    assert Manifest("x.db", NOW, "1", (), 0, "", 0, {}, 0.0, findings=findings).validity == words


def test_a_manifest_of_before_is_read(store: Path, folder: Path) -> None:
    made = backup(store, folder, now=NOW)
    path = (folder / made.file).with_suffix(".json")
    path.write_text(path.read_text().replace('"findings": null', '"more": 1'))
    assert manifest_of(folder / made.file) == made
