"""The lock of those who use a database: shared by all of them, or had alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest

from tracker.errors import Busy
from tracker.settings import Settings
from tracker.store.connection import (
    close_connection,
    close_store,
    open_store,
    reading,
)
from tracker.store.models import database
from tracker.store.sql import run
from tracker.store.sqlite.locks import alone, using

pytestmark = pytest.mark.sqlite


def is_used(path: Path) -> bool:
    try:
        with alone(path):
            return False
    except Busy:
        return True


def test_an_open_store_is_in_use_until_it_is_closed(store: Path) -> None:
    assert is_used(store)
    close_connection()  # as each thread does that ends
    assert is_used(store)
    close_store()
    assert not is_used(store)


def test_many_use_it_at_a_time(store: Path) -> None:
    with using(store), using(store):
        assert is_used(store)


def test_nobody_begins_to_use_what_one_has_alone(settings: Settings, store: Path) -> None:
    close_store()
    with alone(store):
        with pytest.raises(Busy, match="being restored"), using(store):
            pass
        with pytest.raises(Busy, match="being restored"):
            open_store(store)
    open_store(store)


def test_a_forked_child_that_closes_its_store_leaves_the_parent_in_use(store: Path) -> None:
    child = os.fork()
    if child == 0:
        close_store()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert is_used(store)


def test_a_store_that_could_not_be_opened_is_in_use_no_more_once_it_is_closed(
    settings: Settings,
) -> None:
    settings.home.mkdir()
    settings.database.write_text("none")
    with pytest.raises(Exception, match="not a database"):
        open_store(settings.store)
    close_store()
    assert not is_used(settings.database)


def test_a_new_thread_reads_while_another_program_writes(store: Path) -> None:
    """To open a connection is no write: pages are shown while an upload is recorded."""
    found: list[object] = []

    def look() -> None:
        with reading():
            found.extend(run("SELECT count(*) FROM job"))
        database.close()

    writer = sqlite3.connect(store, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    writer.close()
    assert found == [(0,)]


def test_a_new_database_gives_free_pages_back(store: Path) -> None:
    assert run("PRAGMA auto_vacuum") == [(2,)]
