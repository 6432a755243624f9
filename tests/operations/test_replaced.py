"""The file of a command: whole or as before, and never in the place of a device."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tracker.errors import StorageError
from tracker.operations.replaced import replaced


def test_a_file_that_is_not_finished_takes_no_place(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("before")
    with contextlib.suppress(ZeroDivisionError), replaced(path) as out:
        out.write(b"half")
        raise ZeroDivisionError
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"x\.csv cannot be written: No such file"),
        replaced(tmp_path / "none" / "x.csv"),
    ):
        pass


def test_a_link_stays_and_what_it_names_is_replaced(tmp_path: Path) -> None:
    path, link = tmp_path / "x.csv", tmp_path / "link"
    link.symlink_to(path)
    with replaced(link) as out:
        out.write(b"all")
    assert link.is_symlink()
    assert path.read_text() == "all"


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with replaced(path) as out:
            out.write(b"all")
        assert os.read(reader, 10) == b"all"
    finally:
        os.close(reader)
    assert path.is_fifo()
