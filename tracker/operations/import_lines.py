"""The lines of an export, checked: a section comes whole, or the line that spoils it is named."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import IO

import msgspec

from tracker.decoding import UNDECODABLE
from tracker.errors import Unreadable
from tracker.operations.export import records

_DECODER = msgspec.json.Decoder(records.Line)
LONGEST = 256 * 1024 * 1024
EXPORT = "`tracker export FILE` writes one."
AGAIN = "Get the file anew and import it again: what is here already is left as it is."


def read_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, none longer than any of an export: memory is bounded."""
    return iter(partial(file.readline, LONGEST), b"")


def sections(lines: Iterable[bytes]) -> Iterator[list[records.Record]]:
    """The sections of an export without their sums; the first begins with its `Export`.

    Unreadable, with the number of the line, where it is damaged, cut off, or no export.
    """
    found: list[records.Record] = []
    crc, number, is_ended = 0, 0, False
    for number, line in enumerate(lines, 1):
        if is_ended:
            raise _wrong(number, "comes after the end of the export")
        record = _decoded(line, number)
        if number == 1:
            _check_form(record)
        if not isinstance(record, records.Sum):
            found.append(record)
            crc = zlib.crc32(line, crc)
            continue
        if (record.lines, record.crc) != (len(found), crc):
            raise _wrong(number, f"says that the {len(found)} lines before it are not as written")
        is_ended = isinstance(found[0], records.End)
        yield found
        found, crc = [], 0
    if not number:
        raise Unreadable("The file is empty.", EXPORT)
    if not is_ended:
        raise _wrong(number + 1, "is missing: the export is cut off after the line before")


def _decoded(line: bytes, number: int) -> records.Record:
    if not line.endswith(b"\n"):
        raise _wrong(number, "is cut off")
    try:
        record: records.Record = _DECODER.decode(line)
    except UNDECODABLE as error:
        if number == 1:
            raise _no_export() from error
        raise _wrong(number, f"cannot be read ({error})") from error
    return record


def _check_form(record: records.Record) -> None:
    if not isinstance(record, records.Export):
        raise _no_export()
    if record.schema != records.SCHEMA:
        raise Unreadable(
            f"The export has the form {record.schema}; this version reads the form"
            f" {records.SCHEMA}.",
            "Import it with the version that made it, or a newer one.",
        )


def _no_export() -> Unreadable:
    return Unreadable(
        "The file is no export in JSON Lines: its first line does not say so.",
        f"{EXPORT} CSV and Parquet files cannot be imported.",
    )


def _wrong(number: int, what: str) -> Unreadable:
    return Unreadable(
        f"Line {number:,} of the export {what}.",
        AGAIN,
    )
