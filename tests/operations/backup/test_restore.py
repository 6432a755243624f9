"""Restoring: the proof of a backup, the swap, and what came after the backup."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playhouse.migrations import Runner

from tests.conftest import ROOT, RunningServer, environ_of, junit, running_gunicorn
from tests.factories import history
from tests.operations.backup.taken import backup
from tests.operations.backup.writing import dump_of, until
from tracker.clock import now_ms
from tracker.errors import Busy, StorageError
from tracker.intake import spool
from tracker.intake.ingest import Intake, ingest
from tracker.intake.spool import SpooledReport
from tracker.operations.backup.manifest import Manifest
from tracker.operations.backup.replay import Replayed, replay
from tracker.operations.backup.restore import prepared, restore, users_of, verify
from tracker.operations.validation.validate import validate
from tracker.queries import jobs
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store
from tracker.store.models import database as peewees
from tracker.store.records import About, BuildFacts, Change, FactSource, ReadReport
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.locks import alone

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
FORMER = "tracker.db.before-20261130T030000Z"


@pytest.fixture
def taken(settings: Settings, store: Path) -> Path:
    """A backup of two builds; the database goes on with a third, and is closed."""
    history("nightly", login="P F")
    made = backup(store, settings.home / "backups", now=NOW)
    history("nightly", first=3, login="F")
    close_store()
    return settings.home / "backups" / made.file


def put_back(settings: Settings, taken: Path) -> object:
    return restore(taken, settings.database, spool=settings.spool, now=NOW)


def test_a_restore_leaves_the_copy_of_a_proof_beside_it(settings: Settings, taken: Path) -> None:
    with prepared(taken, settings.home) as (copy, _):
        os.utime(copy.parent, (0, 0))
        put_back(settings, taken)
        assert copy.exists()
        verify(taken, settings.home)
        assert copy.exists()
    assert not copy.parent.exists()


def test_what_a_killed_proof_left_is_cleared_away_by_the_next(
    settings: Settings, taken: Path
) -> None:
    left = settings.home / ".verify-cut"
    left.mkdir()
    (left / "tracker.db").touch()
    verify(taken, settings.home)
    assert left.exists()  # it may just have been made
    os.utime(left, (0, 0))
    verify(taken, settings.home)
    assert not left.exists()


def test_a_restored_database_says_what_the_backup_said(
    settings: Settings, taken: Path, tmp_path: Path
) -> None:
    put_back(settings, taken)
    assert dump_of(settings.database) == dump_of(taken, tmp_path / "copy")
    assert sum('"kind":"build"' in line for line in dump_of(settings.database)) == 2


def test_the_former_database_is_kept(settings: Settings, taken: Path) -> None:
    before = dump_of(settings.database)
    put_back(settings, taken)
    assert dump_of(settings.home / FORMER) == before


def test_two_restores_of_one_second_keep_both_databases_of_before(
    settings: Settings, taken: Path
) -> None:
    put_back(settings, taken)
    put_back(settings, taken)
    assert len(list(settings.home.glob("tracker.db.before-*Z"))) == 2


def test_the_restored_database_is_its_owners_alone(settings: Settings, taken: Path) -> None:
    put_back(settings, taken)
    assert settings.database.stat().st_mode & 0o777 == 0o600


def test_the_revision_goes_on_above_all_that_was_shown(settings: Settings, taken: Path) -> None:
    """Else a browser's copy of a page would be taken for the page of other results."""
    open_store(settings.store)
    shown = jobs.revision()
    close_store()
    put_back(settings, taken)
    open_store(settings.store)
    assert jobs.revision() > shown
    close_store()


def test_a_proof_changes_nothing(settings: Settings, taken: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in settings.home.iterdir()}
    proof = verify(taken, settings.home)
    assert proof.inside.counts["build"] == 2
    assert proof.migrated == ()
    after = {path: path.stat().st_mtime_ns for path in settings.home.iterdir()}
    assert after == before


def flipped(taken: Path) -> None:
    with taken.open("r+b") as file:
        file.seek(taken.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))


def without_manifest(taken: Path) -> None:
    taken.with_suffix(".json").unlink()


def overwritten(taken: Path) -> None:
    without_manifest(taken)
    with taken.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 65_536)


