"""Backups: taken beside writers, proved, and whole or none."""

from __future__ import annotations

import fcntl
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import ROOT, environ_of
from tests.counts import RecordCount
from tests.factories import history
from tests.operations.backup.taken import backup
from tests.operations.backup.writing import WRITER, dump_of, until
from tracker.errors import Busy, StorageError, UsageError
from tracker.intake import spool
from tracker.operations.backup import spool_copy
from tracker.operations.backup.copies import digest_of
from tracker.operations.backup.manifest import backups_in, last_backup, manifest_of
from tracker.operations.backup.taking import tidy_spool
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run
from tracker.store.sqlite.locks import alone

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
def folder(settings: Settings) -> Path:
    return settings.home / "backups"


def test_a_backup_says_what_the_database_says(store: Path, folder: Path, tmp_path: Path) -> None:
    history("nightly", login="P F", logout="P P")
    before = dump_of(store)
    made = backup(store, folder, now=NOW)
    assert dump_of(folder / made.file, tmp_path) == before
    assert (made.counts["build"], made.counts["result"]) == (2, 4)


def test_a_backup_under_a_writer_is_the_database_at_one_moment(
    settings: Settings, folder: Path, tmp_path: Path
) -> None:
    """P9: it holds the builds up to one of them, each whole, and nothing of the next."""
    open_store(settings.store)
    close_store()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(settings.database)], cwd=ROOT, env=environ_of(settings)
    )
    try:
        until(lambda: _builds(settings.database) > 3)
        made = [backup(settings.database, folder, now=NOW) for _ in range(3)]
        until(lambda: _builds(settings.database) > made[-1].counts["build"])
    finally:
        writer.kill()
        writer.wait()
    for each in made:
        then = tmp_path / f"then-{each.file}"
        open_store(then)
        history("nightly", login="P " * each.counts["build"], logout="F " * each.counts["build"])
        close_store()
        assert dump_of(folder / each.file, tmp_path / each.file) == dump_of(then)


def _builds(database: Path) -> int:
    file = sqlite3.connect(database, timeout=10)
    [[count]] = file.execute("SELECT count(*) FROM build")
    file.close()
    return int(count)


def test_the_manifest_proves_the_file(store: Path, folder: Path) -> None:
    made = backup(store, folder, now=NOW)
    file = folder / made.file
    assert (made.sha256, made.bytes) == (digest_of(file), file.stat().st_size)
    assert manifest_of(file) == made
    assert made.verdict == "pass"


def test_a_backup_is_one_file_for_its_owner_alone(store: Path, folder: Path) -> None:
    made = backup(store, folder, now=NOW)
    assert sorted(path.name for path in folder.glob("tracker*")) == [
        made.file,
        made.file.replace(".db", ".json"),
    ]
    modes = {path.stat().st_mode & 0o777 for path in folder.glob("tracker*")}
    assert (modes, folder.stat().st_mode & 0o777) == ({0o600}, 0o700)


def test_a_damaged_database_gives_no_backup(store: Path, folder: Path) -> None:
    history("nightly", **{f"case{n}": "P F" for n in range(40)})
    close_store()
    _spoil(store)
    with pytest.raises(StorageError, match=r"damaged|malformed"):
        backup(store, folder, now=NOW)
    assert list(folder.glob("tracker*")) == []


