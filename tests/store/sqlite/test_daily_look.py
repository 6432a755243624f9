"""The daily look: once a day for each file, one at a time, and at once where damage is known."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.random_bytes import spoil_page
from tracker.clock import DAY, SECOND
from tracker.errors import Busy, StorageError
from tracker.store.connection import close_store, writing
from tracker.store.engine import engine
from tracker.store.sqlite.daily_look import look_if_due
from tracker.store.sqlite.damage import mark_of
from tracker.store.sqlite.locks import alone, look_lock

pytestmark = pytest.mark.sqlite


@pytest.fixture
def looked(store: Path) -> Path:
    """A whole database that was looked at just now, which nobody has open; then a page broke."""
    close_store()
    assert look_if_due(store) == ""
    spoil_page(store, "result")
    return store


def test_a_file_that_was_looked_at_today_is_not_looked_at_again(looked: Path) -> None:
    assert look_if_due(looked) == ""


@pytest.mark.parametrize("days", [-1, 1], ids=["a day ago", "by a clock that was ahead"])
def test_a_file_that_was_looked_at_longer_ago_is_looked_at_again(looked: Path, days: int) -> None:
    at = time.time() + days * (DAY / SECOND + 60)
    os.utime(looked.with_suffix(".looked"), (at, at))
    assert look_if_due(looked)
    assert mark_of(looked).exists()


def test_another_file_in_its_place_is_looked_at_again(looked: Path) -> None:
    shutil.copy(looked, looked.with_suffix(".new"))
    looked.with_suffix(".new").replace(looked)
    assert look_if_due(looked)


def test_damage_that_is_known_is_looked_for_at_once(looked: Path) -> None:
    mark_of(looked).write_text("{}")
    assert look_if_due(looked)


def test_nobody_looks_beside_another(looked: Path) -> None:
    mark_of(looked).write_text("{}")
    with look_lock(looked) as note:
        assert note is not None
        assert look_if_due(looked) == ""


def test_nobody_looks_while_a_backup_is_restored(looked: Path) -> None:
    with alone(looked), pytest.raises(Busy, match="is being restored"):
        look_if_due(looked)


def test_a_look_of_which_nothing_is_known_is_taken_again(looked: Path) -> None:
    looked.with_suffix(".looked").write_text("")
    mark_of(looked).mkdir()
    with pytest.raises(StorageError, match="is damaged"):
        look_if_due(looked)
    mark_of(looked).rmdir()
    assert look_if_due(looked)


def test_the_command_prints_what_it_found_and_others_are_kept_from_writing(store: Path) -> None:
    command = engine().daily_look()
    assert command[0] == sys.executable
    close_store()
    spoil_page(store, "result")
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "error code" in said.stdout
    assert said.stderr == ""
    with pytest.raises(StorageError):
        open_and_write(store)


def open_and_write(path: Path) -> None:
    from tracker.store.connection import open_store

    open_store(path)
    with writing():
        pass
