"""The database file: how it is opened, who excludes whom, and what it must look like."""

from __future__ import annotations

import contextlib
import errno
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import peewee
import pytest

from tests.conftest import ROOT, environ_of
from tests.factories import history, report, upload
from tracker.errors import Busy, StorageError
from tracker.queries.dump import lines
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.connection import close_store, open_store, reading, writing
from tracker.store.models import INDEXES, TABLES, database
from tracker.store.postgresql import Postgresql
from tracker.store.sql import run
from tracker.store.sqlite import Sqlite, locks
from tracker.store.sqlite.driver import sqlite3
from tracker.store.sqlite.locks import alone, take_use, write_lock
from tracker.store.sqlite.signs import Writer


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_the_promised_pragmas_are_in_effect_inside_a_transaction(
    store: Path, pragma: str, value: object
) -> None:
    with reading():
        assert run(f"PRAGMA {pragma}") == [(value,)]
    with writing():
        assert run(f"PRAGMA {pragma}") == [(value,)]


@pytest.mark.sqlite
def test_every_threads_connection_has_the_pragmas(store: Path) -> None:
    seen: list[object] = []

    def look() -> None:
        with reading():
            seen.extend(run("PRAGMA synchronous") + run("PRAGMA foreign_keys"))
        database.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [(2,), (1,)]


@pytest.mark.sqlite
def test_a_writer_excludes_another_connection(store: Path) -> None:
    other = sqlite3.connect(store, timeout=0)
    with writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_writer_waits_for_the_one_before(store: Path) -> None:
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with writing():
            inside.set()
            time.sleep(0.2)
            order.append("first")
        database.close()

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait()
    with writing():
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_state(store: Path) -> None:
    history("nightly", login="P")
    with reading():
        before = list(lines())
        thread = threading.Thread(target=_record_elsewhere)
        thread.start()
        thread.join()
        assert list(lines()) == before
    assert list(lines()) != before


def _record_elsewhere() -> None:
    upload("nightly", 2, report(login="F"))
    database.close()


def test_what_goes_wrong_inside_leaves_nothing_behind(store: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), writing():
        upload("nightly", 1, report(login="P"))
        raise ZeroDivisionError
    assert list(lines()) == []


@pytest.mark.sqlite
def test_a_statement_minds_no_writer_that_ends_in_another_thread_meanwhile(store: Path) -> None:
    class Ending(Sqlite):
        looks = 0

        @property
        def _writer(self) -> Writer | None:
            """One that is there at a first look, and gone at the next."""
            self.looks += 1
            return Writer(lambda: None) if self.looks % 2 else None

        @_writer.setter
        def _writer(self, writer: Writer | None) -> None:
            pass

    found = Ending(store)
    found.run("CREATE TEMP TABLE told (n)", ())
    found.looks = 0
    found.run_many("INSERT INTO told VALUES (?)", [(1,)])
    assert list(found.database.execute_sql("SELECT n FROM told")) == [(1,)]
    found.database.close()


@pytest.mark.sqlite
def test_a_writer_waits_for_another_program_until_its_deadline(store: Path) -> None:
    assert is_free()
    other = sqlite3.connect(store)
    other.execute("BEGIN IMMEDIATE")
    assert not is_free()
    other.close()
    assert is_free()


@pytest.mark.sqlite
def test_a_writer_waits_for_the_lock_file_until_its_deadline(store: Path) -> None:
    with write_lock(store):
        assert not is_free()
    assert is_free()


def is_free() -> bool:
    """Whether one may write now, or very soon."""
    try:
        with writing(time.monotonic() + 0.05):
            return True
    except (Busy, StorageError):
        return False


@pytest.mark.sqlite
@pytest.mark.parametrize("deadline", [None, 0.0])
def test_a_disk_that_keeps_no_locks_is_told_in_words(
    store: Path, monkeypatch: pytest.MonkeyPatch, deadline: float | None
) -> None:
    def flock(_file: object, _kind: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with pytest.raises(StorageError, match="locked: No locks"), write_lock(store, deadline):
        pass
    with pytest.raises(StorageError, match="locked: No locks"):
        take_use(store)


def test_a_connection_that_the_driver_gave_up_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = Postgresql("postgresql://tracker@db.example/tracker")
    monkeypatch.setattr(connection, "engine", lambda: there)
    with pytest.raises(StorageError, match="cannot be reached"), connection.storage_errors():
        raise peewee.InterfaceError("connection already closed")


@pytest.mark.sqlite
def test_a_locked_database_is_told_in_words(store: Path) -> None:
    with reading():
        run("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(store)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match=r"locked by another program.*Try again"), writing():
        pass
    other.close()


@pytest.mark.sqlite
def test_a_database_that_is_being_restored_is_not_read_either(store: Path) -> None:
    close_store()
    with alone(store):
        with pytest.raises(Busy, match="restored"):
            open_store(store)
        with pytest.raises(StorageError, match="never opened"), reading():
            pass


def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StorageError, match=r"not a database.*Restore the newest backup"):
        open_store(path)


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="TRACKER_HOME"):
        open_store(tmp_path / "file" / "tracker.db")


