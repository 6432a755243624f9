"""Backup and restore of a database in PostgreSQL, by its own tools."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests import servers
from tests.commands import run_command
from tests.conftest import ROOT, environ_of
from tests.factories import history
from tests.operations.backup.taken import backup
from tests.operations.backup.writing import dump_of
from tracker.errors import Busy, StorageError, UsageError
from tracker.intake.ingest import Intake
from tracker.operations.backup import dumps, programs
from tracker.operations.backup.dumps import count_rows, make_file_of, rows_of
from tracker.operations.backup.manifest import Manifest, backups_in, last_backup
from tracker.operations.backup.replay import replay
from tracker.operations.backup.restore import restore, verify
from tracker.operations.backup.rotation import rotate
from tracker.operations.backup.server import restore_server
from tracker.operations.backup.sources import source_of
from tracker.operations.backup.taking import take, tidy_spool
from tracker.operations.backup.validating import validated
from tracker.queries import jobs
from tracker.settings import Settings
from tracker.store.connection import close_store, open_store, writing
from tracker.store.jobs import track_job
from tracker.store.sql import run
from tracker.store.versions import migrations

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


def taken(settings: Settings, *, with_spool: bool = False) -> Manifest:
    spool = settings.spool if with_spool else None
    return take(source_of(settings), settings.home / "backups", now=NOW, spool=spool)


def validated_now(settings: Settings) -> Manifest:
    now = int(NOW.timestamp() * 1000)
    return validated(taken(settings), settings.home / "backups", settings, now=now)


def file_of(settings: Settings, made: Manifest) -> Path:
    return settings.home / "backups" / made.file


def put_back(settings: Settings, path: Path) -> object:
    return restore_server(path, settings.database_url, settings.home, spool=settings.spool, now=NOW)


@pytest.fixture(scope="module")
def dumped(whole: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the tracker that all of these are copies of."""
    copy = msgspec.structs.replace(whole, home=tmp_path_factory.mktemp("dumped"))
    return file_of(copy, taken(copy))


@pytest.fixture
def path(filled: Settings, dumped: Path) -> Path:
    """The backup of the copy, beside its manifest, in its own folder."""
    shutil.copytree(dumped.parent, filled.home / "backups")
    return filled.home / "backups" / dumped.name


def go_on(settings: Settings) -> None:
    """Something is recorded after the backup."""
    open_store(settings.store)
    track_job("later")
    close_store()


def test_a_backup_is_whole_and_says_what_it_has(filled: Settings) -> None:
    made = taken(filled)
    path = file_of(filled, made)
    assert path.suffix == ".dump"
    assert path.stat().st_mode & 0o777 == 0o600
    assert count_rows(path) == {name: n for name, n in made.counts.items() if n or name}
    assert made.migrations == migrations()
    assert backups_in(path.parent) == [made]
    noted = last_backup(filled.home, int(NOW.timestamp() * 1000))
    assert noted is not None
    assert noted.is_there