def cut(taken: Path) -> None:
    without_manifest(taken)
    with taken.open("r+b") as file:
        file.truncate(taken.stat().st_size // 2)


def of_a_newer_version(taken: Path) -> None:
    without_manifest(taken)
    with sqlite3.connect(taken) as file:
        file.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '')")
    file.close()


def with_orphans(taken: Path) -> None:
    without_manifest(taken)
    with sqlite3.connect(taken) as file:
        file.execute("DELETE FROM job")
    file.close()


def of_another_program(taken: Path) -> None:
    taken.unlink()
    without_manifest(taken)
    with sqlite3.connect(taken) as file:
        file.execute("CREATE TABLE other (id)")
    file.close()


def no_database(taken: Path) -> None:
    without_manifest(taken)
    taken.write_text("none")


def manifest_spoilt(taken: Path) -> None:
    taken.with_suffix(".json").write_text('{"file": 7')


DAMAGE: list[tuple[Callable[[Path], None], str]] = [
    (flipped, "SHA-256 is another"),
    (overwritten, "damaged|malformed"),
    (cut, "damaged|malformed"),
    (of_a_newer_version, "newer version"),
    (with_orphans, "refer to what is not there"),
    (of_another_program, "not a database of the tracker"),
    (no_database, "not a database"),
    (manifest_spoilt, "manifest .* is damaged"),
]


@pytest.mark.parametrize(
    ("damage", "words"), DAMAGE, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_damaged_backup_is_refused_and_nothing_changes(
    settings: Settings, taken: Path, damage: Callable[[Path], None], words: str
) -> None:
    before = dump_of(settings.database)
    damage(taken)
    with pytest.raises(StorageError, match=words):
        verify(taken, settings.home)
    with pytest.raises(StorageError, match=words):
        put_back(settings, taken)
    assert dump_of(settings.database) == before
    assert not (settings.home / FORMER).exists()
    assert list(settings.home.glob(".restore-*")) == []


def test_what_is_wrong_is_said_of_the_file_that_was_named(taken: Path, tmp_path: Path) -> None:
    for name, content in (("empty.db", b""), ("text.db", b"no database " * 500)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(StorageError) as refused:
            verify(path, tmp_path)
        assert refused.value.message.startswith(str(path))


def test_a_log_beside_the_file_is_a_part_of_it(
    settings: Settings, taken: Path, tmp_path: Path
) -> None:
    """A database whose last user was killed says in its log what it says last."""
    copy = tmp_path / "copy.db"
    with contextlib.closing(sqlite3.connect(settings.database)) as used:
        used.execute("PRAGMA wal_autocheckpoint = 0")
        used.execute("UPDATE counter SET value = 500 WHERE name = 'revision'")
        used.commit()
        for end in ("", "-wal"):
            shutil.copy(f"{settings.database}{end}", f"{copy}{end}")
    assert verify(copy, tmp_path).inside.revision == 500


def test_a_proof_needs_room(taken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StorageError, match=r"A copy of the backup needs \d+ MB in "):
        verify(taken, tmp_path)


def test_a_backup_without_a_manifest_is_proved_by_itself(settings: Settings, taken: Path) -> None:
    without_manifest(taken)
    assert verify(taken, settings.home).manifest is None


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    settings: Settings, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for path in sorted((ROOT / "tracker" / "store" / "migrations").glob("000[12]_*.py")):
        (older / path.name).write_text(path.read_text())
    file = tmp_path / "older.db"
    peewees.init(str(file))
    Runner(peewees, str(older)).up()
    peewees.close()
    settings.home.mkdir()
    assert "0003_jenkins" in verify(file, settings.home).migrated
    put_back(settings, file)
    assert dump_of(settings.database) == []


def test_a_restore_is_refused_while_a_server_runs(settings: Settings, taken: Path) -> None:
    before = dump_of(settings.database)
    with running_gunicorn(settings, workers=2) as server:
        _ask_every_worker(server, settings)
        with pytest.raises(Busy, match="in use by the processes") as told:
            put_back(settings, taken)
        assert all(str(worker) in told.value.message for worker in users_of(settings.database))
        assert set(users_of(settings.database)) <= set(server.workers())
    assert dump_of(settings.database) == before
    put_back(settings, taken)


def _ask_every_worker(server: RunningServer, settings: Settings) -> None:
    """A worker uses the database from its first request on."""
    import urllib.request

    urllib.request.urlopen(f"{server.url}/", timeout=20).close()
    until(lambda: users_of(settings.database) != [])


def test_a_restore_is_refused_while_a_worker_runs(settings: Settings, taken: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "tracker", "worker"],
        cwd=ROOT,
        env=environ_of(settings),
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: users_of(settings.database) == [worker.pid])
        with pytest.raises(Busy, match=f"in use by the processes {worker.pid}"):
            put_back(settings, taken)
    finally:
        worker.terminate()
        worker.wait(30)
    put_back(settings, taken)


def test_nobody_opens_the_database_while_it_is_restored(settings: Settings, taken: Path) -> None:
    with alone(settings.database), pytest.raises(Busy, match="being restored"):
        open_store(settings.store)
    open_store(settings.store)
    close_store()


def test_a_restore_is_refused_while_another_program_has_the_file_open(
    settings: Settings, taken: Path
) -> None:
    shell = sqlite3.connect(settings.database)
    shell.execute("SELECT count(*) FROM job").fetchall()
    try:
        with pytest.raises(Busy, match="Another program has the database open"):
            put_back(settings, taken)
    finally:
        shell.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="giving files away needs root")