def _spoil(path: Path) -> None:
    """Overwrite pages in the middle, as a broken disk does."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 8192 * 4096)
        file.write(b"\xff" * 40_960)


def test_where_there_is_no_database_nothing_is_made(settings: Settings, folder: Path) -> None:
    with pytest.raises(StorageError, match="There is no database"):
        backup(settings.database, folder, now=NOW)
    assert not settings.home.exists()


STEPS = (
    "copy_database after",
    "prove after",
    "write_manifest before",
    "write_manifest after",
    "sync_folder before",
)
KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from tracker.operations.backup import sources, taking
step, when = sys.argv[1].split()
module = taking if hasattr(taking, step) else sources
really = getattr(module, step)
def killed(*given):
    if when == "after":
        really(*given)
    os.kill(os.getpid(), 9)
setattr(module, step, killed)
source = sources.FileSource(Path(sys.argv[2]))
taking.take(source, Path(sys.argv[3]), now=datetime(2026, 11, 29, tzinfo=UTC))
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_no_half_backup_that_counts(
    settings: Settings, store: Path, folder: Path, step: str
) -> None:
    history("nightly", login="P")
    arguments = [sys.executable, "-c", KILLED, step, str(store), str(folder)]
    died = subprocess.run(arguments, cwd=ROOT, env=environ_of(settings), check=False)
    assert died.returncode == -signal.SIGKILL
    for whole in backups_in(folder):
        assert digest_of(folder / whole.file) == whole.sha256
    made = backup(store, folder, now=NOW)
    assert backups_in(folder)[-1] == made
    left = {path.stem for path in folder.glob("tracker*")}
    assert left == {Path(each.file).stem for each in backups_in(folder)}


def test_what_else_lies_in_the_folder_stays(store: Path, tmp_path: Path) -> None:
    """It may be any folder: what is cleared away has the name of an unfinished backup."""
    others = {"film.iso.part", "a.partial.txt", "tracker-settings.json", "tracker.db.part"}
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / "folder.part").mkdir()
    unfinished = ("tracker-20261129T000000Z.db.part", "tracker-20261129T000000Z.db.part-journal")
    for name in (*unfinished, "tracker-20261129T000000Z.json"):
        (tmp_path / name).touch()
    made = backup(store, tmp_path, now=NOW)
    mine = {made.file, str(Path(made.file).with_suffix(".json")), ".lock"}
    left = {path.name for path in tmp_path.iterdir() if path != store.parent}
    assert left == others | mine | {"folder.part"}


def test_the_home_of_a_tracker_is_no_folder_of_backups(
    settings: Settings, store: Path, tmp_path: Path
) -> None:
    """Its spool would be taken for copies, and what no backup needs be removed from it."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "tracker.db").touch()
    for home in (settings.home, other):
        with pytest.raises(UsageError, match="home of a tracker"):
            backup(store, home, now=NOW, spool=settings.spool)
    assert list(other.iterdir()) == [other / "tracker.db"]


def test_only_one_backup_is_taken_into_a_folder_at_a_time(store: Path, folder: Path) -> None:
    folder.mkdir()
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="Another backup"):
            backup(store, folder, now=NOW)


def test_no_backup_is_taken_of_what_is_being_restored(store: Path, folder: Path) -> None:
    close_store()
    with alone(store), pytest.raises(Busy, match="being restored"):
        backup(store, folder, now=NOW)


def test_two_of_one_second_have_names_of_their_own(store: Path, folder: Path) -> None:
    assert len({backup(store, folder, now=NOW).file for _ in range(2)}) == 2
    assert len(backups_in(folder)) == 2


def test_a_backup_does_not_migrate_the_database(store: Path, folder: Path) -> None:
    run("DELETE FROM schema_migration WHERE name = '0009_break_windows'")
    close_store()
    made = backup(store, folder, now=NOW)
    assert "0009_break_windows" not in made.migrations


def test_a_backup_taken_elsewhere_is_remembered(
    settings: Settings, store: Path, tmp_path: Path
) -> None:
    made = backup(store, tmp_path / "other disk", now=NOW)
    newest = last_backup(settings.home, int(NOW.timestamp() * 1000))
    assert newest is not None
    assert (newest.manifest, newest.is_there) == (made, True)
    newest.path.unlink()
    assert not newest.is_there


