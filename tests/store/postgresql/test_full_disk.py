"""A disk of the server that is full: nothing half is kept, and with room the tracker goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import clusters
from tests.factories import report, upload
from tracker.errors import StorageError
from tracker.store.connection import close_store, open_store
from tracker.store.sql import run

pytestmark = pytest.mark.nightly  # a server of its own


@pytest.fixture
def small() -> Iterator[Path]:
    """A folder on a disk of 80 MB, on which a server runs whose store is open."""
    if os.geteuid():
        pytest.skip("a disk of its own can only be mounted by root")
    folder = clusters.new_folder()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size=80m,uid={folder.stat().st_uid}", "tmpfs"]
    if subprocess.run([*mounting, folder], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        with clusters.own_cluster(folder=folder, max_wal_size="8MB", min_wal_size="2MB"):
            open_store(f"postgresql://postgres@/postgres?host={folder}")
            yield folder
            close_store()
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """A file that takes all the room."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65_536)):
                pass
        except OSError:
            return filler
    raise AssertionError("the disk has no end")


def test_a_full_disk_is_told_and_forgotten_when_there_is_room(small: Path) -> None:
    upload("nightly", 1, report(login="P"))
    filler = fill(small)
    many = report(**{f"test_{number}": "P" for number in range(20_000)})
    with pytest.raises(StorageError, match="disk of the database is full"):
        upload("nightly", 2, many)
    assert run("SELECT number, total FROM build") == [(1, 1)]
    filler.unlink()
    upload("nightly", 2, many)
    assert run("SELECT number, total FROM build ORDER BY number") == [(1, 1), (2, 20_000)]
