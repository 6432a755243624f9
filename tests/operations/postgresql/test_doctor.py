"""The doctor of a tracker whose store is in PostgreSQL."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests import servers
from tests.operations.doctor.scenes import failed, found, only, scene
from tracker.clock import now_ms
from tracker.operations.backup import programs
from tracker.operations.backup.sources import source_of
from tracker.operations.backup.taking import take
from tracker.operations.doctor import checks_of, server
from tracker.settings import Settings
from tracker.store.connection import close_store
from tracker.store.heartbeats import beat
from tracker.store.sql import run


@pytest.fixture
def sound(settings: Settings, store: str) -> Settings:
    """A worker lives and there is a backup; nobody has it open."""
    beat("here:1", now=now_ms())
    close_store()
    take(source_of(settings), settings.home / "backups", now=datetime.now(UTC))
    return settings


def test_every_check_says_something_and_only_the_tests_server_is_unsafe(sound: Settings) -> None:
    said = {each.check for each in found(sound)}
    assert said == {check.name for check in checks_of(sound)} - {"Jenkins tokens"}
    assert set(failed(sound)) == {"safety"}  # the tests' server does without fsync


def test_whatever_is_not_well_says_what_to_do(sound: Settings) -> None:
    assert [each for each in found(sound) if each.verdict != "pass" and not each.remedy] == []


def test_what_is_about_a_file_is_not_asked(sound: Settings) -> None:
    assert not {"pages", "pragmas", "file system"} & {each.check for each in found(sound)}


def test_a_server_without_fsync_is_told(settings: Settings, store: str) -> None:
    said = only(server.look_at_safety(scene(settings)))
    assert said.words.startswith("fsync is off, full_page_writes is off: ")
    assert said.remedy.startswith("ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes")


def test_commits_that_do_not_wait_for_the_disk_are_told(settings: Settings, store: str) -> None:
    run("SET synchronous_commit = off")
    assert "synchronous_commit is off" in only(server.look_at_safety(scene(settings))).words


def test_sessions_that_exclude_each_other_are_well(settings: Settings, store: str) -> None:
    assert only(server.look_at_locking(scene(settings))).verdict == "pass"


def test_more_threads_than_connections_are_told(
    settings: Settings, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKER_WEB_WORKERS", "4")
    assert only(server.look_at_connections(scene(settings))).verdict == "pass"
    monkeypatch.setenv("TRACKER_WEB_WORKERS", "40")
    said = only(server.look_at_connections(scene(settings)))
    assert said.verdict == "warn"
    assert "take up to 162" in said.words


def test_a_clock_that_is_off_is_told(
    settings: Settings, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert only(server.look_at_clock(scene(settings))).verdict == "pass"
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 600)
    said = only(server.look_at_clock(scene(settings)))
    assert said.words == "The clock of the database is 10 minutes ahead of ours."


def test_missing_programs_are_told(
    settings: Settings, store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_FOLDERS", tmp_path)
    said = only(server.look_at_programs(scene(settings)))
    assert said.verdict == "warn"
    assert "pg_dump is not installed" in said.words


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://postgres@/nowhere?host={folder}", "The database is not there."),
        ("postgresql://postgres:secret@127.0.0.1:1/x", "The database cannot be reached."),
    ],
)
def test_a_database_that_cannot_be_had_is_told_and_the_rest_is_looked_at(
    settings: Settings, address: str, words: str
) -> None:
    lost = msgspec.structs.replace(settings, database_url=address.format(folder=servers.cluster()))
    lost.home.mkdir(mode=0o700)
    said = found(lost)
    assert next(each.words for each in said if each.check == "database") == words
    assert "secret" not in str(said)
    assert "permissions" in {each.check for each in said}


def test_a_database_of_a_newer_version_is_told(sound: Settings) -> None:
    with psycopg.connect(sound.database_url) as connection:
        connection.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_l', now())")
    assert "newer version: it has 9999_l" in failed(sound)["database"].words