def test_raw_reports_are_copied_once(settings: Settings, store: Path, folder: Path) -> None:
    kept = spool.store(settings.spool, [b"<testsuite/>"])
    backup(store, folder, now=NOW, spool=settings.spool)
    copy = spool.path_of(folder / "spool", kept.sha256)
    first = copy.stat().st_ino
    more = spool.store(settings.spool, [b"<other/>"])
    backup(store, folder, now=NOW, spool=settings.spool)
    assert copy.read_bytes() == b"<testsuite/>"
    assert copy.stat().st_ino == first
    assert spool.path_of(folder / "spool", more.sha256).exists()


def test_a_damaged_raw_report_is_not_copied(settings: Settings, store: Path, folder: Path) -> None:
    kept = spool.store(settings.spool, [b"<testsuite/>"])
    kept.path.write_bytes(b"<testsuit")
    backup(store, folder, now=NOW, spool=settings.spool)
    assert list((folder / "spool").rglob("*/*")) == []


@pytest.mark.parametrize("left", [b"", b"<test"], ids=["empty", "cut"])
def test_a_copy_that_lost_its_bytes_is_made_anew(
    settings: Settings, store: Path, folder: Path, left: bytes
) -> None:
    kept = spool.store(settings.spool, [b"<testsuite/>"])
    copy = spool.path_of(folder / "spool", kept.sha256)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(left)
    copy.with_suffix(".part").touch()
    backup(store, folder, now=NOW, spool=settings.spool)
    assert [path.read_bytes() for path in (folder / "spool").rglob("*/*")] == [b"<testsuite/>"]


def test_the_bytes_of_a_copy_are_safe_before_it_has_its_name(
    settings: Settings, store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = spool.store(settings.spool, [b"<testsuite/>"])
    copy = spool.path_of(folder / "spool", kept.sha256)
    named: list[bool] = []
    monkeypatch.setattr(spool_copy, "sync_file_system", lambda _: named.append(copy.exists()))
    backup(store, folder, now=NOW, spool=settings.spool)
    assert named == [False, True]


def test_copies_of_raw_reports_go_when_no_backup_needs_them(
    settings: Settings, store: Path, folder: Path
) -> None:
    history("nightly", login="P")
    [[needed]] = run("SELECT sha256 FROM report")
    for each in ("needed", "let go"):
        digest = needed if each == "needed" else "0" * 64
        path = spool.path_of(folder / "spool", digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(each.encode())
    backup(store, folder, now=NOW)
    assert tidy_spool(folder, settings.spool) == 1
    assert [path.name for path in (folder / "spool").rglob("*/*")] == [needed]


@pytest.mark.nightly
def test_no_writer_waits_for_half_a_second(
    settings: Settings, folder: Path, record_count: RecordCount
) -> None:
    """P9, at 300 MB; the least of three, since other work on the machine only adds to it."""
    open_store(settings.store)
    run(
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300000)"
        " INSERT INTO failure (id, type, message, trace)"
        " SELECT i, 'E', hex(randomblob(50)), hex(randomblob(400)) FROM n"
    )
    close_store()
    assert settings.database.stat().st_size > 280_000_000
    waited = min(_longest_wait(settings, folder) for _ in range(3))
    record_count("P9", megabytes=300, seconds_waited_at_most=waited)
    assert waited < 0.5


PACED = """
import sys, time
from pathlib import Path
from tracker.store.connection import open_store, writing
from tracker.store.revisions import raise_revision
open_store(Path(sys.argv[1]))
longest = 0.0
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    began = time.perf_counter()
    with writing():
        raise_revision()
    longest = max(longest, time.perf_counter() - began)
    time.sleep(0.01)
print(longest)
"""


def _longest_wait(settings: Settings, folder: Path) -> float:
    """How long, in seconds, a writer every 10 ms waited at most while a backup was taken."""
    stop = settings.home / "stop"
    stop.unlink(missing_ok=True)
    writer = subprocess.Popen(
        [sys.executable, "-c", PACED, str(settings.database), str(stop)],
        cwd=ROOT,
        env=environ_of(settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    backup(settings.database, folder, now=NOW)
    stop.touch()
    said, _ = writer.communicate(timeout=60)
    return float(said)
