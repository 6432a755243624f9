"""Zips: their lists of entries, and the entries one by one."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tracker.errors import TrackerError
from tracker.intake.unpacking import (
    ArchiveDamage,
    Budget,
    Entry,
    Unpacked,
    check_count,
    odd_name,
    said,
    shown,
)

# The directory of a zip becomes objects of ten times its size.
MOST_DIRECTORY = 12 * 1024**2
_DIRECTORY_SIZE = 5  # the place in what zipfile finds at the end of a zip


@contextmanager
def zip_damage(what: str) -> Iterator[None]:
    """Whatever goes wrong with a zip inside is ArchiveDamage, and told of as `what`."""
    try:
        yield
    except (ArchiveDamage, TrackerError):
        raise
    except Exception as error:  # noqa: BLE001 - zipfile raises anything for hostile bytes
        raise ArchiveDamage(f"{what} ({said(error)})") from None


def opened_zip(stream: BinaryIO) -> zipfile.ZipFile:
    """A zip of which the list of entries is read; ArchiveDamage where it cannot be, or is huge."""
    with zip_damage("its directory cannot be read"):
        # What zipfile goes by: it reads as many bytes, however many entries it is said to have.
        end: list[Any] | None = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
        if end is not None and end[_DIRECTORY_SIZE] > MOST_DIRECTORY:
            raise ValueError(f"it has more than {MOST_DIRECTORY // 1024**2} MB")
        return zipfile.ZipFile(stream)


def zip_entries(stream: BinaryIO, budget: Budget) -> Iterator[Entry]:
    """The files of a zip, by its own list; those that share bytes are ArchiveDamage."""
    archive = opened_zip(stream)
    infos = archive.infolist()
    check_count(len(infos))
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
    if refusal := odd_name(name) or _odd_kind(info):
        return Entry(shown(name), refusal=refusal)
    if refusal := _unreadable(info):
        return Entry(name, refusal=refusal, is_lost=True)
    try:
        content = archive.open(info)
    except Exception as error:  # noqa: BLE001 - zipfile raises anything for hostile bytes
        return Entry(name, refusal=f"it cannot be opened ({said(error)})", is_lost=True)
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
