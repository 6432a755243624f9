"""Entries of archives: what may be in one, and how much it may unpack to.

An archive is as hostile as what is in it. Entries that could only do harm (links, devices, paths
that lead elsewhere, encrypted ones, archives in archives) are never opened; they are named with
the reason, so that nobody takes them for read.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from tracker.intake.text import storable

MOST_ENTRIES = 20_000
MOST_BYTES = 1024**3
# Real reports shrink to a fiftieth, logs of equal lines to less; bombs to a thousandth.
MOST_RATIO = 200
RATIO_FROM = 16 * 1024**2
NAME_LIMIT = 1000
PIECE = 64 * 1024
BROKEN = (EOFError, OSError, zlib.error, zipfile.BadZipFile, tarfile.TarError)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class ArchiveDamage(Exception):
    """The archive cannot be read from here on; what came before is whole."""


@dataclass
class Budget:
    """What all entries of an archive may unpack to, by its own size in bytes."""

    packed: int
    spent: int = 0
    exceeded: str = ""

    def spend(self, count: int) -> bool:
        """Whether this many bytes more are within the limits."""
        self.spent += count
        if self.spent > MOST_BYTES:
            self.exceeded = f"it unpacks to more than {MOST_BYTES // 1024**2:,} MB"
        elif self.spent > max(RATIO_FROM, MOST_RATIO * self.packed):
            self.exceeded = f"it unpacks to more than {MOST_RATIO} times its size"
        return not self.exceeded


class Unpacked(io.RawIOBase):
    """A stream that counts what it gives, and ends where the bytes behind it are broken.

    `damage` then says why; whoever reads it sees a file that ends in the middle.
    """

    def __init__(self, inner: BinaryIO, budget: Budget | None = None) -> None:
        self._inner = inner
        self._budget = budget
        self._digest = hashlib.sha256()
        self.size = 0
        self.damage = ""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._take(len(buffer))
        if not data:
            return 0
        self._digest.update(data)
        self.size += len(data)
        buffer[: len(data)] = data
        return len(data)

    def _take(self, count: int) -> bytes:
        if self.damage:
            return b""
        try:
            # Unlike `read` it gives what came before the broken place.
            data: bytes = self._inner.read1(count)  # type: ignore[attr-defined]
        except BROKEN as error:
            self.damage = f"its bytes are broken ({said(error)})"
            return b""
        if self._budget is not None and not self._budget.spend(len(data)):
            self.damage = self._budget.exceeded
            return b""
        return data

    @property
    def sha256(self) -> str:
        """The digest of all bytes, once the stream has ended."""
        return self._digest.hexdigest()


@dataclass(frozen=True)
class Entry:
    """One entry: its path in the archive, and its bytes, or why they are not read.

    `is_lost` where it may have been a report.
    """

    name: str
    content: Unpacked = field(default_factory=lambda: Unpacked(io.BytesIO()))
    refusal: str = ""
    is_lost: bool = False


def check_count(entries: int) -> None:
    """ArchiveDamage where there are too many."""
    if entries > MOST_ENTRIES:
        raise ArchiveDamage(f"it has more than {MOST_ENTRIES:,} entries")


def odd_name(name: str) -> str:
    """Why no entry may have this path; empty where one may."""
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        return "its path leads out of the archive"
    if not parts or len(name) > NAME_LIMIT or _CONTROL.search(name):
        return "its name is no sensible path"
    return ""


def shown(name: str) -> str:
    """A path that none may have, as people may be shown it."""
    return _CONTROL.sub("\ufffd", name)[:NAME_LIMIT] or "(unnamed)"


def said(error: Exception) -> str:
    """What an error says; some repeat all that they did not like."""
    return storable(str(error))[:200] or type(error).__name__
