"""Archives as streams: their entries one after the other, within strict limits, never on disk.

An archive is as hostile as what is in it. Entries that could only do harm (links, devices, paths
that lead elsewhere, encrypted ones, archives in archives) are never opened; they are named with
the reason, so that nobody takes them for read.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Self, TypeVar

from tracker.errors import TrackerError
from tracker.intake.text import storable

MOST_ENTRIES = 20_000
MOST_BYTES = 1024**3
# The directory of a zip becomes objects of ten times its size.
MOST_DIRECTORY = 12 * 1024**2
# Real reports shrink to a fiftieth, logs of equal lines to less; bombs to a thousandth.
MOST_RATIO = 200
RATIO_FROM = 16 * 1024**2
NAME_LIMIT = 1000
PIECE = 64 * 1024

# What the reports that stand for archives say of their format.
KINDS = frozenset({"zip", "tar", "tar.gz"})
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
GZIP = b"\x1f\x8b"
BLOCK = 512

# Long names and whatever else is told of an entry, which tarfile takes whole into memory and
# searches in the square of its length.
MOST_TOLD = 16 * 1024
_TOLD = (
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
)

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
            self.damage = f"its bytes are broken ({_said(error)})"
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


def kind_of(head: bytes) -> str:
    """`zip`, `gzip`, `tar`, or "" for what is no archive, by the first bytes."""
    if head.startswith((ZIP, EMPTY_ZIP)):
        return "zip"
    if head.startswith(GZIP):
        return "gzip"
    return "tar" if _is_tar(head) else ""


def unzipped(stream: BinaryIO, budget: Budget) -> Unpacked:
    """What a gzip stream holds."""
    return Unpacked(gzip.GzipFile(fileobj=stream), budget)  # type: ignore[arg-type]


def entries(kind: str, stream: BinaryIO, budget: Budget) -> Iterator[Entry]:
    """The files of a `zip` (seekable), `tar` or `tar.gz`, in its own order; each is to be read at
    once.

    Raises ArchiveDamage where the archive breaks off or a limit is passed; the entries of a zip
    stand apart, so where one of them is broken it is raised behind the last.
    """
    if kind == "tar.gz":
        stream = gzip.GzipFile(fileobj=stream)  # type: ignore[assignment]
    lost = []
    for entry in _zip_entries(stream, budget) if kind == "zip" else _tar_entries(stream, budget):
        yield entry
        if budget.exceeded:
            raise ArchiveDamage(budget.exceeded)
        why = entry.content.damage or (entry.refusal if entry.is_lost else "")
        if why and kind != "zip":
            raise ArchiveDamage(f"the entry {entry.name!r}: {why}")
        if why:
            lost.append(f"the entry {entry.name!r}: {why}")
    if lost:
        raise ArchiveDamage(lost[0] + (f", and {len(lost) - 1} more" if len(lost) > 1 else ""))


def _check_count(entries: int) -> None:
    if entries > MOST_ENTRIES:
        raise ArchiveDamage(f"it has more than {MOST_ENTRIES:,} entries")


def _said(error: Exception) -> str:
    """What an error says; some repeat all that they did not like."""
    return storable(str(error))[:200] or type(error).__name__


def _is_tar(head: bytes) -> bool:
    """Old archives have no magic word, but all have a checksum."""
    if len(head) < BLOCK or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "replace")
    except tarfile.HeaderError:
        return False
    return True


def _odd_name(name: str) -> str:
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        return "its path leads out of the archive"
    if not parts or len(name) > NAME_LIMIT or _CONTROL.search(name):
        return "its name is no sensible path"
    return ""


# Zip

_DIRECTORY_SIZE = 5  # the place in what zipfile finds at the end of a zip


@contextmanager
def zip_damage(what: str) -> Iterator[None]:
    """Whatever goes wrong with a zip inside is ArchiveDamage, and told of as `what`."""
    try:
        yield
    except (ArchiveDamage, TrackerError):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile raises anything for hostile bytes
        raise ArchiveDamage(f"{what} ({_said(error)})") from None


def opened_zip(stream: BinaryIO) -> zipfile.ZipFile:
    """A zip of which the list of entries is read; ArchiveDamage where it cannot be, or is huge."""
    with zip_damage("its directory cannot be read"):
        # What zipfile goes by: it reads as many bytes, however many entries it is said to have.
        end: list[Any] | None = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
        if end is not None and end[_DIRECTORY_SIZE] > MOST_DIRECTORY:
            raise ValueError(f"it has more than {MOST_DIRECTORY // 1024**2} MB")
        return zipfile.ZipFile(stream)


def _zip_entries(stream: BinaryIO, budget: Budget) -> Iterator[Entry]:
    archive = opened_zip(stream)
    infos = archive.infolist()
    _check_count(len(infos))
    _refuse_overlap(infos)
    for info in infos:
        name = info.orig_filename.replace("\\", "/")
        if not name.endswith("/"):
            yield _zip_entry(archive, info, name, budget)


def _refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """Entries that share bytes are how a small file becomes a very large one."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveDamage("its entries overlap")
        end = info.header_offset + info.compress_size + len(info.filename)