def test_a_newer_schema_is_refused_in_words(store: Path) -> None:
    with writing():
        run("UPDATE schema_migration SET name = '0999_future' WHERE name LIKE '0002%'")
    close_store()
    with pytest.raises(StorageError, match=r"newer version.*0999_future.*Install that version"):
        open_store(store)
    with pytest.raises(StorageError, match="never opened"), reading():
        pass


def test_opening_again_migrates_nothing(store: Path) -> None:
    applied, pending = connection.schema_state()
    close_store()
    open_store(store)
    assert connection.schema_state() == (applied, pending)
    assert pending == []


@pytest.mark.sqlite
def test_the_models_are_what_the_migrations_made(store: Path, tmp_path: Path) -> None:
    fresh = peewee.SqliteDatabase(tmp_path / "models.db")
    with fresh.bind_ctx(TABLES):
        fresh.create_tables(TABLES)
        for index in INDEXES:
            fresh.execute_sql(index)
        made = schema(fresh.execute_sql)
    fresh.close()
    assert schema(database.execute_sql) == made


def schema(execute: Callable[[str], Iterable[tuple[Any, ...]]]) -> dict[str, object]:
    """The columns of our tables in any order, and the statements that made the indexes."""
    objects = execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    ours = [each for each in objects if not each[1].startswith(("sqlite_", "schema_migration"))]
    return {
        name: sorted(row[1:4] + row[5:6] for row in execute(f"PRAGMA table_xinfo({name})"))
        if kind == "table"
        else sql.replace(" IF NOT EXISTS", "")
        for kind, name, sql in ours
    }


@pytest.mark.sqlite
def test_four_processes_that_start_first_migrate_once(settings: Settings) -> None:
    command = [sys.executable, "-m", "tracker", "init"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environ_of(settings), stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=60)[1].decode() for process in started]
    assert ([process.returncode for process in started], said) == ([0] * 4, [""] * 4)
    with sqlite3.connect(settings.database) as file:
        rows = file.execute(
            "SELECT count(*), count(DISTINCT name) FROM schema_migration"
        ).fetchall()
        gives_back = file.execute("PRAGMA auto_vacuum").fetchall()
    file.close()
    assert rows[0][0] == rows[0][1] > 0
    assert gives_back == [(2,)]


@pytest.mark.sqlite
def test_an_empty_file_that_a_process_left_when_it_died_is_laid_out(settings: Settings) -> None:
    settings.home.mkdir(mode=0o700)
    settings.database.touch(mode=0o600)
    open_store(settings.database)
    try:
        assert run("PRAGMA auto_vacuum") == [(2,)]
    finally:
        close_store()


@pytest.mark.sqlite
def test_a_new_file_is_laid_out_by_one_process_alone(settings: Settings) -> None:
    settings.home.mkdir(mode=0o700)
    with write_lock(settings.database):  # as the process that is at it
        other = subprocess.Popen(
            [sys.executable, "-m", "tracker", "init"], cwd=ROOT, env=environ_of(settings)
        )
        _wait_for(settings.database.with_suffix(".use"))
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(0.5)
        assert not settings.database.exists()
    assert other.wait(60) == 0


def _wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} does not come")


def test_a_forked_child_opens_a_connection_of_its_own(store: Path) -> None:
    history("nightly", login="P")
    with reading():
        parents = id(database.connection())
    answers = multiprocessing.get_context("fork").SimpleQueue()
    child = os.fork()
    if child == 0:
        try:
            upload("nightly", 2, report(login="F"))
            with reading():
                kept = [id(each) for each in connection._inherited]
                answers.put((id(database.connection()) != parents, parents in kept))
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert answers.get() == (True, True)
    with reading():
        assert id(database.connection()) == parents
    assert sum('"kind":"build"' in line for line in lines()) == 2


def test_a_store_that_was_never_opened_says_so() -> None:
    close_store()
    database.init(None)
    with pytest.raises(StorageError, match="tracker init"), reading():
        pass


def test_writing_inside_a_read_snapshot_is_a_mistake(store: Path) -> None:
    with (
        connection.reading(),
        pytest.raises(RuntimeError, match="inside a read snapshot"),
        connection.writing(),
    ):
        pass


@pytest.mark.sqlite
def test_the_database_is_its_owners_alone(store: Path) -> None:
    assert store.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("said", ["disk I/O error", "database or disk is full"])
def test_a_disk_that_refuses_is_told_with_what_to_do(store: Path, said: str) -> None:
    """What SQLite says of a failing disk (SQLITE_IOERR), and of a full one."""
    with pytest.raises(StorageError) as refused, reading():
        raise peewee.OperationalError(said)
    assert refused.value.remedy
    assert said in refused.value.message
