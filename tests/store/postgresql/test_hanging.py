"""A server that hangs while its kernel answers for it: whoever waits is told, and goes on later."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests import servers
from tracker.errors import Busy, StorageError
from tracker.store.connection import close_store, connected, open_store, reading, writing
from tracker.store.engine import engine, engine_of
from tracker.store.postgresql import WRITING, addresses, driver
from tracker.store.postgresql.probe import probe_server
from tracker.store.reading_time import reading_at_most
from tracker.store.sql import run


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes a server no time may take it a third of a second here, and not ten."""
    monkeypatch.setattr(driver, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("tracker.store.postgresql.ANSWER_SECONDS", 0.3)


@contextlib.contextmanager
def stopped() -> Iterator[int]:
    """The process of the server that this thread's connection has, halted."""
    [(process,)] = run("SELECT pg_backend_pid()")
    os.kill(process, signal.SIGSTOP)
    try:
        yield process
    finally:
        os.kill(process, signal.SIGCONT)


def read_from_one_that_hangs() -> None:
    with reading_at_most(0.2), stopped():
        run("SELECT count(*) FROM job")


def test_a_read_from_a_server_that_hangs_ends_in_words(store: str) -> None:
    with pytest.raises(StorageError, match="does not answer") as caught:
        read_from_one_that_hangs()
    assert "goes on by itself" in caught.value.remedy


def test_the_next_read_connects_anew(store: str) -> None:
    with pytest.raises(StorageError):
        read_from_one_that_hangs()
    with reading():
        assert run("SELECT count(*) FROM job") == [(0,)]


def test_a_connection_whose_server_went_silent_is_replaced(store: str) -> None:
    with reading():
        pass
    with stopped() as process, reading():
        assert run("SELECT pg_backend_pid()") != [(process,)]


def test_the_time_is_for_all_statements_together(store: str) -> None:
    """Each alone would end in time."""
    ran: list[object] = []
    with pytest.raises(Busy, match="was ended"), reading_at_most(1.5):
        _read_on(ran)
    assert len(ran) < 4


def _read_on(ran: list[object]) -> None:
    for _ in range(100):
        ran += run("SELECT pg_sleep(0.6)")


def test_who_waits_for_the_write_lock_of_a_server_that_hangs_is_told(store: str) -> None:
    with closing(psycopg.connect(store, autocommit=True)) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(%s)", (WRITING,))
        told = threading.Event()
        halting = threading.Thread(target=_halt_who_waits, args=(store, told))
        halting.start()
        with pytest.raises(StorageError, match="does not answer"), connected():
            _write_by(time.monotonic() + 1)
        told.set()
        halting.join()


def _write_by(deadline: float) -> None:
    with engine().writing(deadline):
        pytest.fail("there are two writers")


def _halt_who_waits(address: str, told: threading.Event) -> None:
    waits = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        while not (found := connection.execute(waits).fetchone()):
            time.sleep(0.01)
    os.kill(found[0], signal.SIGSTOP)
    told.wait(20)
    os.kill(found[0], signal.SIGCONT)


def test_who_wants_to_write_does_so_by_another_connection_then(store: str) -> None:
    with stopped(), writing(time.monotonic() + 0.2):
        assert run("SELECT 1") == [(1,)]


def test_what_a_writer_runs_may_take_its_time(store: str) -> None:
    with engine().writing(time.monotonic() + 0.1):
        run("SELECT pg_sleep(0.8)")


@contextlib.contextmanager
def deaf_after(word: bytes, address: str) -> Iterator[str]:
    """The address of a way to the server on which nothing comes any more once `word` was said."""
    with closing(socket.create_server(("127.0.0.1", 0))) as way:
        ended = threading.Event()
        thread = threading.Thread(target=_pass_on, args=(way, word, ended))
        thread.start()
        name = address.partition("?")[0].rpartition("/")[2]
        try:
            yield f"postgresql://postgres@127.0.0.1:{way.getsockname()[1]}/{name}"
        finally:
            ended.set()
            thread.join()


def _pass_on(way: socket.socket, word: bytes, ended: threading.Event) -> None:
    there = socket.socket(socket.AF_UNIX)
    there.connect(f"{servers.cluster()}/.s.PGSQL.5432")
    here, _ = way.accept()
    with here, there:
        here.settimeout(0.01)
        there.settimeout(0.01)
        while not ended.is_set():
            for one, other in ((here, there), (there, here)):
                with contextlib.suppress(TimeoutError):
                    data = one.recv(65536)
                    if word in data:
                        ended.wait(60)
                    other.sendall(data)


def test_a_probe_of_a_server_that_hangs_tells_so(store: str) -> None:
    with deaf_after(b"pg_is_in_recovery", store) as address:
        assert "does not answer" in probe_server(address, 1, 0.1).unreadable


def test_a_server_that_takes_nobody_in_is_told(store: str) -> None:
    """The kernel takes the connection, and nobody comes for it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        address = f"postgresql://postgres@127.0.0.1:{nobody.getsockname()[1]}/none"
        assert "does not answer" in probe_server(address, 1, 0.1).unreadable


def test_a_question_to_a_server_that_hangs_ends(
    store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_ASK_SECONDS", 0.3)
    with (
        deaf_after(b"pg_database_size", store) as address,
        pytest.raises(StorageError, match="does not answer"),
    ):
        engine_of(address).sizes()


def test_a_store_is_not_opened_on_a_server_that_hangs(store: str) -> None:
    close_store()
    with (
        deaf_after(b"SHOW server_version", store) as address,
        pytest.raises(StorageError, match="does not answer"),
    ):
        open_store(address)
    close_store()