def _zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, budget: Budget) -> Entry:
    if refusal := _odd_name(name) or _odd_kind(info):
        return Entry(_shown(name), refusal=refusal)
    if refusal := _unreadable(info):
        return Entry(name, refusal=refusal, is_lost=True)
    try:
        content = archive.open(info)
    except Exception as error:  # noqa: BLE001 - zipfile raises anything for hostile bytes
        return Entry(name, refusal=f"it cannot be opened ({_said(error)})", is_lost=True)
    return Entry(name, Unpacked(content, budget))  # type: ignore[arg-type]


def _odd_kind(info: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link"
    if kind not in (0, stat.S_IFREG):
        return "it is no plain file"
    return ""


def _unreadable(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is packed by a method that is not read here"
    return ""


# Tar


class _Header(tarfile.TarInfo):
    """A header that tells no size that cannot be, and a broken one for what it is.

    tarfile takes a broken header for the end of the archive, and goes on reading, past the end of
    the file if it must, to whatever place a size leads to. Later releases, and earlier ones that
    were mended, go through the two methods with an underscore.
    """

    @classmethod
    def frombuf(cls, *arguments: Any, **options: Any) -> Self:
        return _sized(super().frombuf(*arguments, **options))

    @classmethod
    def _frombuf(cls, *arguments: Any, **options: Any) -> Self:
        header: Self = super()._frombuf(*arguments, **options)  # type: ignore[misc]
        return _sized(header)

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        return _placed(archive, lambda: super(_Header, cls).fromtarfile(archive))

    @classmethod
    def _fromtarfile(cls, archive: tarfile.TarFile, **options: Any) -> Self:
        read: Callable[..., Self] = super()._fromtarfile  # type: ignore[misc]
        return _placed(archive, lambda: read(archive, **options))


_AnyHeader = TypeVar("_AnyHeader", bound=tarfile.TarInfo)


def _sized(header: _AnyHeader) -> _AnyHeader:
    if not 0 <= header.size <= (MOST_TOLD if header.type in _TOLD else MOST_BYTES):
        raise tarfile.ReadError(f"an entry of {header.size:,} bytes")
    return header


def _placed(archive: tarfile.TarFile, read: Callable[[], _AnyHeader]) -> _AnyHeader:
    try:
        header = read()
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined] # not in its stubs
        raise
    except tarfile.HeaderError as error:
        raise tarfile.ReadError(str(error)) from None
    # What is told of an entry may change the size that its own header has.
    to_skip = archive.offset - archive.fileobj.tell()
    if not 0 <= to_skip <= MOST_BYTES + BLOCK:
        raise tarfile.ReadError("the size of an entry is not clear")
    return header


def _tar_entries(stream: BinaryIO, budget: Budget) -> Iterator[Entry]:
    outer = Unpacked(stream, budget)
    whole = io.BufferedReader(outer)
    try:
        with tarfile.open(fileobj=whole, mode="r|", tarinfo=_Header, errorlevel=2) as archive:
            for number, info in enumerate(archive, start=1):
                _check_count(number)
                if not info.isdir():
                    yield _tar_entry(archive, info)
                archive.members = []  # type: ignore[attr-defined] # it would keep them all
            _check_rest(archive)
    except ArchiveDamage:
        raise
    except Exception as error:  # noqa: BLE001 - tarfile raises anything for hostile bytes
        raise ArchiveDamage(outer.damage or f"it breaks off ({_said(error)})") from None
    if outer.damage:
        raise ArchiveDamage(outer.damage)


def _check_rest(archive: tarfile.TarFile) -> None:
    """Behind its end an archive has only empty blocks, else there is more than was read."""
    while piece := archive.fileobj.read(PIECE):
        if piece.strip(b"\0"):
            raise ArchiveDamage("something follows its end")


def _tar_entry(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Entry:
    name = info.name.removeprefix("./")
    if refusal := _odd_name(name) or _odd_tar_entry(info):
        return Entry(_shown(name), refusal=refusal)
    if not archive.offset - BLOCK < info.offset_data + info.size <= archive.offset:
        return Entry(name, refusal="its size is not clear")
    content = archive.extractfile(info)
    assert content is not None  # it is a plain file
    return Entry(name, Unpacked(content))  # type: ignore[arg-type]


def _odd_tar_entry(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "it is a link"
    if not info.isreg() or info.issparse():
        return "it is no plain file"
    return ""


def _shown(name: str) -> str:
    return _CONTROL.sub("\ufffd", name)[:NAME_LIMIT] or "(unnamed)"
