"""What parent and parsing child say to each other: orders one way, frames of rows the other."""

from __future__ import annotations

import msgspec

from tracker.intake.rows import Batch, Tail


class ReportOrder(msgspec.Struct, array_like=True):
    """One file to read: where its bytes are, its name, the variant of its cases."""

    path: str
    name: str
    variant: str


class Order(msgspec.Struct):
    """All that one child is asked to do, and the limits it puts on itself."""

    reports: list[ReportOrder]
    own_plugins: str
    plugins_folder: str | None
    plugins_enabled: tuple[str, ...]
    cpu_seconds: int
    memory_bytes: int


class Loaded(msgspec.Struct):
    """A parser that the child has loaded, and the digest of the file that it is in."""

    name: str
    version: int
    origin: str
    sha256: str


class Ready(msgspec.Struct, array_like=True, tag="ready"):
    """The child is locked in: `network` is how it was cut off, "namespace" or "audit hook".

    A child that is asked to read nothing also says which parsers it has.
    """

    network: str
    parsers: list[Loaded] = []


class Broken(msgspec.Struct, array_like=True, tag="broken"):
    """A plugin cannot be loaded: nothing can be read until somebody mends the settings."""

    reason: str


class Begin(msgspec.Struct, array_like=True, tag="begin"):
    """The next report was recognised; `entry` is its path in an archive, "" for the file itself."""

    format: str
    parser_version: int
    entry: str = ""


class Refusal(msgspec.Struct, array_like=True, tag="refusal"):
    """The report gave nothing; `unrecognised` where no parser wanted it."""

    reason: str
    unrecognised: bool


class Seal(msgspec.Struct, array_like=True, tag="seal"):
    """The report is over; the digest and the size of a report inside an archive."""

    sha256: str = ""
    size: int = 0


class End(msgspec.Struct, array_like=True, tag="end"):
    """The file is over.

    `archive` is the kind of archive that it is, "" for a report; `notes` tell what in it was not
    read, `damage` why it could not be read to its end, `parsers` by which parsers (see
    `fingerprint`).
    """

    archive: str = ""
    notes: list[str] = []
    damage: str = ""
    parsers: int = 0


Frame = Ready | Broken | Begin | Batch | Tail | Refusal | Seal | End
