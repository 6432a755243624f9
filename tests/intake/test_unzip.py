"""The zips that a controller packs: their files are kept, or in words why not."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from tests.reports import zipped
from tracker.errors import StorageError
from tracker.intake import zips
from tracker.intake.unpacking import ArchiveDamage
from tracker.intake.unzip import unzip

NAMES = {"out/a.xml": "a.xml"}


def unpacked(folder: Path, data: bytes, most: int = 1000) -> dict[str, bytes]:
    (folder / "came.zip").write_bytes(data)
    found = unzip(folder / "spool", folder / "came.zip", NAMES, most)
    return {name: kept.path.read_bytes() for name, kept in found.items()}


def test_the_wanted_files_are_kept_and_no_others(tmp_path: Path) -> None:
    both = zipped(**{"out/a.xml": b"<a/>", "out/b.xml": b"<b/>"})
    assert unpacked(tmp_path, both) == {"a.xml": b"<a/>"}


def test_files_that_are_too_large_together_are_damage(tmp_path: Path) -> None:
    with pytest.raises(ArchiveDamage, match="more than 1000 bytes"):
        unpacked(tmp_path, zipped(**{"out/a.xml": bytes(1001)}))


# One file: its head and its bytes, then the directory.
UTF8 = struct.pack("<H", 0x800)
WHOLE = zipped(**{"out/a.xml": b"<a/>"})
DIRECTORY = WHOLE.rindex(b"PK\x01\x02")


def changed(place: int, new: bytes, data: bytes = WHOLE) -> bytes:
    return data[:place] + new + data[place + len(new) :]


BROKEN = {
    "no zip": b"no zip at all",
    "cut": WHOLE[:-30],
    "no text in the directory": changed(DIRECTORY + 46, b"\xff", changed(DIRECTORY + 8, UTF8)),
    "no text at the head of the file": changed(30, b"\xff", changed(6, UTF8)),
    "another name at the head of the file": changed(30, b"x"),
    "broken bytes": changed(39, b"\xff"),
    "an unknown method": changed(DIRECTORY + 10, b"\x63"),
    "encrypted": changed(DIRECTORY + 8, b"\x01"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_zip_is_damage_and_no_fault_of_ours(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ArchiveDamage):
        unpacked(tmp_path, BROKEN[kind])


def test_a_directory_beyond_all_bounds_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "MOST_DIRECTORY", 50)
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # an entry that is read would need one
    with pytest.raises(ArchiveDamage, match=r"directory cannot be read \(it has more than"):
        unpacked(tmp_path, WHOLE)


def test_a_disk_that_refuses_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file stands here")
    with pytest.raises(StorageError):
        unpacked(tmp_path, WHOLE)