def test_what_root_backs_up_and_restores_belongs_to_the_owner_of_home(
    settings: Settings, taken: Path
) -> None:
    for path in (settings.home, *settings.home.rglob("*")):
        os.chown(path, 65534, 65534)
    backup(settings.database, taken.parent, now=NOW)
    put_back(settings, taken)
    open_store(settings.store)
    close_store()
    left = [path for path in settings.home.rglob("*") if path.stat().st_uid != 65534]
    assert left == []


def test_a_restored_database_is_found_valid(settings: Settings, uploaded: Manifest) -> None:
    _replay(settings, uploaded)
    assert list(validate(settings, now=now_ms()).findings) == []


def test_a_damaged_database_is_kept_with_its_log_and_does_not_touch_the_new_one(
    settings: Settings, taken: Path, tmp_path: Path
) -> None:
    settings.database.write_bytes(b"\xff" * 50_000)
    log = Path(f"{settings.database}-wal")
    log.write_bytes(b"stale")
    put_back(settings, taken)
    assert (settings.home / FORMER).read_bytes() == b"\xff" * 50_000
    assert (settings.home / f"{FORMER}-wal").read_bytes() == b"stale"
    assert dump_of(settings.database) == dump_of(taken, tmp_path / "copy")


def test_a_log_without_its_database_does_not_touch_the_new_one(
    settings: Settings, taken: Path, tmp_path: Path
) -> None:
    shutil.copy(settings.database, tmp_path / "former.db")
    settings.database.unlink()
    Path(f"{settings.database}-wal").write_bytes(b"stale")
    put_back(settings, taken)
    assert not Path(f"{settings.database}-wal").exists()
    assert dump_of(settings.database) == dump_of(taken, tmp_path / "copy")


