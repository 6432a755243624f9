"""The doctor as a whole: what it says of a sound tracker, and of each way a database is lost."""

from __future__ import annotations

import contextlib
import os
import shlex
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.factories import history
from tests.operations.backup.taken import backup
from tests.operations.doctor.scenes import failed, found
from tracker.clock import now_ms
from tracker.operations.doctor import checks_of
from tracker.settings import Settings
from tracker.store import sqlite
from tracker.store.connection import close_store
from tracker.store.heartbeats import beat


@pytest.fixture
def sound(settings: Settings, store: Path) -> Path:
    """A database with a history, a worker that lives and a backup; nobody has it open."""
    history("nightly", **{f"case{n}": "P F" for n in range(40)})
    beat("here:1", now=now_ms())
    close_store()
    backup(store, settings.home / "backups", now=datetime.now(UTC))
    return store


def test_of_a_sound_tracker_nothing_fails(settings: Settings, sound: Path) -> None:
    assert failed(settings) == {}


def test_every_check_says_something(settings: Settings, sound: Path) -> None:
    there_is_no_jenkins = {"Jenkins tokens"}
    said = {each.check for each in found(settings)}
    assert said == {check.name for check in checks_of(settings)} - there_is_no_jenkins


def test_whatever_is_not_well_says_what_to_do(settings: Settings, sound: Path) -> None:
    assert [each for each in found(settings) if each.verdict != "pass" and not each.remedy] == []


def test_looking_changes_nothing(settings: Settings, sound: Path) -> None:
    def state() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in settings.home.rglob("*") if path.is_file()}

    before = state()
    found(settings)
    assert state() == before


def zeroed(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(4096))


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def spoilt(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 8192 * 4096)
        file.write(b"\xff" * 40_960)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '')")
    file.close()


LOST: list[tuple[Callable[[Path], None], str]] = [
    (Path.unlink, "There is no database"),
    (zeroed, "not a database"),
    (cut, "damaged"),
    (spoilt, "damaged"),
    (newer, "newer version"),
]


@pytest.mark.parametrize(
    ("damage", "words"), LOST, ids=lambda value: getattr(value, "__name__", "")
)
def test_of_a_lost_database_it_says_which_command_brings_the_backup_back(
    settings: Settings, sound: Path, damage: Callable[[Path], None], words: str
) -> None:
    [newest] = (settings.home / "backups").glob("*.db")
    damage(sound)
    said = failed(settings)
    [finding] = [each for each in said.values() if words in each.words and each.remedy][:1]
    assert f"tracker restore {newest}" in finding.remedy


def test_where_there_never_was_anything_it_says_init(settings: Settings) -> None:
    assert failed(settings)["database"].remedy == "tracker init"
    assert not settings.home.exists()


def test_a_database_that_waits_for_migrations_is_not_migrated(
    settings: Settings, sound: Path
) -> None:
    with sqlite3.connect(sound) as file:
        file.execute("DELETE FROM schema_migration WHERE name = '0009_break_windows'")
    file.close()
    said = found(settings)
    assert any(each.remedy == "tracker init" and "0009" in each.words for each in said)
    with sqlite3.connect(sound) as file:
        names = [name for [name] in file.execute("SELECT name FROM schema_migration")]
    file.close()
    assert "0009_break_windows" not in names


def test_checks_that_could_not_be_made_are_named(settings: Settings, sound: Path) -> None:
    zeroed(sound)
    [last] = found(settings)[-1:]
    assert "pragmas" in last.words
    assert last.verdict == "warn"


def test_a_locked_database_is_told_and_the_rest_is_looked_at(
    settings: Settings, sound: Path
) -> None:
    holder = sqlite3.connect(sound, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        said = failed(settings)
    finally:
        holder.close()
    assert list(said) == ["database"]
    assert "locked" in said["database"].words


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    for arguments in (["--bind", folder, folder], ["-o", "remount,ro,bind", folder]):
        done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
        if done.returncode != 0:
            subprocess.run(["umount", folder], capture_output=True, check=False)
            pytest.skip(f"this machine mounts nothing: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_read_only_disk_is_told(settings: Settings, sound: Path) -> None:
    with read_only(settings.home):
        said = failed(settings)
    assert "mounted read-only" in said["space"].words
    assert "restore" not in said["database"].remedy


def test_pragmas_that_are_not_in_effect_fail(
    settings: Settings, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an older Peewee, which took them and did not apply them."""
    monkeypatch.setattr(sqlite, "PRAGMAS", ())
    assert "foreign_keys is 0" in failed(settings)["pragmas"].words


def test_an_index_that_is_missing_fails_with_the_statement_that_makes_it(
    settings: Settings, sound: Path
) -> None:
    with contextlib.closing(sqlite3.connect(settings.database)) as database:
        database.execute("DROP INDEX episode_open")
    said = failed(settings)["indexes"]
    assert "lacks episode_open" in said.words
    with contextlib.closing(sqlite3.connect(settings.database)) as database:
        database.executescript(shlex.split(said.remedy)[-1])
    assert "indexes" not in failed(settings)


def test_what_may_not_be_looked_at_is_a_finding(
    settings: Settings, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> os.statvfs_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "statvfs", refused)
    [said] = failed(settings).values()
    assert (said.check, said.words.endswith(": Permission denied.")) == ("space", True)


def test_a_home_that_is_closed_to_us_is_told_with_its_owner(
    settings: Settings, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "belongs to" in failed(settings)["permissions"].words
