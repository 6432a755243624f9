"""The file of counters: exact over threads and processes, and made anew where it is no use."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from limits.errors import StorageError

from tests.forked import CONTEXT
from tracker.web import limit_store
from tracker.web.limit_store import SqliteStorage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits.db"


def count(path: Path, times: int) -> None:
    """Count in a process or thread of its own."""
    storage = SqliteStorage(path)
    for _ in range(times):
        storage.incr("a", 60)


def test_each_key_is_counted_by_itself(path: Path) -> None:
    storage = SqliteStorage(path)
    assert [storage.incr("a", 60), storage.incr("b", 60), storage.incr("a", 60)] == [1, 1, 2]
    assert (storage.get("a"), storage.get("b"), storage.get("c")) == (2, 1, 0)


def test_a_window_begins_with_the_first_and_ends_for_all(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, now = SqliteStorage(path), [1000.0]
    monkeypatch.setattr(limit_store.time, "time", lambda: now[0])
    storage.incr("a", 60)
    now[0] = 1059.0
    assert (storage.incr("a", 60), storage.get_expiry("a")) == (2, 1060.0)
    now[0] = 1060.0
    assert (storage.get("a"), storage.incr("a", 60), storage.get_expiry("a")) == (0, 1, 1120.0)


def test_a_clock_that_was_ahead_holds_nobody_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, now = SqliteStorage(path), [1e9]
    monkeypatch.setattr(limit_store.time, "time", lambda: now[0])
    assert [storage.incr("a", 60), storage.incr("a", 60)] == [1, 2]
    now[0] = 1000.0
    assert (storage.incr("a", 60), storage.get_expiry("a")) == (1, 1060.0)


def test_who_looked_at_the_clock_first_and_counts_second_begins_no_new_window(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, now = SqliteStorage(path), [1000.5]
    monkeypatch.setattr(limit_store.time, "time", lambda: now[0])
    storage.incr("a", 60)
    now[0] = 1000.0
    assert (storage.incr("a", 60), storage.get_expiry("a")) == (2, 1060.5)


def test_what_is_taken_back_after_its_window_leaves_no_credit(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, now = SqliteStorage(path), [1000.0]
    monkeypatch.setattr(limit_store.time, "time", lambda: now[0])
    storage.incr("a", 60)
    now[0] = 1060.0
    assert [storage.incr("a", 60, -1), storage.incr("b", 60, -1)] == [0, 0]
    assert [storage.incr("a", 60), storage.incr("b", 60)] == [1, 1]


def test_it_is_exact_over_processes_and_threads(path: Path) -> None:
    workers = [CONTEXT.Process(target=count, args=(path, 200)) for _ in range(2)]
    workers += [threading.Thread(target=count, args=(path, 200)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert SqliteStorage(path).get("a") == 800


def test_it_is_exact_where_many_threads_open_the_file_at_once(path: Path) -> None:
    storage, together = SqliteStorage(path), threading.Barrier(16)

    def count_one() -> None:
        together.wait()
        storage.incr("a", 60)

    threads = [threading.Thread(target=count_one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 16


def test_what_is_over_is_thrown_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = SqliteStorage(path)
    storage.incr("old", -1)
    monkeypatch.setattr(limit_store.time, "monotonic", lambda: 1e12)
    storage.incr("new", 60)
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT key FROM hits").fetchall() == [("new",)]
    file.close()


@pytest.mark.parametrize("damage", [b"", b"rubbish" * 3000])
def test_a_damaged_file_is_made_anew_and_all_use_the_new_one(path: Path, damage: bytes) -> None:
    first, second = SqliteStorage(path), SqliteStorage(path)
    for storage in (first, second):
        storage.incr("a", 60)
    path.write_bytes(damage)
    assert first.incr("a", 60) == 1
    assert second.incr("a", 60) == 2
    assert first.incr("a", 60) == 3


def test_a_file_that_was_damaged_before_is_made_anew(path: Path) -> None:
    path.write_bytes(b"rubbish" * 3000)
    assert SqliteStorage(path).incr("a", 60) == 1
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_used_at_all_is_told_as_the_library_does(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        SqliteStorage(tmp_path).incr("a", 60)


def test_a_file_that_somebody_holds_is_not_thrown_away(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limit_store, "PATIENCE_SECONDS", 0.01)
    storage = SqliteStorage(path)
    storage.incr("a", 60)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked"):
        storage.incr("a", 60)
    other.close()
    assert storage.incr("a", 60) == 2


def test_counters_can_be_forgotten(path: Path) -> None:
    storage = SqliteStorage(path)
    for key in ("a", "b"):
        storage.incr(key, 60)
    storage.clear("a")
    assert (storage.get("a"), storage.get("b"), storage.check()) == (0, 1, True)
    assert storage.reset() == 1
