"""The files of a zip that a controller packed for us, each as a file of the spool.

Unlike an uploaded archive this one is only the way the files came: they are kept under their own
names and digests, as if each had been fetched alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import IO

from tracker.intake import spool
from tracker.intake.spool import Spooled
from tracker.intake.unpacking import PIECE, ArchiveDamage
from tracker.intake.zips import opened_zip, zip_damage


def unzip(folder: Path, path: Path, names: Mapping[str, str], most: int) -> dict[str, Spooled]:
    """Put entries of the zip at `path` into the spool `folder`; not safe before `make_durable`.

    `names` are the names of entries and what they are called here; those that the zip lacks are
    lacking in the answer. All together may have `most` bytes. Raises ArchiveDamage where the zip is
    cut, is none, or holds more than is taken.
    """
    found: dict[str, Spooled] = {}
    left = most
    with path.open("rb") as file, closing(opened_zip(file)) as archive:
        for info in archive.infolist():
            if info.filename not in names or names[info.filename] in found:
                continue
            with zip_damage("an entry cannot be read"), archive.open(info) as stream:
                kept = _kept(folder, stream, left)
            left -= kept.size
            found[names[info.filename]] = kept
    return found


def _kept(folder: Path, stream: IO[bytes], most: int) -> Spooled:
    with spool.writer(folder) as out:
        while piece := stream.read(PIECE):
            if out.size + len(piece) > most:
                raise ArchiveDamage(f"its files have more than {most} bytes")
            out.write(piece)
        return out.keep(durable=False)