def test_a_dump_may_be_validated_as_a_file_is(
    filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert validated_now(filled).findings == ()
    open_store(filled.store)
    with writing():
        run("UPDATE build SET damaged = damaged + 1")
    close_store()
    assert "calculation.damaged" in (validated_now(filled).findings or ())
    assert not list(tmp_path.glob(".verify-*"))


def test_a_dump_is_validated_where_that_is_asked_for(
    filled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has to become a file first, for which a node may have no room."""
    told = {"HOME": filled.home, "OUTPUT": filled.output, "DATABASE_URL": filled.database_url}
    for name, value in told.items():
        monkeypatch.setenv(f"TRACKER_{name}", str(value))
    found = [run_command("backup", *more, "--json") for more in ((), ("--validate",))]
    assert [(said.code, said.json["findings"]) for said in found] == [(0, None), (0, [])]


def test_a_restored_database_says_what_the_backup_said(filled: Settings, path: Path) -> None:
    before = dump_of(filled.store)
    go_on(filled)
    put_back(filled, path)
    assert dump_of(filled.store) == before


def test_a_new_database_gets_it_all(filled: Settings, tmp_path: Path) -> None:
    before = dump_of(filled.store)
    path = file_of(filled, taken(filled, with_spool=True))
    new = msgspec.structs.replace(
        filled, home=tmp_path / "new", database_url=servers.new_database("template0")
    )
    done = put_back(new, path)
    assert done.former is None
    assert done.raw_reports > 0
    assert dump_of(new.store) == before


def test_what_is_recorded_after_a_restore_gets_new_ids(filled: Settings, path: Path) -> None:
    put_back(filled, path)
    open_store(filled.store)
    history("after", login="P F")


def test_the_revision_goes_on_above_all_that_was_shown(filled: Settings, path: Path) -> None:
    open_store(filled.store)
    with writing():
        run("UPDATE counter SET value = 5000 WHERE name = 'revision'")
    close_store()
    put_back(filled, path)
    open_store(filled.store)
    assert jobs.revision() == 5001


def test_what_was_there_is_kept_and_can_be_restored_itself(filled: Settings, path: Path) -> None:
    go_on(filled)
    before = dump_of(filled.store)
    done = put_back(filled, path)
    assert done.former == filled.home / "backups" / "tracker.dump.before-20261130T030000Z"
    put_back(filled, done.former)
    assert dump_of(filled.store) == before


def test_a_table_of_a_newer_version_does_not_stay(filled: Settings, path: Path) -> None:
    with psycopg.connect(filled.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE newer (job integer REFERENCES job (id))")
    put_back(filled, path)
    with psycopg.connect(filled.database_url) as connection:
        assert connection.execute("SELECT to_regclass('newer')").fetchone() == (None,)


def test_tables_of_somebody_else_are_left_alone(filled: Settings, path: Path) -> None:
    with servers.own_database("template0") as address:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE job (theirs integer)")
        with pytest.raises(StorageError, match=r"something else: public\.job"):
            put_back(msgspec.structs.replace(filled, database_url=address), path)
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT theirs FROM job").fetchall() == []


def test_what_newer_programs_say_is_not_said_to_an_older_server(
    filled: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pg_restore of PostgreSQL 17 does to a server that does not know this timeout."""
    with tempfile.TemporaryDirectory() as folder:
        newer = Path(folder) / "pg_restore"
        newer.write_text(
            f"""#!/bin/sh\n[ "$1" = --version ] && exec {programs.program("pg_restore")} "$@"\n"""
            f"""echo 'SET transaction_timeout = 0;'\n"""
            f"""exec {programs.program("pg_restore")} "$@"\n"""
        )
        newer.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        before = dump_of(filled.store)
        put_back(filled, path)
    assert dump_of(filled.store) == before


def test_it_is_refused_while_others_use_the_database(filled: Settings, path: Path) -> None:
    program = (
        "import sys; from tracker.settings import Settings\n"
        "from tracker.store.connection import open_store\n"
        "open_store(Settings.load().store); print('open', flush=True); sys.stdin.read()"
    )
    before = dump_of(filled.store)
    other = subprocess.Popen(
        [sys.executable, "-c", program],
        env=environ_of(filled),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    assert other.stdin is not None
    with other:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(Busy, match=r"the sessions regression-tracker [0-9]+ of this machine"):
            put_back(filled, path)
        other.stdin.close()
    assert dump_of(filled.store) == before


def test_a_damaged_one_changes_nothing(filled: Settings, path: Path) -> None:
    before = dump_of(filled.store)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(StorageError, match="SHA-256"):
        put_back(filled, path)
    path.with_suffix(".json").unlink()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StorageError, match="pg_restore failed"):
        put_back(filled, path)
    assert dump_of(filled.store) == before


def test_what_the_server_refuses_in_the_middle_is_all_taken_back(
    filled: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script ends early, as when the machine does: nothing of it stays."""
    before = dump_of(filled.store)
    found = programs.program

    def cut(name: str) -> str:
        return str(path.parent / "cut") if name == "pg_restore" and cutting else found(name)

    cutting = False
    (path.parent / "cut").write_text(
        f'#!/bin/sh\n{found("pg_restore")} "$@" | head -c 60000\nexit 1\n'
    )
    (path.parent / "cut").chmod(0o700)
    monkeypatch.setattr(programs, "program", cut)
    from tracker.operations.backup import server

    whole = server._replace

    def replace(*given: object) -> None:
        nonlocal cutting
        cutting = True
        whole(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(server, "_replace", replace)
    with pytest.raises(StorageError, match="pg_restore failed"):
        put_back(filled, path)
    assert dump_of(filled.store) == before


def test_a_proof_needs_no_server(filled: Settings, tmp_path: Path) -> None:
    made = taken(filled)
    proof = verify(file_of(filled, made), None)
    assert proof.inside.counts == made.counts
    assert proof.migrated == ()


def test_what_is_proved_says_the_same(filled: Settings, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    make_file_of(path, copy)
    assert dump_of(copy) == dump_of(filled.store)


def test_rows_have_their_odd_characters(settings: Settings, store: str) -> None:
    odd = "a\tb\\n\nc\r'\"\\. é\x0b"
    with writing():
        run("INSERT INTO counter (name, value) VALUES (?, 1)", odd)
    close_store()
    path = file_of(settings, taken(settings))
    assert {"name": odd, "value": "1"} in rows_of(path, "counter")


def test_kinds_are_not_mixed_up(filled: Settings, path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="of a PostgreSQL database, and this tracker has a file"):
        restore(path, tmp_path / "tracker.db", spool=tmp_path / "spool", now=NOW)
    file = tmp_path / "other" / "tracker.db"
    open_store(file)
    close_store()
    made = backup(file, tmp_path / "copies", now=NOW)
    with pytest.raises(UsageError, match="no backup of a PostgreSQL database"):
        put_back(filled, tmp_path / "copies" / made.file)


def test_builds_of_after_the_backup_are_read_again(
    filled: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(filled.store)
    with writing():
        run("UPDATE build SET branch = 'elsewhere' WHERE number = 30")
    close_store()
    done = put_back(filled, path)
    open_store(filled.store)
    at = {"now": int(NOW.timestamp() * 1000), "folder": filled.home}
    copies: list[Path] = []

    def copied(dump: Path, target: Path) -> None:
        copies.append(target)
        make_file_of(dump, target)

    monkeypatch.setattr("tracker.operations.backup.replay.make_file_of", copied)
    again = list(replay(done.former, Intake.of(filled), **at))
    assert [each.number for each in again] == [30]
    assert [each.parent.parent for each in copies] == [filled.home]


def test_a_disk_that_is_full_is_no_damage_of_the_backup(
    filled: Settings, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dumps, "_with_flags", full)
    with pytest.raises(StorageError, match="is full") as found:
        verify(path, filled.home)
    assert found.value.remedy == "Make room on the disk, or name a folder on another one."


def full(*_: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


def test_raw_reports_that_a_dump_refers_to_stay(filled: Settings) -> None:
    made = taken(filled, with_spool=True)
    folder = filled.home / "backups"
    copies = len(list((folder / "spool").glob("??/*")))
    for path in filled.spool.glob("??/*"):
        path.unlink()
    waiting = tidy_spool(folder, filled.spool)  # of an upload that is not recorded yet
    assert waiting < copies
    assert tidy_spool(folder, filled.spool) == 0
    rotate(folder, daily=1, weekly=0)
    assert backups_in(folder) == [made]
    file_of(filled, made).unlink()
    assert tidy_spool(folder, filled.spool) == copies - waiting


def test_a_program_that_is_not_there_is_named(
    settings: Settings, store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_FOLDERS", tmp_path)
    with pytest.raises(StorageError, match="pg_dump is not installed") as refused:
        taken(settings)
    assert "postgresql-client" in refused.value.remedy


def test_an_older_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 13.4'\n")
    (tmp_path / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(StorageError, match="pg_dump is of version 13, and the server of 15"):
        programs.check_version("pg_dump", "15.18")


def test_a_password_is_no_argument() -> None:
    from tracker.store.postgresql.addresses import environment

    found = environment("postgresql://anna:s%40cret@db.example:5433/t?sslmode=require", "backup")
    assert found["PGPASSWORD"] == "s@cret"
    assert (found["PGHOST"], found["PGPORT"], found["PGDATABASE"]) == ("db.example", "5433", "t")
    assert found["PGSSLMODE"] == "require"
