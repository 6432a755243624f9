"""Archives as streams: their entries one after the other, within strict limits, never on disk."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import BinaryIO

from tracker.intake.tars import is_tar, tar_entries
from tracker.intake.unpacking import ArchiveDamage, Budget, Entry, Unpacked
from tracker.intake.zips import zip_entries

# What the reports that stand for archives say of their format.
KINDS = frozenset({"zip", "tar", "tar.gz"})
ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
GZIP = b"\x1f\x8b"


def kind_of(head: bytes) -> str:
    """`zip`, `gzip`, `tar`, or "" for what is no archive, by the first bytes."""
    if head.startswith((ZIP, EMPTY_ZIP)):
        return "zip"
    if head.startswith(GZIP):
        return "gzip"
    return "tar" if is_tar(head) else ""


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
    for entry in zip_entries(stream, budget) if kind == "zip" else tar_entries(stream, budget):
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
