"""Opening the store for a process that serves: never an empty one for a lost one, nor darkness."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tracker.errors import StorageError
from tracker.store import connection
from tracker.store.serving import BALLAST_BYTES, ballast, open_for_serving

pytestmark = pytest.mark.sqlite

READ = """
import sys
from pathlib import Path
from tracker.store.connection import reading
from tracker.store.serving import open_for_serving
from tracker.store.sql import run
open_for_serving(Path(sys.argv[1]))
with reading():
    print(run("SELECT count(*) FROM job"))
"""


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    connection.close_store()


def test_an_empty_database_in_the_place_of_a_lost_one_is_refused(store: Path) -> None:
    connection.close_store()
    open_for_serving(store)
    connection.close_store()
    store.unlink()
    with pytest.raises(StorageError, match="not there any more"):
        open_for_serving(store)
    assert not store.exists()


def test_a_new_home_has_a_new_database(tmp_path: Path, store: Path) -> None:
    open_for_serving(tmp_path / "new" / "tracker.db")
    connection.close_store()
    shutil.rmtree(store.parent)
    open_for_serving(store)
    assert store.exists()


def test_a_little_room_is_kept(store: Path) -> None:
    connection.close_store()
    open_for_serving(store)
    found = ballast(store).stat()
    assert (found.st_size, found.st_blocks * 512) == (BALLAST_BYTES, BALLAST_BYTES)


def test_trouble_that_is_not_the_room_leaves_it_where_it_is(store: Path) -> None:
    connection.close_store()
    open_for_serving(store)
    connection.close_store()
    store.write_bytes(b"\xff" * 4096)
    with pytest.raises(StorageError, match="not a database"):
        open_for_serving(store)
    assert ballast(store).exists()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return filler


def test_a_start_on_a_full_disk_can_read(disk: Path) -> None:
    path = disk / "home" / "tracker.db"
    open_for_serving(path)
    connection.close_store()
    filler = fill(disk)
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "[(0,)]\n", done.stderr
    filler.unlink()
    open_for_serving(path)
    assert ballast(path).exists()
