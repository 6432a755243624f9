"""The file that a command writes: it comes into being whole, or stays as it was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tracker.durable import sync_folder
from tracker.errors import StorageError


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of `path` once all went well.

    A link stays one, and what it names is replaced; a pipe or a device is written to as it is.
    StorageError where the disk refuses.
    """
    try:
        with _in_place(path) if _is_special(path) else _aside(path.resolve()) as out:
            yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}.",
            "Name a file in a folder that you may write, with room.",
        ) from error


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


@contextmanager
def _in_place(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as out:
        yield out


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".tracker-", delete=False) as out:
        aside = Path(out.name)
        try:
            yield out
            out.flush()
            os.fsync(out.fileno())
            aside.replace(path)
            sync_folder(path.parent)
        finally:
            aside.unlink(missing_ok=True)  # gone already where it took the place