def test_on_a_new_machine_a_restore_makes_the_home(
    settings: Settings, taken: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new" / "tracker.db"
    done = restore(taken, new, spool=new.parent / "spool", now=NOW)
    assert done.former is None
    assert dump_of(new) == dump_of(taken, tmp_path / "copy")


STEPS = ("alone", "_fold_log", "mark_restored", "_swap", "sync_folder")
KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from tracker.operations.backup import restore
step = sys.argv[1]
def killed(*given, **named):
    os.kill(os.getpid(), 9)
setattr(restore, step, killed)
home = Path(sys.argv[2])
restore.restore(
    Path(sys.argv[3]), home / "tracker.db", spool=home / "spool",
    now=datetime(2026, 11, 29, tzinfo=UTC),
)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_leaves_the_old_database_or_the_new_one(
    settings: Settings, taken: Path, tmp_path: Path, step: str
) -> None:
    old, new = dump_of(settings.database), dump_of(taken, tmp_path / "copy")
    arguments = [sys.executable, "-c", KILLED, step, str(settings.home), str(taken)]
    died = subprocess.run(arguments, cwd=ROOT, env=environ_of(settings), check=False)
    assert died.returncode == -signal.SIGKILL
    assert dump_of(settings.database) == (new if step == "sync_folder" else old)
    put_back(settings, taken)
    assert dump_of(settings.database) == new
    assert list(settings.home.glob(".restore-*")) == []


def test_raw_reports_beside_the_backup_come_back(settings: Settings, store: Path) -> None:
    kept = spool.store(settings.spool, [b"<testsuite/>"])
    folder = settings.home / "backups"
    made = backup(store, folder, now=NOW, spool=settings.spool)
    close_store()
    kept.path.unlink()
    done = restore(folder / made.file, settings.database, spool=settings.spool, now=NOW)
    assert done.raw_reports == 1
    assert kept.path.read_bytes() == b"<testsuite/>"


# After a backup: what was recorded later is recorded again from the spool.


def _upload(settings: Settings, number: int, *, replace: bool = False, **cases: str) -> None:
    kept = spool.store(settings.spool, [junit(**cases)])
    sent = SpooledReport(kept.path, "r.xml", kept.sha256, kept.size)
    facts = BuildFacts("nightly", number, branch="main", complete=True)
    ingest(Intake.of(settings), facts, [sent], now=number, replace=replace)


@pytest.fixture
def uploaded(settings: Settings, store: Path) -> Manifest:
    """A backup of two uploads; afterwards one is replaced, and a third comes."""
    _upload(settings, 1, login="P")
    _upload(settings, 2, login="F")
    made = backup(store, settings.home / "backups", now=NOW)
    _upload(settings, 2, replace=True, login="F", logout="F")
    _upload(settings, 3, login="P", logout="F")
    close_store()
    return made


def _replay(settings: Settings, made: Manifest) -> list[Replayed]:
    done = restore(
        settings.home / "backups" / made.file, settings.database, spool=settings.spool, now=NOW
    )
    assert done.former is not None
    open_store(settings.store)
    try:
        return list(replay(done.former, Intake.of(settings), now=1_700_000_000_000))
    finally:
        close_store()


def test_a_replay_of_the_spool_gives_the_state_of_before(
    settings: Settings, uploaded: Manifest
) -> None:
    before = dump_of(settings.database)
    again = _replay(settings, uploaded)
    assert [(each.job, each.number, each.trouble) for each in again] == [
        ("nightly", 2, ""),
        ("nightly", 3, ""),
    ]
    assert dump_of(settings.database) == before


def test_a_replay_keeps_what_jenkins_told_of_a_build(settings: Settings, store: Path) -> None:
    made = backup(store, settings.home / "backups", now=NOW)
    kept = spool.store(settings.spool, [junit(login="F")])
    facts = BuildFacts(
        "nightly",
        7,
        source=FactSource.RETOLD,
        state="finished",
        result="UNSTABLE",
        complete=True,
        started=1_700_000_000_000,
        duration=60_000,
        url="http://ci.example/job/nightly/7/",
        branch="main",
        commit="abc",
        upstream_job="trigger",
        upstream_number=3,
        about=About(node="agent-1", changes=(Change("abc", "me", "mend it", 5),)),
    )
    sent = [SpooledReport(kept.path, "r.xml", kept.sha256, kept.size, "os:linux")]
    lost = [ReadReport("gone.xml", "", 0, failure="Jenkins has it no more.")]
    ingest(Intake.of(settings), facts, sent, now=1_700_000_000_000, lost=lost)
    before = dump_of(settings.database)
    assert [each.trouble for each in _replay(settings, made)] == [""]
    assert dump_of(settings.database) == before


def test_a_replay_says_which_build_it_could_not_read_and_goes_on(
    settings: Settings, uploaded: Manifest
) -> None:
    lost = spool.path_of(settings.spool, _digest(junit(login="F", logout="F")))
    lost.unlink()
    again = _replay(settings, uploaded)
    assert [bool(each.trouble) for each in again] == [True, False]


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def test_a_replay_of_a_damaged_database_says_so(settings: Settings, uploaded: Manifest) -> None:
    settings.database.write_bytes(b"\xff" * 50_000)
    with pytest.raises(StorageError, match="not a database"):
        _replay(settings, uploaded)
