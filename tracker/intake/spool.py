"""The spool: raw reports on disk, named by their SHA-256, safe before anything else happens.

A file comes into being whole: written aside, fsynced, renamed, and its folder fsynced.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tracker.durable import sync_file_system, sync_folder
from tracker.errors import StorageError


@dataclass(frozen=True)
class Spooled:
    """Bytes that are safe: their digest, their size, where they are."""

    sha256: str
    size: int
    path: Path


@dataclass(frozen=True)
class SpooledReport:
    """The bytes of one report or archive of reports, safe on disk, and what it is called.

    `stand_in` and `decides` are as in `ReadReport`.
    """

    path: Path
    name: str
    sha256: str
    size: int
    variant: str = ""
    stand_in: bool = False
    decides: bool = False


class Writer:
    """Takes bytes aside; `keep` makes them a file of the spool, anything else forgets them."""

    def __init__(self, stream: BinaryIO, folder: Path) -> None:
        self._stream = stream
        self._folder = folder
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def path(self) -> Path:
        """Where the bytes are while they are aside, whole after `flush`."""
        return Path(self._stream.name)

    def flush(self) -> None:
        """Hand all bytes to the operating system."""
        self._stream.flush()

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._stream.write(data)
        self._digest.update(data)
        self.size += len(data)

    def keep(self, *, durable: bool = True) -> Spooled:
        """Make the bytes a file of the spool; returns once they are safe.

        Without `durable` they are safe only after `make_durable`, which many files share; a file
        that is there already stays, since it may be safe, and is as new as if it had come now.
        """
        self._stream.flush()
        sha256 = self._digest.hexdigest()
        path = path_of(self._folder, sha256)
        if not durable and _is_here_anew(path, self.size):
            return Spooled(sha256, self.size, path)
        if durable:
            os.fsync(self._stream.fileno())
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(self._folder)
        self.path.rename(path)
        if durable:
            sync_folder(path.parent)
        return Spooled(sha256, self.size, path)


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes with this digest are, or would be."""
    return folder / sha256[:2] / sha256


def _is_here_anew(path: Path, size: int) -> bool:
    """Whether a file of this size is there; its age is that of its last arrival from now on."""
    with suppress(FileNotFoundError, PermissionError):
        os.utime(path)
        return path.stat().st_size == size
    return False


@contextmanager
def writer(folder: Path) -> Iterator[Writer]:
    """A writer into the spool `folder`; StorageError when the disk refuses."""
    aside = folder / "incoming"
    with _disk_errors(folder):
        for each in (folder, aside):  # the mode is that of the last folder alone
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=aside, delete=False) as stream:
            try:
                yield Writer(stream, folder)  # type: ignore[arg-type]
            finally:
                Path(stream.name).unlink(missing_ok=True)  # gone already where it was kept


def store(folder: Path, chunks: Iterable[bytes], *, durable: bool = True) -> Spooled:
    """Put bytes into the spool; see `Writer.keep` for `durable`."""
    with writer(folder) as out:
        for chunk in chunks:
            out.write(chunk)
        return out.keep(durable=durable)


def check_there(folder: Path, reports: Iterable[SpooledReport]) -> None:
    """StorageError where bytes are not in the spool `folder`, which others wrote into."""
    for report in reports:
        if not report.path.is_file():
            raise StorageError(
                f"The bytes of {report.name} are not in the spool {folder}.",
                "All nodes need the same folder there: `spool_folder`. It is tried again.",
            )


def tidy(folder: Path, *, older_than: int) -> None:
    """Remove what uploads that broke off or were killed left behind before a time (ms)."""
    for path in (folder / "incoming").glob("*"):
        with suppress(FileNotFoundError):  # kept, or removed by another process
            if path.stat().st_mtime * 1000 < older_than:
                path.unlink()


def make_durable(folder: Path) -> None:
    """Make all files of the spool safe at once; StorageError when the disk refuses."""
    with _disk_errors(folder):
        sync_file_system(folder)


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The spool {folder} cannot be written: {error.strerror}.",
            "Nothing was recorded. Make room or mend its permissions, then send it again.",
        ) from error
