"""The checks behind the probes: what is looked at, and in which words a fault is told."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.conftest import ROOT
from tests.faults.out_of_reach import refuse_looks
from tracker.operations import health
from tracker.operations.health import Check, checks, filled, free_bytes, scarcest, space, word
from tracker.settings import Settings
from tracker.store import connection
from tracker.store.connection import close_connection, writing
from tracker.store.engine import engine_of
from tracker.store.sql import run

GOOD, WARN, BAD = Check("pass"), Check("warn", "x"), Check("fail", "x")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, "pass"),
        ({"a": GOOD}, "pass"),
        ({"a": GOOD, "b": WARN}, "warn"),
        ({"a": WARN, "b": BAD, "c": GOOD}, "fail"),
    ],
)
def test_the_worst_check_is_the_word_for_all(said: dict[str, Check], expected: str) -> None:
    assert word(said) == expected


def test_a_sound_store_passes_every_check(settings: Settings, store: Path | str) -> None:
    said = checks(settings, engine_of(store).identity())
    assert set(said) == {"database", "migrations", "write", "space"}
    assert word(said) == "pass"


@pytest.mark.sqlite
def test_a_fault_of_the_database_leaves_nothing_else_of_it_to_tell(settings: Settings) -> None:
    said = checks(settings)
    assert set(said) == {"database", "space"}
    assert said["database"] == Check("fail", "The database tracker.db is not there.")


@pytest.mark.sqlite
def test_another_file_under_the_name_is_not_even_opened(settings: Settings, store: Path) -> None:
    """Opened, SQLite would empty the log of writes of the file that is really in use."""
    opened = engine_of(store).identity()
    copy = store.with_name("copy.db")
    shutil.copy(store, copy)
    store.rename(store.with_name("mine.db"))
    copy.rename(store)
    wal = store.with_name("tracker.db-wal")
    before = wal.read_bytes()
    connection.close_connection()
    wal.write_bytes(before)
    assert "replaced" in checks(settings, opened)["database"].reason
    assert wal.read_bytes() == before


def test_little_room_is_told_with_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_MB", 10**9)
    assert str(tmp_path) in space(tmp_path).reason


@pytest.mark.parametrize(
    ("given", "folders"),
    [
        ({}, ("home", "home/spool")),
        ({"spool_folder": "/spool"}, ("home", "/spool")),
        ({"database_url": "postgresql://db/tracker"}, ("home/spool",)),
        ({"database_url": "postgresql://db/tracker", "spool_folder": "/spool"}, ("/spool",)),
    ],
)
def test_room_is_needed_where_recording_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], folders: tuple[str, ...]
) -> None:
    """A node whose database is elsewhere is ready with a home in a little memory."""
    its = Settings.load({}, home=tmp_path / "home", output=tmp_path / "output", **given)
    assert filled(its) == tuple(tmp_path / each for each in folders)
    room = {tmp_path / "home": 64, tmp_path / "home/spool": 500, Path("/spool"): 300}
    monkeypatch.setattr(health, "free_bytes", room.__getitem__)
    assert scarcest(its) == min(filled(its), key=room.__getitem__)


def test_the_room_of_a_folder_that_is_not_there_is_that_of_the_one_above(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "a" / "b") == pytest.approx(free_bytes(tmp_path), rel=0.1)


def test_a_folder_that_is_out_of_reach_is_told_with_the_reason(
    settings: Settings, store: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    its = msgspec.structs.replace(settings, spool_folder=str(tmp_path / "shared"))
    refuse_looks(monkeypatch, its.spool)
    said = checks(its)
    assert said["space"] == Check("fail", f"{its.spool} is out of reach: Stale file handle.")
    assert said["database"] == GOOD


# A writer of ours that takes long.


@contextlib.contextmanager
def writer_of_ours() -> Iterator[threading.Event]:
    """It writes, statement by statement; once the event is set it hangs with the lock."""
    begun, hangs, ended = (threading.Event() for _ in range(3))

    def write() -> None:
        with writing():
            begun.set()
            while not hangs.is_set():
                run("SELECT 1")
                time.sleep(0.01)
            ended.wait()
        close_connection()

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    try:
        yield hangs
    finally:
        hangs.set()
        ended.set()
        thread.join()


def test_the_wait_for_the_lock_is_the_one_that_is_documented() -> None:
    """Longer than most steps of our own writers, and half of what a probe may take."""
    assert health.LOCK_SECONDS == 1.0
    guide = (ROOT / "deploy" / "operating.md").read_text()
    assert "It waits for the lock a second at most" in " ".join(guide.split())


def test_a_writer_of_ours_that_goes_on_is_a_warning(settings: Settings, store: object) -> None:
    with writer_of_ours():
        said = checks(settings)
    assert said["write"] == Check("warn", health.BUSY)
    assert checks(settings)["write"] == GOOD


def test_a_writer_of_ours_that_hangs_is_none_that_goes_on(
    settings: Settings, store: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "sqlite" if isinstance(settings.store, Path) else "postgresql"
    monkeypatch.setattr(f"tracker.store.{kind}.probe.SIGN_SECONDS", 0.5)
    with writer_of_ours() as hangs:
        hangs.set()  # the wait for the lock is longer than a sign tells
        said = checks(settings)
    assert said["write"].status == "fail"
    assert checks(settings)["write"] == GOOD
