"""Tars: their entries one by one, as a stream."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Self, TypeVar

from tracker.intake.unpacking import (
    MOST_BYTES,
    PIECE,
    ArchiveDamage,
    Budget,
    Entry,
    Unpacked,
    check_count,
    odd_name,
    said,
    shown,
)

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


def is_tar(head: bytes) -> bool:
    """Whether a tar begins so: old ones have no magic word, but all have a checksum."""
    if len(head) < BLOCK or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:BLOCK], "utf-8", "replace")
    except tarfile.HeaderError:
        return False
    return True


def tar_entries(stream: BinaryIO, budget: Budget) -> Iterator[Entry]:
    """The files of a tar, in its order; what follows its end is ArchiveDamage."""
    outer = Unpacked(stream, budget)
    whole = io.BufferedReader(outer)
    try:
        with tarfile.open(fileobj=whole, mode="r|", tarinfo=_Header, errorlevel=2) as archive:
            for number, info in enumerate(archive, start=1):
                check_count(number)
                if not info.isdir():
                    yield _tar_entry(archive, info)
                archive.members = []  # type: ignore[attr-defined] # it would keep them all
            _check_rest(archive)
    except ArchiveDamage:
        raise
    except Exception as error:  # noqa: BLE001 - tarfile raises anything for hostile bytes
        raise ArchiveDamage(outer.damage or f"it breaks off ({said(error)})") from None
    if outer.damage:
        raise ArchiveDamage(outer.damage)


def _check_rest(archive: tarfile.TarFile) -> None:
    """Behind its end an archive has only empty blocks, else there is more than was read."""
    while piece := archive.fileobj.read(PIECE):
        if piece.strip(b"\0"):
            raise ArchiveDamage("something follows its end")


def _tar_entry(archive: tarfile.TarFile, info: tarfile.TarInfo) -> Entry:
    name = info.name.removeprefix("./")
    if refusal := odd_name(name) or _odd_tar_entry(info):
        return Entry(shown(name), refusal=refusal)
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
